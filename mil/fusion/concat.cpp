// SPDX-License-Identifier: Apache-2.0
// Names: "mm.0", "mm.2" of the perceptron, then the classifier.
#include <numeric>

#include "mil/fusion/fusion_list.h"

namespace microtome {
namespace {

class Concat final : public Fusion {
 public:
  explicit Concat(const FusionShape& shape) : shape_(shape), perceptron_(shape.perceptron.size()) {}

  void add_slots(Slots& slots) override {
    std::int64_t width = std::accumulate(shape_.widths.begin(), shape_.widths.end(), std::int64_t{0});
    for (std::size_t i = 0; i < perceptron_.size(); ++i) {
      slots.add("mm." + std::to_string(2 * i), perceptron_[i], shape_.perceptron[i], width);
      width = shape_.perceptron[i];
    }
    slots.add(shape_.classifier, classifier_, shape_.outputs, width);
  }

  at::Tensor operator()(const Parts& parts, const Dropout&) const override {
    at::Tensor joined = at::cat(parts.vectors);
    for (const Linear& layer : perceptron_) joined = at::relu(layer(joined));
    return classifier_(joined);
  }

  LinearInFirst linear(const Parts& parts) const override {
    if (!perceptron_.empty()) return {};
    const std::int64_t width = shape_.widths.front();
    at::Tensor rest = classifier_.bias.to(at::kDouble);
    if (parts.vectors.size() > 1) {
      const at::Tensor others = at::cat(at::TensorList(parts.vectors).slice(1)).to(at::kDouble);
      rest = rest + at::mv(classifier_.weight.narrow(1, width, others.size(0)).to(at::kDouble), others);
    }
    return {classifier_.weight.narrow(1, 0, width), rest};
  }

 private:
  FusionShape shape_;
  std::vector<Linear> perceptron_;
  Linear classifier_;
};

}  // namespace

std::unique_ptr<Fusion> make_concat(const FusionShape& shape) { return std::make_unique<Concat>(shape); }

}  // namespace microtome
