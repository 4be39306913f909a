// SPDX-License-Identifier: Apache-2.0
// Ranges are those that a correct file cannot leave; guesses are what the formats' floors and sums give away.
#include "mil/genomics/units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace microtome {

namespace {

constexpr float unlimited = std::numeric_limits<float>::infinity();

struct Unit {
  const char* name;
  UnitRange range;
};

const std::vector<Unit> units{{"counts", {0, unlimited}},
                              {"tpm", {0, unlimited}},
                              {"fpkm", {0, unlimited}},
                              {"fpkm_uq", {0, unlimited}},
                              {"log1p_tpm", {0, unlimited}},
                              {"log2_tpm", {}},
                              {"log2_tpm_p1", {0, unlimited}},
                              {"log2_tpm_p0.001", {-9.966F, unlimited}},
                              {"log2_counts_p1", {0, unlimited}},
                              {"zscore", {}},
                              {"beta", {0, 1}},
                              {"m_value", {}},
                              {"cn_abs", {0, unlimited}},
                              {"cn_gistic", {-2, 2}},
                              {"cn_log2", {}},
                              {"binary", {0, 1}},
                              {"burden", {0, unlimited}}};

struct Shape {
  double least = unlimited;
  double most = -unlimited;
  double sum = 0;
  std::size_t present = 0;
  std::size_t whole = 0;
};

Shape shape_of(std::span<const float> values) {
  Shape s;
  for (const float value : values) {
    if (std::isnan(value)) continue;
    ++s.present;
    s.whole += std::trunc(value) == value ? 1 : 0;
    s.least = std::min<double>(s.least, value);
    s.most = std::max<double>(s.most, value);
    s.sum += value;
  }
  return s;
}

bool near_million(std::span<const float> values, std::size_t columns) {
  double first = 0;
  for (std::size_t i = 0; i < std::min(columns, values.size()); ++i) first += std::isnan(values[i]) ? 0.0 : values[i];
  return std::abs(first - 1e6) < 2e4;
}

}  // namespace

const std::vector<std::string>& known_units() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const Unit& unit : units) out.emplace_back(unit.name);
    return out;
  }();
  return names;
}

UnitRange range_of_units(const std::string& name) {
  const auto found = std::find_if(units.begin(), units.end(), [&](const Unit& unit) { return name == unit.name; });
  return found == units.end() ? UnitRange{} : found->range;
}

std::string guess_units(std::span<const float> values, std::size_t columns) {
  const Shape s = shape_of(values);
  if (s.present == 0) return "";
  const bool whole = s.whole == s.present;
  if (std::abs(s.least - std::log2(0.001)) < 1e-3) return "log2_tpm_p0.001";
  if (whole && s.least >= 0 && s.most <= 1) return "binary";
  if (whole && s.least < 0 && s.least >= -2 && s.most <= 2) return "cn_gistic";
  if (whole && s.least >= 0) return "counts";
  if (s.least < 0) return std::abs(s.sum / static_cast<double>(s.present)) < 0.5 ? "zscore" : "";
  if (s.most <= 1) return "beta";
  return near_million(values, columns) ? "tpm" : "";
}

std::string number_text(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), static_cast<float>(value)).ptr;
  return {text.data(), end};
}

}  // namespace microtome
