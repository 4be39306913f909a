// SPDX-License-Identifier: Apache-2.0
#include "pipeline/run_setup.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <set>

#include "mil/bag_file.h"
#include "mil/model_error.h"
#include "mil/sha256.h"
#include "pipeline/finished_bags.h"
#include "pipeline/machine/threads.h"
#include "pipeline/outputs/publication.h"
#include "pipeline/outputs/slide_facts.h"
#include "pipeline/resume.h"
#include "pipeline/slide_graph.h"
#include "pipeline/version.h"
#include "reporting/image_file.h"

namespace microtome {
namespace {

std::vector<SlideKeys> keys_of(const std::vector<ManifestRow>& rows) {
  std::vector<SlideKeys> keys;
  for (const auto& row : rows) keys.push_back(row.keys);
  return keys;
}

/// The encoder that the model was trained on, or the first that gives features: then the match says what is wrong.
std::size_t encoder_of_model(const RunParts& parts, const std::filesystem::path& model) {
  std::optional<std::size_t> first;
  for (std::size_t e = 0; e < parts.encoders.size(); ++e) {
    const EncoderFacts& facts = parts.encoders[e]->facts();
    if (facts.is_classifier()) continue;
    if (!first) first = e;
    if (facts.sha256 == parts.model->card().encoder_sha256) return e;
  }
  if (first) return *first;
  throw ModelError(fmt::format("{}: wanted an encoder of features for the model: there are only tile classifiers: give --encoder again",
                               model.string()));
}

void load_model(RunParts& parts, const std::vector<ManifestRow>& rows, const AllowedModels* allowed) {
  const RunSettings& run = parts.config.run;
  if (run.model.empty()) return;
  parts.model = load_slide_model(run.model, allowed);
  if (!run.bags.empty()) return require_bags_fit(parts, rows);
  const TilingSettings& tiling = parts.config.tiling;
  parts.model_encoder = encoder_of_model(parts, run.model);
  const EncoderFacts& encoder = parts.encoders[parts.model_encoder]->facts();
  require_match(parts.model->card(), run.model, encoder.name, encoder.sha256, encoder.feature_dim, tiling.tile_px, tiling.target_mpp);
}

void load_tables(RunParts& parts, const std::vector<ManifestRow>& rows, const std::vector<ManifestRow>& archive) {
  const RunSettings& run = parts.config.run;
  const TablesAsked asked{run.genomics, run.clinical, "", genomic_reading(parts.config), run.max_missing_genes};
  if (!asked.any()) return;
  if (!parts.model || parts.model->card().modalities.empty()) {
    throw ModelError(fmt::format("{}: wanted a model that uses genes or clinical columns: {}: leave the table out, or train with it",
                                 run.genomics.empty() ? run.clinical.string() : run.genomics.front(),
                                 parts.model ? "this one was trained on images alone" : "no --model was given"));
  }
  TablesAsked judged = asked;
  judged.reading.archive = keys_of(archive);
  parts.modalities = std::make_shared<Modalities>(Modalities::of_model(parts.model->card(), judged, keys_of(rows)));
}

std::string tables_recipe(const RunParts& parts) {
  std::string recipe = parts.modalities ? parts.modalities->recipe() : "";
  if (!parts.status_rules.empty()) recipe += " status " + sha256_of_file(parts.config.genomics.status);
  return recipe;
}

void require_scale(const EncoderFacts& encoder, const TilingSettings& tiling) {
  if (encoder.mpp > 0 && std::abs(encoder.mpp - tiling.target_mpp) > 1e-9) {
    throw ModelError(fmt::format("{}: wanted tiles at {} microns per pixel as the encoder's card says, got --mpp {}: set --mpp {}",
                                 encoder.name, encoder.mpp, tiling.target_mpp, encoder.mpp));
  }
}

/// All of a run's encoders share its threads, its batch and its tiles. Documents and files are told apart by their names.
void load_encoders(RunParts& parts, const AllowedModels* allowed) {
  const Config& config = parts.config;
  std::set<std::string> names;
  for (const EncoderSettings& settings : encoders_of(config)) {
    auto encoder = load_encoder(settings, {config.tiling.tile_px, config.engine.batch, parts.threads, allowed});
    const EncoderFacts& facts = encoder->facts();
    require_scale(facts, config.tiling);
    if (!names.insert(facts.name).second)
      throw ModelError(fmt::format("{}: wanted encoders of different names, as their files are named after them: '{}' is there twice: change "
                                   "'name' in microtome.json",
                                   settings.name, facts.name));
    parts.encoders.push_back(std::move(encoder));
  }
}

void identify_file(const RunParts& parts, const std::optional<FindingsMarker>& marker, SlideJob& job) {
  const SlideFile file = identify_slide(job.row.path, marker);
  job.document.slide.bytes = file.bytes;
  job.document.slide.identity = file.identity;
  job.document.runtime.slide_mtime_ns = file.mtime_ns;
  const std::string mask = identify_mask(job.row.mask);
  if (!mask.empty()) job.document.inputs.push_back({"tissue_mask", mask, "", "manifest", true});
  job.bag_recipe = slide_bag_recipe(parts.bag_recipe, job.row, file.identity, mask);
}

/// Fills recipes. A slide's features of an earlier run are looked at only where results may be there already.
void identify(const RunParts& parts, const std::optional<FindingsMarker>& marker, SlideJob& job) {
  if (!job.row.bags.empty()) {
    if (marker) job.bag_recipe = finished_bag_recipe(parts, job.row.bags);
  } else {
    try {
      identify_file(parts, marker, job);
    } catch (const SlideError& e) {
      job.outcome.fail(e.code(), e.what());
    }
  }
  job.recipe = slide_recipe(job.bag_recipe, parts.model_recipe, job.row.keys);
}

}  // namespace

std::unique_ptr<const AllowedModels> allowed_models(const Config& config) {
  const auto& list = config.encoder.models_allowed;
  return list.empty() ? nullptr : std::make_unique<AllowedModels>(list);
}

int run_threads(const Config& config) { return config.engine.threads > 0 ? config.engine.threads : allowed_threads(); }

RunParts prepare_run(const Config& config, const std::vector<ManifestRow>& rows, const std::vector<ManifestRow>& archive) {
  RunParts parts;
  if (!config.genomics.status.empty()) parts.status_rules = read_status_rules(config.genomics.status);
  parts.config = with_encoder_tiles(config);
  parts.threads = run_threads(config);
  EngineSettings& engine = parts.config.engine;
  if (engine.batch == 0) engine.batch = suggested_batch(config.encoder.device);
  parts.window = bounded_window(parts.config, parts.threads);
  parts.bag_bytes = bag_bytes_allowed(parts.config, parts.window);
  const std::unique_ptr<const AllowedModels> allowed = allowed_models(config);
  if (config.run.bags.empty()) load_encoders(parts, allowed.get());
  load_model(parts, rows, allowed.get());
  load_tables(parts, rows, archive);
  parts.bag_recipe = bag_recipe(parts.config, parts.encoders);
  parts.model_recipe = model_recipe(parts.config, parts.model ? parts.model->sha256() : "", tables_recipe(parts));
  parts.open = [](const ManifestRow& row) { return std::shared_ptr<const Slide>(open_slide(row.path)); };
  parts.software = software_versions();
  return parts;
}

WorkList plan_work(const RunParts& parts, const std::vector<ManifestRow>& rows) {
  WorkList work;
  for (const auto& row : rows) {
    auto job = std::make_shared<SlideJob>();
    job->row = row;
    job->document = document_of_row(parts, row);
    const auto folder = parts.slide_folder(row.keys.slide_id);
    const auto marker = read_marker(folder);
    identify(parts, marker, *job);
    if (!job->outcome.failed && marker && is_done(folder, *marker, job->recipe)) {
      remove_leftovers(folder);  // of a run that was killed while it meant to replace these results
      ++work.done_before;
      continue;
    }
    job->index = work.jobs.size();
    work.jobs.push_back(std::move(job));
  }
  if (!work.jobs.empty()) work.jobs.back()->last = true;
  return work;
}

std::vector<std::pair<std::string, std::string>> software_versions() {
  std::vector<std::pair<std::string, std::string>> software = {{"microtome", kVersion}};
  for (auto& library : slide_libraries()) software.push_back(std::move(library));
  software.insert(software.end(), {{"libtorch", torch_version()},
                                   {"libvips", image_library_version()},
                                   {"hdf5", bag_library_version()},
                                   {"tbb", graph_library_version()}});
  return software;
}

}  // namespace microtome
