// SPDX-License-Identifier: Apache-2.0
// CLAM (Lu et al. 2021): attention pooling with one branch (SB) or one a class (MB), and in training instance classifiers that must tell the tiles of
// most attention from those of least. Tensor names are those of its published checkpoints.
#include <algorithm>

#include "mil/aggregators/aggregator_list.h"
#include "mil/aggregators/attribution.h"
#include "mil/training/losses.h"

namespace microtome {
namespace {

constexpr std::int64_t kInstances = 8;  // of each kind; half of a smaller bag, so that no tile is both

class Clam final : public Aggregator {
 public:
  Clam(const ModelCard& card, bool branch_per_class, bool gated)
      : feature_dim_(card.feature_dim),
        embed_dim_(card.embed_dim),
        attention_dim_(card.attention_dim),
        classes_(card.outputs()),
        branches_(branch_per_class ? classes_ : 1),
        classifiers_(branch_per_class ? static_cast<std::size_t>(card.outputs()) : 1),
        instance_classifiers_(static_cast<std::size_t>(card.outputs())) {
    attention_.gated = gated;
  }

  std::vector<Slot> slots() override {
    Slots slots;
    slots.add("attention_net.0", embed_, embed_dim_, feature_dim_);
    slots.add(attention_.gated ? "attention_net.3.attention_a.0" : "attention_net.3.module.0", attention_.a, attention_dim_, embed_dim_);
    if (attention_.gated) slots.add("attention_net.3.attention_b.0", attention_.b, attention_dim_, embed_dim_);
    slots.add(attention_.gated ? "attention_net.3.attention_c" : "attention_net.3.module.3", attention_.c, branches_, attention_dim_);
    if (branches_ == 1) {
      slots.add("classifiers", classifiers_.front(), classes_, embed_dim_);
    } else {
      for (std::size_t c = 0; c < classifiers_.size(); ++c) slots.add("classifiers." + std::to_string(c), classifiers_[c], 1, embed_dim_);
    }
    for (std::size_t c = 0; c < instance_classifiers_.size(); ++c)
      slots.add("instance_classifiers." + std::to_string(c), instance_classifiers_[c], 2, embed_dim_);
    return slots.take();
  }

  TrainingPass train(const BagInput& bag, int label, const Dropout& dropout) const override {
    const at::Tensor embedded = dropout(embed_(bag.features(), Activation::relu));
    // whatever the rate outside is, inside the attention it is that of the publication
    const Dropout inside{dropout.rate > 0 ? 0.25 : 0, dropout.generator};
    const at::Tensor attention = at::softmax(attention_(embedded, inside), 0);
    const at::Tensor slide = at::matmul(attention.t(), embedded);  // (branches, E)
    at::Tensor logits;
    if (branches_ == 1) {
      logits = classifiers_.front()(slide).squeeze(0);
    } else {
      std::vector<at::Tensor> each;
      for (std::int64_t c = 0; c < classes_; ++c) each.push_back(classifiers_[static_cast<std::size_t>(c)](slide[c]));
      logits = at::cat(each);
    }
    return {logits, {}, instance_loss(embedded, attention, label)};
  }

  Weighed weigh(const BagInput& bag) const override {
    const at::Tensor weights = bag_weights().t(), offset = bag_biases().to(at::kDouble);
    const TileScores tiles = score_in_chunks(bag, [&](const at::Tensor& features) {
      const at::Tensor embedded = embed_(features, Activation::relu);
      return TileScores{attention_(embedded, Dropout{}), at::matmul(embedded, weights)};
    });
    return weighted_sum(tiles, offset);
  }

 private:
  at::Tensor bag_weights() const { return joined([](const Linear& each) { return each.weight; }); }
  at::Tensor bag_biases() const { return joined([](const Linear& each) { return each.bias; }); }
  template <class Part>
  at::Tensor joined(Part part) const {
    std::vector<at::Tensor> all;
    for (const Linear& each : classifiers_) all.push_back(part(each));
    return at::cat(all);
  }

  /// Of the bag's class: the tiles of most attention are of it, those of least are not. Of the others, where classes exclude each other: those of
  /// most attention are not.
  at::Tensor instance_loss(const at::Tensor& embedded, const at::Tensor& attention, int label) const {
    const std::int64_t k = std::min(kInstances, embedded.size(0) / 2);
    if (k == 0) return {};
    const bool subtyping = classes_ > 2;
    at::Tensor sum;
    for (std::int64_t c = 0; c < classes_; ++c) {
      if (c != label && !subtyping) continue;
      const at::Tensor row = attention.select(1, branches_ == 1 ? 0 : c).detach();
      const at::Tensor most = embedded.index_select(0, std::get<1>(at::topk(row, k)));
      const at::Tensor least = c == label ? embedded.index_select(0, std::get<1>(at::topk(row, k, 0, /*largest=*/false))) : embedded.narrow(0, 0, 0);
      const at::Tensor targets = at::cat({at::full({k}, c == label ? 1 : 0, at::kLong), at::zeros({least.size(0)}, at::kLong)});
      const at::Tensor loss = smooth_svm_loss(instance_classifiers_[static_cast<std::size_t>(c)](at::cat({most, least})), targets);
      sum = sum.defined() ? sum + loss : loss;
    }
    return subtyping ? sum / static_cast<double>(classes_) : sum;
  }

  std::int64_t feature_dim_, embed_dim_, attention_dim_, classes_, branches_;
  TileAttention attention_;
  Linear embed_;
  std::vector<Linear> classifiers_, instance_classifiers_;
};

}  // namespace

std::unique_ptr<Aggregator> make_clam(const ModelCard& card, bool branch_per_class, bool gated) {
  return std::make_unique<Clam>(card, branch_per_class, gated);
}

}  // namespace microtome
