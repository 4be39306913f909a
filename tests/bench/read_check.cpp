// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/read_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace microtome {

AreaWeights::AreaWeights(double extent, int count) : pixels(static_cast<std::int64_t>(std::ceil(extent))) {
  const double width = extent / count;
  for (int i = 0; i < count; ++i) {
    const double from = i * width, to = (i + 1) * width;
    Cell cell;
    cell.first = static_cast<std::int64_t>(std::floor(from + 1e-9));
    for (std::int64_t pixel = cell.first; static_cast<double>(pixel) < to - 1e-9; ++pixel) {
      const double covered = std::min(to, static_cast<double>(pixel + 1)) - std::max(from, static_cast<double>(pixel));
      cell.weights.push_back(static_cast<float>(covered / width));
    }
    cells.push_back(std::move(cell));
  }
}

struct TileCheck::Work {
  std::vector<std::uint8_t> source;  // a row of the slide, as wide as a tile
  std::vector<float> sums;           // rows of the slide, weighted
  std::vector<float> wanted;
};

TileCheck::TileCheck(const BenchSlide& slide, int tile_px, double side_level0, std::span<const Level0Point> origins)
    : slide_(slide), tile_px_(tile_px), weights_(side_level0, tile_px), origins_(origins), seen_(origins.size(), 0) {}

void TileCheck::sum_rows(Level0Point origin, const AreaWeights::Cell& cell, Work& work) const {
  const Raster& period = slide_.period;
  std::fill(work.sums.begin(), work.sums.end(), 0.0f);
  for (std::size_t v = 0; v < cell.weights.size(); ++v) {
    const std::int64_t y = (origin.y_level0 + cell.first + static_cast<std::int64_t>(v)) % period.size.height;
    const std::uint8_t* row = &period.rgb[y * period.size.width * 3];
    for (std::int64_t x = 0; x < weights_.pixels;) {
      const std::int64_t from = (origin.x_level0 + x) % period.size.width, count = std::min(weights_.pixels - x, period.size.width - from);
      std::copy_n(row + 3 * from, 3 * count, &work.source[3 * x]);
      x += count;
    }
    for (std::size_t i = 0; i < work.sums.size(); ++i) work.sums[i] += cell.weights[v] * static_cast<float>(work.source[i]);
  }
}

void TileCheck::reference(Level0Point origin, Work& work) const {
  work.source.resize(static_cast<std::size_t>(3 * weights_.pixels));
  work.sums.resize(work.source.size());
  work.wanted.clear();
  for (const auto& row : weights_.cells) {
    sum_rows(origin, row, work);
    for (const auto& cell : weights_.cells) {
      float sums[3] = {0, 0, 0};
      for (std::size_t h = 0; h < cell.weights.size(); ++h) {
        for (std::size_t c = 0; c < 3; ++c) sums[c] += cell.weights[h] * work.sums[3 * (static_cast<std::size_t>(cell.first) + h) + c];
      }
      work.wanted.insert(work.wanted.end(), sums, sums + 3);
    }
  }
}

void TileCheck::see(std::size_t index, const std::uint8_t* rgb) {
  thread_local Work work;
  reference(origins_[index], work);
  const std::vector<float>& wanted = work.wanted;
  double squares = 0, most = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double difference = std::abs(static_cast<double>(rgb[i]) - wanted[i]);
    squares += difference * difference;
    most = std::max(most, difference);
  }
  const std::lock_guard lock(mutex_);
  ++seen_[index];
  squares_ += squares;
  values_ += static_cast<double>(wanted.size());
  most_ = std::max(most_, most);
}

double TileCheck::psnr() const {
  return squares_ == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(255 * 255 * values_ / squares_);
}

std::string TileCheck::verdict(const Tolerance& allowed) const {
  const auto other_than_once = std::find_if(seen_.begin(), seen_.end(), [](int times) { return times != 1; });
  if (other_than_once != seen_.end()) return fmt::format("tile {} was read {} times", other_than_once - seen_.begin(), *other_than_once);
  constexpr double kFloatNoise = 1e-3;
  if (most_ > allowed.most_difference + kFloatNoise) {
    return fmt::format("a value is {:.2f} grey levels off, at most {} are allowed", most_, allowed.most_difference);
  }
  if (psnr() < allowed.least_psnr) return fmt::format("{:.1f} dB PSNR, at least {} are wanted", psnr(), allowed.least_psnr);
  return "";
}

}  // namespace microtome
