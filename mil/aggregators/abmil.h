// SPDX-License-Identifier: Apache-2.0
// Gated attention pooling (Ilse et al. 2018) with concatenation of a genomic embedding. Internal to mil/: torch types.
//   x (N,D) standardised -> h = ReLU(patch_embed) (N,E) -> a = softmax_tiles(attention_c(tanh(attention_a h) * sigmoid(attention_b h)))
//   z = sum_i a_i h_i (E) -> logits = classifier([z, g]) (C); g (genomic_dim) is ReLU(genomic_net) of the scaled genes, or the learned
//   genomic_null.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <string>
#include <vector>

#include "mil/aggregators/slide_model.h"
#include "mil/weights_safetensors.h"

namespace microtome {

struct Linear {
  at::Tensor weight;  // (out, in)
  at::Tensor bias;    // (out)
};

/// The tensors of one network, float32 on the CPU. genomic_* are undefined in an image-only model.
struct Abmil {
  at::Tensor feature_mean, feature_scale;  // (D), fitted, not learned
  Linear patch_embed, attention_a, attention_b, attention_c, genomic_net, classifier;
  at::Tensor genomic_null;
};

/// Where a named tensor of the file lives, and the shape the card demands.
struct AbmilSlot {
  std::string name;
  at::Tensor* tensor = nullptr;
  std::vector<std::int64_t> shape;
  bool learned = true;
};
std::vector<AbmilSlot> slots(Abmil& network, const ModelCard& card);

/// Kaiming-uniform (ReLU) weights from a generator of its own, zero biases, identity scaler.
Abmil initial_abmil(const ModelCard& card, std::uint64_t seed);

/// Throws ModelError naming `path` and the tensor: missing, unexpected, not float32, other shape, not finite.
Abmil abmil_from(const NamedTensors& tensors, const ModelCard& card, const std::filesystem::path& path);

/// Writes weights.safetensors, then model.json with its fingerprint; each beside and renamed. Throws ModelError.
void save_abmil(const std::filesystem::path& folder, Abmil network, const ModelCard& card);

/// Inverted dropout from a generator of its own; rate 0 returns its input.
struct Dropout {
  double rate = 0;
  at::Generator generator;
  at::Tensor operator()(const at::Tensor& values) const;
};

/// Logits (C) with gradient, all tiles at once.
at::Tensor training_logits(const Abmil& network, const ModelCard& card, const Bag& bag, const GenomicInput& genomic,
                           const Dropout& dropout);

/// Tiles pass in chunks, so beyond the features memory is under 200 MB (D 2048) plus a few numbers a tile. Thread-safe; one thread. Throws
/// BagError.
Prediction predict_abmil(const Abmil& network, const ModelCard& card, const Bag& bag, const GenomicInput& genomic);

}  // namespace microtome
