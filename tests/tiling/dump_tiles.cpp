// SPDX-License-Identifier: Apache-2.0
// Prints what tiling/ reads of a slide: one line of geometry, then the pixels of every grid tile, for an oracle in another language.
// Usage: dump_tiles SLIDE TILE_PX TARGET_MPP MPP OUT   (MPP: the slide's, 0 if its file says). OUT gets raw RGB, tile after tile.
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "tiling/level_choice.h"
#include "tiling/tile_grid.h"
#include "tiling/tile_reader.h"

int main(int argc, char** argv) try {
  using namespace microtome;
  if (argc != 6) return 2;
  const auto slide = open_slide(argv[1]);
  TilingSettings settings;
  settings.tile_px = std::atoi(argv[2]);
  settings.target_mpp = std::atof(argv[3]);
  const double mpp = std::atof(argv[4]);
  const Scale scale = resolve_scale(slide->info(), mpp > 0 ? std::optional<Scale>(Scale{mpp, "command line"}) : std::nullopt);
  const TileGeometry geometry = tile_geometry(slide->info(), scale, settings);
  const Level0Rect& bounds = slide->info().bounds;
  const auto xs = axis_starts(bounds.x_level0, bounds.width_level0, geometry.side_level0, geometry.step_level0, settings.padding);
  const auto ys = axis_starts(bounds.y_level0, bounds.height_level0, geometry.side_level0, geometry.step_level0, settings.padding);

  std::cout.precision(17);
  std::cout << stored_level(slide->info(), geometry.level) << ' ' << geometry.downsample << ' ' << geometry.side_level0 << ' ' << scale.mpp
            << ' ' << slide->info().levels[geometry.level].reduction << '\n';
  std::ofstream out(argv[5], std::ios::binary);
  std::vector<std::uint8_t> rgb(static_cast<std::size_t>(settings.tile_px) * settings.tile_px * 3);
  for (const auto y : ys) {
    for (const auto x : xs) {
      read_tile(*slide, geometry, {x, y}, rgb);
      out.write(reinterpret_cast<const char*>(rgb.data()), static_cast<std::streamsize>(rgb.size()));
      std::cout << x << ' ' << y << '\n';
    }
  }
  return out ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
