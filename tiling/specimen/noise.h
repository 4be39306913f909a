// SPDX-License-Identifier: Apache-2.0
// The only source of chance in a synthetic slide: a small generator and smooth noise, both pure functions of a seed. The standard
// library's distributions are avoided because their results differ between implementations.
#pragma once

#include <cstdint>

namespace microtome {

/// What a random number is for. Each purpose has its own seed, so that changing how one thing is drawn leaves the others as they were.
enum class Chance : std::uint32_t {
  kTissue = 1,
  kTumour,
  kFibre,
  kStroma,
  kFat,
  kGland,
  kVessel,
  kNucleus,
  kTumourNucleus,
  kCluster,
  kStain,
  kGlass,
  kPen,
  kCoarseDust
};

std::uint32_t chance_seed(std::uint64_t seed, Chance purpose);

/// A well mixed number for a lattice point.
inline std::uint32_t lattice_hash(std::uint32_t seed, std::int32_t x, std::int32_t y) {
  std::uint32_t h = seed + static_cast<std::uint32_t>(x) * 0x9E3779B1U;
  h = (h << 13 | h >> 19) ^ (static_cast<std::uint32_t>(y) * 0x85EBCA77U);
  h = (h ^ (h >> 15)) * 0x2C1B3C6DU;
  h = (h ^ (h >> 12)) * 0x297A2D39U;
  return h ^ (h >> 15);
}

/// A stream of numbers that starts from a seed and, if wanted, from a lattice point.
class SpecimenRandom {
 public:
  explicit SpecimenRandom(std::uint32_t seed, std::int32_t x = 0, std::int32_t y = 0);
  float uniform(float low, float high);
  int below(int end);
  bool happens(float probability) { return uniform(0, 1) < probability; }
  std::uint32_t bits();

 private:
  std::uint64_t state_;
};

/// Smooth noise (gradient noise on the unit lattice): mean 0, mostly within -1..1, one bump about every two units.
float smooth_noise(std::uint32_t seed, float x, float y);

/// 0 below `low`, 1 above `high`, smooth between.
inline float smooth_step(float low, float high, float value) {
  const float t = (value - low) / (high - low);
  if (t <= 0) return 0;
  if (t >= 1) return 1;
  return t * t * (3 - 2 * t);
}

inline float mix(float a, float b, float share_of_b) { return a + (b - a) * share_of_b; }

}  // namespace microtome
