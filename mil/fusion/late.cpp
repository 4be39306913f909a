// SPDX-License-Identifier: Apache-2.0
// Names: "late.<p>", a classifier a part.
#include <algorithm>

#include "mil/fusion/fusion_list.h"

namespace microtome {
namespace {

class Late final : public Fusion {
 public:
  explicit Late(const FusionShape& shape) : shape_(shape), classifiers_(shape.widths.size()) {}

  void add_slots(Slots& slots) override {
    for (std::size_t p = 0; p < classifiers_.size(); ++p) slots.add("late." + std::to_string(p), classifiers_[p], shape_.outputs, shape_.widths[p]);
  }

  at::Tensor operator()(const Parts& parts, const Dropout&) const override {
    std::vector<at::Tensor> said;
    for (const std::size_t p : speaking(parts)) said.push_back(classifiers_[p](parts.vectors[p]));
    return at::stack(said).mean(0);
  }

  LinearInFirst linear(const Parts& parts) const override {
    const auto heard = speaking(parts);
    const auto count = static_cast<double>(heard.size());
    at::Tensor slope = at::zeros_like(classifiers_.front().weight), rest = at::zeros({shape_.outputs}, at::kDouble);
    for (const std::size_t p : heard) {
      rest = rest + classifiers_[p].bias.to(at::kDouble) / count;
      if (p == 0)
        slope = classifiers_[p].weight / count;
      else
        rest = rest + at::mv(classifiers_[p].weight.to(at::kDouble), parts.vectors[p].to(at::kDouble)) / count;
    }
    return {slope, rest};
  }

 private:
  static std::vector<std::size_t> speaking(const Parts& parts) {
    const bool any = std::find(parts.present.begin(), parts.present.end(), true) != parts.present.end();
    std::vector<std::size_t> heard;
    for (std::size_t p = 0; p < parts.present.size(); ++p)
      if (parts.present[p] || !any) heard.push_back(p);
    return heard;
  }

  FusionShape shape_;
  std::vector<Linear> classifiers_;
};

}  // namespace

std::unique_ptr<Fusion> make_late(const FusionShape& shape) { return std::make_unique<Late>(shape); }

}  // namespace microtome
