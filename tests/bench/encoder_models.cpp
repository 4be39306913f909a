// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/encoder_models.h"

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

namespace microtome {

namespace fs = std::filesystem;

std::string shell_word(const std::string& text) { return "'" + text + "'"; }

std::string bench_python() {
  const char* chosen = std::getenv("MICROTOME_PYTHON");
  return chosen ? chosen : MICROTOME_PYTHON;
}

BenchModel bench_model(const std::string& name) {
  BenchModel model{name, name == "vit-s" ? "vit_small_patch16_224" : name, name == "vit-s" ? "class" : "network", {}};
  const char* chosen = std::getenv("MICROTOME_BENCH_MODELS");
  model.folder = fs::path(chosen ? chosen : BENCH_MODELS) / name;
  if (fs::exists(model.folder)) return model;
  fs::create_directories(model.folder.parent_path());
  const std::string command =
      fmt::format("{} {} --timm {} --pool {} --weights random --seed 0 --tile-px {} --batch {} --forms torchscript,pt2.cpu --out {} >&2",
                  shell_word(bench_python()), shell_word(EXPORT_ENCODER), model.timm, model.pool, kBenchTilePx, kBenchBatch,
                  shell_word(model.folder.string()));
  if (std::system(command.c_str()) != 0) throw std::runtime_error(name + ": it could not be exported: is workflows/install.sh tests done?");
  return model;
}

}  // namespace microtome
