// SPDX-License-Identifier: Apache-2.0
// The cases of bench_read, each ready to be checked and timed.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tests/bench/frame.h"
#include "tests/bench/read_check.h"
#include "tests/bench/read_rows.h"

namespace microtome {

/// What the cases read.
struct ReadSlides {
  BenchSlide scanned;   // 240-pixel tiles
  BenchSlide of_256;    // 256-pixel tiles
  BenchSlide jpeg2000;  // 256-pixel tiles
};

/// A case is made when its turn comes; it may refer to the slides and to the folder.
struct NamedCase {
  std::string name;
  std::function<bool(const BenchOptions&)> run;  // returns whether every row was right
};

/// Tiles at a scale, by us, by the bare library and by others.
std::vector<NamedCase> tile_cases(const ReadSlides& slides, const std::filesystem::path& folder);

/// Overview, tissue and plan of a slide of 100,000 x 100,000 pixels against decoding its tiles.
std::vector<NamedCase> survey_cases(const Texture& texture, const std::filesystem::path& folder);

/// Storage that takes 20 ms to answer, with and without fetching ahead.
NamedCase slow_storage_case(const ReadSlides& slides);

/// Tiles of `side` over the whole slide in the order in which the pipeline reads them.
std::vector<Level0Point> tiles_in_order(const BenchSlide& slide, double side_level0);

/// A row's check and its runs, in tiles a second. The job must outlive the row.
BenchRow tile_row(const ReadJob& job, const std::string& name, int threads, std::size_t count, const TileReading& read,
                  const Tolerance& allowed);

}  // namespace microtome
