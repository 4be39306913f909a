// SPDX-License-Identifier: Apache-2.0
// microtome check: can each thing be read, and if not, why. One line a thing on stdout.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "mil/aggregators/slide_model.h"
#include "mil/bag_file.h"
#include "mil/genomics/table.h"
#include "mil/model_error.h"
#include "pipeline/commands.h"
#include "pipeline/machine/threads.h"
#include "pipeline/encoder_trial.h"
#include "pipeline/inputs/asked_ladder.h"
#include "pipeline/run_setup.h"
#include "reporting/image_file.h"
#include "tiling/slide.h"
#include "tiling/tile_grid.h"
#include "tiling/tile_reader.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

/// Opens it, settles its scale, reads a tile in its middle.
std::string check_slide(const fs::path& path, const TilingSettings& tiling) {
  const auto slide = open_slide(path);
  const SlideInfo& info = slide->info();
  const Scale scale = resolve_scale(info, std::nullopt);
  const TileGeometry geometry = tile_geometry(info, scale, tiling);
  std::vector<std::uint8_t> rgb(static_cast<std::size_t>(geometry.tile_px) * geometry.tile_px * 3);
  const Level0Point middle{std::llround(info.bounds.x_level0 + info.bounds.width_level0 / 2),
                           std::llround(info.bounds.y_level0 + info.bounds.height_level0 / 2)};
  read_tile(*slide, geometry, middle, rgb);
  return fmt::format("slide, {}, {} x {}, {} levels, {} microns per pixel from {}", info.vendor, info.levels[0].size.width,
                     info.levels[0].size.height, info.levels.size(), scale.mpp, scale.source);
}

/// One folder or built-in in every form and precision that this machine has.
std::string check_encoder(Config config, const std::string& name) {
  config.encoder.name = {name};
  config = with_encoder_tiles(config);
  const auto allowed = allowed_models(config);
  const int threads = run_threads(config);
  const int batch = config.engine.batch == 0 ? suggested_batch(config.encoder.device) : config.engine.batch;
  const EncoderReport report = try_encoder(encoders_of(config).front(), {config.tiling.tile_px, batch, threads, allowed.get()});
  const auto first = std::find_if(report.trials.begin(), report.trials.end(), [](const EncoderTrial& t) { return t.refused.empty(); });
  const EncoderFacts& facts = report.best < 0 ? first->facts : report.trials[static_cast<std::size_t>(report.best)].facts;
  std::string text = fmt::format("encoder {}, {}, {} {}, {} px at {} um/px, {}, sha256 {}{}, {} threads, batches of {}\n", facts.name, facts.format,
                                 facts.feature_dim, facts.is_classifier() ? "classes" : "features", config.tiling.tile_px,
                                 config.tiling.target_mpp, facts.device, facts.sha256, facts.random_weights ? ", RANDOM WEIGHTS" : "", threads, batch) +
                     report_text(report);
  text.pop_back();  // the line that this is put into ends itself
  return text;
}

std::string answer_of(const ModelCard& card) {
  switch (card.kind()) {
    case AnswerKind::classes:
      return fmt::format("{} classes", card.classes.size());
    case AnswerKind::labels:
      return fmt::format("{} label{}", card.classes.size(), card.classes.size() == 1 ? "" : "s");
    case AnswerKind::value:
      return "the number " + card.classes.front();
    case AnswerKind::risk:
      break;
  }
  return "survival";
}

std::string check_path(const fs::path& path, const Config& config) {
  if (!fs::exists(path)) throw ConfigError("wanted a file or folder: it is not there");
  if (fs::exists(path / "model.json")) {
    const auto model = load_slide_model(path, allowed_models(config).get());
    const ModelCard& card = model->card();
    std::string tables;
    for (const Modality& modality : card.modalities) tables += fmt::format(", {}: {} features", modality.name, modality.features.size());
    const std::size_t simpler = competitors_there(path, card, allowed_models(config).get()).size();
    return fmt::format("model {}, {}{}{}, for {}, sha256 {}", model->name(), answer_of(card), tables,
                       simpler > 0 ? fmt::format(", beside {} simpler models", simpler) : "", card.encoder, model->sha256());
  }
  if (fs::exists(path / "config.json")) return check_encoder(config, path.string());
  if (path.extension() == ".h5ad" || path.extension() == ".h5mu") {
    const GenomicTable table = read_genomic_table(path, {config.genomics.modality, config.genomics.layer});
    return fmt::format("genomic table, {} rows, {} genes, {}, units {}", table.row_ids.size(), table.genes.size(), table.encoding,
                       table.units.empty() ? "not stated" : table.units);
  }
  if (path.extension() == ".h5") {
    const BagFile file = read_bag_file(path);
    return fmt::format("bag of {}, {} tiles, {} features, from {}", file.bag.slide_id, file.bag.tiles(), file.bag.feature_dim,
                       file.facts.encoder);
  }
  return check_slide(path, config.tiling);
}

/// Sentences of models and bags start with the path already; those of slides do not.
bool tell(const std::string& what, const std::string& path, const std::function<std::string()>& look) {
  try {
    fmt::print("{}: ok: {}\n", what, look());
    return true;
  } catch (const std::exception& e) {
    const std::string sentence = e.what();
    fmt::print("{}: refused: {}\n", what,
               !path.empty() && sentence.rfind(path + ": ", 0) == 0 ? sentence.substr(path.size() + 2) : sentence);
    return false;
  }
}

}  // namespace

ExitCode command_check(const ParsedOptions& options, const std::vector<std::string>& paths) {
  start_image_library("microtome", 1);
  bool fine = true;
  if (paths.empty() && options.config.encoder.name.empty()) {
    for (const auto& [name, version] : software_versions()) fmt::print("{}: ok: {}\n", name, version);
    fmt::print("devices: ok: {}\n", torch_devices());
    fmt::print("threads: ok: {}\n", allowed_threads());
  }
  for (const auto& name : options.config.encoder.name)
    fine = tell(name, name, [&] { return check_encoder(options.config, name); }) && fine;
  for (const auto& path : paths) fine = tell(path, path, [&] { return check_path(path, options.config); }) && fine;
  return fine ? ExitCode::done : ExitCode::unusable;
}

}  // namespace microtome
