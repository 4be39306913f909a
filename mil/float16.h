// SPDX-License-Identifier: Apache-2.0
// IEEE 754 binary16 as bits: rounding to nearest, ties to even, the same on every processor.
#pragma once

#include <cstdint>

namespace microtome {

constexpr float largest_half = 65504.0F;

std::uint16_t half_from_float(float value);  // 65520 and beyond become infinity, NaN stays NaN
float float_from_half(std::uint16_t bits);   // exact

}  // namespace microtome
