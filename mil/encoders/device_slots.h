// SPDX-License-Identifier: Apache-2.0
// Batches in flight on the devices of a run: two a CUDA device, one a lane on the CPU. Internal to mil/: torch types.
// On CUDA a batch goes through a slot: bytes to pinned memory (on the caller), to the device on a copy stream, the network on the compute stream
// behind it, rows back to pinned memory; the caller waits for its own event. So one batch is copied while the other is computed, nothing is
// allocated per batch but activations, and whichever device is free takes the next. On the CPU a slot is only a place: the caller computes.
#pragma once

#include <ATen/ATen.h>
#include <c10/core/Event.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "mil/encoders/encoder.h"

namespace microtome {

/// uint8 tiles (B, tile_px, tile_px, 3) on device number `device`, in forward passes of `pass` tiles, to float32 rows (B, D) on the device.
using DeviceForward = std::function<at::Tensor(std::size_t device, const at::Tensor& tiles, std::int64_t pass)>;

class DeviceSlots {
 public:
  /// `lanes`: batches in flight per device. `divisible`: whether a pass may be smaller than a batch (a compiled-in batch may not).
  DeviceSlots(std::vector<at::Device> devices, int lanes, bool divisible, DeviceForward forward);
  ~DeviceSlots();

  /// Waits for a free slot, computes, returns rows (slots, D) float32 on the CPU. When a device runs out of memory, passes are halved and the
  /// batch is done again, from then on for all; what even one tile does not fit into is thrown as it came.
  at::Tensor run(const at::Tensor& tiles) const;

  EncoderRecord record() const;

 private:
  struct Device;
  struct Slot;
  class Lease;

  at::Tensor run_in(Slot& slot, const at::Tensor& tiles) const;
  at::Tensor enqueue_and_wait(Slot& slot, const at::Tensor& tiles, std::int64_t pass) const;
  at::Tensor compute_here(Slot& slot, const at::Tensor& tiles, std::int64_t pass) const;
  std::int64_t halve(std::int64_t failed_pass) const;

  bool divisible_;
  DeviceForward forward_;
  std::vector<std::unique_ptr<Device>> devices_;
  std::vector<std::unique_ptr<Slot>> slots_;
  mutable std::mutex mutex_;
  mutable std::condition_variable freed_;
  mutable std::int64_t limit_ = 0;  // tiles per pass; 0: a whole batch
};

}  // namespace microtome
