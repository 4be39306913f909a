// SPDX-License-Identifier: Apache-2.0
// Everything a user can choose, one struct per room. A field's initialiser is the only home of its default; INI key, option name and field
// path are one. Flow: initialiser -> --config files -> command line -> validate() -> const sub-structs -> effective.ini beside the results.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "mil/encoders/encoder.h"
#include "mil/training/train.h"
#include "pipeline/evaluate_settings.h"
#include "pipeline/genomics_settings.h"
#include "pipeline/synth/synth_settings.h"
#include "tiling/tiling_settings.h"

namespace microtome {

/// Usage or configuration that cannot be carried out (exit code 2). what() is a sentence.
class ConfigError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A table that `evaluate` refuses (exit code 4). what() is a sentence.
class InputError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The output folder cannot be written, or the disk is full (exit code 4). what() is a sentence.
class OutputError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct RunSettings {
  std::filesystem::path archive;         // folder searched recursively for slides, or a manifest file
  std::filesystem::path manifest;        // manifest to read (run) or to write (plan); CSV or TSV
  std::filesystem::path bags;            // results of an earlier run, instead of slides: its features are scored by `model`
  std::filesystem::path output;          // folder of the results
  std::filesystem::path model;           // folder of a trained model; empty: features only
  std::vector<std::string> genomics;     // tables joined by id, FILE or NAME=FILE; empty: none
  std::filesystem::path clinical;        // CSV of clinical columns joined by id; empty: none
  double max_missing_genes = 0;          // share of the model's genes that may be missing from the table (changes results)
  double max_missing_patients = 1;       // share of the slides' patients that may have no row in a table; beyond it nothing is run
  double slide_mpp = 0;                  // scale of slides that do not state theirs, microns per pixel; 0: none (changes results)
  std::string feature_type = "float32";  // float32 or float16, in features.h5 (changes results)
  int task_index = 0;                    // this task takes rows r with r % task_count == task_index
  int task_count = 1;
  bool hash_slides = false;  // full sha256 of every slide in its findings: reads the whole file
};

/// The encoders of a run: each tile is decoded once for all of them.
struct EncoderOptions {
  std::vector<std::string> name;         // built-in names or folders; features and classifiers in any mixture (changes results)
  std::filesystem::path weights;         // safetensors for the built-in one among them (changes results)
  bool random_weights = false;           // seeded random weights for built-ins; every document says so (changes results)
  std::uint64_t seed = 0;                // of the random weights (changes results)
  std::string device = "auto";           // auto, cpu, cuda, cuda:N, cuda:N,M (changes the last bits of results)
  std::string precision = "auto";        // auto, float32, float16, bfloat16 (changes the last bits of results)
  std::string form = "auto";             // auto, pt2, torchscript, safetensors (changes the last bits of results)
  std::filesystem::path models_allowed;  // list of sha256; model files that are not in it are refused; empty: all are allowed
};

/// How the work is done. Nothing here changes results beyond the last bits: another batch size lets the kernels add in another order
/// (measured with ResNet-50: 5e-7 of values up to 2.4), so only runs of one batch size are equal byte for byte. Not part of the recipe.
struct EngineSettings {
  int threads = 0;                // all threads of the run; 0: the scheduler's number, else the cores this process may use
  int batch = 0;                  // tiles per forward pass; 0: 16 on the CPU, 128 on other devices
  int slides_in_flight = 8;       // slides between admit and publish
  int batches_in_flight = 0;      // batches between window and gather; 0: threads + 2
  int batches_ahead = 16;         // batches whose stored bytes are fetched before they are decoded: hides slow storage, costs stored bytes
  std::string memory_limit;       // ceiling on pixels and bags in flight, e.g. 8G or 512MiB; empty: none
  std::string progress = "auto";  // auto, live, plain, json, none
};

struct TrainCommand {
  std::filesystem::path bags;    // folder searched recursively for `features`
  std::string features = "features.h5";  // file name of the bags; the second encoder of a run writes features.<name>.h5
  std::filesystem::path labels;  // CSV: slide_id or patient_id; label, label_<name>..., a number, or time and event
  std::filesystem::path splits;  // CSV: patient_id,fold; empty: the program cuts the folds
  std::string clinical_columns;  // of run.clinical, separated by commas; empty: all that are no ids or outcomes
  std::filesystem::path gene_sets;  // .gmt or CSV of signatures, for the encoders that read sets; empty: none
  std::string censorship;        // column of the labels that says 1 = censored, instead of event
  std::string target = "value";  // of regression: column of the labels that holds the number, and its name in results; of several labels, where it was
                                 // given, which of them are learned, separated by commas
};

struct Config {
  RunSettings run;
  GenomicsSettings genomics;
  ImportCommand import;
  TilingSettings tiling;
  TissueSettings tissue;
  EncoderOptions encoder;
  EngineSettings engine;
  TrainCommand data;
  TrainSettings train;
  EvaluateSettings evaluate;
  SynthSettings synth;
  std::set<std::string> given;  // full names of the options that a file or the command line has set
};

/// One a name of encoder.name. Throws ConfigError: the same name twice, weights for several built-ins.
std::vector<EncoderSettings> encoders_of(const Config& config);

/// With tile size and scale of the encoders' cards where tiling.tile_px and tiling.target_mpp were not given. Throws ConfigError: cards that want
/// different tiles, or tiles that do not go with the other settings; ModelError for a card that cannot be read.
Config with_encoder_tiles(Config config);

/// One sentence for each impossible value of any section; empty when all is well.
std::vector<std::string> validate(const Config& config);

/// Bytes of "8G", "512M", "512MiB", "1.5T" (powers of 1024); 0 for "". Throws ConfigError.
std::int64_t parse_bytes(const std::string& text);

/// window x batch x tile^2 x 3, the bytes of pixels in flight (architecture: memory is a formula).
std::int64_t pixel_bytes(const Config& config, int batches_in_flight);

/// Batches in flight after --memory-limit: fewer batches, never more than asked; at least one, and at most half of the limit where more than one
/// would take more: bags want room too. Throws ConfigError when not even one fits.
int bounded_window(const Config& config, int threads);

/// What --memory-limit leaves for bags beside the pixels of `window` batches; 0: no limit.
std::int64_t bag_bytes_allowed(const Config& config, int window);

}  // namespace microtome
