// SPDX-License-Identifier: Apache-2.0
// Patch-GCN (Chen et al. 2021): three graph convolutions over tiles and their 8 nearest neighbours on the slide, all stages concatenated, gated
// attention over tiles. GENConv (Li et al. 2020): messages ReLU(x_j) + 1e-7, softmax-weighted over the incoming edges with a learned temperature, plus
// the tile itself, through an MLP. G = E / 4 is the width of a stage.
#include <algorithm>
#include <limits>
#include <utility>

#include "mil/aggregators/aggregator_list.h"
#include "mil/aggregators/attribution.h"
#include "mil/aggregators/tile_graph.h"

namespace microtome {
namespace {

constexpr std::int64_t kNeighbours = 8;
constexpr std::size_t kLayers = 3;
constexpr double kLateDropout = 0.1;  // behind the convolutions, whatever the rate elsewhere

struct Edges {
  at::Tensor from, to;  // (edges)
};

Edges edges_of(const at::Tensor& coords) {
  const at::Tensor places = coords.contiguous();
  const TileGraph graph =
      nearest_neighbours({places.const_data_ptr<std::int64_t>(), static_cast<std::size_t>(places.numel())}, kNeighbours);
  return {at::tensor(at::ArrayRef<std::int64_t>(graph.from)), at::tensor(at::ArrayRef<std::int64_t>(graph.to))};
}

/// (tiles, G) of rows (edges, G), by the tile that each goes to. LibTorch's own reduction by index is in beta, and says so to the user.
at::Tensor largest_of_each(const at::Tensor& rows, const at::Tensor& to, std::int64_t tiles) {
  const at::Tensor from = rows.contiguous(), out = at::full({tiles, rows.size(1)}, -std::numeric_limits<float>::infinity());
  const float* row = from.const_data_ptr<float>();
  const auto* tile = to.const_data_ptr<std::int64_t>();
  auto* largest = out.mutable_data_ptr<float>();
  for (std::int64_t edge = 0; edge < rows.size(0); ++edge)
    for (std::int64_t g = 0; g < rows.size(1); ++g, ++row) {
      float& best = largest[tile[edge] * rows.size(1) + g];
      best = std::max(best, *row);
    }
  return out;
}

struct GenConv {
  at::Tensor temperature;  // (1)
  Linear widen, narrow;
  LayerNorm norm;

  at::Tensor operator()(const at::Tensor& tiles, const Edges& edges) const {
    const at::Tensor inner = norm(widen(tiles + gathered(tiles, edges)));
    return narrow(at::relu(inner));
  }

  /// For each tile the weighted mean of what its edges bring, channel by channel; zero where there are none.
  at::Tensor gathered(const at::Tensor& tiles, const Edges& edges) const {
    const at::Tensor messages = (at::relu(tiles) + 1e-7).index_select(0, edges.from), raised = messages * temperature;
    // the largest of each tile is taken off before exp, as softmax does; it cancels, so it needs no gradient
    const at::Tensor weights = at::exp(raised - largest_of_each(raised.detach(), edges.to, tiles.size(0)).index_select(0, edges.to));
    const at::Tensor zeros = at::zeros_like(tiles, at::TensorOptions().requires_grad(false));
    const at::Tensor sum = at::index_add(zeros, 0, edges.to, weights * messages), total = at::index_add(zeros, 0, edges.to, weights);
    return sum / total.clamp_min(1e-30);
  }
};

struct Layer {
  GenConv conv;
  LayerNorm norm;  // not of the first
};

class PatchGcn final : public Aggregator {
 public:
  explicit PatchGcn(const ModelCard& card)
      : feature_dim_(card.feature_dim),
        embed_dim_(card.embed_dim),
        attention_dim_(card.attention_dim),
        classes_(card.outputs()),
        layers_(kLayers) {}

  std::vector<Slot> slots() override {
    Slots slots;
    const std::int64_t g = embed_dim_ / 4;
    slots.add("fc.0", embed_, g, feature_dim_);
    for (std::size_t i = 0; i < kLayers; ++i) {
      const std::string name = "layers." + std::to_string(i);
      slots.add(name + ".conv.t", layers_[i].conv.temperature, {1}, Start::ones);
      slots.add(name + ".conv.mlp.0", layers_[i].conv.widen, 2 * g, g);
      slots.add(name + ".conv.mlp.1", layers_[i].conv.norm, 2 * g);
      slots.add(name + ".conv.mlp.3", layers_[i].conv.narrow, g, 2 * g);
      if (i > 0) slots.add(name + ".norm", layers_[i].norm, g);
    }
    slots.add("path_phi.0", phi_, embed_dim_, embed_dim_);
    slots.add("path_attention_head.attention_a.0", attention_.a, attention_dim_, embed_dim_);
    slots.add("path_attention_head.attention_b.0", attention_.b, attention_dim_, embed_dim_);
    slots.add("path_attention_head.attention_c", attention_.c, 1, attention_dim_);
    slots.add("path_rho.0", rho_, embed_dim_, embed_dim_);
    slots.add("classifier", classifier_, classes_, embed_dim_);
    return slots.take();
  }

  TrainingPass train(const BagInput& bag, int, const Dropout& dropout) const override {
    return {forward(bag.features(), edges_of(bag.coords), dropout).logits, {}, {}};
  }

  Weighed weigh(const BagInput& bag) const override {
    const Edges edges = edges_of(bag.coords);
    return gradient_times_input(bag, [&](const at::Tensor& features) { return forward(features, edges, Dropout{}); });
  }

  at::Tensor logits(const BagInput& bag) const override { return train(bag, 0, Dropout{}).logits.to(at::kDouble); }

 private:
  Answer forward(const at::Tensor& features, const Edges& edges, const Dropout& dropout) const {
    at::Tensor tiles = dropout(embed_(features, Activation::relu));
    std::vector<at::Tensor> stages{tiles, layers_[0].conv(tiles, edges)};
    const Dropout late{dropout.rate > 0 ? kLateDropout : 0, dropout.generator};
    for (std::size_t i = 1; i < kLayers; ++i)
      stages.push_back(late(stages.back() + at::relu(layers_[i].norm(layers_[i].conv(stages.back(), edges)))));
    const at::Tensor embedded = dropout(phi_(at::cat(stages, 1), Activation::relu));
    const at::Tensor attention = at::softmax(attention_(embedded, dropout), 0);
    const at::Tensor slide = at::matmul(attention.t(), embedded);
    return {classifier_(dropout(at::relu(rho_(slide)))).squeeze(0), attention};
  }

  std::int64_t feature_dim_, embed_dim_, attention_dim_, classes_;
  Linear embed_, phi_, rho_, classifier_;
  TileAttention attention_;
  std::vector<Layer> layers_;
};

}  // namespace

std::unique_ptr<Aggregator> make_patch_gcn(const ModelCard& card) { return std::make_unique<PatchGcn>(card); }

}  // namespace microtome
