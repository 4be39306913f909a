// SPDX-License-Identifier: Apache-2.0
#include "pipeline/outputs/slide_documents.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <ctime>

#include "mil/bag_file.h"
#include "mil/prediction_file.h"
#include "mil/sha256.h"
#include "pipeline/machine/threads.h"
#include "pipeline/outputs/publication.h"
#include "pipeline/resume.h"
#include "reporting/findings.h"
#include "reporting/heatmap.h"
#include "reporting/image_file.h"
#include "reporting/regions.h"
#include "reporting/slide_report_html.h"
#include "reporting/tile_classes.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

/// Everything a slide's folder may hold, so that a new state leaves nothing of an older one. The marker is first: without it nothing
/// counts.
const std::vector<std::string> kSlideFiles = {"findings.json", "features.h5", "features.part.h5", "thumbnail.jpg", "prediction.h5",
                                              "heatmap.tif",   "heatmap.png", "regions.geojson",  "report.html",   "tiles.csv",
                                              "tiles.geojson"};

/// The features are scored in the folder in which they lie. A damaged file goes where the slide is at hand, so that it is made anew.
bool stays(const RunParts& parts, const SlideJob& job) {
  std::error_code error;
  if (!job.finished || (job.finished->damaged && job.row.bags.empty())) return false;
  return fs::equivalent(job.finished->folder, parts.slide_folder(job.row.keys.slide_id), error);
}

/// ... and what the document there lists besides: files of further encoders. Not what stays.
std::vector<std::string> files_of_old_state(const RunParts& parts, const SlideJob& job) {
  std::vector<std::string> files = kSlideFiles;
  if (const auto marker = read_marker(parts.slide_folder(job.row.keys.slide_id))) {
    for (const FindingsArtifact& artifact : marker->artifacts)
      if (fs::path(artifact.path).filename() == artifact.path) files.push_back(artifact.path);
  }
  if (!stays(parts, job)) return files;
  for (const FindingsArtifact& artifact : job.finished->kept) std::erase(files, artifact.path);
  std::erase(files, "findings.json");
  return files;
}

/// A name as part of a file's name.
std::string file_word(std::string name) {
  for (char& c : name)
    if (!(std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.')) c = '_';
  return name;
}

/// Stems of the files that hold each encoder's rows: "features" and "tiles" for the first of their kind, "features.<name>" for further ones.
std::vector<std::string> row_file_names(const RunParts& parts) {
  std::vector<std::string> names;
  bool features = false, tiles = false;
  for (const auto& encoder : parts.encoders) {
    const EncoderFacts& facts = encoder->facts();
    bool& taken = facts.is_classifier() ? tiles : features;
    const std::string stem = facts.is_classifier() ? "tiles" : "features";
    names.push_back(taken ? stem + "." + file_word(facts.name) : stem);
    taken = true;
  }
  return names;
}

BagFacts bag_facts(const EncoderFacts& encoder, const SlideJob& job) {
  const FindingsTiling& tiling = job.document.tiling;
  BagFacts facts;
  facts.recipe = job.bag_recipe;
  facts.slide_identity = job.document.slide.identity;
  facts.encoder = encoder.name;
  facts.encoder_sha256 = encoder.sha256;
  facts.random_weights = encoder.random_weights;
  facts.tile_px = tiling.tile_px;
  facts.overlap_px = tiling.overlap_px;
  facts.level = tiling.level;
  facts.side_level0 = job.frame.side_level0;
  facts.mpp = job.frame.mpp;
  facts.target_mpp = tiling.target_mpp;
  facts.level0_width = job.frame.slide.width;
  facts.level0_height = job.frame.slide.height;
  facts.overview = job.frame.overview;
  return facts;
}

void add_model(const RunParts& parts, const SlideJob& job, Findings& f) {
  if (parts.model) f.models.push_back({"aggregator", parts.model->name(), parts.model->sha256(), "safetensors", "cpu", "float32", false});
  if (job.finished && !stays(parts, job))
    f.inputs.push_back({"features", job.finished->features.sha256, "", "slide_id", true});
  if (!parts.modalities) return;
  std::vector<ModalityUse> uses;
  parts.modalities->rows(job.row.keys, &uses);
  for (std::size_t m = 0; m < uses.size(); ++m) {
    const GenomicSource* source = parts.modalities->tables()[m].source.get();
    if (source) f.inputs.push_back({uses[m].name, source->table().sha256, source->table().units, uses[m].matched_by, uses[m].present});
  }
}

Findings base_findings(const RunParts& parts, const SlideJob& job) {
  Findings f = job.document;
  f.status = slide_status(job);
  f.reasons = job.outcome.reasons;
  f.recipe = job.recipe;
  f.created = timestamp_now();
  add_model(parts, job, f);
  f.software = parts.software;
  f.runtime.wall_seconds = std::chrono::duration<double>(Clock::now() - job.started).count();
  f.runtime.threads = parts.threads;
  f.runtime.scheduler_job = scheduler_job();
  f.runtime.host_class = host_class();
  return f;
}

FeatureType feature_type(const RunParts& parts) {
  return parts.config.run.feature_type == "float16" ? FeatureType::float16 : FeatureType::float32;
}

RegionRequest region_request(const SlideJob& job) {
  RegionRequest request;
  request.coords = job.bags.front().coords;
  request.side_level0 = job.frame.side_level0;
  request.step_level0 = job.frame.step_level0;
  request.mpp = job.frame.mpp;
  request.bounds_origin = {static_cast<std::int64_t>(job.frame.overview.x_level0), static_cast<std::int64_t>(job.frame.overview.y_level0)};
  request.slide_id = job.row.keys.slide_id;
  return request;
}

/// Writes files beside and notes them as artifacts.
class Artifacts {
 public:
  explicit Artifacts(Publication& publication) : publication_(publication) {}

  template <class Write>
  void add(const char* role, const std::string& name, const char* media_type, Write write) {
    const fs::path path = publication_.beside(name);
    write(path);
    list_.push_back({role, name, media_type, sha256_of_file(path), static_cast<std::int64_t>(fs::file_size(path))});
  }
  /// What an earlier run wrote there stays.
  void keep(const FindingsArtifact& artifact) { list_.push_back(artifact); }
  const std::vector<FindingsArtifact>& list() const { return list_; }

 private:
  Publication& publication_;
  std::vector<FindingsArtifact> list_;
};

/// What every heatmap of a slide is drawn over: its thumbnail as it is on disk.
using Backdrop = PictureRgb;

/// Scores 0..1 of the tiles as STEM.tif, aligned to the slide, and STEM.png, over its thumbnail.
void add_heatmap(const SlideJob& job, const std::vector<float>& scores, const std::string& stem, const Backdrop& backdrop, Artifacts& artifacts) {
  const SlideFrame& frame = job.frame;
  const int downsample = heatmap_downsample(frame.slide);
  const RasterRgba raster = draw_heatmap({job.bags.front().coords, scores, frame.side_level0, frame.slide, downsample});
  artifacts.add("heatmap", stem + ".tif", "image/tiff", [&](const fs::path& p) { write_heatmap_tiff(p, raster, frame.mpp * downsample); });
  artifacts.add("heatmap_preview", stem + ".png", "image/png",
                [&](const fs::path& p) { write_heatmap_png(p, backdrop, frame.overview, raster, downsample); });
}

void add_prediction(const SlideJob& job, const Backdrop& backdrop, Artifacts& artifacts, Findings& f) {
  const Prediction& prediction = *job.prediction;
  artifacts.add("prediction", "prediction.h5", "application/x-hdf5",
                [&](const fs::path& p) { write_prediction_file(p, job.bags[job.model_bag], prediction); });
  add_heatmap(job, percentile_ranks(shown_attention(prediction)), "heatmap", backdrop, artifacts);
  const RegionRequest request = region_request(job);
  const auto regions = find_regions(request, prediction);
  for (const auto& region : regions) f.regions.push_back({region.name, region.area_mm2, region.score});
  const std::string geojson = regions_geojson(request, prediction, regions);
  artifacts.add("regions", "regions.geojson", "application/geo+json", [&](const fs::path& p) { publish_file(p, geojson); });
  f.prediction = prediction;
}

TileClasses tile_classes_of(const EncoderFacts& classifier, const Bag& bag) {
  return {classifier.name, classifier.sha256, classifier.random_weights, classifier.classes, bag.features};
}

/// Heatmaps lie at heatmap.* where one class alone is drawn and no slide-level model has that place.
void add_tile_classes(const RunParts& parts, const SlideJob& job, std::size_t e, const std::string& stem, const Backdrop& backdrop,
                      Artifacts& artifacts, Findings& f) {
  const TileClasses classes = tile_classes_of(parts.encoders[e]->facts(), job.bags[e]);
  const std::string csv = tile_csv(job.bags[e].coords, job.frame.side_level0, classes);
  const std::string geojson = tile_geojson(region_request(job), classes);
  artifacts.add("tile_table", stem + ".csv", "text/csv", [&](const fs::path& p) { publish_file(p, csv); });
  artifacts.add("tiles", stem + ".geojson", "application/geo+json", [&](const fs::path& p) { publish_file(p, geojson); });
  for (auto& row : tile_class_summary(classes, job.frame.step_level0, job.frame.mpp)) f.tile_classes.push_back(std::move(row));
  const std::vector<int> drawn = classes_to_draw(classes);
  const std::string behind = stem == "tiles" ? "" : stem.substr(5);  // ".<name>" of a further classifier
  for (const int c : drawn) {
    const bool plain = drawn.size() == 1 && !parts.model;
    const std::string picture = plain ? "heatmap" : heatmap_stem(classes.classes[static_cast<std::size_t>(c)]);
    add_heatmap(job, scores_of(classes, c), picture + behind, backdrop, artifacts);
  }
}

/// features.h5 and the thumbnail of a slide that was read.
Backdrop add_slide(const RunParts& parts, const SlideJob& job, Artifacts& artifacts) {
  const std::vector<std::string> names = row_file_names(parts);
  for (std::size_t e = 0; e < parts.encoders.size(); ++e) {
    const EncoderFacts& encoder = parts.encoders[e]->facts();
    if (encoder.is_classifier()) continue;
    artifacts.add("features", names[e] + ".h5", "application/x-hdf5",
                  [&](const fs::path& p) { write_bag_file(p, job.bags[e], bag_facts(encoder, job), feature_type(parts)); });
  }
  Backdrop backdrop;
  artifacts.add("thumbnail", "thumbnail.jpg", "image/jpeg", [&](const fs::path& p) {
    write_thumbnail(p, job.overview.rgb, job.overview.size);
    backdrop = read_thumbnail(p);
  });
  return backdrop;
}

/// Of an earlier run, the thumbnail; its features stay where they are.
Backdrop add_finished(const RunParts& parts, const SlideJob& job, Artifacts& artifacts) {
  const fs::path thumbnail = job.finished->folder / job.finished->kept.back().path;
  if (stays(parts, job)) {
    for (const FindingsArtifact& artifact : job.finished->kept) artifacts.keep(artifact);
  } else {
    artifacts.add("thumbnail", "thumbnail.jpg", "image/jpeg", [&](const fs::path& p) { fs::copy_file(thumbnail, p, fs::copy_options::overwrite_existing); });
  }
  return read_thumbnail(thumbnail);
}

/// The page shows the pictures and files that lie beside it.
void add_report(Artifacts& artifacts, Findings& f) {
  if (!f.prediction && f.gene_status.empty()) return;
  f.artifacts = artifacts.list();
  const std::string html = slide_report_html(f);
  artifacts.add("report", "report.html", "text/html", [&](const fs::path& p) { publish_file(p, html); });
}

/// Between the old state and the new, the document says that there is neither, and which features are there: without one they would be lost to
/// whoever has no slide any more.
void mark_interrupted(const RunParts& parts, const SlideJob& job, Findings f) {
  f.status = "failed";
  f.reasons.insert(f.reasons.begin(), {"interrupted", "wanted to replace the slide's results: the run was ended meanwhile: run the same command again"});
  f.prediction.reset();
  f.regions.clear();
  f.artifacts = job.finished->kept;
  publish_file(parts.slide_folder(job.row.keys.slide_id) / "findings.json", findings_json(f));
}

}  // namespace

const char* slide_status(const SlideJob& job) { return job.outcome.failed ? "failed" : job.outcome.partial ? "partial" : "ok"; }

std::string timestamp_now() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))); }

void write_slide(const RunParts& parts, const SlideJob& job) {
  const fs::path folder = parts.slide_folder(job.row.keys.slide_id);
  Publication publication(folder);
  remove_leftovers(folder);
  Artifacts artifacts(publication);
  Findings f = base_findings(parts, job);
  const Backdrop backdrop = job.finished ? add_finished(parts, job, artifacts) : add_slide(parts, job, artifacts);
  if (job.prediction) add_prediction(job, backdrop, artifacts, f);
  const std::vector<std::string> names = row_file_names(parts);
  for (std::size_t e = 0; e < parts.encoders.size(); ++e) {
    if (parts.encoders[e]->facts().is_classifier()) add_tile_classes(parts, job, e, names[e], backdrop, artifacts, f);
  }
  add_report(artifacts, f);
  f.artifacts = artifacts.list();
  if (stays(parts, job)) mark_interrupted(parts, job, f);  // before the next line: both are written under one name beside
  publication.write("findings.json", findings_json(f));
  publication.publish(files_of_old_state(parts, job));
}

void write_failure(const RunParts& parts, const SlideJob& job) {
  const fs::path folder = parts.slide_folder(job.row.keys.slide_id);
  Publication publication(folder);
  remove_leftovers(folder);
  Findings f = base_findings(parts, job);
  if (stays(parts, job)) f.artifacts = job.finished->kept;
  publication.write("findings.json", findings_json(f));
  publication.publish(files_of_old_state(parts, job));
}

}  // namespace microtome
