// SPDX-License-Identifier: Apache-2.0
// TransMIL (Shao et al. 2021): h = ReLU(_fc1.0 x), the tokens laid out as a square, two Nystrom layers with depth-wise convolutions over the square
// (PPEG) between them, and the class token classified. Tensor names are those of its published code. The square is that of the bag's order, row by
// row, so an order changes the answer: bags keep the order of the tile plan.
#include <cmath>

#include "mil/aggregators/aggregator_list.h"
#include "mil/aggregators/attribution.h"
#include "mil/aggregators/nystrom.h"

namespace microtome {
namespace {

struct NystromLayer {
  LayerNorm norm;
  NystromAttention attention;
  at::Tensor operator()(const at::Tensor& tokens, const Dropout& dropout, at::Tensor* class_row) const {
    return tokens + attention(norm(tokens), dropout, class_row);
  }
};

/// Depth-wise convolutions of three sizes.
struct Conv {
  at::Tensor weight;  // (E, 1, size, size)
  at::Tensor bias;    // (E)
};

class TransMil final : public Aggregator {
 public:
  explicit TransMil(const ModelCard& card)
      : feature_dim_(card.feature_dim), embed_dim_(card.embed_dim), classes_(card.outputs()) {}

  std::vector<Slot> slots() override {
    Slots slots;
    const std::int64_t e = embed_dim_;
    slots.add("_fc1.0", embed_, e, feature_dim_, Start::fan_in);
    slots.add("cls_token", class_token_, {1, 1, e}, Start::normal);
    add_layer(slots, "layer1", first_);
    add_conv(slots, "pos_layer.proj", seven_, 7);
    add_conv(slots, "pos_layer.proj1", five_, 5);
    add_conv(slots, "pos_layer.proj2", three_, 3);
    add_layer(slots, "layer2", second_);
    slots.add("norm", norm_, e);
    slots.add("_fc2", classifier_, classes_, e, Start::fan_in);
    return slots.take();
  }

  TrainingPass train(const BagInput& bag, int, const Dropout& dropout) const override {
    return {logits_of(bag.features(), dropout, nullptr), {}, {}};
  }

  Weighed weigh(const BagInput& bag) const override {
    return gradient_times_input(bag, [&](const at::Tensor& features) {
      at::Tensor row;
      const at::Tensor logits = logits_of(features, Dropout{}, &row);
      return Answer{logits, attention_of(row, features.size(0))};
    });
  }

  at::Tensor logits(const BagInput& bag) const override { return train(bag, 0, Dropout{}).logits.to(at::kDouble); }

 private:
  void add_layer(Slots& slots, const std::string& name, NystromLayer& layer) const {
    slots.add(name + ".norm", layer.norm, embed_dim_);
    layer.attention.add_slots(slots, name + ".attn", embed_dim_);
  }
  void add_conv(Slots& slots, const std::string& name, Conv& conv, std::int64_t size) const {
    slots.add(name + ".weight", conv.weight, {embed_dim_, 1, size, size}, Start::fan_in);
    slots.add(name + ".bias", conv.bias, {embed_dim_}, Start::zeros);
  }

  at::Tensor logits_of(const at::Tensor& features, const Dropout& dropout, at::Tensor* class_row) const {
    const at::Tensor embedded = embed_(features, Activation::relu);
    const auto side = static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(embedded.size(0)))));
    // the square is filled up with the first tiles once more
    const at::Tensor square = at::cat({embedded, embedded.narrow(0, 0, side * side - embedded.size(0))});
    at::Tensor tokens = at::cat({class_token_.reshape({1, embed_dim_}), square});
    tokens = first_(tokens, dropout, nullptr);
    tokens = at::cat({tokens.narrow(0, 0, 1), with_positions(tokens.narrow(0, 1, side * side), side)});
    tokens = second_(tokens, dropout, class_row);
    return classifier_(norm_(tokens.narrow(0, 0, 1))).squeeze(0);
  }

  /// x + the three convolutions: one of 7 x 7 whose kernel is their sum, the smaller ones and the identity in its middle.
  at::Tensor with_positions(const at::Tensor& tokens, std::int64_t side) const {
    const at::Tensor image = tokens.t().reshape({1, embed_dim_, side, side});
    const at::Tensor identity = at::constant_pad_nd(at::ones({1, 1, 1, 1}), {3, 3, 3, 3});
    const at::Tensor kernel = seven_.weight + at::constant_pad_nd(five_.weight, {1, 1, 1, 1}) + at::constant_pad_nd(three_.weight, {2, 2, 2, 2}) + identity;
    const at::Tensor bias = seven_.bias + five_.bias + three_.bias;
    return at::conv2d(image, kernel, bias, 1, 3, 1, embed_dim_).reshape({embed_dim_, side * side}).t();
  }

  /// What the class token sees of the tiles: copies that fill the square count for the tile that they copy; what is negative, as an approximation may
  /// be, counts for nothing.
  static at::Tensor attention_of(const at::Tensor& row, std::int64_t tiles) {
    const at::Tensor attention = row.narrow(0, 1, tiles).clone();
    const std::int64_t copies = row.size(0) - 1 - tiles;
    attention.narrow(0, 0, copies).add_(row.narrow(0, 1 + tiles, copies));
    attention.clamp_min_(0);
    const at::Tensor sum = attention.sum();
    if (!(sum.item<double>() > 0)) return at::full({tiles, 1}, 1.0 / static_cast<double>(tiles), at::kDouble);
    return (attention / sum).unsqueeze(1);
  }

  std::int64_t feature_dim_, embed_dim_, classes_;
  Linear embed_, classifier_;
  at::Tensor class_token_;
  NystromLayer first_, second_;
  Conv seven_, five_, three_;
  LayerNorm norm_;
};

}  // namespace

std::unique_ptr<Aggregator> make_transmil(const ModelCard& card) { return std::make_unique<TransMil>(card); }

}  // namespace microtome
