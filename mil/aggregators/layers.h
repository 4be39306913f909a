// SPDX-License-Identifier: Apache-2.0
// What aggregators are built from: tensors with names, and the few layers that several of them share. Internal to mil/: torch types. All
// tensors are float32 on the CPU.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

namespace microtome {

enum class Activation { relu, tanh, sigmoid };

struct Linear {
  at::Tensor weight;  // (out, in)
  at::Tensor bias;    // (out)
  at::Tensor operator()(const at::Tensor& input) const { return at::linear(input, weight, bias); }
  /// The same and the activation of it, for rows (N, in) through oneDNN, tanh and sigmoid in the same pass: equal up to rounding, and NaN stays NaN.
  at::Tensor operator()(const at::Tensor& input, Activation activation) const;
};

/// oneDNN generates code for every number of rows that it meets, and keeps it, a megabyte each. So it sees this number alone, and what is left of a bag
/// goes another way.
inline constexpr std::int64_t kPassRows = 256;

struct LayerNorm {
  at::Tensor weight, bias;  // (width)
  at::Tensor operator()(const at::Tensor& input) const { return at::layer_norm(input, weight.sizes(), weight, bias); }
};

/// What a tensor holds before training.
enum class Start {
  zeros,
  ones,
  kaiming,  // uniform within sqrt(6 / fan-in), for layers before a ReLU
  fan_in,   // uniform within 1 / sqrt(fan-in), torch's own for linear layers and convolutions
  xavier,   // uniform within sqrt(6 / (fan-in + fan-out)), torch's own for attention
  normal,   // standard
  lecun_normal  // normal of deviation 1 / sqrt(fan-in), for self-normalising networks (Klambauer et al. 2017)
};

/// Where a named tensor of a weights file lives, and the shape the card demands.
struct Slot {
  std::string name;
  at::Tensor* tensor = nullptr;
  std::vector<std::int64_t> shape;
  Start start = Start::zeros;
  bool learned = true;  // false: fitted before training
};

/// Names tensors in the order in which they are drawn at the start.
class Slots {
 public:
  void add(const std::string& name, at::Tensor& tensor, std::vector<std::int64_t> shape, Start start);
  /// Kaiming weight, zero bias.
  void add(const std::string& name, Linear& linear, std::int64_t out, std::int64_t in, Start start = Start::kaiming);
  void add(const std::string& name, LayerNorm& norm, std::int64_t width);
  std::vector<Slot> take() { return std::move(slots_); }

 private:
  std::vector<Slot> slots_;
};

/// Inverted dropout from a generator of its own; rate 0 returns its input.
struct Dropout {
  double rate = 0;
  at::Generator generator;
  at::Tensor operator()(const at::Tensor& values) const;
  /// Alpha dropout (Klambauer et al. 2017), for self-normalising networks: what is dropped falls to where SELU saturates, and all is moved so that
  /// mean 0 and variance 1 stay.
  at::Tensor alpha(const at::Tensor& values) const;
};

/// Raw scores of Ilse et al. 2018: c(tanh(a h) * sigmoid(b h)), or c(tanh(a h)) where `gated` is false and b is empty.
struct TileAttention {
  bool gated = true;
  Linear a, b, c;
  /// embedded (N, E) to scores (N, heads). Dropout stands behind tanh and sigmoid.
  at::Tensor operator()(const at::Tensor& embedded, const Dropout& dropout) const;
};

}  // namespace microtome
