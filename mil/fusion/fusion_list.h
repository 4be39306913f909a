// SPDX-License-Identifier: Apache-2.0
// How each fusion is made; make_fusion chooses among them. Internal to mil/fusion/.
#pragma once

#include <memory>

#include "mil/fusion/fusion.h"

namespace microtome {

std::unique_ptr<Fusion> make_concat(const FusionShape& shape);
std::unique_ptr<Fusion> make_gated(const FusionShape& shape);
std::unique_ptr<Fusion> make_kronecker(const FusionShape& shape);
std::unique_ptr<Fusion> make_late(const FusionShape& shape);

}  // namespace microtome
