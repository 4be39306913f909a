// SPDX-License-Identifier: Apache-2.0
// What is kept of a fit after every epoch, so that an interrupted training goes on to the same bits. Internal to mil/: torch types.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "mil/weights_safetensors.h"

namespace microtome {

/// One file a fit, in a folder beside the model, named after the recipe: another training set or other settings find nothing.
class Checkpoint {
 public:
  /// Empty `recipe`: nothing is ever kept or found.
  Checkpoint(const std::filesystem::path& model_folder, const std::string& recipe, const std::string& fit);

  /// Nothing where there is none, or none that can be read: then the fit starts anew.
  std::optional<NamedTensors> read() const;
  /// Beside and renamed. Throws ModelError.
  void write(const NamedTensors& state) const;
  const std::filesystem::path& path() const { return path_; }

  static void remove_all(const std::filesystem::path& model_folder);

 private:
  std::filesystem::path path_;
};

}  // namespace microtome
