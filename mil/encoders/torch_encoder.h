// SPDX-License-Identifier: Apache-2.0
// A network with its preprocessing in front and its rows behind, on the devices of a run. Internal to mil/: torch types.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <optional>
#include <vector>

#include "mil/encoders/device_slots.h"
#include "mil/encoders/encoder.h"
#include "mil/encoders/image_batch.h"
#include "mil/encoders/network.h"
#include "mil/encoders/rows.h"

namespace microtome {

/// Tiles and what the authors' own code gives for them.
struct Golden {
  at::Tensor tiles;    // uint8 (n, tile_px, tile_px, 3)
  at::Tensor outputs;  // float32 (n, D): rows; for a classifier its logits
};

class TorchEncoder final : public Encoder {
 public:
  struct Parts {
    EncoderFacts facts;
    Preprocessing preprocessing;
    RowRule rule;
    std::vector<at::Device> devices;
    std::vector<Network> networks;  // one a device
    int tile_px = 0;
    int lanes = 1;  // per device
  };
  explicit TorchEncoder(Parts parts);

  const EncoderFacts& facts() const override { return parts_.facts; }
  void encode(std::span<const std::uint8_t> rgb, int slots, int tile_px, std::span<float> features) const override;
  EncoderRecord record() const override { return slots_->record(); }

  /// Encodes a few tiles, padded to `batch` slots on devices other than the CPU, and settles the feature dimension. Throws ModelError: shape,
  /// dimension, classes or golden outputs do not agree with the card, or a number is not finite.
  void prove(const std::optional<Golden>& golden, int batch);

  /// Rows (n, D) float32 on the CPU of uint8 tiles (n, tile_px, tile_px, 3); for proving and for `check`.
  at::Tensor rows(const at::Tensor& tiles) const;

 private:
  at::Tensor forward(std::size_t device, const at::Tensor& tiles, std::int64_t pass) const;
  at::Tensor one_pass(std::size_t device, const at::Tensor& tiles, std::int64_t pass) const;
  void prove_on(const at::Tensor& tiles, const std::optional<Golden>& golden);
  void settle_dimension(const at::Tensor& rows);

  Parts parts_;
  std::vector<ImageBatch> images_;  // one a device
  std::unique_ptr<DeviceSlots> slots_;
};

/// The golden file of a folder. Throws ModelError: torn, or its tensors are not what the card's tiles are.
Golden read_golden(const std::filesystem::path& path, int tile_px);

/// How far rows are from the golden ones.
struct Deviation {
  double least_cosine = 1;  // over the tiles
  double least_about_mean = 1;  // ... of what distinguishes the tiles: rows of one encoder are alike, and a whole row's cosine is near 1 even for
                                // another tile's
  double largest = 0;           // |difference| over the largest |golden value|
};
/// rows: of the first tiles of golden_rows, whose mean over all tiles is taken off for least_about_mean.
Deviation deviation_of(const at::Tensor& rows, const at::Tensor& golden_rows);

/// The rows that golden outputs stand for.
at::Tensor golden_rows(const Golden& golden, const RowRule& rule);

}  // namespace microtome
