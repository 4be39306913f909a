// SPDX-License-Identifier: Apache-2.0
// features.h5: the file of one bag, version 1. Layout (contract section 3):
//   /features (N,D) float16 or float32, chunks of 256 rows; attrs name, savetodir (empty: no path leaves), encoder
//   /coords (N,2) int64 level-0 top left; the TRIDENT attributes patch_size, patch_size_level0, level0_magnification, target_magnification,
//     overlap, name, savetodir, level0_width, level0_height, and CLAM's patch_level
//   /tissue_fraction (N) float32; /quality/focus (N) float32; /unreadable (M,2) int64
//   root attrs: format_version, slide_id, recipe, slide_identity, encoder, encoder_sha256, encoder_random_weights (int64 0 or 1), mpp,
//   target_mpp; overview_x_level0, overview_y_level0, overview_width_level0, overview_height_level0 (double; not in older files)
// Strings are variable-length UTF-8 scalars, so that h5py gives str. libver earliest..v110. N = 0 is a file with empty data sets.
// All functions throw BagError. One global HDF5 lock serialises calls; files are opened without file locks (some file systems have none).
// Same bag, same bytes. tissue_fraction and focus may be empty: then the file has no such data set (with N = 0: empty ones).
// mpp, target_mpp, tile_px and side_level0 must be positive, feature_dim too.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "mil/bag.h"
#include "tiling/geometry.h"

namespace microtome {

enum class FeatureType { float16, float32 };

/// The facts beside the rows.
struct BagFacts {
  std::string recipe;  // sha256 of everything that changes the features
  std::string slide_identity;
  std::string encoder;  // name
  std::string encoder_sha256;
  bool random_weights = false;
  int tile_px = 0;
  int overlap_px = 0;
  int level = 0;
  double side_level0 = 0;  // patch_size_level0, real
  double mpp = 0;          // level 0
  double target_mpp = 0;
  std::int64_t level0_width = 0;
  std::int64_t level0_height = 0;
  std::optional<Level0Rect> overview = std::nullopt;  // what the slide's thumbnail covers; its top left is that of the scanned part
};

/// Writes to `path` directly; the caller writes beside and renames. Values beyond the range of float16 are a BagError naming
/// the tile; so are NaN and infinity in either type.
void write_bag_file(const std::filesystem::path& path, const Bag& bag, const BagFacts& facts, FeatureType type);

struct BagFile {
  Bag bag;
  BagFacts facts;
};
/// Features come back as float32 whatever their type on disk.
BagFile read_bag_file(const std::filesystem::path& path);

/// What stands beside the rows, and how many there are: to plan and to refuse before any row is read.
struct BagHead {
  std::string slide_id;
  std::int64_t tiles = 0;
  std::int64_t feature_dim = 0;
  BagFacts facts;
};
BagHead read_bag_head(const std::filesystem::path& path);

/// features.part.h5: the finished rows of an interrupted slide, keyed by planned tile index. Same recipe, same numbers.
struct PartialBag {
  std::string recipe;  // of the features, as in BagFacts
  std::int64_t feature_dim = 0;
  std::vector<std::int64_t> tile_index;  // position in the tile plan, strictly increasing
  std::vector<float> features;           // (n, feature_dim) float32
  std::vector<float> focus;              // (n)
  std::vector<std::int64_t> unreadable;  // tile indices
};
void write_partial_bag(const std::filesystem::path& path, const PartialBag& partial);
PartialBag read_partial_bag(const std::filesystem::path& path);

/// Version of the HDF5 library behind these files.
std::string bag_library_version();

}  // namespace microtome
