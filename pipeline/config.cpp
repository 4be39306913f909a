// SPDX-License-Identifier: Apache-2.0
// What is impossible, said before any work starts.
#include "pipeline/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "mil/genomics/key_rule.h"

namespace microtome {
namespace {

void require(std::vector<std::string>& sentences, bool fine, std::string sentence) {
  if (!fine) sentences.push_back(std::move(sentence));
}

bool one_of(const std::string& value, std::initializer_list<const char*> allowed) {
  return std::any_of(allowed.begin(), allowed.end(), [&](const char* word) { return value == word; });
}

void check_run(const RunSettings& run, std::vector<std::string>& out) {
  require(out, run.max_missing_genes >= 0 && run.max_missing_genes <= 1,
          fmt::format("run.max_missing_genes: wanted a share in 0..1, got {}", run.max_missing_genes));
  require(out, run.max_missing_patients >= 0 && run.max_missing_patients <= 1,
          fmt::format("run.max_missing_patients: wanted a share in 0..1, got {}", run.max_missing_patients));
  require(out, run.slide_mpp == 0 || (run.slide_mpp >= 0.05 && run.slide_mpp <= 10),
          fmt::format("run.slide_mpp: wanted microns per pixel in 0.05..10, got {}", run.slide_mpp));
  require(out, one_of(run.feature_type, {"float16", "float32"}),
          fmt::format("run.feature_type: wanted float32 or float16, got '{}'", run.feature_type));
  require(out, run.task_count >= 1, fmt::format("run.task_count: wanted 1 or more, got {}", run.task_count));
  require(out, run.task_index >= 0 && run.task_index < std::max(run.task_count, 1),
          fmt::format("run.task_index: wanted 0..{} (task_count is {}), got {}", run.task_count - 1, run.task_count, run.task_index));
}

void check_genomics(const GenomicsSettings& genomics, std::vector<std::string>& out) {
  const std::string problem = key_rule_problem(genomics.keys);
  require(out, problem.empty(), problem);
  require(out, one_of(genomics.duplicates, {"refuse", "first-barcode", "mean"}),
          fmt::format("genomics.duplicates: wanted refuse, first-barcode or mean, got '{}'", genomics.duplicates));
}

void check_engine(const EngineSettings& engine, std::vector<std::string>& out) {
  require(out, engine.threads >= 0 && engine.threads <= 1024, fmt::format("engine.threads: wanted 0..1024, got {}", engine.threads));
  require(out, engine.batch >= 0 && engine.batch <= 4096, fmt::format("engine.batch: wanted 0..4096, got {}", engine.batch));
  require(out, engine.slides_in_flight >= 1, fmt::format("engine.slides_in_flight: wanted 1 or more, got {}", engine.slides_in_flight));
  require(out, engine.batches_ahead >= 1, fmt::format("engine.batches_ahead: wanted 1 or more, got {}", engine.batches_ahead));
  require(out, engine.batches_in_flight >= 0, fmt::format("engine.batches_in_flight: wanted 0 or more, got {}", engine.batches_in_flight));
  require(out, one_of(engine.progress, {"auto", "live", "plain", "json", "none"}),
          fmt::format("engine.progress: wanted auto, live, plain, json or none, got '{}'", engine.progress));
}

/// auto, or a number in low..high.
bool auto_or_number(const std::string& text, double low, double high) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return text == "auto" || (error == std::errc() && stop == end && value >= low && value <= high);
}

void check_evaluate(const EvaluateSettings& evaluate, std::vector<std::string>& out) {
  require(out, one_of(evaluate.task, {"auto", "label", "multilabel"}),
          fmt::format("evaluate.task: wanted auto, label or multilabel, got '{}'", evaluate.task));
  require(out, auto_or_number(evaluate.threshold, 0, 1),
          fmt::format("evaluate.threshold: wanted auto or a probability in 0..1, got '{}'", evaluate.threshold));
  require(out, !evaluate.target.empty(), "evaluate.target: wanted a column of the labels, got an empty name: leave it out for value");
  require(out, auto_or_number(evaluate.risk_cut, -1e300, 1e300),
          fmt::format("evaluate.risk_cut: wanted auto or a number, got '{}'", evaluate.risk_cut));
  for (const auto& [name, text] : {std::pair("tau", evaluate.tau), std::pair("horizon", evaluate.horizon)})
    require(out, auto_or_number(text, 1e-6, 1e6), fmt::format("evaluate.{}: wanted auto or months above 0, got '{}'", name, text));
  require(out, evaluate.bootstrap >= 100 && evaluate.bootstrap <= 1000000,
          fmt::format("evaluate.bootstrap: wanted 100..1000000 resamples, got {}", evaluate.bootstrap));
}

template <class Settings>
void append(std::vector<std::string>& out, const Settings& settings) {
  for (auto& sentence : validate(settings)) out.push_back(std::move(sentence));
}

}  // namespace

std::vector<std::string> validate(const Config& config) {
  std::vector<std::string> out;
  check_run(config.run, out);
  check_genomics(config.genomics, out);
  append(out, config.tiling);
  append(out, config.tissue);
  check_engine(config.engine, out);
  append(out, config.train);
  check_evaluate(config.evaluate, out);
  append(out, config.synth);
  return out;
}

std::int64_t parse_bytes(const std::string& text) {
  if (text.empty()) return 0;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  std::string unit(end, text.data() + text.size());
  const char* units = "KMGT";
  if (unit.size() == 3 && unit.ends_with("iB")) unit.resize(1);
  const char* found = unit.size() == 1 ? std::strchr(units, std::toupper(static_cast<unsigned char>(unit[0]))) : nullptr;
  const bool plain = unit.empty();
  if (error != std::errc() || !(value > 0) || !(plain || found)) {
    throw ConfigError(fmt::format("engine.memory_limit: wanted bytes such as 8G or 512MiB, got '{}'", text));
  }
  return static_cast<std::int64_t>(value * std::pow(1024.0, plain ? 0 : found - units + 1));
}

std::int64_t pixel_bytes(const Config& config, int batches_in_flight) {
  const std::int64_t tile = config.tiling.tile_px;
  return static_cast<std::int64_t>(batches_in_flight) * config.engine.batch * tile * tile * 3;
}

int bounded_window(const Config& config, int threads) {
  const int wanted = config.engine.batches_in_flight > 0 ? config.engine.batches_in_flight : threads + 2;
  const std::int64_t limit = parse_bytes(config.engine.memory_limit);
  if (limit == 0) return wanted;
  const std::int64_t one = pixel_bytes(config, 1);
  if (one > limit) {
    throw ConfigError(
        fmt::format("engine.memory_limit: wanted room for one batch of {} tiles ({} bytes), got {} bytes: lower --batch or raise the limit",
                    config.engine.batch, one, limit));
  }
  return static_cast<int>(std::clamp<std::int64_t>(limit / 2 / one, 1, wanted));
}

std::int64_t bag_bytes_allowed(const Config& config, int window) {
  const std::int64_t limit = parse_bytes(config.engine.memory_limit);
  return limit == 0 ? 0 : std::max<std::int64_t>(1, limit - pixel_bytes(config, window));
}

std::vector<EncoderSettings> encoders_of(const Config& config) {
  const EncoderOptions& options = config.encoder;
  std::vector<EncoderSettings> out;
  for (const std::string& name : options.name) {
    const bool builtin = is_builtin_encoder(name);
    out.push_back({name, builtin ? options.weights : "", builtin && options.random_weights, options.seed, options.device, options.precision,
                   options.form});
    if (std::count(options.name.begin(), options.name.end(), name) > 1)
      throw ConfigError(fmt::format("encoder.name: wanted each encoder once, got '{}' twice", name));
  }
  const auto builtins = std::count_if(options.name.begin(), options.name.end(), is_builtin_encoder);
  if (builtins > 1 && !options.weights.empty())
    throw ConfigError("encoder.weights: wanted one built-in encoder that the file belongs to, got several: put the others into folders");
  if (builtins == 0 && out.size() == 1) {  // its loader says that a folder has weights of its own
    out.front().weights = options.weights;
    out.front().random_weights = options.random_weights;
  }
  return out;
}

Config with_encoder_tiles(Config config) {
  EncoderTiles wanted;
  std::string source;
  for (const EncoderSettings& encoder : encoders_of(config)) {
    const EncoderTiles tiles = encoder_tiles(encoder);
    if (tiles.tile_px == 0) continue;
    if (!source.empty() && (tiles.tile_px != wanted.tile_px || tiles.mpp != wanted.mpp))
      throw ConfigError(fmt::format("encoder.name: wanted encoders of the same tiles in one run, got {} px at {} um/px for {} and {} px at {} um/px "
                                    "for {}: run them one after the other",
                                    wanted.tile_px, wanted.mpp, source, tiles.tile_px, tiles.mpp, encoder.name));
    wanted = tiles;
    source = encoder.name;
  }
  if (!source.empty() && config.given.count("tiling.tile_px") == 0) config.tiling.tile_px = wanted.tile_px;
  if (!source.empty() && config.given.count("tiling.target_mpp") == 0) config.tiling.target_mpp = wanted.mpp;
  const auto sentences = validate(config);
  if (!sentences.empty()) throw ConfigError(fmt::format("{}", fmt::join(sentences, "\n")));
  return config;
}

}  // namespace microtome
