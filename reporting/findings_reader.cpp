// SPDX-License-Identifier: Apache-2.0
// Reads a document back: the inverse of findings.cpp, so that what is read and written again is the same text.
#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "reporting/findings.h"

namespace microtome {
namespace {

using Json = nlohmann::ordered_json;

class NotOurs : public std::runtime_error {
 public:
  NotOurs() : std::runtime_error("not a findings document") {}
};

void require(bool right) {
  if (!right) throw NotOurs();
}

const Json& member(const Json& object, const char* key) {
  require(object.is_object());
  const auto found = object.find(key);
  require(found != object.end());
  return *found;
}

std::string word(const Json& object, const char* key) {
  const Json& value = member(object, key);
  require(value.is_string() || value.is_null());
  return value.is_null() ? std::string() : value.get<std::string>();
}

std::int64_t whole(const Json& object, const char* key) {
  const Json& value = member(object, key);
  require(value.is_number_integer());
  return value.get<std::int64_t>();
}

std::int64_t whole_or_none(const Json& object, const char* key) { return member(object, key).is_null() ? 0 : whole(object, key); }

// Null stands for a number that was not finite ...
double real(const Json& value) {
  require(value.is_number() || value.is_null());
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}
double real(const Json& object, const char* key) { return real(member(object, key)); }

// ... or, of these, for one that is not known.
double known(const Json& object, const char* key) { return member(object, key).is_null() ? 0 : real(object, key); }

bool truth(const Json& object, const char* key) {
  const Json& value = member(object, key);
  require(value.is_boolean());
  return value.get<bool>();
}

const Json& list(const Json& object, const char* key) {
  const Json& value = member(object, key);
  require(value.is_array());
  return value;
}

const Json& dictionary(const Json& object, const char* key) {
  const Json& value = member(object, key);
  require(value.is_object());
  return value;
}

std::vector<Reason> read_reasons(const Json& document) {
  std::vector<Reason> out;
  for (const Json& row : list(document, "reasons")) out.push_back({word(row, "code"), word(row, "text")});
  return out;
}

FindingsSlide read_slide(const Json& slide) {
  FindingsSlide out;
  out.id = word(slide, "id");
  require(!out.id.empty());
  out.patient_id = word(slide, "patient_id");
  out.sample_id = word(slide, "sample_id");
  out.vendor = word(slide, "vendor");
  out.width = whole_or_none(slide, "width");
  out.height = whole_or_none(slide, "height");
  out.mpp = known(slide, "mpp");
  out.mpp_source = word(slide, "mpp_source");
  out.reader = word(slide, "reader");
  out.bytes = whole(slide, "bytes");
  out.identity = word(slide, "identity");
  out.sha256 = word(slide, "sha256");
  return out;
}

FindingsTissue read_tissue(const Json& tissue, bool opened) {
  return {opened ? real(tissue, "area_mm2") : known(tissue, "area_mm2"), whole(tissue, "tiles_planned"), whole(tissue, "tiles_used"),
          whole(tissue, "tiles_unreadable")};
}

FindingsTiling read_tiling(const Json& tiling) {
  FindingsTiling out;
  out.tile_px = static_cast<int>(whole(tiling, "tile_px"));
  out.overlap_px = static_cast<int>(whole(tiling, "overlap_px"));
  out.target_mpp = known(tiling, "target_mpp");
  out.level = static_cast<int>(whole_or_none(tiling, "level"));
  out.side_level0 = known(tiling, "side_level0");
  out.resampling = word(tiling, "resampling");
  return out;
}

std::vector<FindingsInput> read_inputs(const Json& document) {
  std::vector<FindingsInput> out;
  for (const Json& row : list(document, "inputs"))
    out.push_back({word(row, "role"), word(row, "sha256"), word(row, "units"), word(row, "matched_by"), truth(row, "present")});
  return out;
}

std::vector<FindingsModel> read_models(const Json& document) {
  std::vector<FindingsModel> out;
  for (const Json& row : list(document, "models"))
    out.push_back({word(row, "role"), word(row, "name"), word(row, "sha256"), word(row, "format"), word(row, "device"), word(row, "precision"),
                   truth(row, "random_weights")});
  return out;
}

std::vector<double> series(const Json& object, const char* key) {
  std::vector<double> out;
  for (const Json& value : list(object, key)) out.push_back(real(value));
  return out;
}

std::optional<double> real_or_none(const Json& object, const char* key) {
  const Json& value = member(object, key);
  return value.is_null() ? std::nullopt : std::optional(real(value));
}

SurvivalAnswer read_survival(const Json& survival) {
  SurvivalAnswer out{real(survival, "risk"), real(survival, "cut"), series(survival, "months"), series(survival, "survival")};
  require(out.months.size() == out.survival.size());
  return out;
}

std::vector<ModalityUse> read_modalities(const Json& result) {
  std::vector<ModalityUse> out;
  for (const Json& row : list(result, "modalities")) {
    out.push_back({word(row, "name"), truth(row, "present"), word(row, "matched_by"), "", {}});
    if (row.contains("share")) out.back().share = real_or_none(row, "share");
  }
  return out;
}

// Written before there were survival models and shares, a document has none of this.
void read_explanation(const Json& result, Prediction& out) {
  if (!result.contains("features")) return;
  for (const Json& row : list(result, "features"))
    out.features.push_back({word(row, "modality"), word(row, "feature"), real(row, "value"), real(row, "share")});
  out.completeness_gap = real_or_none(result, "completeness_gap");
}

void read_classes(const Json& result, Prediction& out) {
  const std::string label = word(result, "label");
  for (const auto& [name, value] : dictionary(result, "probabilities").items()) {
    if (name == label) out.predicted = static_cast<int>(out.classes.size());
    out.classes.push_back(name);
    out.probabilities.push_back(real(value));
  }
  require(!out.classes.empty());
}

void read_labels(const Json& result, Prediction& out) {
  read_classes(result, out);
  out.multi_label = true;
  out.predicted = static_cast<int>(std::max_element(out.probabilities.begin(), out.probabilities.end()) - out.probabilities.begin());
}

void read_answer(const Json& result, Prediction& out) {
  const std::string kind = word(result, "kind");
  if (kind == "survival") {
    out.classes = {"risk"};
    out.survival = read_survival(member(result, "survival"));
  } else if (kind == "regression") {
    out.classes = {word(result, "label")};
    out.value = real(result, "value");
  } else if (kind == "multilabel") {
    read_labels(result, out);
  } else {
    read_classes(result, out);
  }
}

std::optional<Prediction> read_result(const Json& document) {
  const Json& results = list(document, "results");
  if (results.empty()) return std::nullopt;
  const Json& result = results[0];
  Prediction out;
  out.task = word(result, "task");
  read_answer(result, out);
  const Json& attention = member(result, "attention");
  out.attention_entropy = real(attention, "entropy");
  out.effective_tiles = real(attention, "effective_tiles");
  out.modalities = read_modalities(result);
  read_explanation(result, out);
  return out;
}

std::vector<FindingsGeneStatus> read_gene_status(const Json& document) {
  std::vector<FindingsGeneStatus> out;
  if (!document.contains("gene_status")) return out;  // written before there were such lists
  for (const Json& row : list(document, "gene_status"))
    out.push_back({word(row, "gene"), word(row, "modality"), real(row, "value"), word(row, "rule"), word(row, "text"), word(row, "status")});
  return out;
}

std::vector<FindingsTileClass> read_tile_classes(const Json& document) {
  std::vector<FindingsTileClass> out;
  if (!document.contains("tile_classes")) return out;  // written before there were tile classifiers
  for (const Json& row : list(document, "tile_classes"))
    out.push_back({word(row, "model"), word(row, "name"), whole(row, "tiles"), real(row, "share"), real(row, "area_mm2"),
                   real(row, "mean_probability")});
  return out;
}

std::vector<FindingsRegion> read_regions(const Json& document) {
  std::vector<FindingsRegion> out;
  for (const Json& row : list(document, "regions")) out.push_back({word(row, "name"), real(row, "area_mm2"), real(row, "score")});
  return out;
}

std::vector<FindingsArtifact> read_artifacts(const Json& document) {
  std::vector<FindingsArtifact> out;
  for (const Json& row : list(document, "artifacts"))
    out.push_back({word(row, "role"), word(row, "path"), word(row, "media_type"), word(row, "sha256"), whole(row, "bytes")});
  return out;
}

FindingsRuntime read_runtime(const Json& runtime) {
  return {real(runtime, "wall_seconds"), static_cast<int>(whole(runtime, "threads")), word(runtime, "scheduler_job"), word(runtime, "host_class"),
          whole(runtime, "slide_mtime_ns")};
}

Findings read_document(const Json& document) {
  require(document.is_object());
  const Json& version = member(document, "schema_version");
  require(version.is_number_integer() && version == 1);
  Findings out;
  out.status = word(document, "status");
  require(!out.status.empty());
  out.reasons = read_reasons(document);
  out.recipe = word(document, "recipe");
  out.created = word(document, "created");
  out.slide = read_slide(member(document, "slide"));
  out.tissue = read_tissue(member(document, "tissue"), out.slide.width > 0);
  out.tiling = read_tiling(member(document, "tiling"));
  for (const auto& [name, value] : dictionary(document, "quality").items()) out.quality.emplace_back(name, real(value));
  out.inputs = read_inputs(document);
  out.models = read_models(document);
  out.prediction = read_result(document);
  out.gene_status = read_gene_status(document);
  out.tile_classes = read_tile_classes(document);
  out.regions = read_regions(document);
  out.artifacts = read_artifacts(document);
  for (const auto& [name, value] : dictionary(document, "software").items()) {
    require(value.is_string());
    out.software.emplace_back(name, value.get<std::string>());
  }
  out.runtime = read_runtime(member(document, "runtime"));
  return out;
}

}  // namespace

std::optional<Findings> read_findings(const std::string& json) {
  try {
    return read_document(Json::parse(json));
  } catch (const NotOurs&) {
    return std::nullopt;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace microtome
