// SPDX-License-Identifier: Apache-2.0
// Attention pooling (Ilse et al. 2018), gated or plain, with concatenation of a genomic embedding:
//   h = ReLU(patch_embed.0 x) (N,E) -> a = softmax_tiles(global_attn h) -> z = sum_i a_i h_i (E) -> logits = classifier([z, g])
// g is, of each table, ReLU(encoder.0 row), or the learned null where there is no row.
#include <fmt/format.h>

#include "mil/aggregators/aggregator_list.h"
#include "mil/aggregators/attribution.h"

namespace microtome {
namespace {

class Abmil final : public Aggregator {
 public:
  Abmil(const ModelCard& card, bool gated)
      : feature_dim_(card.feature_dim),
        embed_dim_(card.embed_dim),
        attention_dim_(card.attention_dim),
        classes_(card.outputs()),
        modalities_(card.modalities),
        tables_(modalities_.size()) {
    attention_.gated = gated;
    for (const Modality& modality : modalities_) tables_dim_ += modality.dim;
  }

  std::vector<Slot> slots() override {
    Slots slots;
    slots.add("patch_embed.0", embed_, embed_dim_, feature_dim_);
    slots.add(attention_.gated ? "global_attn.attention_a.0" : "global_attn.module.0", attention_.a, attention_dim_, embed_dim_);
    if (attention_.gated) slots.add("global_attn.attention_b.0", attention_.b, attention_dim_, embed_dim_);
    slots.add(attention_.gated ? "global_attn.attention_c" : "global_attn.module.3", attention_.c, 1, attention_dim_);
    for (std::size_t m = 0; m < tables_.size(); ++m) {
      slots.add(fmt::format("tables.{}.encoder.0", m), tables_[m].net, modalities_[m].dim, static_cast<std::int64_t>(modalities_[m].features.size()));
      slots.add(fmt::format("tables.{}.null", m), tables_[m].null, {modalities_[m].dim}, Start::zeros);
    }
    slots.add("classifier", classifier_, classes_, embed_dim_ + tables_dim_);
    return slots.take();
  }

  TrainingPass train(const BagInput& bag, int, const Dropout& dropout) const override {
    const at::Tensor embedded = dropout(at::relu(embed_(bag.features())));
    const at::Tensor attention = at::softmax(attention_(embedded, dropout), 0);
    at::Tensor slide = at::matmul(attention.t(), embedded).squeeze(0);
    if (!tables_.empty()) slide = at::cat({slide, embedded_tables(bag, dropout)});
    return {classifier_(slide), {}, {}};
  }

  Weighed weigh(const BagInput& bag) const override {
    const at::Tensor weights = classifier_.weight.narrow(1, 0, embed_dim_).t();
    const TileScores tiles = score_in_chunks(bag, [&](const at::Tensor& features) {
      const at::Tensor embedded = at::relu(embed_(features));
      return TileScores{attention_(embedded, Dropout{}), at::matmul(embedded, weights)};
    });
    at::Tensor offset = classifier_.bias.to(at::kDouble);
    if (!tables_.empty())
      offset = offset + at::mv(classifier_.weight.narrow(1, embed_dim_, tables_dim_).to(at::kDouble), embedded_tables(bag, Dropout{}).to(at::kDouble));
    return weighted_sum(tiles, offset);
  }

 private:
  struct Table {
    Linear net;
    at::Tensor null;
  };

  at::Tensor embedded_tables(const BagInput& bag, const Dropout& dropout) const {
    std::vector<at::Tensor> parts;
    for (std::size_t m = 0; m < tables_.size(); ++m)
      parts.push_back(bag.tables[m].defined() ? dropout(at::relu(tables_[m].net(bag.tables[m]))) : tables_[m].null);
    return at::cat(parts);
  }

  std::int64_t feature_dim_, embed_dim_, attention_dim_, classes_, tables_dim_ = 0;
  std::vector<Modality> modalities_;
  std::vector<Table> tables_;
  TileAttention attention_;
  Linear embed_, classifier_;
};

}  // namespace

std::unique_ptr<Aggregator> make_abmil(const ModelCard& card, bool gated) { return std::make_unique<Abmil>(card, gated); }

}  // namespace microtome
