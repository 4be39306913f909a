// SPDX-License-Identifier: Apache-2.0
// torch's device-neutral streams and events, so that this compiles and links without a CUDA toolkit.
#include "mil/encoders/device_slots.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <chrono>

namespace microtome {
namespace {

using Clock = std::chrono::steady_clock;

c10::Stream new_stream(at::Device device) { return c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device, false); }

at::Tensor pinned_like(const at::Tensor& tensor) {
  return at::empty(tensor.sizes(), tensor.options().device(at::kCPU).pinned_memory(true));
}

}  // namespace

struct DeviceSlots::Device {
  explicit Device(at::Device which) : device(which) {
    if (device.is_cpu()) return;
    copy.emplace(new_stream(device));
    compute.emplace(new_stream(device));
  }
  at::Device device;
  std::optional<c10::Stream> copy, compute;
  std::mutex launching;  // one batch's kernels behind the other's, not between them
  int busy_slots = 0;
  std::int64_t batches = 0;
  double busy_seconds = 0;
};

struct DeviceSlots::Slot {
  Slot(std::size_t number, Device& on) : number(number), on(on), begun(on.device.type(), c10::EventFlag::BACKEND_DEFAULT),
        done(on.device.type(), c10::EventFlag::BACKEND_DEFAULT) {}
  std::size_t number;  // of the device
  Device& on;
  bool busy = false;
  at::Tensor pinned_tiles, tiles, pinned_rows;
  c10::Event begun, done;
};

/// Holds a slot of the device with the fewest batches in flight.
class DeviceSlots::Lease {
 public:
  explicit Lease(const DeviceSlots& all) : all_(all) {
    std::unique_lock lock(all_.mutex_);
    all_.freed_.wait(lock, [&] { return (slot_ = free_slot()) != nullptr; });
    slot_->busy = true;
    ++slot_->on.busy_slots;
  }
  ~Lease() {
    {
      const std::lock_guard lock(all_.mutex_);
      slot_->busy = false;
      --slot_->on.busy_slots;
    }
    all_.freed_.notify_one();
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Slot& slot() const { return *slot_; }

 private:
  Slot* free_slot() const {
    Slot* best = nullptr;
    for (const auto& slot : all_.slots_)
      if (!slot->busy && (best == nullptr || slot->on.busy_slots < best->on.busy_slots)) best = slot.get();
    return best;
  }

  const DeviceSlots& all_;
  Slot* slot_ = nullptr;
};

DeviceSlots::DeviceSlots(std::vector<at::Device> devices, int lanes, bool divisible, DeviceForward forward)
    : divisible_(divisible), forward_(std::move(forward)) {
  for (std::size_t number = 0; number < devices.size(); ++number) {
    devices_.push_back(std::make_unique<Device>(devices[number]));
    for (int lane = 0; lane < lanes; ++lane) slots_.push_back(std::make_unique<Slot>(number, *devices_.back()));
  }
}

DeviceSlots::~DeviceSlots() = default;

at::Tensor DeviceSlots::run(const at::Tensor& tiles) const {
  const Lease lease(*this);
  return run_in(lease.slot(), tiles);
}

at::Tensor DeviceSlots::run_in(Slot& slot, const at::Tensor& tiles) const {
  const c10::InferenceMode inference;
  const std::int64_t whole = tiles.size(0);
  for (;;) {
    std::int64_t pass = 0;
    {
      const std::lock_guard lock(mutex_);
      pass = limit_ == 0 ? whole : std::min(limit_, whole);
    }
    try {
      return slot.on.device.is_cpu() ? compute_here(slot, tiles, pass) : enqueue_and_wait(slot, tiles, pass);
    } catch (const c10::OutOfMemoryError&) {
      if (!divisible_ || pass == 1) throw;
      halve(pass);
    }
    if (!slot.on.device.is_cpu()) at::getDeviceAllocator(slot.on.device.type())->emptyCache();
  }
}

std::int64_t DeviceSlots::halve(std::int64_t failed_pass) const {
  const std::lock_guard lock(mutex_);
  const std::int64_t half = (failed_pass + 1) / 2;  // the other batch in flight may have halved already
  if (limit_ == 0 || limit_ > half) limit_ = half;
  return limit_;
}

at::Tensor DeviceSlots::compute_here(Slot& slot, const at::Tensor& tiles, std::int64_t pass) const {
  const auto start = Clock::now();
  at::Tensor rows = forward_(slot.number, tiles, pass);
  const std::lock_guard lock(mutex_);
  ++slot.on.batches;
  slot.on.busy_seconds += std::chrono::duration<double>(Clock::now() - start).count();
  return rows;
}

at::Tensor DeviceSlots::enqueue_and_wait(Slot& slot, const at::Tensor& tiles, std::int64_t pass) const {
  Device& on = slot.on;
  if (!slot.tiles.defined() || slot.tiles.sizes() != tiles.sizes()) {
    slot.pinned_tiles = pinned_like(tiles);
    slot.tiles = at::empty(tiles.sizes(), tiles.options().device(on.device));
  }
  slot.pinned_tiles.copy_(tiles);
  {
    const std::lock_guard lock(on.launching);
    c10::Event copied(on.device.type());
    {
      const c10::StreamGuard guard(*on.copy);
      slot.tiles.copy_(slot.pinned_tiles, true);
      copied.record(*on.copy);
    }
    const c10::StreamGuard guard(*on.compute);
    copied.block(*on.compute);
    slot.begun.record(*on.compute);
    const at::Tensor rows = forward_(slot.number, slot.tiles, pass);
    if (!slot.pinned_rows.defined() || slot.pinned_rows.sizes() != rows.sizes()) slot.pinned_rows = pinned_like(rows);
    slot.pinned_rows.copy_(rows, true);
    slot.done.record(*on.compute);
  }
  slot.done.synchronize();
  const std::lock_guard lock(mutex_);
  ++on.batches;
  on.busy_seconds += slot.begun.elapsedTime(slot.done) / 1000;
  return slot.pinned_rows.clone();  // the slot's next batch overwrites it
}

EncoderRecord DeviceSlots::record() const {
  const std::lock_guard lock(mutex_);
  EncoderRecord record;
  record.batch_limit = limit_;
  for (const auto& device : devices_) record.devices.push_back({device->device.str(), device->batches, device->busy_seconds});
  return record;
}

}  // namespace microtome
