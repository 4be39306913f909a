// SPDX-License-Identifier: Apache-2.0
// metrics.json of predicted numbers.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "pipeline/outputs/metric_json.h"
#include "pipeline/outputs/regression_result.h"

namespace microtome {
namespace {

using Json = nlohmann::ordered_json;

Json known_json(const std::vector<double>& target) {
  const auto [low, high] = std::minmax_element(target.begin(), target.end());
  const double mean = std::accumulate(target.begin(), target.end(), 0.0) / static_cast<double>(target.size());
  return {{"mean", mean}, {"low", *low}, {"high", *high}};
}

Json input_json(const RegressionSet& set) {
  return {{"unit", set.unit},
          {"n", set.judged.rows()},
          {"patients", set.judged.patients()},
          {"predictions", set.predictions},
          {"patients_from", set.patients_from},
          {"values", set.averaged ? "means over the slides of each patient" : "as given"},
          {"target", set.target},
          {"known", known_json(set.judged.target)},
          {"labels_without_predictions", set.labels_without_predictions},
          {"labels_without_value", set.labels_without_value},
          {"predictions_without_value", set.predictions_without_value}};
}

Json agreement_json(const std::optional<LimitsOfAgreement>& limits) {
  if (!limits) return {{"bias", nullptr}, {"sd", nullptr}, {"low", nullptr}, {"high", nullptr}, {"reason", "fewer than 3 rows"}};
  return {{"bias", limits->bias}, {"sd", limits->sd}, {"low", limits->low}, {"high", limits->high}};
}

Json level_json(const RegressionLevel& level) {
  Json out = {{"n", level.rows}, {"patients", level.patients}};
  if (level.suppressed.empty())
    out["regression"] = metrics_object<Json>(level.metrics);
  else
    out["suppressed"] = level.suppressed;
  return out;
}

Json subgroups_json(const std::vector<RegressionSubgroups>& all) {
  Json out = Json::object();
  for (const RegressionSubgroups& groups : all) {
    Json levels = Json::object();
    for (const RegressionLevel& level : groups.levels) levels[level.name] = level_json(level);
    out[groups.column] = {{"levels", levels}, {"gaps", {{"mae", gap_json<Json>(groups.gap)}}}};
    out[groups.column]["worst_mae"] = groups.worst_level.empty() ? Json(nullptr) : Json(groups.worst_level);
  }
  return out;
}

Json comparison_json(const ComparedValues& compared) {
  return {{"n", compared.rows},
          {"patients", compared.patients},
          {"left_out", compared.left_out},
          {"regression", compared_json<Json>(compared.result)}};
}

}  // namespace

std::string metrics_json(const RegressionResult& result) {
  Json out = {{"schema_version", 1}, {"task", "regression"}, {"input", input_json(result.set)}};
  out["agreement"] = agreement_json(result.agreement);
  out["intervals"] = {
      {"level", 0.95}, {"resamples", result.settings.bootstrap}, {"seed", result.settings.seed}, {"resampled", "patients, by fold"}};
  out["cautions"] = cautions(result);
  out["regression"] = metrics_object<Json>(result.metrics);
  if (!result.fold_means.empty()) out["fold_means"] = {{"regression", metrics_object<Json>(result.fold_means)}};
  if (!result.folds.empty()) out["per_fold"] = folds_json<Json>(result.folds, "regression");
  if (!result.subgroups.empty()) out["subgroups"] = subgroups_json(result.subgroups);
  if (result.compared) out["comparison"] = comparison_json(*result.compared);
  out["intended_use"] = "research use only";
  return out.dump(2) + "\n";
}

}  // namespace microtome
