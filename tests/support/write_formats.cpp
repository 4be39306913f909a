// SPDX-License-Identifier: Apache-2.0
// Writes one small slide of every format: for oracles in other languages and as the fuzzer's seeds.
// Usage: write_formats FOLDER WIDTH HEIGHT   (two levels; the second is half of the first)
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "tests/support/tiff_formats.h"

int main(int argc, char** argv) try {
  using namespace microtome;
  if (argc != 4) return 2;
  const std::filesystem::path folder = argv[1];
  const Size size{std::atoi(argv[2]), std::atoi(argv[3])};
  std::filesystem::create_directories(folder);
  for (const TiffFormat& format : tiff_formats(tissue_pyramid({size, {size.width / 2, size.height / 2}}))) {
    write_tiff_slide(folder / (format.name + ".tif"), format.settings);
  }
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
