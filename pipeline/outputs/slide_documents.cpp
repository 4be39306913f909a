// SPDX-License-Identifier: Apache-2.0
#include "pipeline/outputs/slide_documents.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <ctime>
#include <numeric>

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
#include "reporting/tile_classes.h"
#include "tiling/level_choice.h"
#include "tiling/tile_grid.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

/// Everything a slide's folder may hold, so that a new state leaves nothing of an older one. The marker is first: without it nothing
/// counts.
const std::vector<std::string> kSlideFiles = {"findings.json", "features.h5", "features.part.h5", "thumbnail.jpg", "prediction.h5",
                                              "heatmap.tif",   "heatmap.png", "regions.geojson",  "tiles.csv",     "tiles.geojson"};

/// ... and what the document there lists besides: files of further encoders.
std::vector<std::string> files_of_old_state(const fs::path& folder) {
  std::vector<std::string> files = kSlideFiles;
  if (const auto marker = read_marker(folder)) {
    for (const FindingsArtifact& artifact : marker->artifacts)
      if (fs::path(artifact.path).filename() == artifact.path) files.push_back(artifact.path);
  }
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
  const TileGeometry& geometry = job.plan.geometry;
  BagFacts facts;
  facts.recipe = job.recipe;
  facts.slide_identity = job.identity;
  facts.encoder = encoder.name;
  facts.encoder_sha256 = encoder.sha256;
  facts.random_weights = encoder.random_weights;
  facts.tile_px = geometry.tile_px;
  facts.overlap_px = geometry.overlap_px;
  facts.level = stored_level(job.info, geometry.level);
  facts.side_level0 = geometry.side_level0;
  facts.mpp = job.scale.mpp;
  facts.target_mpp = geometry.target_mpp;
  facts.level0_width = job.info.levels.front().size.width;
  facts.level0_height = job.info.levels.front().size.height;
  return facts;
}

FindingsSlide findings_slide(const SlideJob& job) {
  FindingsSlide out;
  out.id = job.row.keys.slide_id;
  out.patient_id = job.row.keys.patient_id;
  out.sample_id = job.row.keys.sample_id;
  out.vendor = job.info.vendor;
  out.reader = job.info.reader;
  out.identity = job.identity;
  out.sha256 = job.sha256;
  if (!job.info.levels.empty()) {
    out.width = job.info.levels.front().size.width;
    out.height = job.info.levels.front().size.height;
  }
  out.mpp = job.scale.mpp;
  out.mpp_source = job.scale.source;
  out.bytes = job.bytes;
  return out;
}

std::vector<FindingsModel> findings_models(const RunParts& parts) {
  std::vector<FindingsModel> out;
  for (const auto& each : parts.encoders) {
    const EncoderFacts& encoder = each->facts();
    out.push_back({encoder.is_classifier() ? "tile_classifier" : "encoder", encoder.name, encoder.sha256, encoder.format, encoder.device,
                   encoder.precision, encoder.random_weights});
  }
  if (parts.model) out.push_back({"aggregator", parts.model->name(), parts.model->sha256(), "safetensors", "cpu", "float32", false});
  return out;
}

std::vector<FindingsInput> findings_inputs(const RunParts& parts, const SlideJob& job) {
  std::vector<FindingsInput> inputs;
  if (!job.mask_sha256.empty()) inputs.push_back({"tissue_mask", job.mask_sha256, "", "manifest", true});
  if (!parts.genomics) return inputs;
  const GenomicTable& table = parts.genomics->table();
  ModalityUse use;
  parts.genomics->input(job.row.keys, &use);
  inputs.push_back({"genomics", table.sha256, table.units, use.matched_by, use.present});
  return inputs;
}

double median(std::vector<float> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

Findings base_findings(const RunParts& parts, const SlideJob& job) {
  Findings f;
  f.status = slide_status(job);
  f.reasons = job.outcome.reasons;
  f.recipe = job.recipe;
  f.created = timestamp_now();
  f.slide = findings_slide(job);
  f.models = findings_models(parts);
  f.inputs = findings_inputs(parts, job);
  f.software = parts.software;
  f.runtime.wall_seconds = std::chrono::duration<double>(Clock::now() - job.started).count();
  f.runtime.threads = parts.threads;
  f.runtime.scheduler_job = scheduler_job();
  f.runtime.host_class = host_class();
  f.runtime.slide_mtime_ns = job.mtime_ns;
  const TilingSettings& tiling = parts.config.tiling;
  f.tiling = {tiling.tile_px, tiling.overlap_px, 0, tiling.target_mpp, job.plan.geometry.side_level0, ""};
  if (!job.info.levels.empty()) {
    f.tiling.level = stored_level(job.info, job.plan.geometry.level);
    f.tiling.resampling = resampling_name(job.info, job.plan.geometry);
  }
  return f;
}

void add_counts(const SlideJob& job, Findings& f) {
  f.tissue.area_mm2 = job.tissue_mm2;
  const Bag& bag = job.bags.front();  // the tiles are the same in all
  f.tissue.tiles_planned = static_cast<std::int64_t>(job.state.size());
  f.tissue.tiles_used = bag.tiles();
  f.tissue.tiles_unreadable = static_cast<std::int64_t>(bag.unreadable.size() / 2);
  if (bag.tiles() == 0) return;
  const auto& fraction = bag.tissue_fraction;
  f.quality = {{"focus_median", median(bag.focus)},
               {"tissue_fraction_mean", std::accumulate(fraction.begin(), fraction.end(), 0.0) / static_cast<double>(fraction.size())}};
}

FeatureType feature_type(const RunParts& parts) {
  return parts.config.run.feature_type == "float16" ? FeatureType::float16 : FeatureType::float32;
}

RegionRequest region_request(const SlideJob& job) {
  RegionRequest request;
  request.coords = job.bags.front().coords;
  request.side_level0 = job.plan.geometry.side_level0;
  request.step_level0 = job.plan.geometry.step_level0;
  request.mpp = job.scale.mpp;
  request.bounds_origin = {static_cast<std::int64_t>(job.info.bounds.x_level0), static_cast<std::int64_t>(job.info.bounds.y_level0)};
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
  const std::vector<FindingsArtifact>& list() const { return list_; }

 private:
  Publication& publication_;
  std::vector<FindingsArtifact> list_;
};

/// Scores 0..1 of the tiles as STEM.tif, aligned to the slide, and STEM.png, over its overview.
void add_heatmap(const SlideJob& job, const std::vector<float>& scores, const std::string& stem, Artifacts& artifacts) {
  const Size slide = job.info.levels.front().size;
  const int downsample = heatmap_downsample(slide);
  const RasterRgba raster = draw_heatmap({job.bags.front().coords, scores, job.plan.geometry.side_level0, slide, downsample});
  artifacts.add("heatmap", stem + ".tif", "image/tiff",
                [&](const fs::path& p) { write_heatmap_tiff(p, raster, job.scale.mpp * downsample); });
  const Overview& o = job.overview;
  const Level0Rect covered{o.x_level0, o.y_level0, static_cast<double>(o.size.width) * o.downsample,
                           static_cast<double>(o.size.height) * o.downsample};
  artifacts.add("heatmap_preview", stem + ".png", "image/png",
                [&](const fs::path& p) { write_heatmap_png(p, o.rgb, o.size, covered, raster, downsample); });
}

void add_prediction(const RunParts& parts, const SlideJob& job, Artifacts& artifacts, Findings& f) {
  const Prediction& prediction = *job.prediction;
  artifacts.add("prediction", "prediction.h5", "application/x-hdf5",
                [&](const fs::path& p) { write_prediction_file(p, job.bags[parts.model_encoder], prediction); });
  add_heatmap(job, percentile_ranks(shown_attention(prediction)), "heatmap", artifacts);
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
void add_tile_classes(const RunParts& parts, const SlideJob& job, std::size_t e, const std::string& stem, Artifacts& artifacts, Findings& f) {
  const TileClasses classes = tile_classes_of(parts.encoders[e]->facts(), job.bags[e]);
  const TileGeometry& geometry = job.plan.geometry;
  const std::string csv = tile_csv(job.bags[e].coords, geometry.side_level0, classes);
  const std::string geojson = tile_geojson(region_request(job), classes);
  artifacts.add("tile_table", stem + ".csv", "text/csv", [&](const fs::path& p) { publish_file(p, csv); });
  artifacts.add("tiles", stem + ".geojson", "application/geo+json", [&](const fs::path& p) { publish_file(p, geojson); });
  for (auto& row : tile_class_summary(classes, geometry.step_level0, job.scale.mpp)) f.tile_classes.push_back(std::move(row));
  const std::vector<int> drawn = classes_to_draw(classes);
  const std::string behind = stem == "tiles" ? "" : stem.substr(5);  // ".<name>" of a further classifier
  for (const int c : drawn) {
    const bool plain = drawn.size() == 1 && !parts.model;
    const std::string picture = plain ? "heatmap" : heatmap_stem(classes.classes[static_cast<std::size_t>(c)]);
    add_heatmap(job, scores_of(classes, c), picture + behind, artifacts);
  }
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
  add_counts(job, f);
  const std::vector<std::string> names = row_file_names(parts);
  for (std::size_t e = 0; e < parts.encoders.size(); ++e) {
    const EncoderFacts& encoder = parts.encoders[e]->facts();
    if (encoder.is_classifier()) continue;
    artifacts.add("features", names[e] + ".h5", "application/x-hdf5",
                  [&](const fs::path& p) { write_bag_file(p, job.bags[e], bag_facts(encoder, job), feature_type(parts)); });
  }
  artifacts.add("thumbnail", "thumbnail.jpg", "image/jpeg",
                [&](const fs::path& p) { write_thumbnail(p, job.overview.rgb, job.overview.size); });
  if (job.prediction) add_prediction(parts, job, artifacts, f);
  for (std::size_t e = 0; e < parts.encoders.size(); ++e) {
    if (parts.encoders[e]->facts().is_classifier()) add_tile_classes(parts, job, e, names[e], artifacts, f);
  }
  f.artifacts = artifacts.list();
  publication.write("findings.json", findings_json(f));
  publication.publish(files_of_old_state(folder));
}

void write_failure(const RunParts& parts, const SlideJob& job) {
  const fs::path folder = parts.slide_folder(job.row.keys.slide_id);
  Publication publication(folder);
  remove_leftovers(folder);
  publication.write("findings.json", findings_json(base_findings(parts, job)));
  publication.publish(files_of_old_state(folder));
}

}  // namespace microtome
