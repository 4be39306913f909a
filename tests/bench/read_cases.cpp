// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/read_cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>

namespace microtome {
namespace {

constexpr int kTilePx = 256;
constexpr std::int64_t kStrip = 16;
// near 1.3, and a whole number of level-0 pixels, so that grids of all rivals can meet ours
constexpr double kResidualSide = 333;

// One scale of one slide.
struct TileCase {
  std::string name;
  const BenchSlide* slide = nullptr;
  double side_level0 = kTilePx;
  int reduction = 0;  // of the floor's decoding
  Tolerance floor;
  Tolerance ours;
  Tolerance rivals;                                      // those that have their own resampling
  std::size_t tiles = 1000;                              // most that a row reads
  std::size_t openslide = 128, vips = 128, python = 64;  // the slower ones read fewer
  std::size_t batch = 32;
};

// The slide's own tiles by the bare library, each once.
class Floor {
 public:
  Floor(const TileCase& work, const ReadJob& job) : slide_(*work.slide), reduction_(work.reduction), side_(work.side_level0) {
    const double pixels = static_cast<double>(job.origins.size()) * side_ * side_, stored = std::pow(slide_.level.tile_px, 2);
    // a job that leaves out tiles needs as much less of the source
    count_ = std::min<std::size_t>(slide_.level.places.size(), static_cast<std::size_t>(std::ceil(pixels / stored)));
  }

  double run() const {
    const auto decoder = make_bare_decoder(slide_);
    std::vector<std::uint8_t> rgb(tile_bytes());
    const double seconds = seconds_of([&] {
      for (std::size_t i = 0; i < count_; ++i) decoder->decode(slide_.level.tiles[slide_.level.places[i]], reduction_, rgb.data());
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
  std::size_t tile_bytes() const { return std::size_t{3} * slide_.level.tile_px * slide_.level.tile_px; }

  const BenchSlide& slide_;
  int reduction_;
  double side_;
  std::size_t count_ = 0;
};

BenchRow floor_row(const TileCase& work, const ReadJob& job) {
  const auto floor = std::make_shared<Floor>(work, job);
  return {"floor", 1, [=, allowed = work.floor] { return floor->verify(allowed); }, [=] { return floor->run(); }, {}};
}

bool run_tile_case(const TileCase& work, const std::filesystem::path& folder, const BenchOptions& options) {
  ReadJob job{work.slide, kTilePx, work.side_level0, work.batch, reading_order(*work.slide, work.side_level0)};
  job.origins.resize(std::min(job.origins.size(), work.tiles));
  const std::size_t all = job.origins.size();
  const SlideOpener open = [path = work.slide->path] { return open_slide(path); };
  BenchCase bench{"read", work.name, "tiles/s", "floor", "openslide", 7, {}};
  bench.rows.push_back(floor_row(work, job));
  for (const int threads : {1, 2}) {
    bench.rows.push_back(tile_row(job, "ours", threads, all, read_with_us(job, threads, open), work.ours));
    bench.rows.back().notes.emplace_back("reader", open()->info().reader);
  }
  bench.rows.push_back(tile_row(job, "openslide", 1, std::min(all, work.openslide), read_with_openslide(job), work.ours));
  bench.rows.push_back(tile_row(job, "libvips", 1, std::min(all, work.vips), read_with_vips(job), work.rivals));
  bench.rows.push_back(tile_row(job, "openslide-python+PIL", 1, std::min(all, work.python), read_with_python(job, folder), work.rivals));
  return run_case(bench, options, std::cout, std::cerr);
}

}  // namespace

std::vector<Level0Point> reading_order(const BenchSlide& slide, double side_level0) {
  const auto columns = static_cast<std::int64_t>(static_cast<double>(slide.level.size.width) / side_level0);
  const auto rows = static_cast<std::int64_t>(static_cast<double>(slide.level.size.height) / side_level0);
  std::vector<Level0Point> origins;
  for (std::int64_t strip = 0; strip < columns; strip += kStrip) {
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t column = strip; column < std::min(columns, strip + kStrip); ++column) {
        origins.push_back({std::llround(static_cast<double>(column) * side_level0), std::llround(static_cast<double>(row) * side_level0)});
      }
    }
  }
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
  const Tolerance averaged{255, 40};  // the codec's own halving
  // JPEG 2000's halved samples lie on every other pixel, averages lie between two
  const Tolerance off_by_half_a_pixel{255, 25};
  // its low pass is not an average: no linear filter of the halved samples comes nearer to the averages of this texture than 37.8 dB
  const Tolerance halved_wavelets{255, 34};
  const Tolerance exactly_averaged{1, 0};  // rounding
  const Tolerance other_kernel{255, 30};
  std::vector<TileCase> cases(7);
  cases[0] = {"native-aligned", &slides.of_256, 256, 0, kSameBytes, kSameBytes, kSameBytes};
  cases[1] = {"native-unaligned", &slides.scanned, 256, 0, kSameBytes, kSameBytes, kSameBytes};
  cases[2] = {"half", &slides.of_256, 512, 1, averaged, averaged, averaged, 1000, 48, 48, 32};
  cases[3] = {"half-unaligned", &slides.scanned, 512, 1, averaged, averaged, averaged, 1000, 48, 48, 32};
  cases[4] = {"residual", &slides.scanned, kResidualSide, 0, kSameBytes, exactly_averaged, other_kernel, 1000, 96, 96, 48};
  cases[5] = {"jpeg2000-native", &slides.jpeg2000, 256, 0, kSameBytes, kSameBytes, kSameBytes, 64, 32, 32, 32, 16};
  cases[6] = {"jpeg2000-half", &slides.jpeg2000, 512, 1, off_by_half_a_pixel, halved_wavelets, averaged, 64, 8, 8, 8, 16};
  std::vector<NamedCase> named;
  for (const TileCase& work : cases) {
    named.push_back({work.name, [=](const BenchOptions& options) { return run_tile_case(work, folder, options); }});
  }
  return named;
}

}  // namespace microtome
