// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/encoder_models.h"

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

namespace microtome {
namespace {

namespace fs = std::filesystem;

fs::path models_folder() {
  const char* chosen = std::getenv("MICROTOME_BENCH_MODELS");
  fs::path folder = chosen ? chosen : BENCH_MODELS;
  fs::create_directories(folder);
  return folder;
}

void run_command(const std::string& name, const std::string& command) {
  if (std::system((command + " >&2").c_str()) != 0)
    throw std::runtime_error(name + ": it could not be exported: is workflows/install.sh tests done?");
}

/// The folder appears when it is whole.
void export_model(const BenchModel& model, const std::string& forms) {
  run_command(model.name,
              fmt::format("{} {} --timm {} --pool {} --weights {} --seed 0 --tile-px {} --mpp 0.5 --batch {} --forms {} --out {}",
                          shell_word(bench_python()), shell_word(EXPORT_ENCODER), model.timm, model.pool, shell_word(model.weights),
                          kBenchTilePx, model.batch(), forms, shell_word(model.folder.string())));
}

}  // namespace

std::string shell_word(const std::string& text) { return "'" + text + "'"; }

std::string bench_python() {
  const char* chosen = std::getenv("MICROTOME_PYTHON");
  return chosen ? chosen : MICROTOME_PYTHON;
}

BenchModel bench_model(const std::string& name, const std::string& device) {
  BenchModel model;
  model.name = name;
  model.timm = name == "vit-s" ? "vit_small_patch16_224" : name;
  model.pool = name == "vit-s" ? "class" : "network";
  model.device = device;
  model.folder = models_folder() / (model.on_cpu() ? name : name + "-cuda");
  if (!fs::exists(model.folder)) export_model(model, model.on_cpu() ? "torchscript,pt2.cpu" : "torchscript,pt2.cuda");
  return model;
}

BenchModel builtin_model(const std::string& device) {
  BenchModel model;
  model.name = "builtin-resnet50";
  model.timm = "resnet50";
  model.pool = "network";
  model.device = device;
  model.folder = models_folder() / model.name;
  if (!fs::exists(model.folder)) {
    const fs::path weights = models_folder() / "builtin-resnet50.seed0.safetensors";
    model.weights = weights.string();
    run_command(model.name, fmt::format("{} {} {} 0 {}", shell_word(bench_python()), shell_word(BUILTIN_WEIGHTS), shell_word(WORKFLOWS),
                                        shell_word(model.weights)));
    export_model(model, "safetensors");
    fs::remove(weights);  // the folder has its own copy
  }
  model.weights = (model.folder / "model.safetensors").string();
  return model;
}

}  // namespace microtome
