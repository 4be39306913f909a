// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/read_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace microtome {

AreaWeights::AreaWeights(double start, double extent, int count) {
  const double width = extent / count;
  for (int i = 0; i < count; ++i) {
    const double from = start + i * width, to = start + (i + 1) * width;
    Cell cell;
    cell.first = static_cast<std::int64_t>(std::floor(from + 1e-9));
    for (std::int64_t pixel = cell.first; static_cast<double>(pixel) < to - 1e-9; ++pixel) {
      const double covered = std::min(to, static_cast<double>(pixel + 1)) - std::max(from, static_cast<double>(pixel));
      cell.weights.push_back(static_cast<float>(covered / width));
    }
    cells.push_back(std::move(cell));
  }
}

TileCheck::TileCheck(const BenchSlide& slide, int tile_px, double side_level0, std::span<const Level0Point> origins)
    : slide_(slide), tile_px_(tile_px), side_level0_(side_level0), origins_(origins), seen_(origins.size(), 0) {}

void TileCheck::reference(Level0Point origin, std::vector<float>& rgb) const {
  const AreaWeights across(static_cast<double>(origin.x_level0), side_level0_, tile_px_);
  const AreaWeights down(static_cast<double>(origin.y_level0), side_level0_, tile_px_);
  const Raster& period = slide_.period;
  std::vector<float> row(static_cast<std::size_t>(tile_px_) * 3);
  rgb.assign(row.size() * tile_px_, 0);
  for (int i = 0; i < tile_px_; ++i) {
    const auto& vertical = down.cells[i];
    for (std::size_t v = 0; v < vertical.weights.size(); ++v) {
      const std::uint8_t* source =
          &period.rgb[((vertical.first + static_cast<std::int64_t>(v)) % period.size.height) * period.size.width * 3];
      for (int j = 0; j < tile_px_; ++j) {
        float sums[3] = {0, 0, 0};
        const auto& horizontal = across.cells[j];
        std::int64_t x = horizontal.first % period.size.width;
        for (const float weight : horizontal.weights) {
          for (int c = 0; c < 3; ++c) sums[c] += weight * static_cast<float>(source[3 * x + c]);
          if (++x == period.size.width) x = 0;
        }
        for (int c = 0; c < 3; ++c) rgb[(static_cast<std::size_t>(i) * tile_px_ + j) * 3 + c] += vertical.weights[v] * sums[c];
      }
    }
  }
}

void TileCheck::see(std::size_t index, const std::uint8_t* rgb) {
  thread_local std::vector<float> wanted;
  reference(origins_[index], wanted);
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
