// SPDX-License-Identifier: Apache-2.0
// metrics.json, of classes and of survival.
#include <nlohmann/json.hpp>

#include "pipeline/outputs/evaluation_result.h"
#include "pipeline/outputs/metric_json.h"
#include "pipeline/outputs/survival_result.h"

namespace microtome {
namespace {

using Json = nlohmann::ordered_json;

Json rule_json(const DecisionRule& rule) {
  Json out = {{"threshold_source", rule.source}};
  if (rule.folds.empty()) {
    out["threshold"] = rule.thresholds.empty() ? Json(nullptr) : Json(rule.thresholds.front());
    return out;
  }
  Json by_fold = Json::object();
  for (std::size_t f = 0; f < rule.folds.size(); ++f) by_fold[std::to_string(rule.folds[f])] = rule.thresholds[f];
  out["threshold"] = by_fold;
  return out;
}

Json confusion_json(const Judged& judged) {
  const Confusion c(judged);
  Json rows = Json::array();
  for (int l = 0; l < c.classes(); ++l) {
    Json row = Json::array();
    for (int d = 0; d < c.classes(); ++d) row.push_back(c.at(l, d));
    rows.push_back(row);
  }
  return {{"rows", "label"}, {"columns", "decision"}, {"counts", rows}};
}

Json level_json(const SubgroupLevel& level) {
  Json out = {{"n", level.rows}, {"patients", level.patients}};
  if (level.suppressed.empty())
    out["classification"] = metrics_object<Json>(level.metrics);
  else
    out["suppressed"] = level.suppressed;
  return out;
}

Json gaps_json(const Subgroups& groups) {
  if (!groups.why_no_gaps.empty()) return {{"reason", groups.why_no_gaps}};
  Json out = Json::object();
  for (const Gap& gap : groups.gaps) out[gap.name] = gap_json<Json>(gap);
  return out;
}

Json subgroups_json(const std::vector<Subgroups>& all) {
  Json out = Json::object();
  for (const Subgroups& groups : all) {
    Json levels = Json::object();
    for (const SubgroupLevel& level : groups.levels) levels[level.name] = level_json(level);
    out[groups.column] = {{"levels", levels}, {"gaps", gaps_json(groups)}};
    out[groups.column]["worst_auc"] = groups.worst_level.empty() ? Json(nullptr) : Json(groups.worst_level);
  }
  return out;
}

Json delong_json(const Comparison& c) {
  if (!c.delong) return {{"p", nullptr}, {"reason", c.why_no_delong}};
  Json out = {{"difference", c.delong->difference},
              {"low", number_json<Json>(c.delong->low)},
              {"high", number_json<Json>(c.delong->high)},
              {"z", number_json<Json>(c.delong->z)},
              {"p", number_json<Json>(c.delong->p)}};
  if (!c.delong->p) out["reason"] = "the variance of the difference is 0";
  return out;
}

Json comparison_json(const ComparedModels& compared) {
  const Comparison& c = compared.result;
  Json mcnemar = {{"only_one_right", c.mcnemar.only_one}, {"only_other_right", c.mcnemar.only_other}, {"p", number_json<Json>(c.mcnemar.p)}};
  if (!c.mcnemar.reason.empty()) mcnemar["reason"] = c.mcnemar.reason;
  return {{"n", compared.rows},
          {"patients", compared.patients},
          {"left_out", compared.left_out},
          {"decisions_of_one", rule_json(compared.one_rule)},
          {"decisions_of_other", rule_json(compared.other_rule)},
          {"classification", compared_json<Json>(c)},
          {"delong", delong_json(c)},
          {"mcnemar", mcnemar}};
}

Json input_json(const EvaluationSet& set) {
  Json out = {{"unit", set.unit},
              {"n", set.judged.rows()},
              {"patients", set.judged.patients()},
              {"patients_from", set.patients_from},
              {"probabilities", set.averaged ? "means over the slides of each patient" : "as given"},
              {"labels_without_predictions", set.labels_without_predictions},
              {"classes", set.judged.classes}};
  out["positive"] = set.judged.binary() ? Json(set.judged.classes[static_cast<std::size_t>(set.judged.positive)]) : Json(nullptr);
  return out;
}

Json median_json(const RiskGroup& group) {
  const MedianTime& median = group.median;
  Json out = {{"value", number_json<Json>(median.months)}, {"low", number_json<Json>(median.low)}, {"high", number_json<Json>(median.high)}};
  if (group.n == 0)
    out["reason"] = "the group is empty";
  else if (!median.months)
    out["reason"] = "the curve does not come down to one half";
  else if (!median.low || !median.high)
    out["reason"] = "a limit of the curve does not come down to one half";
  return out;
}

Json group_json(const RiskGroup& group) { return {{"n", group.n}, {"events", group.events}, {"median_months", median_json(group)}}; }

Json risk_groups_json(const SurvivalResult& result) {
  Json out = {{"cut_source", result.cut.source}};
  if (result.cut.folds.empty()) out["cut"] = result.cut.cuts.front();
  for (std::size_t f = 0; f < result.cut.folds.size(); ++f) out["cut"][std::to_string(result.cut.folds[f])] = result.cut.cuts[f];
  out["low"] = group_json(result.over_time.groups.front());
  out["high"] = group_json(result.over_time.groups.back());
  return out;
}

Json median_follow_up_json(std::optional<double> months) {
  Json out = {{"value", number_json<Json>(months)}};
  if (!months) out["reason"] = "the reversed Kaplan-Meier curve does not come down to one half";
  return out;
}

Json survival_input_json(const SurvivalResult& result) {
  const SurvivalSet& set = result.set;
  return {{"unit", "patient"},
          {"n", set.judged.rows()},
          {"events", set.judged.follow_up.events()},
          {"predictions", set.predictions},
          {"patients_from", set.patients_from},
          {"risks", set.averaged() ? "means over the slides of each patient" : "as given"},
          {"labels_without_predictions", set.labels_without_predictions},
          {"event_column", set.event_column},
          {"time_unit", "months, as given: no unit is read from the file"},
          {"longest_follow_up", result.longest_follow_up},
          {"median_follow_up", median_follow_up_json(result.median_follow_up)},
          {"survival_months", set.judged.curves.months}};
}

Json times_json(const SurvivalTimes& times) { return {{"tau", times.tau}, {"auc_t", times.auc}, {"ibs", times.brier}}; }

Json survival_subgroups_json(const std::vector<SurvivalSubgroups>& all) {
  Json out = Json::object();
  for (const SurvivalSubgroups& groups : all) {
    Json levels = Json::object();
    for (const SurvivalLevel& level : groups.levels) {
      levels[level.name] = {{"n", level.patients}, {"events", level.events}};
      if (level.suppressed.empty())
        levels[level.name]["survival"] = metrics_object<Json>(level.metrics);
      else
        levels[level.name]["suppressed"] = level.suppressed;
    }
    out[groups.column] = {{"levels", levels}, {"gaps", {{"c_harrell", gap_json<Json>(groups.gap)}}}};
    out[groups.column]["worst_c"] = groups.worst_level.empty() ? Json(nullptr) : Json(groups.worst_level);
  }
  return out;
}

Json ladder_json(const std::vector<JudgedRung>& ladder) {
  Json out = Json::array();
  for (const JudgedRung& rung : ladder) {
    out.push_back({{"name", rung.name}, {"c_harrell", metric_json<Json>(rung.c_harrell)}, {"c_uno", metric_json<Json>(rung.c_uno)}});
    if (rung.fusion_minus) out.back()["fusion_minus"] = metric_json<Json>(*rung.fusion_minus);
  }
  return out;
}

Json compared_risks_json(const ComparedRisks& compared) {
  return {{"n", compared.patients},
          {"events", compared.events},
          {"left_out", compared.left_out},
          {"times", times_json(compared.times)},
          {"survival", compared_json<Json>(compared.result)}};
}

Json decisions_json(const EvaluationResult& result) {
  Json out = rule_json(result.rule);
  out["confusion"] = confusion_json(result.set.judged);
  return out;
}

void add_judged_classes(Json& out, const EvaluationResult& result) {
  out["classification"] = metrics_object<Json>(result.metrics);
  if (!result.fold_means.empty()) out["fold_means"] = {{"classification", metrics_object<Json>(result.fold_means)}};
  if (!result.folds.empty()) out["per_fold"] = folds_json<Json>(result.folds, "classification");
  if (!result.subgroups.empty()) out["subgroups"] = subgroups_json(result.subgroups);
  if (result.compared) out["comparison"] = comparison_json(*result.compared);
}

}  // namespace

std::string metrics_json(const SurvivalResult& result) {
  Json out = {{"schema_version", 1}, {"task", "survival"}, {"input", survival_input_json(result)}};
  out["risk_groups"] = risk_groups_json(result);
  out["times"] = times_json(result.times);
  if (result.times.horizon) out["times"]["calibration_error"] = *result.times.horizon;
  out["intervals"] = {
      {"level", 0.95}, {"resamples", result.settings.bootstrap}, {"seed", result.settings.seed}, {"resampled", "patients, by fold"}};
  out["cautions"] = cautions(result);
  out["survival"] = metrics_object<Json>(result.metrics);
  if (!result.fold_means.empty()) out["fold_means"] = {{"survival", metrics_object<Json>(result.fold_means)}};
  if (!result.folds.empty()) out["per_fold"] = folds_json<Json>(result.folds, "survival");
  if (!result.ladder.empty()) out["ladder"] = ladder_json(result.ladder);
  if (!result.subgroups.empty()) out["subgroups"] = survival_subgroups_json(result.subgroups);
  if (result.compared) out["comparison"] = compared_risks_json(*result.compared);
  out["intended_use"] = "research use only";
  return out.dump(2) + "\n";
}

std::string metrics_json(const EvaluationResult& result) {
  Json out = {{"schema_version", 1}, {"task", "classification"}, {"input", input_json(result.set)}};
  out["decisions"] = decisions_json(result);
  out["intervals"] = {{"level", 0.95},
                      {"resamples", result.settings.bootstrap},
                      {"seed", result.settings.seed},
                      {"resampled", "patients, by class and fold"}};
  add_judged_classes(out, result);
  out["intended_use"] = "research use only";
  return out.dump(2) + "\n";
}

std::string judged_classes_text(const EvaluationResult& result) {
  Json out = {{"decisions", decisions_json(result)}};
  add_judged_classes(out, result);
  return out.dump();
}

}  // namespace microtome
