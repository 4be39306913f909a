// SPDX-License-Identifier: Apache-2.0
#include "pipeline/finished_bags.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "mil/bag_file.h"
#include "mil/model_error.h"
#include "mil/sha256.h"
#include "pipeline/resume.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

struct FeatureFile {
  FindingsArtifact artifact;
  BagHead head;
  const BagFacts& facts() const { return head.facts; }
};

/// Of the files that several encoders may have left, the one that the model reads; without a model the first.
std::optional<FeatureFile> feature_file(const RunParts& parts, const fs::path& folder, const Findings& document) {
  std::optional<FeatureFile> first;
  for (const FindingsArtifact& artifact : document.artifacts) {
    if (artifact.role != "features" || !are_there(folder, {artifact})) continue;
    FeatureFile file{artifact, read_bag_head(folder / artifact.path)};
    if (parts.model && file.facts().encoder_sha256 == parts.model->card().encoder_sha256) return file;
    if (!first) first = std::move(file);
  }
  return first;
}

std::vector<FindingsArtifact> kept_artifacts(const Findings& document) {
  std::vector<FindingsArtifact> kept;
  for (const FindingsArtifact& artifact : document.artifacts)
    if (artifact.role == "features" || artifact.role == "thumbnail") kept.push_back(artifact);
  return kept;
}

/// A failed slide's first reason is the failure; those of a prediction are judged anew.
SlideOutcome outcome_before(const Findings& document) {
  SlideOutcome outcome;
  for (std::size_t i = document.status == "failed" ? 1 : 0; i < document.reasons.size(); ++i) {
    const auto& [code, text] = document.reasons[i];
    if (code == "genomics_missing" || code == "not_finite") continue;
    if (code == "no_tissue" || code == "unreadable_tiles") outcome.partial = true;
    outcome.note(code, text);
  }
  return outcome;
}

/// Leaves what the slide itself and its features say.
void forget_results(Findings& document) {
  document.prediction.reset();
  document.regions.clear();
  document.artifacts.clear();
  document.tile_classes.clear();
  std::erase_if(document.models, [](const FindingsModel& model) { return model.role != "encoder"; });
  std::erase_if(document.inputs, [](const FindingsInput& input) { return input.role != "tissue_mask"; });
}

SlideFrame frame_of(const Findings& document, const Level0Rect& overview) {
  const FindingsTiling& tiling = document.tiling;
  SlideFrame frame;
  frame.slide = {document.slide.width, document.slide.height};
  frame.mpp = document.slide.mpp;
  frame.side_level0 = tiling.side_level0;
  frame.step_level0 = (tiling.tile_px - tiling.overlap_px) * tiling.target_mpp / frame.mpp;  // as tile_geometry has it
  frame.overview = overview;
  return frame;
}

/// The slide as the earlier run knew it, under today's patient and sample.
void take_document(SlideJob& job, Findings document) {
  if (job.row.bags.empty()) {
    document.slide.bytes = job.document.slide.bytes;
    document.slide.identity = job.document.slide.identity;
    document.runtime = job.document.runtime;
  }
  document.slide.patient_id = job.row.keys.patient_id;
  document.slide.sample_id = job.row.keys.sample_id;
  forget_results(document);
  job.document = std::move(document);
}

/// Files of an earlier run count if nothing that changes features has changed. Rows of tile classifiers are not kept in a form to read back.
bool is_as_today(const RunParts& parts, const SlideJob& job, const Findings& document, const FeatureFile& file) {
  const bool classifies =
      std::any_of(parts.encoders.begin(), parts.encoders.end(), [](const auto& encoder) { return encoder->facts().is_classifier(); });
  return !classifies && document.tile_classes.empty() && document.slide.identity == job.document.slide.identity &&
         file.facts().recipe == job.bag_recipe;
}

[[noreturn]] void refuse_slide(const std::optional<Findings>& document) {
  if (document && document->status == "failed" && !document->reasons.empty())
    throw SlideError(document->reasons.front().code, document->reasons.front().text);
  throw SlideError("no_features", "wanted features that can be scored without the slide: the earlier run left none, or left them before it noted where "
                                  "its thumbnail lies: run it again on the slides");
}

/// A file that cannot be read is none, where the slide can be read instead.
std::optional<FeatureFile> feature_file_or_none(const RunParts& parts, const fs::path& folder, const Findings& document) {
  try {
    return feature_file(parts, folder, document);
  } catch (const BagError&) {
    return std::nullopt;
  }
}

void add_hash(const RunParts& parts, SlideJob& job) {
  if (!job.row.bags.empty()) return;  // there is no slide to read
  std::string& sha256 = job.document.slide.sha256;
  if (!parts.config.run.hash_slides) sha256.clear();
  if (parts.config.run.hash_slides && sha256.empty()) sha256 = sha256_of_file(job.row.path);
}

}  // namespace

std::vector<ManifestRow> read_finished_slides(const fs::path& folder) {
  if (!fs::is_directory(folder)) throw ConfigError(fmt::format("{}: wanted the folder of an earlier run: no such folder", folder.string()));
  std::vector<ManifestRow> rows;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().filename() != "findings.json") continue;
    const auto document = read_document(entry.path().parent_path());
    if (!document) continue;
    ManifestRow row;
    row.keys = {document->slide.id, document->slide.patient_id, document->slide.sample_id};
    row.bags = entry.path().parent_path();
    rows.push_back(std::move(row));
  }
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.keys.slide_id < b.keys.slide_id; });
  if (rows.empty())
    throw ConfigError(fmt::format("{}: wanted the results of an earlier run: there is no findings.json in the folder: run microtome run first", folder.string()));
  const auto twice = std::adjacent_find(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.keys.slide_id == b.keys.slide_id; });
  if (twice != rows.end())
    throw ConfigError(fmt::format("{}: wanted one folder per slide: '{}' is in both {} and {}", folder.string(), twice->keys.slide_id,
                                  twice->bags.string(), std::next(twice)->bags.string()));
  return rows;
}

std::string finished_bag_recipe(const RunParts& parts, const fs::path& folder) {
  const auto document = read_document(folder);
  const auto file = document ? feature_file_or_none(parts, folder, *document) : std::nullopt;
  return file ? file->facts().recipe : "";
}

void require_bags_fit(const RunParts& parts, const std::vector<ManifestRow>& rows) {
  for (const auto& row : rows) {
    const auto document = read_document(row.bags);
    const auto file = document ? feature_file_or_none(parts, row.bags, *document) : std::nullopt;
    if (!file) continue;
    require_match(parts.model->card(), parts.config.run.model, file->facts().encoder, file->facts().encoder_sha256, file->head.feature_dim,
                  file->facts().tile_px, file->facts().target_mpp);
    return;
  }
}

bool take_finished(const RunParts& parts, SlideJob& job) {
  const bool given = !job.row.bags.empty();
  const fs::path folder = given ? job.row.bags : parts.slide_folder(job.row.keys.slide_id);
  auto document = read_document(folder);
  if (!document && !given) return false;
  std::optional<FeatureFile> file;
  if (document) file = given ? feature_file(parts, folder, *document) : feature_file_or_none(parts, folder, *document);
  const std::vector<FindingsArtifact> kept = document ? kept_artifacts(*document) : std::vector<FindingsArtifact>();
  const bool usable = file && file->facts().overview && document->slide.width > 0 && kept.back().role == "thumbnail" && are_there(folder, kept);
  if (!given && !(usable && is_as_today(parts, job, *document, *file))) return false;
  if (!usable) refuse_slide(document);
  job.outcome = outcome_before(*document);
  take_document(job, std::move(*document));
  add_hash(parts, job);
  job.bag_recipe = file->facts().recipe;
  job.recipe = slide_recipe(job.bag_recipe, parts.model_recipe, job.row.keys);
  job.frame = frame_of(job.document, *file->facts().overview);
  job.planned = static_cast<std::size_t>(job.document.tissue.tiles_used);
  job.finished = FinishedBag{folder, file->artifact, kept};
  return true;
}

void load_finished(const RunParts& parts, SlideJob& job) {
  job.finished->damaged = true;
  BagFile file = read_bag_file(job.finished->folder / job.finished->features.path);
  job.finished->damaged = false;
  if (file.bag.slide_id != job.document.slide.id)
    throw BagError(fmt::format("wanted the features of slide '{}', got those of '{}': a file was put into another slide's folder", job.document.slide.id,
                               file.bag.slide_id));
  if (parts.model) {
    const BagFacts& facts = file.facts;
    require_match(parts.model->card(), parts.config.run.model, facts.encoder, facts.encoder_sha256, file.bag.feature_dim, facts.tile_px,
                  facts.target_mpp);
  }
  job.bags = {std::move(file.bag)};
}

}  // namespace microtome
