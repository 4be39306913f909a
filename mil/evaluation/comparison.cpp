// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/comparison.h"

#include <cassert>

#include "mil/evaluation/classification.h"
#include "mil/evaluation/values.h"

namespace microtome {
namespace {

std::vector<Metric> plain(const Judged& judged, const std::vector<std::string>& names, const Values& values, bool difference) {
  std::vector<Metric> out;
  for (std::size_t k = 0; k < names.size(); ++k) {
    Metric m;
    m.name = names[k];
    m.value = values[k];
    m.n = static_cast<std::int64_t>(judged.rows());
    m.interval.reason = values[k] ? "see the difference" : difference ? "one of the two has no value" : why_absent(names[k]);
    out.push_back(std::move(m));
  }
  return out;
}

McNemar mcnemar(const Judged& one, const Judged& other) {
  McNemar out;
  for (std::size_t r = 0; r < one.rows(); ++r) {
    const bool first = one.decision[r] == one.label[r], second = other.decision[r] == one.label[r];
    out.only_one += first && !second;
    out.only_other += second && !first;
  }
  if (one.independent())
    out.p = mcnemar_p(out.only_one, out.only_other);
  else
    out.reason = "several rows of a patient are not independent: see the resampled differences";
  return out;
}

void add_delong(Comparison& out, const Judged& one, const Judged& other, double level) {
  if (!one.binary())
    out.why_no_delong = "DeLong compares two classes: see the resampled differences";
  else if (!one.independent())
    out.why_no_delong = "several rows of a patient are not independent: see the resampled differences";
  else
    out.delong = delong_difference(one.column(one.positive), other.column(other.positive), one.is_class(one.positive), level);
  if (!out.delong && out.why_no_delong.empty()) out.why_no_delong = "fewer than two rows of a class";
}

}  // namespace

Comparison compare(const Judged& one, const Judged& other, const BootstrapSettings& settings) {
  assert(one.label == other.label && one.patient == other.patient && one.classes == other.classes);
  const ClassificationMeasures first(one), second(other);
  auto statistics = [&](RowWeights weight) { return minus(first.values(weight), second.values(weight)); };
  Comparison out;
  out.one = plain(one, first.names(), first.values(), false);
  out.other = plain(one, first.names(), second.values(), false);
  out.difference = plain(one, first.names(), statistics({}), true);
  const Resampled resampled = bootstrap(one, statistics, settings);
  for (std::size_t k = 0; k < out.difference.size(); ++k)
    if (out.difference[k].value) out.difference[k].interval = resampled.intervals[k];
  add_delong(out, one, other, settings.level);
  out.mcnemar = mcnemar(one, other);
  return out;
}

}  // namespace microtome
