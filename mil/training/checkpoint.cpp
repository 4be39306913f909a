// SPDX-License-Identifier: Apache-2.0
#include "mil/training/checkpoint.h"

#include "mil/model_error.h"

namespace microtome {

namespace fs = std::filesystem;

namespace {

constexpr const char* kFolder = "unfinished";

}  // namespace

Checkpoint::Checkpoint(const fs::path& model_folder, const std::string& recipe, const std::string& fit) {
  if (!recipe.empty()) path_ = model_folder / kFolder / (recipe.substr(0, 16) + "-" + fit + ".safetensors");
}

std::optional<NamedTensors> Checkpoint::read() const {
  std::error_code ignored;
  if (path_.empty() || !fs::is_regular_file(path_, ignored)) return std::nullopt;
  try {
    return read_safetensors(path_);
  } catch (const ModelError&) {
    return std::nullopt;  // torn by a full disk or a power cut
  }
}

void Checkpoint::write(const NamedTensors& state) const {
  if (path_.empty()) return;
  std::error_code error;
  fs::create_directories(path_.parent_path(), error);
  if (error) throw ModelError(path_.parent_path().string() + ": a folder for unfinished fits was wanted: " + error.message() + ": check its permissions");
  write_safetensors(path_, state, {});
}

void Checkpoint::remove_all(const fs::path& model_folder) {
  std::error_code ignored;
  fs::remove_all(model_folder / kFolder, ignored);
}

}  // namespace microtome
