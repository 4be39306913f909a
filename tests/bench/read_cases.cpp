// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/read_cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <future>
#include <iostream>
#include <optional>

#include "tiling/tile_plan.h"

namespace microtome {
namespace {

constexpr int kTilePx = 256;
// near 1.3, and a whole number of level-0 pixels, so that the grids of all rivals can meet ours
constexpr double kResidualSide = 333;
// as on a scanner that gives 0.2525 um/px where 0.5 is wanted
constexpr double kAlmostHalfSide = 507;

// One scale of one slide. A row reads at most so many tiles: the slower it is, the fewer.
struct TileCase {
  std::string name;
  const BenchSlide* slide = nullptr;
  double side_level0 = kTilePx;
  int reduction = 0;  // of the floor's decoding
  Tolerance floor = kSameBytes;
  Tolerance ours = kSameBytes;
  std::optional<Tolerance> near = std::nullopt;  // of ours with codec_scaling = near, where that is another way
  Tolerance openslide = kSameBytes;
  Tolerance rivals = kSameBytes;  // those that have their own resampling
  std::size_t tiles = 1000, rival_tiles = 96, python_tiles = 32;
  std::size_t batch = 16;
};

// The slide's own tiles by the bare library, each once.
class Floor {
 public:
  Floor(const TileCase& work, const ReadJob& job) : slide_(*work.slide), reduction_(work.reduction), side_(work.side_level0) {
    const double pixels = static_cast<double>(job.origins.size()) * side_ * side_, stored = std::pow(slide_.level.tile_px, 2);
    // a job that leaves out tiles needs as much less of the source
    count_ = std::min<std::size_t>(slide_.level.places.size(), static_cast<std::size_t>(std::ceil(pixels / stored)));
  }

  // Threads take every second tile and know nothing of each other: what the machine gives to two at once.
  double run(int threads) const {
    const double seconds = seconds_of([&] {
      std::vector<std::future<void>> workers;
      for (int t = 0; t < threads; ++t) {
        workers.push_back(std::async(std::launch::async, [this, t, threads] { decode_every(t, threads); }));
      }
      for (auto& worker : workers) worker.get();
    });
    return static_cast<double>(count_) * std::pow(slide_.level.tile_px / side_, 2) / seconds;
  }

  std::string verify(const Tolerance& allowed) const {
    const auto decoder = make_bare_decoder(slide_);
    const std::int64_t side = slide_.level.tile_px, columns = slide_.period.size.width / side;
    std::vector<Level0Point> origins;
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(slide_.level.tiles.size()); ++i) {
      if (i / columns < slide_.period.size.height / side) origins.push_back({i % columns * side, i / columns * side});
    }
    TileCheck check(slide_, static_cast<int>(side >> reduction_), static_cast<double>(side), origins);
    std::vector<std::uint8_t> rgb(tile_bytes());
    for (std::size_t i = 0; i < origins.size(); ++i) {
      decoder->decode(slide_.level.tiles[i], reduction_, rgb.data());
      check.see(i, rgb.data());
    }
    return check.verdict(allowed);
  }

 private:
  void decode_every(int first, int step) const {
    const auto decoder = make_bare_decoder(slide_);
    std::vector<std::uint8_t> rgb(tile_bytes());
    for (std::size_t i = static_cast<std::size_t>(first); i < count_; i += static_cast<std::size_t>(step)) {
      decoder->decode(slide_.level.tiles[slide_.level.places[i]], reduction_, rgb.data());
    }
  }

  std::size_t tile_bytes() const { return std::size_t{3} * slide_.level.tile_px * slide_.level.tile_px; }

  const BenchSlide& slide_;
  int reduction_;
  double side_;
  std::size_t count_ = 0;
};

void add_floor(const TileCase& work, const ReadJob& job, BenchCase& bench) {
  const auto floor = std::make_shared<Floor>(work, job);
  for (const int threads : {1, 2}) {
    bench.rows.push_back(
        {"floor", threads, [=, allowed = work.floor] { return floor->verify(allowed); }, [=] { return floor->run(threads); }, {}});
  }
}

void add_ours(const ReadJob& job, const std::string& name, const Tolerance& allowed, BenchCase& bench) {
  const SlideOpener open = [path = job.slide->path] { return open_slide(path); };
  for (const int threads : {1, 2}) {
    bench.rows.push_back(tile_row(job, name, threads, job.origins.size(), read_with_us(job, threads, open), allowed));
    bench.rows.back().notes.emplace_back("reader", open()->info().reader);
  }
}

bool run_tile_case(const TileCase& work, const std::filesystem::path& folder, const BenchOptions& options) {
  ReadJob job{work.slide, kTilePx, work.side_level0, work.batch, tiles_in_order(*work.slide, work.side_level0)};
  job.origins.resize(std::min(job.origins.size(), work.tiles));
  ReadJob near = job;
  near.codec_scaling = "near";
  const std::size_t some = std::min(job.origins.size(), work.rival_tiles), few = std::min(job.origins.size(), work.python_tiles);
  BenchCase bench{"read", work.name, "tiles/s", "floor", "openslide", 5, {}};
  add_floor(work, job, bench);
  add_ours(job, "ours", work.ours, bench);
  if (work.near) add_ours(near, "ours-near", *work.near, bench);
  bench.rows.push_back(tile_row(job, "openslide", 1, some, read_with_openslide(job), work.openslide));
  bench.rows.push_back(tile_row(job, "libvips", 1, some, read_with_vips(job), work.rivals));
  bench.rows.push_back(tile_row(job, "openslide-python+PIL", 1, few, read_with_python(job, folder), work.rivals));
  return run_case(bench, options, std::cout, std::cerr);
}

}  // namespace

std::vector<Level0Point> tiles_in_order(const BenchSlide& slide, double side_level0) {
  const auto columns = static_cast<std::int32_t>(static_cast<double>(slide.level.size.width) / side_level0);
  const auto rows = static_cast<std::int32_t>(static_cast<double>(slide.level.size.height) / side_level0);
  std::vector<PlannedTile> planned;
  for (std::int32_t row = 0; row < rows; ++row) {
    for (std::int32_t column = 0; column < columns; ++column) {
      planned.push_back({{std::llround(column * side_level0), std::llround(row * side_level0)}, column, row, 1});
    }
  }
  std::vector<Level0Point> origins;
  for (const std::uint32_t tile : reading_order(planned)) origins.push_back(planned[tile].origin);
  return origins;
}

BenchRow tile_row(const ReadJob& job, const std::string& name, int threads, std::size_t count, const TileReading& read,
                  const Tolerance& allowed) {
  BenchRow row{name, threads, {}, {}, {{"tiles", static_cast<std::int64_t>(count)}}};
  row.run = [=] { return static_cast<double>(count) / read(count, {}); };
  row.verify = [=, &job] {
    TileCheck check(*job.slide, job.tile_px, job.side_level0, std::span(job.origins).first(count));
    read(count, [&](std::size_t index, const std::uint8_t* rgb) { check.see(index, rgb); });
    std::cerr << fmt::format("  {} on {}: {:.1f} dB PSNR\n", name, count, check.psnr());
    return check.verdict(allowed);
  };
  return row;
}

std::vector<NamedCase> tile_cases(const ReadSlides& slides, const std::filesystem::path& folder) {
  const Tolerance averaged{255, 40};       // the codec's own halving
  const Tolerance exactly_averaged{1, 0};  // rounding
  const Tolerance other_kernel{255, 30};
  // the halved samples of JPEG 2000 lie on every other pixel instead of between two, and its low pass is no average: no linear filter of
  // them comes nearer to the averages of this texture than 37.8 dB
  const Tolerance halved_wavelets{255, 25}, near{255, 33};
  const std::vector<TileCase> cases{
      {.name = "native-aligned", .slide = &slides.of_256},
      {.name = "native-unaligned", .slide = &slides.scanned},
      {.name = "half",
       .slide = &slides.of_256,
       .side_level0 = 512,
       .reduction = 1,
       .floor = averaged,
       .ours = averaged,
       .openslide = exactly_averaged,
       .rivals = averaged,
       .rival_tiles = 24,
       .python_tiles = 12},
      {.name = "half-unaligned",
       .slide = &slides.scanned,
       .side_level0 = 512,
       .reduction = 1,
       .floor = averaged,
       .ours = averaged,
       .openslide = exactly_averaged,
       .rivals = averaged,
       .rival_tiles = 24,
       .python_tiles = 12},
      {.name = "almost-half",
       .slide = &slides.scanned,
       .side_level0 = kAlmostHalfSide,
       .reduction = 1,
       .floor = averaged,
       .ours = exactly_averaged,
       .near = near,
       .openslide = exactly_averaged,
       .rivals = other_kernel,
       .rival_tiles = 24,
       .python_tiles = 12},
      {.name = "residual",
       .slide = &slides.scanned,
       .side_level0 = kResidualSide,
       .ours = exactly_averaged,
       .openslide = exactly_averaged,
       .rivals = other_kernel,
       .rival_tiles = 64,
       .python_tiles = 32},
      {.name = "jpeg2000-native", .slide = &slides.jpeg2000, .tiles = 64, .rival_tiles = 16, .python_tiles = 16},
      {.name = "jpeg2000-half",
       .slide = &slides.jpeg2000,
       .side_level0 = 512,
       .reduction = 1,
       .floor = halved_wavelets,
       .ours = exactly_averaged,
       .near = near,
       .openslide = exactly_averaged,
       .rivals = averaged,
       .tiles = 32,
       .rival_tiles = 8,
       .python_tiles = 8}};
  std::vector<NamedCase> named;
  for (const TileCase& work : cases) {
    named.push_back({work.name, [=](const BenchOptions& options) { return run_tile_case(work, folder, options); }});
  }
  return named;
}

}  // namespace microtome
