// SPDX-License-Identifier: Apache-2.0
// model.json, version 1: the card of a slide model as a file. Internal to mil/; no torch.
#pragma once

#include <filesystem>
#include <string>

#include "mil/aggregators/slide_model.h"

namespace microtome {

inline constexpr const char* card_file_name = "model.json";
inline constexpr const char* weights_file_name = "weights.safetensors";

/// The card and the fingerprint that weights.safetensors must have.
struct CardFile {
  ModelCard card;
  std::string weights_sha256;
};

/// Throws ModelError naming the file, the key and what was wanted. Unknown keys are left alone.
CardFile read_model_card(const std::filesystem::path& folder);

/// Writes beside and renames, so model.json is whole or absent. Throws ModelError.
void write_model_card(const std::filesystem::path& folder, const CardFile& file);

}  // namespace microtome
