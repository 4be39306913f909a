// SPDX-License-Identifier: Apache-2.0
// The structured document of one slide: findings.json, schema in configs/schemas/findings-1.json.
// Fixed key order, shortest round-trip numbers, no NaN or infinity (null instead): the same findings give the same bytes outside `created`
// and `runtime`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mil/prediction.h"

namespace microtome {

struct Reason {
  std::string code;  // stable word: no_tissue, not_a_slide, genomics_missing, unreadable_tiles, ...
  std::string text;  // a sentence without paths
};

struct FindingsSlide {
  std::string id, patient_id, sample_id, vendor, reader, identity, sha256;
  std::int64_t width = 0, height = 0;  // level 0; 0 when the slide could not be opened (written as null)
  double mpp = 0;                      // 0: unknown (null)
  std::string mpp_source;
  std::int64_t bytes = 0;
};

struct FindingsTissue {
  double area_mm2 = 0;
  std::int64_t tiles_planned = 0, tiles_used = 0, tiles_unreadable = 0;
};

struct FindingsTiling {  // what was asked and what was done
  int tile_px = 0, overlap_px = 0, level = 0;
  double target_mpp = 0, side_level0 = 0;
  std::string resampling;
};

struct FindingsInput {
  std::string role, sha256, units, matched_by;
  bool present = false;
};
struct FindingsModel {
  std::string role, name, sha256, format, device, precision;
  bool random_weights = false;
};
/// What a tile classifier says of one class on this slide; reporting/tile_classes.h makes it and says what is counted.
struct FindingsTileClass {
  std::string model, name;      // of the classifier, of the class
  std::int64_t tiles = 0;       // whose most probable class it is; of a classifier with one logit, those with p >= 0.5
  double share = 0;             // of the slide's tiles, 0..1
  double area_mm2 = 0;          // of those tiles
  double mean_probability = 0;  // over all tiles of the slide, 0..1
};
/// One line of a curated list of genes, as this slide's row of a table answers it.
struct FindingsGeneStatus {
  std::string gene, modality;  // modality: name of the table
  double value = 0;            // as in the table, in its units; NaN: the table has none for this slide
  std::string rule;            // ">=0.5": what was asked of the value
  std::string text;            // the list's words for a gene that answers to the rule
  std::string status;          // present, absent, or unknown where there is no value
};
struct FindingsRegion {
  std::string name;
  double area_mm2 = 0, score = 0;
};
struct FindingsArtifact {
  std::string role, path, media_type, sha256;
  std::int64_t bytes = 0;
};

/// Volatile facts: the only part that may differ between equal runs.
struct FindingsRuntime {
  double wall_seconds = 0;  // first sight of the slide to publishing
  int threads = 0;
  std::string scheduler_job, host_class;
  std::int64_t slide_mtime_ns = 0;
};

struct Findings {
  std::string status;  // ok, partial, failed, rejected_qc
  std::vector<Reason> reasons;
  std::string recipe;   // sha256 of everything that changes results
  std::string created;  // RFC 3339 UTC
  FindingsSlide slide;
  FindingsTissue tissue;
  FindingsTiling tiling;
  std::vector<std::pair<std::string, double>> quality;  // name, value: "focus_median", ...
  std::vector<FindingsInput> inputs;
  std::vector<FindingsModel> models;
  std::optional<Prediction> prediction;
  std::vector<FindingsGeneStatus> gene_status;  // in the order of the list; empty without one
  std::vector<FindingsTileClass> tile_classes;  // empty without a tile classifier
  std::vector<FindingsRegion> regions;
  std::vector<FindingsArtifact> artifacts;
  std::vector<std::pair<std::string, std::string>> software;  // "microtome", "openslide", ... -> version
  FindingsRuntime runtime;
};

/// document_id is a UUID (version 5 form) made from slide id and recipe, so that reruns are stable.
std::string findings_json(const Findings& findings);

/// A document read back: written again it is the same text. A prediction has what the document says of it: no logits, nothing of single tiles.
/// nullopt if it is not one of ours (wrong schema_version, not JSON, keys missing).
std::optional<Findings> read_findings(const std::string& json);

/// What resume, tables and the index page need of a document.
struct FindingsMarker {
  std::string slide_id, status, recipe, identity;
  std::int64_t slide_bytes = 0, slide_mtime_ns = 0, tiles_used = 0;
  std::string label;       // predicted class, labels that are a yes, name of the number, or risk group "high" or "low"; "" without a model
  double probability = 0;  // of that class; 0 of other kinds
  std::optional<AnswerKind> kind;        // of the model; none: no model
  std::optional<double> value;           // of a regression model, where it is finite
  std::optional<double> risk, risk_cut;  // where it does and they are finite
  double tissue_mm2 = 0;
  std::vector<Reason> reasons;
  std::vector<FindingsArtifact> artifacts;
  std::vector<std::pair<std::string, double>> probabilities;
  std::vector<FindingsTileClass> tile_classes;  // empty also for documents from before there were any
  double effective_tiles = 0;
  bool random_weights = false;  // any of the models

  bool predicted() const { return kind.has_value(); }
};
FindingsMarker marker_of(const Findings& findings);

/// One flat line of slides.jsonl for a finished document, without the line break; `risk` and `risk_group` only of a survival model, `value` only of a regression model. The one object in it, `tile_shares`, is flat itself:
/// "<classifier>/<class>" -> share of the slide's tiles; empty without a tile classifier.
std::string slides_jsonl_line(const FindingsMarker& marker);

}  // namespace microtome
