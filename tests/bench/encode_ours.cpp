// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/encode_ours.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "tests/bench/encoder_models.h"
#include "tests/bench/frame.h"

namespace microtome {
namespace {

constexpr double kWantedCosine = 0.9999;
constexpr double kAllowedDifference = 1e-3;  // of a value, and of 1: a cosine does not see a wrong scale

}  // namespace

OurEncoder::OurEncoder(const EncoderSettings& settings, GoldenTiles golden, int batch)
    : golden_(std::move(golden)), batch_(batch), encoder_(load_encoder(settings, {kBenchTilePx, batch, kBenchThreads, nullptr})) {
  const std::size_t tile = golden_.rgb.size() / static_cast<std::size_t>(golden_.tiles);
  for (int i = 0; i < batch_; ++i) {
    const auto from = golden_.rgb.begin() + static_cast<std::ptrdiff_t>(tile * static_cast<std::size_t>(i % golden_.tiles));
    bytes_.insert(bytes_.end(), from, from + static_cast<std::ptrdiff_t>(tile));
  }
}

double OurEncoder::run(int tiles) const {
  const int batches = (tiles + batch_ - 1) / batch_;
  const int callers = encoder_->facts().lanes == 0 ? kBenchThreads : encoder_->facts().lanes;
  std::atomic<int> next{0};
  const double seconds = seconds_of([&] {
    on_threads(callers, [&] {
      std::vector<float> rows = empty_rows();
      while (next++ < batches) encode(rows);
    });
  });
  return batches * batch_ / seconds;
}

std::string OurEncoder::verify() const {
  std::vector<float> rows = empty_rows();
  encode(rows);
  const auto dim = static_cast<std::size_t>(encoder_->facts().feature_dim);
  if (golden_.rows.size() != dim * static_cast<std::size_t>(golden_.tiles))
    return fmt::format("it gives {} features a tile, the golden outputs are {} numbers for {} tiles", dim, golden_.rows.size(),
                       golden_.tiles);
  for (std::size_t i = 0; i < golden_.rows.size(); ++i) {
    if (!(std::abs(rows[i] - golden_.rows[i]) <= kAllowedDifference * (1 + std::abs(golden_.rows[i]))))
      return fmt::format("number {} is {}, the golden one {}", i, rows[i], golden_.rows[i]);
  }
  const double cosine = least_cosine(rows, golden_.rows, dim);
  return cosine >= kWantedCosine ? "" : fmt::format("cosine {} to the golden outputs", cosine);
}

void OurEncoder::encode(std::vector<float>& rows) const { encoder_->encode(bytes_, batch_, kBenchTilePx, rows); }

std::vector<float> OurEncoder::empty_rows() const {
  return std::vector<float>(static_cast<std::size_t>(batch_ * encoder_->facts().feature_dim));
}

double least_cosine(const std::vector<float>& rows, const std::vector<float>& others, std::size_t dim) {
  double least = 1;
  for (std::size_t row = 0; row + dim <= std::min(rows.size(), others.size()); row += dim) {
    double dot = 0, a = 0, b = 0;
    for (std::size_t i = row; i < row + dim; ++i) {
      dot += double{rows[i]} * others[i];
      a += double{rows[i]} * rows[i];
      b += double{others[i]} * others[i];
    }
    const double cosine = dot / std::sqrt(a * b);
    if (std::isnan(cosine)) return cosine;
    least = std::min(least, cosine);
  }
  return least;
}

void on_threads(int threads, const std::function<void()>& body) {
  std::exception_ptr thrown;
  std::mutex mutex;
  std::vector<std::jthread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&] {
      try {
        body();
      } catch (...) {
        const std::lock_guard lock(mutex);
        thrown = std::current_exception();
      }
    });
  }
  running.clear();  // joins
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace microtome
