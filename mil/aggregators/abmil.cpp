// SPDX-License-Identifier: Apache-2.0
// Attention pooling (Ilse et al. 2018), gated or plain, with concatenation of a genomic embedding:
//   h = ReLU(patch_embed.0 x) (N,E) -> a = softmax_tiles(global_attn h) -> z = sum_i a_i h_i (E) -> logits = classifier([z, g])
// g (genomic_dim) is ReLU(genomic_net.0 genes), or the learned genomic_null where there is no row.
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
        classes_(static_cast<std::int64_t>(card.classes.size())),
        genes_(static_cast<std::int64_t>(card.genes.size())),
        genomic_dim_(genes_ > 0 ? card.genomic_dim : 0) {
    attention_.gated = gated;
  }

  std::vector<Slot> slots() override {
    Slots slots;
    slots.add("patch_embed.0", embed_, embed_dim_, feature_dim_);
    slots.add(attention_.gated ? "global_attn.attention_a.0" : "global_attn.module.0", attention_.a, attention_dim_, embed_dim_);
    if (attention_.gated) slots.add("global_attn.attention_b.0", attention_.b, attention_dim_, embed_dim_);
    slots.add(attention_.gated ? "global_attn.attention_c" : "global_attn.module.3", attention_.c, 1, attention_dim_);
    if (genes_ > 0) {
      slots.add("genomic_net.0", genomic_net_, genomic_dim_, genes_);
      slots.add("genomic_null", genomic_null_, {genomic_dim_}, Start::zeros);
    }
    slots.add("classifier", classifier_, classes_, embed_dim_ + genomic_dim_);
    return slots.take();
  }

  TrainingPass train(const BagInput& bag, int, const Dropout& dropout) const override {
    const at::Tensor embedded = dropout(at::relu(embed_(bag.features())));
    const at::Tensor attention = at::softmax(attention_(embedded, dropout), 0);
    at::Tensor slide = at::matmul(attention.t(), embedded).squeeze(0);
    if (genes_ > 0) slide = at::cat({slide, bag.genes.defined() ? dropout(genomic_embedding(bag)) : genomic_null_});
    return {classifier_(slide), {}, {}};
  }

  Weighed weigh(const BagInput& bag) const override {
    const at::Tensor weights = classifier_.weight.narrow(1, 0, embed_dim_).t();
    const TileScores tiles = score_in_chunks(bag, [&](const at::Tensor& features) {
      const at::Tensor embedded = at::relu(embed_(features));
      return TileScores{attention_(embedded, Dropout{}), at::matmul(embedded, weights)};
    });
    at::Tensor offset = classifier_.bias.to(at::kDouble);
    if (genes_ > 0) {
      const at::Tensor embedding = bag.genes.defined() ? genomic_embedding(bag) : genomic_null_;
      offset = offset + at::mv(classifier_.weight.narrow(1, embed_dim_, genomic_dim_).to(at::kDouble), embedding.to(at::kDouble));
    }
    return weighted_sum(tiles, offset);
  }

 private:
  at::Tensor genomic_embedding(const BagInput& bag) const { return at::relu(genomic_net_(bag.genes)); }

  std::int64_t feature_dim_, embed_dim_, attention_dim_, classes_, genes_, genomic_dim_;
  TileAttention attention_;
  Linear embed_, genomic_net_, classifier_;
  at::Tensor genomic_null_;
};

}  // namespace

std::unique_ptr<Aggregator> make_abmil(const ModelCard& card, bool gated) { return std::make_unique<Abmil>(card, gated); }

}  // namespace microtome
