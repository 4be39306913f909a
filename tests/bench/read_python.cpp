// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <stdio.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "tests/bench/read_rows.h"

namespace microtome {
namespace {

std::string quoted(const std::filesystem::path& path) { return "'" + path.string() + "'"; }

// What the command prints; throws where it fails.
std::string output_of(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  if (!pipe) throw std::runtime_error("openslide-python: no process could be started");
  std::string text;
  char part[256];
  while (std::size_t n = ::fread(part, 1, sizeof part, pipe)) text.append(part, n);
  if (::pclose(pipe) != 0) throw std::runtime_error("openslide-python: its process failed: is workflows/install.sh tests done?");
  return text;
}

void hand_over(const ReadJob& job, const std::filesystem::path& pixels, std::size_t count, const TileSink& sink) {
  std::ifstream file(pixels, std::ios::binary);
  std::vector<char> tile(std::size_t{3} * job.tile_px * job.tile_px);
  for (std::size_t i = 0; i < count; ++i) {
    if (!file.read(tile.data(), static_cast<std::streamsize>(tile.size())))
      throw std::runtime_error("openslide-python: pixels are missing");
    sink(i, reinterpret_cast<const std::uint8_t*>(tile.data()));
  }
}

}  // namespace

TileReading read_with_python(const ReadJob& job, const std::filesystem::path& folder) {
  const char* chosen = std::getenv("MICROTOME_PYTHON");
  const std::string start = fmt::format("{} {} {} {} {}", quoted(chosen ? chosen : MICROTOME_PYTHON), quoted(READ_PYTHON_SCRIPT),
                                        quoted(job.slide->path), job.tile_px, job.side_level0);
  return [&job, folder, start](std::size_t count, const TileSink& sink) {
    const auto tiles = folder / "tiles.txt", pixels = folder / "tiles.rgb";
    {
      std::ofstream list(tiles);
      for (std::size_t i = 0; i < count; ++i) list << job.origins[i].x_level0 << ' ' << job.origins[i].y_level0 << '\n';
    }
    const std::string printed = output_of(fmt::format("{} {} {}", start, quoted(tiles), sink ? quoted(pixels) : ""));
    if (sink) hand_over(job, pixels, count, sink);
    return std::stod(printed);
  };
}

}  // namespace microtome
