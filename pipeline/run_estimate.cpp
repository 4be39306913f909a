// SPDX-License-Identifier: Apache-2.0
#include "pipeline/run_estimate.h"

#include <algorithm>
#include <thread>

#include "reporting/heatmap.h"

namespace microtome {
namespace {

constexpr std::size_t kBagsAtOnce = 3;  // one being filled, one concluded, one published

constexpr std::int64_t kReaderCache = 32 << 20;  // per open slide: OpenSlide's tile cache, or our reader's for tiles and overview

/// Largest sum of `bytes(job)` over any `width` neighbours.
template <class Bytes>
std::int64_t largest_window(const std::vector<Ref<SlideJob>>& jobs, std::size_t width, Bytes bytes) {
  std::int64_t sum = 0, most = 0;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    sum += bytes(*jobs[i]);
    if (i >= width) sum -= bytes(*jobs[i - width]);
    most = std::max(most, sum);
  }
  return most;
}

std::int64_t level0_bytes(const SlideJob& job) {
  return job.info.levels.empty() ? 0 : job.info.levels.front().size.width * job.info.levels.front().size.height * 4;
}

/// Of the tiles that are fetched ahead, if tiles take an even share of the file.
std::int64_t stored_bytes(const RunParts& parts, const SlideJob& job) {
  if (job.info.levels.empty() || job.plan.tiles.empty()) return 0;
  const Size size = job.info.levels.front().size;
  const double side = job.plan.geometry.side_level0;
  const double share = std::min(1.0, side * side / (static_cast<double>(size.width) * static_cast<double>(size.height)));
  const auto ahead =
      static_cast<double>(std::min<std::size_t>(job.plan.tiles.size(), static_cast<std::size_t>(parts.config.engine.batches_ahead) *
                                                                           static_cast<std::size_t>(parts.config.engine.batch)));
  return static_cast<std::int64_t>(share * ahead * static_cast<double>(job.document.slide.bytes));
}

std::int64_t raster_bytes(const SlideJob& job) {
  if (job.info.levels.empty()) return 0;
  const Size size = job.info.levels.front().size;
  const std::int64_t d = heatmap_downsample(size);
  return 4 * (size.width / d + 1) * (size.height / d + 1);
}

}  // namespace

double measure_encoders(const std::vector<std::shared_ptr<const Encoder>>& encoders, int batch, int tile_px, int threads) {
  const int lanes = encoders.front()->facts().lanes == 0 ? threads : encoders.front()->facts().lanes;
  const std::vector<std::uint8_t> blank(static_cast<std::size_t>(batch) * tile_px * tile_px * 3, 200);
  auto run_lanes = [&] {
    std::vector<std::jthread> running;
    for (int lane = 0; lane < lanes; ++lane) {
      running.emplace_back([&] {
        for (const auto& encoder : encoders) {
          std::vector<float> rows(static_cast<std::size_t>(batch) * static_cast<std::size_t>(encoder->facts().feature_dim));
          encoder->encode(blank, batch, tile_px, rows);
        }
      });
    }
  };
  run_lanes();  // warm-up: the first pass also chooses kernels
  const auto start = Clock::now();
  run_lanes();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return batch * lanes / std::max(seconds, 1e-6);
}

double measure_encoder(const RunParts& parts) {
  return measure_encoders(parts.encoders, parts.config.engine.batch, parts.config.tiling.tile_px, parts.threads);
}

MemoryTerms estimate_memory(const RunParts& parts, const std::vector<Ref<SlideJob>>& jobs, const ProgramMemory& program) {
  const auto admitted = static_cast<std::size_t>(parts.config.engine.slides_in_flight);
  const std::int64_t row = parts.row_bytes();
  const std::int64_t tile = parts.config.tiling.tile_px;
  MemoryTerms m;
  m.program = program.resident;
  m.heap = program.free_heap / 3;
  std::int64_t tiles = 0;
  for (const auto& job : jobs) tiles += static_cast<std::int64_t>(job->plan.tiles.size());
  const std::int64_t batches = std::min<std::int64_t>(parts.window, tiles / parts.config.engine.batch + 1);
  m.pixels = batches * parts.config.engine.batch * (tile * tile * 3 + row);
  m.bags = largest_window(jobs, std::min(admitted, kBagsAtOnce),
                          [&](const SlideJob& job) { return static_cast<std::int64_t>(job.plan.tiles.size()) * row; });
  if (parts.bag_bytes != 0) m.bags = std::min(m.bags, parts.bag_bytes);
  m.overviews = largest_window(jobs, admitted, [](const SlideJob& job) { return job.overview.size.width * job.overview.size.height * 3; });
  m.readers = largest_window(jobs, admitted, [](const SlideJob& job) { return std::min(kReaderCache, level0_bytes(job)); });
  m.readers += largest_window(jobs, 1, [&](const SlideJob& job) { return stored_bytes(parts, job); });
  m.pictures = 2 * largest_window(jobs, 1, [](const SlideJob& job) { return raster_bytes(job); });
  if (!parts.model) m.pictures = 0;
  return m;
}

}  // namespace microtome
