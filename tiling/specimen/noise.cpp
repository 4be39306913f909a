// SPDX-License-Identifier: Apache-2.0
// splitmix64 and gradient noise.
#include "tiling/specimen/noise.h"

namespace microtome {
namespace {

std::uint64_t splitmix(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

// The truncating cast is much cheaper than std::floor where the compiler may not assume SSE 4.1.
inline std::int32_t floor_of(float value) {
  const auto whole = static_cast<std::int32_t>(value);
  return whole - (value < static_cast<float>(whole) ? 1 : 0);
}

inline float fade(float t) { return t * t * t * (t * (t * 6 - 15) + 10); }

struct Gradient {
  float x, y;
};
constexpr Gradient kGradients[16] = {
    {1.F, 0.F},  {.924F, .383F},   {.707F, .707F},   {.383F, .924F},   {0.F, 1.F},  {-.383F, .924F}, {-.707F, .707F}, {-.924F, .383F},
    {-1.F, 0.F}, {-.924F, -.383F}, {-.707F, -.707F}, {-.383F, -.924F}, {0.F, -1.F}, {.383F, -.924F}, {.707F, -.707F}, {.924F, -.383F}};

inline float corner(std::uint32_t seed, std::int32_t x, std::int32_t y, float dx, float dy) {
  const Gradient& g = kGradients[lattice_hash(seed, x, y) >> 28];
  return g.x * dx + g.y * dy;
}

}  // namespace

std::uint32_t chance_seed(std::uint64_t seed, Chance purpose) {
  std::uint64_t state = seed ^ (static_cast<std::uint64_t>(purpose) << 56);
  splitmix(state);
  return static_cast<std::uint32_t>(splitmix(state) >> 32);
}

SpecimenRandom::SpecimenRandom(std::uint32_t seed, std::int32_t x, std::int32_t y)
    : state_((static_cast<std::uint64_t>(seed) << 32) | lattice_hash(seed, x, y)) {}

std::uint32_t SpecimenRandom::bits() { return static_cast<std::uint32_t>(splitmix(state_) >> 32); }

float SpecimenRandom::uniform(float low, float high) {
  return low + (high - low) * (static_cast<float>(bits() >> 8) * (1.0F / 16777216.0F));
}

int SpecimenRandom::below(int end) {
  return static_cast<int>((static_cast<std::uint64_t>(bits()) * static_cast<std::uint64_t>(end)) >> 32);
}

float smooth_noise(std::uint32_t seed, float x, float y) {
  const std::int32_t ix = floor_of(x);
  const std::int32_t iy = floor_of(y);
  const float fx = x - static_cast<float>(ix);
  const float fy = y - static_cast<float>(iy);
  const float u = fade(fx);
  const float top = mix(corner(seed, ix, iy, fx, fy), corner(seed, ix + 1, iy, fx - 1, fy), u);
  const float bottom = mix(corner(seed, ix, iy + 1, fx, fy - 1), corner(seed, ix + 1, iy + 1, fx - 1, fy - 1), u);
  return 1.6F * mix(top, bottom, fade(fy));
}

}  // namespace microtome
