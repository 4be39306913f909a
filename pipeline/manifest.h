// SPDX-License-Identifier: Apache-2.0
// An archive (folder or manifest file) -> the ordered list of slides of a run.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "mil/genomics/join.h"

namespace microtome {

struct ManifestRow {
  SlideKeys keys;  // slide_id is unique and safe as a relative folder name
  std::filesystem::path path;
  std::optional<double> mpp;   // given by the manifest
  std::filesystem::path mask;  // given tissue mask (PNG or GeoJSON); empty: tissue is searched for
  std::filesystem::path bags = {};  // folder of the slide in an earlier run's results, instead of path: its features are scored
};

/// Where the slides of a run come from. Exactly one of archive and manifest is given; an archive that is a file is a manifest.
/// Folder: every file with a slide's extension, ordered by slide id; two files with one stem get their relative paths as ids; hidden files
/// are passed over. Manifest: its own order. Throws ConfigError: nothing given, not there, no slide in it, duplicate ids (both paths
/// named), bad cells.
std::vector<ManifestRow> read_archive(const std::filesystem::path& archive, const std::filesystem::path& manifest);

/// Rows r with r % count == index, in order.
std::vector<ManifestRow> task_share(std::vector<ManifestRow> rows, int index, int count);

/// The manifest as CSV text, paths absolute.
std::string manifest_csv(const std::vector<ManifestRow>& rows);

}  // namespace microtome
