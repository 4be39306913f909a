// SPDX-License-Identifier: Apache-2.0
// The self-normalising network that MCAT, PORPOISE and SurvPath read genes with. Internal to mil/genomics/encoders/.
#pragma once

#include <cstdint>
#include <string>

#include "mil/aggregators/layers.h"

namespace microtome {

/// Lin(in, width), ELU, alpha dropout, Lin(width, width), ELU, alpha dropout. Names "<name>.0.0" and "<name>.1.0", as published.
struct Snn {
  Linear first, second;

  void add_slots(Slots& slots, const std::string& name, std::int64_t in, std::int64_t width) {
    slots.add(name + ".0.0", first, width, in, Start::lecun_normal);
    slots.add(name + ".1.0", second, width, width, Start::lecun_normal);
  }
  at::Tensor operator()(const at::Tensor& input, const Dropout& dropout) const {
    return dropout.alpha(at::elu(second(dropout.alpha(at::elu(first(input))))));
  }
};

}  // namespace microtome
