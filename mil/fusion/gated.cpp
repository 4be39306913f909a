// SPDX-License-Identifier: Apache-2.0
// Names: "gmu.<p>.hidden" and "gmu.<p>.gate", as wide as the first part, then the classifier.
#include <numeric>

#include "mil/fusion/fusion_list.h"

namespace microtome {
namespace {

class Gated final : public Fusion {
 public:
  explicit Gated(const FusionShape& shape) : shape_(shape), units_(shape.widths.size()) {}

  void add_slots(Slots& slots) override {
    const std::int64_t all = std::accumulate(shape_.widths.begin(), shape_.widths.end(), std::int64_t{0}), width = shape_.widths.front();
    for (std::size_t p = 0; p < units_.size(); ++p) {
      const std::string name = "gmu." + std::to_string(p);
      slots.add(name + ".hidden", units_[p].hidden, width, shape_.widths[p], Start::xavier);
      slots.add(name + ".gate", units_[p].gate, width, all, Start::xavier);
    }
    slots.add(shape_.classifier, classifier_, shape_.outputs, width);
  }

  at::Tensor operator()(const Parts& parts, const Dropout& dropout) const override {
    const at::Tensor all = at::cat(parts.vectors);
    std::vector<at::Tensor> gated;
    for (std::size_t p = 0; p < units_.size(); ++p)
      gated.push_back(at::sigmoid(units_[p].gate(all)) * at::tanh(units_[p].hidden(parts.vectors[p])));
    return classifier_(dropout(at::stack(gated).sum(0)));
  }

 private:
  struct Unit {
    Linear hidden, gate;
  };
  FusionShape shape_;
  std::vector<Unit> units_;
  Linear classifier_;
};

}  // namespace

std::unique_ptr<Fusion> make_gated(const FusionShape& shape) { return std::make_unique<Gated>(shape); }

}  // namespace microtome
