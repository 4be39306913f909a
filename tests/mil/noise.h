// SPDX-License-Identifier: Apache-2.0
// Random numbers that are the same with every library.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>

namespace microtome::test {

class Noise {
 public:
  explicit Noise(std::uint64_t seed) : engine_(seed) {}
  double uniform() { return (static_cast<double>(engine_() >> 11) + 0.5) * 0x1p-53; }
  double normal() { return std::sqrt(-2 * std::log(uniform())) * std::cos(6.283185307179586 * uniform()); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace microtome::test
