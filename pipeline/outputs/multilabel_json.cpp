// SPDX-License-Identifier: Apache-2.0
// metrics.json of labels that are each true or not.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "pipeline/outputs/metric_json.h"
#include "pipeline/outputs/multilabel_result.h"

namespace microtome {
namespace {

using Json = nlohmann::ordered_json;

Json input_json(const MultilabelSet& set) {
  std::size_t complete = 0;
  for (std::size_t r = 0; r < set.judged.rows(); ++r) complete += set.judged.complete(r);
  return {{"unit", set.unit},
          {"n", set.judged.rows()},
          {"patients", set.judged.patients()},
          {"patients_from", set.patients_from},
          {"probabilities", set.averaged ? "means over the slides of each patient" : "as given"},
          {"labels", set.judged.names},
          {"n_with_all_labels", complete},
          {"labels_without_predictions", set.labels_without_predictions},
          {"predictions_without_label", set.predictions_without_label},
          {"not_predicted", set.not_predicted}};
}

Json label_json(const JudgedLabel& label) {
  const Judged& judged = label.result.set.judged;
  Json out = {{"n", judged.rows()}, {"events", std::count(judged.label.begin(), judged.label.end(), judged.positive)}};
  if (!label.why_not.empty()) out["not_judged"] = label.why_not;
  out.update(Json::parse(judged_classes_text(label.result)));
  if (!label.why_not_compared.empty()) out["comparison"] = {{"reason", label.why_not_compared}};
  return out;
}

Json overall_folds_json(const std::vector<JudgedFold>& folds) {
  Json out = Json::object();
  for (const JudgedFold& fold : folds) out[std::to_string(fold.number)] = metrics_object<Json>(fold.metrics);
  return out;
}

Json comparison_json(const ComparedLabels& compared) {
  return {{"n", compared.rows},
          {"patients", compared.patients},
          {"left_out", compared.left_out},
          {"overall", compared_json<Json>(compared.result)}};
}

}  // namespace

std::string metrics_json(const MultilabelResult& result) {
  Json out = {{"schema_version", 1}, {"task", "multilabel"}, {"input", input_json(result.set)}};
  out["intervals"] = {{"level", 0.95},
                      {"resamples", result.settings.bootstrap},
                      {"seed", result.settings.seed},
                      {"resampled", "patients, by fold; of one label by class and fold"}};
  Json& judged = out["multilabel"] = {{"overall", metrics_object<Json>(result.metrics)}};
  if (!result.fold_means.empty()) judged["fold_means"] = metrics_object<Json>(result.fold_means);
  if (!result.folds.empty()) judged["per_fold"] = overall_folds_json(result.folds);
  if (result.compared) judged["comparison"] = comparison_json(*result.compared);
  for (const JudgedLabel& label : result.labels) judged["labels"][label.name] = label_json(label);
  out["intended_use"] = "research use only";
  return out.dump(2) + "\n";
}

}  // namespace microtome
