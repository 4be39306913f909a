// SPDX-License-Identifier: Apache-2.0
// Writes every level of a slide as our own TIFF reader decodes it, for an oracle in another language.
// Usage: dump_levels SLIDE FOLDER   prints "width height downsample reduction offset" of each level; its RGB goes to FOLDER/<number>.raw.
#include <fstream>
#include <iostream>

#include "tiling/readers.h"

int main(int argc, char** argv) try {
  using namespace microtome;
  if (argc != 3) return 2;
  std::string why_not;
  const auto slide = open_with_tiff(open_file_bytes(argv[1]), why_not);
  if (!slide) throw std::runtime_error(why_not);
  std::cout.precision(17);
  const auto& levels = slide->info().levels;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const Level& level = levels[i];
    std::vector<std::uint8_t> rgb(static_cast<std::size_t>(level.size.width * level.size.height * 3));
    read_window(*slide, static_cast<int>(i), 0, 0, level.size, rgb);
    std::ofstream out(std::filesystem::path(argv[2]) / (std::to_string(i) + ".raw"), std::ios::binary);
    if (!out.write(reinterpret_cast<const char*>(rgb.data()), static_cast<std::streamsize>(rgb.size()))) return 1;
    std::cout << level.size.width << ' ' << level.size.height << ' ' << level.downsample << ' ' << level.reduction << ' ' << level.offset << '\n';
  }
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
