// SPDX-License-Identifier: Apache-2.0
#include "tiling/level_choice.h"

#include <cmath>

namespace microtome {
namespace {

constexpr double kSameScale = 1.01;

bool is_better(const Level& level, const Level& best) {
  if (level.downsample > kSameScale * best.downsample) return true;
  return level.downsample * kSameScale >= best.downsample && level.reduction < best.reduction;
}

}  // namespace

int choose_level(const SlideInfo& info, double slide_mpp, double target_mpp, double slack,
                 const std::function<bool(const Level&)>& serves) {
  int best = 0;
  for (int i = 1; i < static_cast<int>(info.levels.size()); ++i) {
    const Level& level = info.levels[i];
    const bool fine_enough = slide_mpp * level.downsample <= (1 + slack) * target_mpp;
    if (level.trusted && fine_enough && serves(level) && is_better(level, info.levels[best])) best = i;
  }
  return best;
}

int stored_level(const SlideInfo& info, int level) {
  const double downsample = std::ldexp(info.levels[level].downsample, -info.levels[level].reduction);
  int nearest = 0;
  for (int i = 0; i < static_cast<int>(info.levels.size()) && info.levels[i].reduction == 0; ++i) {
    if (std::abs(info.levels[i].downsample - downsample) < std::abs(info.levels[nearest].downsample - downsample)) nearest = i;
  }
  return info.levels[level].reduction == 0 ? level : nearest;
}

}  // namespace microtome
