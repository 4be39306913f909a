// SPDX-License-Identifier: Apache-2.0
// Rows that bench_encode and bench_run share: the bare network and Python's torch, both on batches that are ready.
#pragma once

#include <string>

#include "tests/bench/encoder_models.h"
#include "tests/bench/frame.h"

namespace microtome {

/// The bare network, form "torchscript" or "pt2". On the CPU a thread a lane and none of Python; on devices a Python process that calls it
/// on a batch that lies on the device, which waits for nothing but the last batch.
BenchRow floor_row(const BenchModel& model, const std::string& form, int tiles);

/// mode: eager, compile, torchscript, pt2. `environment`: kKeptMalloc or nothing. The process starts here and ends with the row.
BenchRow torch_row(const BenchModel& model, const std::string& name, const std::string& environment, const std::string& mode, int tiles);

}  // namespace microtome
