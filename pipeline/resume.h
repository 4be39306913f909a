// SPDX-License-Identifier: Apache-2.0
// When is a slide done? When findings.json is there, its recipe equals today's, it did not fail, and its artifacts have their sizes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mil/encoders/encoder.h"
#include "pipeline/config.h"
#include "pipeline/manifest.h"
#include "reporting/findings.h"

namespace microtome {

/// Raised when the same inputs and settings give other results than the release before: every slide is then done again.
inline constexpr int kResultsVersion = 5;
/// Raised when documents say more of the same results: slides are then scored again from their features, which stay.
inline constexpr int kDocumentsVersion = 2;

/// Everything that changes features, but for the slide itself: settings, encoders with their preprocessing and precision.
std::string bag_recipe(const Config& config, const std::vector<std::shared_ptr<const Encoder>>& encoders);

/// ... and with the slide: its identity, its id, and the scale and the tissue mask given for it (identify_mask).
std::string slide_bag_recipe(const std::string& bag_recipe, const ManifestRow& row, const std::string& identity, const std::string& mask_sha256);

/// Everything that changes what is made of features: model, genomic table.
std::string model_recipe(const Config& config, const std::string& model_sha256, const std::string& genomics_sha256);

/// Everything that changes a slide's results: how its features were made, what is made of them, its patient and sample.
std::string slide_recipe(const std::string& slide_bag_recipe, const std::string& model_recipe, const SlideKeys& keys);

/// sha256 of the given tissue mask, so that an edited mask makes the slide be done again; "" for no path. Throws SlideError (mask).
std::string identify_mask(const std::filesystem::path& mask);

struct SlideFile {
  std::int64_t bytes = 0;
  std::int64_t mtime_ns = 0;
  std::string identity;  // sha256 over the size and the first and last MiB
};

/// Size, time and identity; the identity of `known` is believed when size and time are as they were. Throws SlideError (not_found,
/// read_failed).
SlideFile identify_slide(const std::filesystem::path& path, const std::optional<FindingsMarker>& known);

/// The document in a slide's folder, if there is one of ours.
std::optional<Findings> read_document(const std::filesystem::path& folder);
std::optional<FindingsMarker> read_marker(const std::filesystem::path& folder);

/// True when each of these files is there with its size.
bool are_there(const std::filesystem::path& folder, const std::vector<FindingsArtifact>& artifacts);

/// True when the marker's recipe is `recipe`, it is no failure, and its artifacts are there.
bool is_done(const std::filesystem::path& folder, const FindingsMarker& marker, const std::string& recipe);

}  // namespace microtome
