// SPDX-License-Identifier: Apache-2.0
// A transformer with a class token over the tiles, without positions (after STAMP's: El Nahhas et al. 2024): h = GELU(project_features.0 x), two
// pre-norm layers of 8 heads, feed-forward as wide as the embedding, norm, classifier on the class token. Exact attention: time grows with the square
// of the tiles, memory with the tiles. Tensor names of a layer are torch.nn.TransformerEncoderLayer's.
#include <cmath>

#include "mil/aggregators/aggregator_list.h"
#include "mil/aggregators/attribution.h"

namespace microtome {
namespace {

constexpr std::int64_t kTransformerHeads = 8;
constexpr std::size_t kTransformerLayers = 2;

struct TransformerLayer {
  at::Tensor in_weight, in_bias;  // (3E, E), (3E): queries, keys, values
  Linear out, first, second;
  LayerNorm norm1, norm2;
};

/// (T, E) to (1, heads, T, E / heads).
at::Tensor split_heads(const at::Tensor& tokens) {
  return tokens.reshape({tokens.size(0), kTransformerHeads, tokens.size(1) / kTransformerHeads}).transpose(0, 1).unsqueeze(0);
}

class Transformer final : public Aggregator {
 public:
  explicit Transformer(const ModelCard& card)
      : feature_dim_(card.feature_dim), embed_dim_(card.embed_dim), classes_(card.outputs()), layers_(kTransformerLayers) {}

  std::vector<Slot> slots() override {
    Slots slots;
    const std::int64_t e = embed_dim_;
    slots.add("project_features.0", project_, e, feature_dim_, Start::fan_in);
    slots.add("class_token", class_token_, {1, 1, e}, Start::normal);
    for (std::size_t i = 0; i < kTransformerLayers; ++i) {
      const std::string name = "layers." + std::to_string(i);
      slots.add(name + ".self_attn.in_proj_weight", layers_[i].in_weight, {3 * e, e}, Start::fan_in);
      slots.add(name + ".self_attn.in_proj_bias", layers_[i].in_bias, {3 * e}, Start::zeros);
      slots.add(name + ".self_attn.out_proj", layers_[i].out, e, e, Start::fan_in);
      slots.add(name + ".linear1", layers_[i].first, e, e, Start::fan_in);
      slots.add(name + ".linear2", layers_[i].second, e, e, Start::fan_in);
      slots.add(name + ".norm1", layers_[i].norm1, e);
      slots.add(name + ".norm2", layers_[i].norm2, e);
    }
    slots.add("norm", norm_, e);
    slots.add("classifier", classifier_, classes_, e, Start::fan_in);
    return slots.take();
  }

  TrainingPass train(const BagInput& bag, int, const Dropout& dropout) const override { return {forward(bag.features(), dropout).logits, {}, {}}; }

  Weighed weigh(const BagInput& bag) const override {
    return gradient_times_input(bag, [&](const at::Tensor& features) { return forward(features, Dropout{}); });
  }

  at::Tensor logits(const BagInput& bag) const override { return train(bag, 0, Dropout{}).logits.to(at::kDouble); }

 private:
  /// Only the class token leaves the last layer, so only it asks there.
  Answer forward(const at::Tensor& features, const Dropout& dropout) const {
    at::Tensor tokens = at::cat({class_token_.reshape({1, embed_dim_}), dropout(at::gelu(project_(features)))});
    for (std::size_t i = 0; i + 1 < kTransformerLayers; ++i) tokens = pass(layers_[i], tokens, tokens.size(0), dropout).first;
    const auto [token, attention] = pass(layers_.back(), tokens, 1, dropout);
    return {classifier_(norm_(token)).squeeze(0), attention};
  }

  /// The first `asking` tokens after the layer (asking, E), and, where one asks, its attention to the tiles (N, 1), mean over the heads.
  std::pair<at::Tensor, at::Tensor> pass(const TransformerLayer& layer, const at::Tensor& tokens, std::int64_t asking, const Dropout& dropout) const {
    const std::int64_t e = embed_dim_;
    const at::Tensor normed = layer.norm1(tokens);
    const auto part = [&](std::int64_t which, const at::Tensor& of) {
      return split_heads(at::linear(of, layer.in_weight.narrow(0, which * e, e), layer.in_bias.narrow(0, which * e, e)));
    };
    const at::Tensor queries = part(0, normed.narrow(0, 0, asking)), keys = part(1, normed), values = part(2, normed);
    const at::Tensor seen = at::scaled_dot_product_attention(queries, keys, values);
    const at::Tensor attended = layer.out(seen.squeeze(0).transpose(0, 1).reshape({asking, e}));
    const at::Tensor middle = tokens.narrow(0, 0, asking) + dropout(attended);
    const at::Tensor out = middle + dropout(layer.second(dropout(at::gelu(layer.first(layer.norm2(middle))))));
    return {out, asking == 1 ? attention_to_tiles(queries.detach(), keys.detach()) : at::Tensor()};
  }

  at::Tensor attention_to_tiles(const at::Tensor& query, const at::Tensor& keys) const {
    const at::Tensor scores = at::matmul(query, keys.transpose(2, 3)) / std::sqrt(static_cast<double>(embed_dim_ / kTransformerHeads));  // (1, heads, 1, T)
    const at::Tensor mean = at::softmax(scores.to(at::kDouble), 3).mean(1).reshape({-1, 1});
    const at::Tensor tiles = mean.narrow(0, 1, mean.size(0) - 1);  // the first is the class token itself
    return tiles / tiles.sum();
  }

  std::int64_t feature_dim_, embed_dim_, classes_;
  Linear project_, classifier_;
  at::Tensor class_token_;
  std::vector<TransformerLayer> layers_;
  LayerNorm norm_;
};

}  // namespace

std::unique_ptr<Aggregator> make_transformer(const ModelCard& card) { return std::make_unique<Transformer>(card); }

}  // namespace microtome
