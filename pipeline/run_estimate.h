// SPDX-License-Identifier: Apache-2.0
// What a run would take: tiles exactly, memory and time as estimates with their terms named.
#pragma once

#include <cstdint>
#include <vector>

#include "pipeline/jobs.h"
#include "pipeline/run_parts.h"

namespace microtome {

/// After measure_encoder.
struct ProgramMemory {
  std::int64_t resident = 0;
  std::int64_t free_heap = 0;  // of it, what is kept for the next batch
};

struct MemoryTerms {
  std::int64_t program = 0;    // measured: program, libraries, network, a blank batch in every lane
  std::int64_t heap = 0;       // a third of the lanes' blocks again: out of step, one lane's lie between another's (measured: 0.1 to 0.5)
  std::int64_t pixels = 0;     // window x batch x tile^2 x 3, and features of those batches
  std::int64_t bags = 0;       // largest sum over neighbouring slides that can be between their first tile and publishing
  std::int64_t overviews = 0;  // overview pixels and the tissue search, the same slides
  std::int64_t readers = 0;    // caches of decoded source tiles, and the stored bytes fetched ahead of decoding
  std::int64_t pictures = 0;   // heatmap rasters while publishing
  std::int64_t total() const { return program + heap + pixels + bags + overviews + readers + pictures; }
};

/// Runs a blank batch in every lane, twice, for memory and speed: nothing of the archive is encoded. Returns tiles per second, each tile
/// encoded by all of the encoders. Lanes: one a thread on the CPU, two a device elsewhere.
double measure_encoders(const std::vector<std::shared_ptr<const Encoder>>& encoders, int batch, int tile_px, int threads);
double measure_encoder(const RunParts& parts);

/// `jobs` are surveyed slides in manifest order.
MemoryTerms estimate_memory(const RunParts& parts, const std::vector<Ref<SlideJob>>& jobs, const ProgramMemory& program);

}  // namespace microtome
