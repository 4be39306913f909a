// SPDX-License-Identifier: Apache-2.0
// A slide of 10^10 pixels whose places share some stored tiles, and what it costs to look over it before the first tile is decoded.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <stdexcept>

#include "tests/bench/read_cases.h"
#include "tiling/readers.h"
#include "tiling/tile_plan.h"
#include "tiling/tile_reader.h"

namespace microtome {
namespace {

constexpr std::int64_t kSide = 100'000;
constexpr std::int64_t kTile = 256;
constexpr double kMpp = 0.25;
constexpr std::int64_t kCoarsest = 16;              // downsample of the last level
constexpr std::int64_t kBlock = kTile * kCoarsest;  // level-0 pixels under one of its tiles: tissue has this grain on every level
constexpr std::size_t kTissueTiles = 12;
constexpr std::size_t kBatch = 32;

// Two pieces of tissue; a little less than half of the slide.
bool is_tissue(std::int64_t x_level0, std::int64_t y_level0) {
  const auto inside = [&](double cx, double cy, double rx, double ry) {
    const double x = (static_cast<double>(x_level0 / kBlock * kBlock + kBlock / 2) - cx) / rx;
    const double y = (static_cast<double>(y_level0 / kBlock * kBlock + kBlock / 2) - cy) / ry;
    return x * x + y * y < 1;
  };
  return inside(36'000, 40'000, 30'000, 34'000) || inside(74'000, 72'000, 20'000, 24'000);
}

// Share of 16 x 16 pixel blocks that are as colourless as glass.
double glassy_share(const Texture& texture, std::int64_t column, std::int64_t row) {
  constexpr std::int64_t kBlockPx = 16, kBlocks = kTile / kBlockPx;
  constexpr double kColourless = 0.15;
  int glassy = 0;
  for (std::int64_t block = 0; block < kBlocks * kBlocks; ++block) {
    double sums[3] = {0, 0, 0};
    for (std::int64_t i = 0; i < kBlockPx * kBlockPx; ++i) {
      const std::int64_t y = row * kTile + block / kBlocks * kBlockPx + i / kBlockPx,
                         x = column * kTile + block % kBlocks * kBlockPx + i % kBlockPx;
      for (int c = 0; c < 3; ++c) sums[c] += texture.pixels.rgb[(y * texture.pixels.size.width + x) * 3 + c];
    }
    const auto [least, most] = std::minmax({sums[0], sums[1], sums[2]});
    if ((most - least) / most < kColourless) ++glassy;
  }
  return static_cast<double>(glassy) / (kBlocks * kBlocks);
}

std::vector<std::uint8_t> cut(const Texture& texture, std::int64_t column, std::int64_t row) {
  std::vector<std::uint8_t> tile(kTile * kTile * 3);
  for (std::int64_t y = 0; y < kTile; ++y) {
    std::copy_n(&texture.pixels.rgb[((row * kTile + y) * texture.pixels.size.width + column * kTile) * 3], 3 * kTile, &tile[y * kTile * 3]);
  }
  return tile;
}

// Tiles of the texture that are tissue through and through, with no lumen or cleft that a coarse level would show as a hole, and one of
// glass.
BigTiffLevel stored_tiles(const Texture& texture) {
  std::vector<std::pair<double, std::pair<std::int64_t, std::int64_t>>> order;
  for (std::int64_t row = 0; row < texture.pixels.size.height / kTile; ++row) {
    for (std::int64_t column = 0; column < texture.pixels.size.width / kTile; ++column) {
      order.push_back({glassy_share(texture, column, row), {column, row}});
    }
  }
  std::sort(order.begin(), order.end());
  JpegEncoder encoder(kTile, 85);
  BigTiffLevel level;
  level.photometric = 6;
  level.chroma_ratio = 2;
  level.shared = true;
  level.jpeg_tables = encoder.tables();
  level.tiles.push_back(encoder.encode(std::vector<std::uint8_t>(kTile * kTile * 3, 242)));
  for (std::size_t i = 0; i < kTissueTiles; ++i)
    level.tiles.push_back(encoder.encode(cut(texture, order[i].second.first, order[i].second.second)));
  return level;
}

BigTiffLevel laid_out(BigTiffLevel level, std::int64_t downsample) {
  level.size = {kSide / downsample, kSide / downsample};
  for (std::int64_t row = 0; row < level.rows(); ++row) {
    for (std::int64_t column = 0; column < level.columns(); ++column) {
      const bool tissue = is_tissue(column * kTile * downsample, row * kTile * downsample);
      level.places.push_back(tissue ? static_cast<std::uint32_t>(1 + (7 * row + 5 * column) % kTissueTiles) : 0);
    }
  }
  return level;
}

struct Survey {
  std::unique_ptr<Slide> slide;
  TissueMask mask;
  TilePlan plan;
};

Survey survey(const std::filesystem::path& path, double target_mpp) {
  Survey result;
  result.slide = open_slide(path);
  const SlideInfo& info = result.slide->info();
  const Scale scale = resolve_scale(info, std::nullopt);
  TilingSettings tiling;
  tiling.target_mpp = target_mpp;
  const TissueSettings tissue;
  const TileGeometry geometry = tile_geometry(info, scale, tiling);
  result.mask = find_tissue(read_overview(*result.slide, scale.mpp, tissue), tissue);
  result.plan = plan_tiles(info, geometry, result.mask, tiling);
  return result;
}

std::string overlap_with_truth(const Survey& seen) {
  double both = 0, either = 0;
  for (std::int64_t y = 0; y < seen.mask.size.height; ++y) {
    for (std::int64_t x = 0; x < seen.mask.size.width; ++x) {
      const auto level0 = [&](std::int64_t i) { return static_cast<std::int64_t>((static_cast<double>(i) + 0.5) * seen.mask.downsample); };
      const bool found = seen.mask.inside[y * seen.mask.size.width + x] != 0, wanted = is_tissue(level0(x), level0(y));
      both += found && wanted;
      either += found || wanted;
    }
  }
  std::cerr << fmt::format("  survey: IoU {:.3f}, {} tiles\n", both / either, seen.plan.tiles.size());
  return both / either >= 0.95
             ? ""
             : fmt::format("the tissue found overlaps the planted one by {:.3f} (IoU), at least 0.95 are wanted", both / either);
}

// Some batches from all over the plan.
class Sample {
 public:
  explicit Sample(const Survey& survey) : survey_(survey), order_(reading_order(survey.plan.tiles)), rgb_(kBatch * kTile * kTile * 3) {
    const std::size_t tiles = survey.plan.tiles.size(), batches = 12;
    for (std::size_t i = 0; i < batches; ++i) firsts_.push_back((tiles - kBatch) / (batches - 1) * i);
  }

  std::int64_t tiles() const { return static_cast<std::int64_t>(firsts_.size() * kBatch); }

  double seconds_for_all() {
    const double seconds = seconds_of([&] {
      for (const std::size_t first : firsts_) read(*survey_.slide, survey_.plan.geometry, first);
    });
    return seconds * static_cast<double>(survey_.plan.tiles.size()) / static_cast<double>(tiles());
  }

  // Against OpenSlide's pixels, which go through the same averaging from the full resolution.
  std::string differences(const std::filesystem::path& path) {
    const auto other = open_with_openslide(path);
    TileGeometry from_full = survey_.plan.geometry;
    from_full.level = 0;
    from_full.downsample = 1;
    double squares = 0;
    read(*survey_.slide, survey_.plan.geometry, firsts_[3]);
    const std::vector<std::uint8_t> ours = rgb_;
    read(*other, from_full, firsts_[3]);
    for (std::size_t i = 0; i < rgb_.size(); ++i) squares += std::pow(static_cast<double>(ours[i]) - rgb_[i], 2);
    const double psnr = 10 * std::log10(255 * 255 * static_cast<double>(rgb_.size()) / std::max(squares, 1e-9));
    // that these are the right tiles; how well halving averages is judged by the case "half", on all of the texture
    std::cerr << fmt::format("  decode-extrapolated: {:.1f} dB PSNR\n", psnr);
    return psnr >= 38 ? "" : fmt::format("{:.1f} dB PSNR against OpenSlide's pixels, at least 38 are wanted", psnr);
  }

 private:
  void read(const Slide& slide, const TileGeometry& geometry, std::size_t first) {
    std::vector<TileRead> tiles;
    for (std::size_t i = 0; i < kBatch; ++i) {
      tiles.push_back({survey_.plan.tiles[order_[first + i]].origin, rgb_.data() + i * kTile * kTile * 3, {}});
    }
    read_tiles(slide, geometry, tiles, nullptr);
    for (const TileRead& tile : tiles) {
      if (!tile.error.empty()) throw std::runtime_error(tile.error);
    }
  }

  const Survey& survey_;
  std::vector<std::uint32_t> order_;
  std::vector<std::uint8_t> rgb_;
  std::vector<std::size_t> firsts_;
};

bool run_survey(const std::filesystem::path& path, const std::string& name, double target_mpp, const BenchOptions& options) {
  const Survey seen = survey(path, target_mpp);
  if (seen.plan.tiles.size() < 1000) throw std::runtime_error("the survey's slide has too few tiles");
  Sample sample(seen);
  BenchCase bench{"read", name, "s", "", "decode-extrapolated", 3, {}};
  bench.rows.push_back({"survey",
                        1,
                        [&] { return overlap_with_truth(seen); },
                        [&] { return seconds_of([&] { survey(path, target_mpp); }); },
                        {{"reader", seen.slide->info().reader}}});
  bench.rows.push_back({"decode-extrapolated",
                        1,
                        [&] { return sample.differences(path); },
                        [&] { return sample.seconds_for_all(); },
                        {{"tiles", static_cast<std::int64_t>(seen.plan.tiles.size())}, {"tiles_read", sample.tiles()}}});
  return run_case(bench, options, std::cout, std::cerr);
}

}  // namespace

std::vector<NamedCase> survey_cases(const Texture& texture, const std::filesystem::path& folder) {
  std::vector<NamedCase> named;
  for (const double target_mpp : {0.5, 0.25}) {
    const std::string name = fmt::format("survey-{}mpp", target_mpp);
    named.push_back({name, [=, &texture, path = folder / "large.svs"](const BenchOptions& options) {
                       const BigTiffLevel tiles = stored_tiles(texture);
                       write_bigtiff(path, {laid_out(tiles, 1), laid_out(tiles, 4), laid_out(tiles, kCoarsest)},
                                     fmt::format("Aperio Image Library (repeated texture)|AppMag = 40|MPP = {}", kMpp));
                       return run_survey(path, name, target_mpp, options);
                     }});
  }
  return named;
}

}  // namespace microtome
