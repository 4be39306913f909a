// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/bootstrap.h"
#include "mil/evaluation/values.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

namespace microtome {
namespace {

constexpr std::size_t kMostLeftOut = 2000;

/// A patient's class within its fold, numbered in their order.
std::vector<int> class_and_fold(const Judged& judged) {
  const std::vector<int> classes = judged.patients_class();
  std::vector<int> fold(classes.size(), 0), out;
  for (std::size_t r = 0; r < judged.fold.size(); ++r) fold[static_cast<std::size_t>(judged.patient[r])] = judged.fold[r];
  std::map<std::pair<int, int>, int> number;
  for (std::size_t p = 0; p < classes.size(); ++p) number[{fold[p], classes[p]}] = 0;
  int next = 0;
  for (auto& [kind, its_number] : number) its_number = next++;
  for (std::size_t p = 0; p < classes.size(); ++p) out.push_back(number.at({fold[p], classes[p]}));
  return out;
}

/// Patients that are exchanged for one another.
std::vector<std::vector<int>> strata_of(const PatientRows& rows) {
  std::vector<std::vector<int>> out;
  for (std::size_t p = 0; p < rows.stratum.size(); ++p) {
    const auto stratum = static_cast<std::size_t>(rows.stratum[p]);
    if (stratum >= out.size()) out.resize(stratum + 1);
    out[stratum].push_back(static_cast<int>(p));
  }
  return out;
}

std::vector<int> row_weights(const PatientRows& rows, const std::vector<int>& of_patient) {
  std::vector<int> out;
  out.reserve(rows.patient.size());
  for (const int patient : rows.patient) out.push_back(of_patient[static_cast<std::size_t>(patient)]);
  return out;
}

std::vector<int> draw(const std::vector<std::vector<int>>& strata, std::size_t patients, std::mt19937_64& engine) {
  std::vector<int> times(patients, 0);
  for (const auto& stratum : strata)
    for (std::size_t i = 0; i < stratum.size(); ++i) ++times[static_cast<std::size_t>(stratum[draw_below(engine, stratum.size())])];
  return times;
}

void keep(std::vector<std::vector<double>>& kept, const Values& values) {
  for (std::size_t k = 0; k < kept.size(); ++k)
    if (values[k]) kept[k].push_back(*values[k]);
}

Interval interval_of(std::optional<double> value, const std::vector<double>& replicates, std::span<const double> left_out, double level) {
  if (!value) return {{}, {}, "", "there is no value"};
  if (replicates.size() < 100) return {{}, {}, "bootstrap of patients", "the value exists in fewer than 100 resamples"};
  return bca_interval(*value, replicates, left_out, level);
}

}  // namespace

std::uint64_t draw_below(std::mt19937_64& engine, std::uint64_t bound) {
  const std::uint64_t most = std::mt19937_64::max() - std::mt19937_64::max() % bound;
  for (;;)
    if (const std::uint64_t drawn = engine(); drawn < most) return drawn % bound;
}

double normal_interpolated(std::span<const double> sorted, double probability) {
  const auto n = static_cast<double>(sorted.size());
  const double rank = (n + 1) * probability, whole = std::floor(rank);
  if (whole < 1) return sorted.front();
  if (whole >= n) return sorted.back();
  const double low = sorted[static_cast<std::size_t>(whole) - 1], high = sorted[static_cast<std::size_t>(whole)];
  if (rank == whole || low == high) return low;
  const double at = normal_quantile(probability), from = normal_quantile(whole / (n + 1)), to = normal_quantile((whole + 1) / (n + 1));
  return low + (at - from) / (to - from) * (high - low);
}

Interval percentile_interval(std::vector<double> replicates, double level) {
  std::sort(replicates.begin(), replicates.end());
  return {normal_interpolated(replicates, (1 - level) / 2), normal_interpolated(replicates, (1 + level) / 2),
          "percentile bootstrap of patients", ""};
}

Interval bca_interval(double value, std::vector<double> replicates, std::span<const double> left_out, double level) {
  std::sort(replicates.begin(), replicates.end());
  if (replicates.front() == replicates.back())
    return {{}, {}, "bootstrap of patients", "every resample gives the same value"};
  const auto below = std::lower_bound(replicates.begin(), replicates.end(), value) - replicates.begin();
  const double share = static_cast<double>(below) / static_cast<double>(replicates.size());
  double squares = 0, cubes = 0;
  const double mean = std::accumulate(left_out.begin(), left_out.end(), 0.0) / static_cast<double>(left_out.size());
  for (const double v : left_out) {
    squares += (mean - v) * (mean - v);
    cubes += (mean - v) * (mean - v) * (mean - v);
  }
  if (share <= 0 || share >= 1 || !(squares > 0)) return percentile_interval(std::move(replicates), level);
  const double z0 = normal_quantile(share), acceleration = cubes / (6 * std::pow(squares, 1.5));
  auto limit = [&](double z) { return normal_probability(z0 + (z0 + z) / (1 - acceleration * (z0 + z))); };
  const double z = normal_quantile((1 + level) / 2);
  const double low = limit(-z), high = limit(z);
  if (!(low > 0) || !(high < 1) || !(low < high)) return percentile_interval(std::move(replicates), level);
  return {normal_interpolated(replicates, low), normal_interpolated(replicates, high), "BCa bootstrap of patients", ""};
}

Resampled bootstrap(const PatientRows& rows, const Statistics& statistics, const BootstrapSettings& settings) {
  const Values whole = statistics({});
  const std::size_t patients = rows.stratum.size();
  const auto strata = strata_of(rows);
  std::mt19937_64 engine(settings.seed);
  std::vector<std::vector<double>> replicates(whole.size()), left_out(whole.size());
  for (int b = 0; b < settings.resamples; ++b) keep(replicates, statistics(row_weights(rows, draw(strata, patients, engine))));
  const std::size_t groups = std::min(patients, kMostLeftOut);
  for (std::size_t g = 0; g < groups; ++g) {
    std::vector<int> times(patients, 1);
    for (std::size_t p = g; p < patients; p += groups) times[p] = 0;
    keep(left_out, statistics(row_weights(rows, times)));
  }
  Resampled out;
  for (std::size_t k = 0; k < whole.size(); ++k) {
    out.intervals.push_back(interval_of(whole[k], replicates[k], left_out[k], settings.level));
    out.skipped.push_back(settings.resamples - static_cast<int>(replicates[k].size()));
  }
  return out;
}

Resampled bootstrap(const Judged& judged, const Statistics& statistics, const BootstrapSettings& settings) {
  return bootstrap(PatientRows{judged.patient, class_and_fold(judged)}, statistics, settings);
}

}  // namespace microtome
