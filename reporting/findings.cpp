// SPDX-License-Identifier: Apache-2.0
// Writes the document of one slide. An empty word and an unknown number are null: a reader never has to guess what 0 means.
#include "reporting/findings.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "reporting/number_text.h"
#include "reporting/uuid.h"

namespace microtome {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchemaVersion = 1;

Json word_or_null(const std::string& word) { return word.empty() ? Json(nullptr) : Json(word); }
Json count_or_null(std::int64_t count, bool known) { return known ? Json(count) : Json(nullptr); }

Json reason_json(const std::string& code, const std::string& text) { return {{"code", code}, {"text", text}}; }

// Turns numbers into JSON and remembers those that JSON cannot hold.
class Numbers {
 public:
  Json number(const std::string& field, double value) {
    if (std::isfinite(value)) return value;
    not_finite_.push_back(field);
    return nullptr;
  }
  Json known(const std::string& field, double value) { return value == 0 ? Json(nullptr) : number(field, value); }

  Json reasons(const std::vector<Reason>& given) const {
    Json out = Json::array();
    for (const Reason& reason : given) out.push_back(reason_json(reason.code, reason.text));
    for (const std::string& field : not_finite_) {
      Json reason = reason_json("not_finite", field + " is not a finite number; null is written in its place.");
      if (std::find(out.begin(), out.end(), reason) == out.end()) out.push_back(std::move(reason));  // read back, it is there already
    }
    return out;
  }

 private:
  std::vector<std::string> not_finite_;
};

Json slide_json(const FindingsSlide& slide, Numbers& numbers) {
  return {{"id", slide.id},
          {"patient_id", word_or_null(slide.patient_id)},
          {"sample_id", word_or_null(slide.sample_id)},
          {"vendor", word_or_null(slide.vendor)},
          {"width", count_or_null(slide.width, slide.width > 0)},
          {"height", count_or_null(slide.height, slide.height > 0)},
          {"mpp", numbers.known("slide.mpp", slide.mpp)},
          {"mpp_source", word_or_null(slide.mpp_source)},
          {"reader", word_or_null(slide.reader)},
          {"bytes", slide.bytes},
          {"identity", word_or_null(slide.identity)},
          {"sha256", word_or_null(slide.sha256)}};
}

// A slide that was never opened has no tissue area, not an area of 0.
Json tissue_json(const Findings& findings, Numbers& numbers) {
  const FindingsTissue& tissue = findings.tissue;
  return {{"area_mm2", findings.slide.width > 0 ? numbers.number("tissue.area_mm2", tissue.area_mm2) : Json(nullptr)},
          {"tiles_planned", tissue.tiles_planned},
          {"tiles_used", tissue.tiles_used},
          {"tiles_unreadable", tissue.tiles_unreadable}};
}

Json tiling_json(const FindingsTiling& tiling, Numbers& numbers) {
  return {{"tile_px", tiling.tile_px},
          {"overlap_px", tiling.overlap_px},
          {"target_mpp", numbers.known("tiling.target_mpp", tiling.target_mpp)},
          {"level", count_or_null(tiling.level, tiling.side_level0 > 0)},
          {"side_level0", numbers.known("tiling.side_level0", tiling.side_level0)},
          {"resampling", word_or_null(tiling.resampling)}};
}

Json quality_json(const Findings& findings, Numbers& numbers) {
  Json out = Json::object();
  for (const auto& [name, value] : findings.quality) out[name] = numbers.number("quality." + name, value);
  return out;
}

Json inputs_json(const std::vector<FindingsInput>& inputs) {
  Json out = Json::array();
  for (const FindingsInput& input : inputs)
    out.push_back(Json{{"role", input.role},
                       {"sha256", word_or_null(input.sha256)},
                       {"units", word_or_null(input.units)},
                       {"present", input.present},
                       {"matched_by", word_or_null(input.matched_by)}});
  return out;
}

Json models_json(const std::vector<FindingsModel>& models) {
  Json out = Json::array();
  for (const FindingsModel& model : models)
    out.push_back(Json{{"role", model.role},
                       {"name", model.name},
                       {"sha256", word_or_null(model.sha256)},
                       {"format", word_or_null(model.format)},
                       {"device", word_or_null(model.device)},
                       {"precision", word_or_null(model.precision)},
                       {"random_weights", model.random_weights}});
  return out;
}

Json modalities_json(const std::vector<ModalityUse>& modalities, Numbers& numbers) {
  Json out = Json::array();
  for (const ModalityUse& use : modalities)
    out.push_back(Json{{"name", use.name},
                       {"present", use.present},
                       {"matched_by", word_or_null(use.matched_by)},
                       {"share", use.share ? numbers.number("results[0].modalities." + use.name + ".share", *use.share) : Json(nullptr)}});
  return out;
}

// Tables hold float32: a value is told in a float's digits, 0.7 and not 0.699999988079071.
double in_digits_of_float(double value) {
  if (!std::isfinite(value) || static_cast<double>(static_cast<float>(value)) != value) return value;
  std::string text;
  append_number(text, static_cast<float>(value));
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// A value that the table does not have is unknown, which is no fault.
Json table_value(const std::string& field, double value, Numbers& numbers) {
  return std::isnan(value) ? Json(nullptr) : numbers.number(field, in_digits_of_float(value));
}

Json features_json(const std::vector<FeatureShare>& features, Numbers& numbers) {
  Json out = Json::array();
  for (const FeatureShare& row : features) {
    const std::string field = "results[0].features." + row.feature + ".";
    out.push_back(Json{{"modality", row.modality},
                       {"feature", row.feature},
                       {"value", table_value(field + "value", row.value, numbers)},
                       {"share", numbers.number(field + "share", row.share)}});
  }
  return out;
}

Json series_json(const std::string& field, const std::vector<double>& values, Numbers& numbers) {
  Json out = Json::array();
  for (const double value : values) out.push_back(numbers.number(field, value));
  return out;
}

// Where risk or cut is not finite there is no group.
Json group_json(const SurvivalAnswer& survival) {
  if (!std::isfinite(survival.risk) || !std::isfinite(survival.cut)) return nullptr;
  return survival.high() ? "high" : "low";
}

Json survival_json(const SurvivalAnswer& survival, Numbers& numbers) {
  return {{"months", series_json("results[0].survival.months", survival.months, numbers)},
          {"survival", series_json("results[0].survival.survival", survival.survival, numbers)},
          {"risk", numbers.number("results[0].survival.risk", survival.risk)},
          {"cut", numbers.number("results[0].survival.cut", survival.cut)},
          {"group", group_json(survival)}};
}

const char* kind_name(AnswerKind kind) {
  switch (kind) {
    case AnswerKind::classes:
      return "classification";
    case AnswerKind::labels:
      return "multilabel";
    case AnswerKind::value:
      return "regression";
    case AnswerKind::risk:
      break;
  }
  return "survival";
}

// A label is the name of the largest probability, of several labels those that are a yes; without finite numbers there is none.
Json label_json(const Prediction& prediction) {
  if (prediction.survival) return group_json(*prediction.survival);
  if (prediction.value) return prediction.classes.at(0);
  for (const double probability : prediction.probabilities)
    if (!std::isfinite(probability)) return nullptr;
  if (prediction.multi_label) return present_labels(prediction);
  return prediction.classes.at(static_cast<std::size_t>(prediction.predicted));
}

// "survival" gives the reason of a risk that is not finite.
Json value_json(const Prediction& prediction, Numbers& numbers) {
  if (prediction.value) return numbers.number("results[0].value", *prediction.value);
  return prediction.survival && std::isfinite(prediction.survival->risk) ? Json(prediction.survival->risk) : Json(nullptr);
}

Json threshold_json(const Prediction& prediction) {
  if (prediction.multi_label) return kLabelThreshold;
  return prediction.survival && std::isfinite(prediction.survival->cut) ? Json(prediction.survival->cut) : Json(nullptr);
}

Json results_json(const std::optional<Prediction>& prediction, Numbers& numbers) {
  if (!prediction) return Json::array();
  Json probabilities = Json::object();
  for (std::size_t i = 0; i < prediction->probabilities.size(); ++i) {  // a survival model has none
    const std::string& name = prediction->classes[i];
    probabilities[name] = numbers.number("results[0].probabilities." + name, prediction->probabilities[i]);
  }
  const auto& survival = prediction->survival;
  const auto& gap = prediction->completeness_gap;
  Json attention = {{"entropy", numbers.number("results[0].attention.entropy", prediction->attention_entropy)},
                    {"effective_tiles", numbers.number("results[0].attention.effective_tiles", prediction->effective_tiles)}};
  return Json::array({Json{{"task", prediction->task},
                           {"kind", kind_name(prediction->kind())},
                           {"label", label_json(*prediction)},
                           {"probabilities", std::move(probabilities)},
                           {"value", value_json(*prediction, numbers)},
                           {"unit", prediction->value ? Json(nullptr) : Json("1")},  // UCUM: a pure number; a table of labels names no unit
                           {"threshold", threshold_json(*prediction)},
                           {"survival", survival ? survival_json(*survival, numbers) : Json(nullptr)},
                           {"attention", std::move(attention)},
                           {"modalities", modalities_json(prediction->modalities, numbers)},
                           {"features", features_json(prediction->features, numbers)},
                           {"completeness_gap", gap ? numbers.number("results[0].completeness_gap", *gap) : Json(nullptr)}}});
}

Json gene_status_json(const std::vector<FindingsGeneStatus>& lines, Numbers& numbers) {
  Json out = Json::array();
  for (const FindingsGeneStatus& line : lines)
    out.push_back(Json{{"gene", line.gene},
                       {"modality", line.modality},
                       {"value", table_value("gene_status." + line.gene + ".value", line.value, numbers)},
                       {"rule", line.rule},
                       {"text", line.text},
                       {"status", line.status}});
  return out;
}

Json tile_classes_json(const std::vector<FindingsTileClass>& classes, Numbers& numbers) {
  Json out = Json::array();
  for (const FindingsTileClass& row : classes) {
    const std::string field = "tile_classes[" + std::to_string(out.size()) + "].";
    out.push_back(Json{{"model", row.model},
                       {"name", row.name},
                       {"tiles", row.tiles},
                       {"share", numbers.number(field + "share", row.share)},
                       {"area_mm2", numbers.number(field + "area_mm2", row.area_mm2)},
                       {"mean_probability", numbers.number(field + "mean_probability", row.mean_probability)}});
  }
  return out;
}

Json regions_json(const std::vector<FindingsRegion>& regions, Numbers& numbers) {
  Json out = Json::array();
  for (const FindingsRegion& region : regions) {
    const std::string field = "regions[" + std::to_string(out.size()) + "].";
    out.push_back(Json{{"name", region.name},
                       {"area_mm2", numbers.number(field + "area_mm2", region.area_mm2)},
                       {"score", numbers.number(field + "score", region.score)}});
  }
  return out;
}

Json artifacts_json(const std::vector<FindingsArtifact>& artifacts) {
  Json out = Json::array();
  for (const FindingsArtifact& artifact : artifacts)
    out.push_back(Json{{"role", artifact.role},
                       {"path", artifact.path},
                       {"media_type", artifact.media_type},
                       {"bytes", artifact.bytes},
                       {"sha256", word_or_null(artifact.sha256)}});
  return out;
}

Json software_json(const std::vector<std::pair<std::string, std::string>>& software) {
  Json out = Json::object();
  for (const auto& [name, version] : software) out[name] = version;
  return out;
}

Json runtime_json(const FindingsRuntime& runtime, Numbers& numbers) {
  return {{"wall_seconds", numbers.number("runtime.wall_seconds", runtime.wall_seconds)},
          {"threads", runtime.threads},
          {"scheduler_job", word_or_null(runtime.scheduler_job)},
          {"host_class", word_or_null(runtime.host_class)},
          {"slide_mtime_ns", runtime.slide_mtime_ns}};
}

}  // namespace

std::string findings_json(const Findings& findings) {
  Numbers numbers;
  Json out;
  out["schema_version"] = kSchemaVersion;
  out["document_id"] = uuid_v5(findings.slide.id + '\n' + findings.recipe);
  out["created"] = findings.created;
  out["status"] = findings.status;
  out["reasons"] = nullptr;  // keeps the place: the numbers below may add to them
  out["recipe"] = findings.recipe;
  out["slide"] = slide_json(findings.slide, numbers);
  out["tissue"] = tissue_json(findings, numbers);
  out["tiling"] = tiling_json(findings.tiling, numbers);
  out["quality"] = quality_json(findings, numbers);
  out["inputs"] = inputs_json(findings.inputs);
  out["models"] = models_json(findings.models);
  out["results"] = results_json(findings.prediction, numbers);
  out["gene_status"] = gene_status_json(findings.gene_status, numbers);
  out["tile_classes"] = tile_classes_json(findings.tile_classes, numbers);
  out["regions"] = regions_json(findings.regions, numbers);
  out["artifacts"] = artifacts_json(findings.artifacts);
  out["software"] = software_json(findings.software);
  out["runtime"] = runtime_json(findings.runtime, numbers);
  out["intended_use"] = "Research use only. Not for diagnosis.";
  out["reasons"] = numbers.reasons(findings.reasons);
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";  // a name that is not UTF-8 must not cost the slide
}

}  // namespace microtome
