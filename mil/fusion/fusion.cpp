// SPDX-License-Identifier: Apache-2.0
#include "mil/fusion/fusion.h"

#include <fmt/format.h>

#include "mil/fusion/fusion_list.h"
#include "mil/model_error.h"

namespace microtome {

LinearInFirst Fusion::linear(const Parts&) const { return {}; }

const char* fusion_names() { return "concat, gated, kronecker, late"; }

std::unique_ptr<Fusion> make_fusion(const std::string& name, const FusionShape& shape) {
  if (name == "concat") return make_concat(shape);
  if (name == "gated") return make_gated(shape);
  if (name == "late") return make_late(shape);
  if (name != "kronecker") throw ModelError(fmt::format("the fusion: one of {} was wanted: found '{}'", fusion_names(), name));
  if (shape.widths.size() < 2) throw ModelError("the fusion kronecker: two or more modalities were wanted: there is one: use concat");
  return make_kronecker(shape);
}

}  // namespace microtome
