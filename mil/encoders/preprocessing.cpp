// SPDX-License-Identifier: Apache-2.0
// Preprocessing in words. The text decides whether finished slides may be kept, so equal texts must mean equal arithmetic.
#include "mil/encoders/preprocessing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace microtome {

std::string preprocessing_text(const Preprocessing& preprocessing) {
  std::string text;
  if (preprocessing.resize_px != 0)
    text += fmt::format("resize {} {}{}, ", preprocessing.resize_px,
                        preprocessing.interpolation == Interpolation::bicubic ? "bicubic" : "bilinear",
                        preprocessing.resize_after_scaling ? " after scaling" : "");
  if (preprocessing.crop_px != 0) text += fmt::format("crop {}, ", preprocessing.crop_px);
  return text + fmt::format("mean {}, std {}", fmt::join(preprocessing.mean, " "), fmt::join(preprocessing.std, " "));
}

}  // namespace microtome
