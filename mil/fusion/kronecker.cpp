// SPDX-License-Identifier: Apache-2.0
// The published pair, its gates on. Names: "mm.linear_{h,z,o}{1,2}.0", "mm.encoder1.0", "mm.encoder2.0"; of several pairs "mm.<i>." stands before
// each in place of "mm.".
#include <algorithm>

#include "mil/fusion/fusion_list.h"

namespace microtome {
namespace {

constexpr std::int64_t kScale = 8;

std::int64_t scaled(std::int64_t width) { return std::max<std::int64_t>(1, width / kScale); }

/// One of the two sides: gated by both, made small, a constant 1 beside it so that the product holds the sides themselves.
struct Side {
  Linear h, z, o;
  at::Tensor operator()(const at::Tensor& own, const at::Tensor& both, const Dropout& dropout) const {
    const at::Tensor small = dropout(at::relu(o(at::sigmoid(z(both)) * at::relu(h(own)))));
    return at::cat({small, at::ones({1}, small.options())});
  }
};

struct Pair {
  std::int64_t first = 0, second = 0;  // widths
  bool skip = true;
  Side sides[2];
  Linear encoder1, encoder2;

  void add_slots(Slots& slots, const std::string& name) {
    const std::int64_t widths[] = {first, second};
    for (std::size_t s = 0; s < 2; ++s) {
      const std::string number = std::to_string(s + 1) + ".0";
      const std::int64_t small = scaled(widths[s]);
      slots.add(name + ".linear_h" + number, sides[s].h, small, widths[s]);
      slots.add(name + ".linear_z" + number, sides[s].z, small, first + second);
      slots.add(name + ".linear_o" + number, sides[s].o, small, small);
    }
    slots.add(name + ".encoder1.0", encoder1, first, (scaled(first) + 1) * (scaled(second) + 1));
    slots.add(name + ".encoder2.0", encoder2, first, first + (skip ? first + second : 0));
  }

  at::Tensor operator()(const at::Tensor& one, const at::Tensor& other, const Dropout& dropout) const {
    const at::Tensor both = at::cat({one, other});
    const at::Tensor product = at::outer(sides[0](one, both, dropout), sides[1](other, both, dropout)).flatten();
    const at::Tensor joined = at::relu(encoder1(dropout(product)));
    return at::relu(encoder2(skip ? at::cat({joined, both}) : joined));
  }
};

class Kronecker final : public Fusion {
 public:
  explicit Kronecker(const FusionShape& shape) : shape_(shape), pairs_(shape.widths.size() - 1) {
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      pairs_[i].first = shape.widths.front();
      pairs_[i].second = shape.widths[i + 1];
      pairs_[i].skip = shape.skip;
    }
  }

  void add_slots(Slots& slots) override {
    for (std::size_t i = 0; i < pairs_.size(); ++i) pairs_[i].add_slots(slots, pairs_.size() == 1 ? "mm" : "mm." + std::to_string(i));
    slots.add(shape_.classifier, classifier_, shape_.outputs, shape_.widths.front() * static_cast<std::int64_t>(pairs_.size()));
  }

  at::Tensor operator()(const Parts& parts, const Dropout& dropout) const override {
    std::vector<at::Tensor> joined;
    for (std::size_t i = 0; i < pairs_.size(); ++i) joined.push_back(pairs_[i](parts.vectors.front(), parts.vectors[i + 1], dropout));
    return classifier_(at::cat(joined));
  }

 private:
  FusionShape shape_;
  std::vector<Pair> pairs_;
  Linear classifier_;
};

}  // namespace

std::unique_ptr<Fusion> make_kronecker(const FusionShape& shape) { return std::make_unique<Kronecker>(shape); }

}  // namespace microtome
