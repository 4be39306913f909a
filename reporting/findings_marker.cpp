// SPDX-License-Identifier: Apache-2.0
// What resume, tables and the index page need of a document on disk.
#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>

#include "reporting/findings.h"

namespace microtome {
namespace {

using Json = nlohmann::ordered_json;

double finite(double value) { return std::isfinite(value) ? value : 0; }

void add_risk(const SurvivalAnswer& survival, FindingsMarker& marker) {
  if (std::isfinite(survival.risk)) marker.risk = survival.risk;
  if (std::isfinite(survival.cut)) marker.risk_cut = survival.cut;
  if (marker.risk && marker.risk_cut) marker.label = survival.high() ? "high" : "low";
}

void add_prediction(const Prediction& prediction, FindingsMarker& marker) {
  marker.effective_tiles = finite(prediction.effective_tiles);
  marker.kind = prediction.kind();
  if (prediction.survival) return add_risk(*prediction.survival, marker);
  if (prediction.value) {
    marker.label = prediction.classes.at(0);
    if (std::isfinite(*prediction.value)) marker.value = prediction.value;
    return;
  }
  bool all = true;
  for (std::size_t c = 0; c < prediction.classes.size(); ++c) {
    all = all && std::isfinite(prediction.probabilities[c]);
    marker.probabilities.emplace_back(prediction.classes[c], finite(prediction.probabilities[c]));
  }
  if (all && prediction.multi_label) marker.label = present_labels(prediction);
  if (all && !prediction.multi_label) std::tie(marker.label, marker.probability) = marker.probabilities[static_cast<std::size_t>(prediction.predicted)];
}

}  // namespace

FindingsMarker marker_of(const Findings& findings) {
  FindingsMarker marker;
  marker.slide_id = findings.slide.id;
  marker.status = findings.status;
  marker.recipe = findings.recipe;
  marker.identity = findings.slide.identity;
  marker.slide_bytes = findings.slide.bytes;
  marker.slide_mtime_ns = findings.runtime.slide_mtime_ns;
  marker.tiles_used = findings.tissue.tiles_used;
  marker.tissue_mm2 = finite(findings.tissue.area_mm2);
  marker.reasons = findings.reasons;
  marker.artifacts = findings.artifacts;
  for (const FindingsModel& model : findings.models) marker.random_weights |= model.random_weights;
  if (findings.prediction) add_prediction(*findings.prediction, marker);
  marker.tile_classes = findings.tile_classes;
  return marker;
}

std::string slides_jsonl_line(const FindingsMarker& marker) {
  Json line = {{"slide_id", marker.slide_id}, {"status", marker.status}};
  line["reason_code"] = marker.reasons.empty() ? Json(nullptr) : Json(marker.reasons.front().code);
  line["reason"] = marker.reasons.empty() ? Json(nullptr) : Json(marker.reasons.front().text);
  line["tissue_mm2"] = marker.tissue_mm2;
  line["tiles_used"] = marker.tiles_used;
  line["label"] = marker.label.empty() ? Json(nullptr) : Json(marker.label);
  line["probability"] = marker.label.empty() || marker.kind != AnswerKind::classes ? Json(nullptr) : Json(marker.probability);
  if (marker.kind == AnswerKind::value) line["value"] = marker.value ? Json(*marker.value) : Json(nullptr);
  if (marker.kind == AnswerKind::risk) {
    line["risk"] = marker.risk ? Json(*marker.risk) : Json(nullptr);
    line["risk_group"] = line["label"];
  }
  line["effective_tiles"] = marker.predicted() ? Json(marker.effective_tiles) : Json(nullptr);
  for (const auto& [name, value] : marker.probabilities) line["prob_" + name] = value;
  line["tile_shares"] = Json::object();
  for (const FindingsTileClass& row : marker.tile_classes) line["tile_shares"][row.model + "/" + row.name] = row.share;
  line["random_weights"] = marker.random_weights;
  line["recipe"] = marker.recipe;
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace microtome
