// SPDX-License-Identifier: Apache-2.0
// features.h5 and features.part.h5 on disk. What is refused on reading is also refused on writing.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "mil/bag_file.h"
#include "mil/float16.h"
#include "mil/h5_file.h"
#include "mil/model_error.h"

namespace microtome {

namespace {

constexpr std::int64_t bag_version = 1;
constexpr std::uint64_t feature_chunk_rows = 256;  // formats.md 2.0: one row a chunk is 100 times slower to read
const std::string remake = "delete it and run again";

std::uint64_t size_of(std::int64_t count) { return static_cast<std::uint64_t>(count); }

void require_count(const std::string& name, std::size_t found, std::size_t expected) {
  if (found == expected) return;
  throw H5Fault("match " + name + " with the tiles",
                "it has " + std::to_string(found) + " values, " + std::to_string(expected) + " are needed");
}

// The objective TRIDENT would read off the same mpp; it knows these steps only.
std::int64_t magnification_bucket(double mpp) {
  constexpr std::array<std::pair<double, std::int64_t>, 6> steps{{{.16, 80}, {.2, 60}, {.3, 40}, {.6, 20}, {1.2, 10}, {2.4, 5}}};
  for (const auto& [below, magnification] : steps) {
    if (mpp < below) return magnification;
  }
  return 2;
}

void require_positive(const std::string& name, double value) {
  if (std::isfinite(value) && value > 0) return;
  throw H5Fault("describe the tiles", name + " is " + std::to_string(value) + ", not a positive number",
                "state it when the tiles are planned");
}

void validate_facts(const BagFacts& facts) {
  require_positive("mpp", facts.mpp);
  require_positive("target_mpp", facts.target_mpp);
  require_positive("tile_px", facts.tile_px);
  require_positive("side_level0", facts.side_level0);
}

void validate_features(const Bag& bag, FeatureType type) {
  // 65520 is the first value that rounds to infinity.
  const float limit = type == FeatureType::float16 ? largest_half + 16 : std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < bag.features.size(); ++i) {
    const float value = bag.features[i];
    if (std::abs(value) < limit) continue;
    const std::string wanted = "write the features of tile " + std::to_string(i / size_of(bag.feature_dim));
    if (!std::isfinite(value)) throw H5Fault(wanted, "one is " + std::to_string(value), "check the encoder and its precision");
    throw H5Fault(wanted, "one is " + std::to_string(value) + ", beyond the range of float16", "write float32 features");
  }
}

void validate_shapes(const Bag& bag) {
  if (bag.feature_dim <= 0) throw H5Fault("match features with the tiles", "feature_dim is " + std::to_string(bag.feature_dim));
  require_count("coords", bag.coords.size(), 2 * size_of(bag.tiles()));
  require_count("features", bag.features.size(), size_of(bag.tiles()) * size_of(bag.feature_dim));
  if (!bag.tissue_fraction.empty()) require_count("tissue_fraction", bag.tissue_fraction.size(), size_of(bag.tiles()));
  if (!bag.focus.empty()) require_count("focus", bag.focus.size(), size_of(bag.tiles()));
  if (bag.unreadable.size() % 2 != 0) throw H5Fault("write /unreadable", "a coordinate lacks its other half");
}

void write_root(const H5Node& root, const Bag& bag, const BagFacts& facts) {
  root.set_attribute("format_version", bag_version);
  root.set_attribute("slide_id", bag.slide_id);
  root.set_attribute("recipe", facts.recipe);
  root.set_attribute("slide_identity", facts.slide_identity);
  root.set_attribute("encoder", facts.encoder);
  root.set_attribute("encoder_sha256", facts.encoder_sha256);
  root.set_attribute("encoder_random_weights", std::int64_t{facts.random_weights});
  root.set_attribute("mpp", facts.mpp);
  root.set_attribute("target_mpp", facts.target_mpp);
  if (!facts.overview) return;
  root.set_attribute("overview_x_level0", facts.overview->x_level0);
  root.set_attribute("overview_y_level0", facts.overview->y_level0);
  root.set_attribute("overview_width_level0", facts.overview->width_level0);
  root.set_attribute("overview_height_level0", facts.overview->height_level0);
}

void write_features(const H5Node& root, const Bag& bag, const BagFacts& facts, FeatureType type) {
  const std::vector<std::uint64_t> shape{size_of(bag.tiles()), size_of(bag.feature_dim)};
  const H5Storage storage{feature_chunk_rows, false};
  std::vector<std::uint16_t> halves;
  if (type == FeatureType::float16) {
    halves.reserve(bag.features.size());
    for (const float value : bag.features) halves.push_back(half_from_float(value));
  }
  const H5Node features = type == FeatureType::float16 ? root.write_float16("features", halves, shape, storage)
                                                       : root.write("features", std::span<const float>(bag.features), shape, storage);
  features.set_attribute("name", bag.slide_id);
  features.set_attribute("savetodir", std::string());
  features.set_attribute("encoder", facts.encoder);
}

void write_coords(const H5Node& root, const Bag& bag, const BagFacts& facts) {
  const H5Node coords = root.write("coords", std::span<const std::int64_t>(bag.coords), {size_of(bag.tiles()), 2});
  coords.set_attribute("patch_size", std::int64_t{facts.tile_px});
  coords.set_attribute("patch_size_level0", facts.side_level0);
  coords.set_attribute("level0_magnification", magnification_bucket(facts.mpp));
  coords.set_attribute("target_magnification", 10.0 / facts.target_mpp);
  coords.set_attribute("overlap", std::int64_t{facts.overlap_px});
  coords.set_attribute("name", bag.slide_id);
  coords.set_attribute("savetodir", std::string());
  coords.set_attribute("level0_width", facts.level0_width);
  coords.set_attribute("level0_height", facts.level0_height);
  coords.set_attribute("patch_level", std::int64_t{facts.level});
}

// A bag made without these measurements has no data set for them; a bag of no tiles has empty ones.
void write_measure(const H5Node& group, const std::string& name, const std::vector<float>& values, std::int64_t tiles) {
  if (!values.empty() || tiles == 0) group.write(name, std::span<const float>(values), {values.size()});
}

std::vector<float> read_measure(const H5Node& group, const std::string& name, std::int64_t tiles) {
  if (!group.has(name)) return {};
  std::vector<float> values = group.child(name).floats();
  require_count(group.name_of(name), values.size(), size_of(tiles));
  return values;
}

std::string shape_text(const std::vector<std::uint64_t>& shape) {
  std::string text;
  for (const std::uint64_t side : shape) text += (text.empty() ? "" : " x ") + std::to_string(side);
  return text.empty() ? "a scalar" : text;
}

std::vector<std::int64_t> read_pairs(const H5Node& dataset) {
  const std::vector<std::uint64_t> shape = dataset.shape();
  if (shape.size() != 2 || shape[1] != 2) throw H5Fault("read " + dataset.name(), "its shape is " + shape_text(shape) + ", not N x 2");
  return dataset.integers();
}

std::vector<std::uint64_t> rows_shape(const H5Node& features) {
  const std::vector<std::uint64_t> shape = features.shape();
  if (shape.size() != 2 || shape[1] == 0) throw H5Fault("read /features", "its shape is " + shape_text(shape) + ", not N x D");
  return shape;
}

// Without a way out in between the compiler makes vectors of it: a third of the time of reading goes.
bool all_finite(const std::vector<float>& values) {
  constexpr std::uint32_t exponent = 0x7f800000;  // all ones: infinity or NaN
  std::uint32_t found = 0;
  for (const float value : values) found |= static_cast<std::uint32_t>((std::bit_cast<std::uint32_t>(value) & exponent) == exponent);
  return found == 0;
}

void read_rows(const H5Node& root, Bag& bag) {
  const H5Node features = root.child("features");
  const std::vector<std::uint64_t> shape = rows_shape(features);
  if (features.content() != H5Class::real) throw H5Fault("read /features", "it does not hold real numbers");
  bag.feature_dim = static_cast<std::int64_t>(shape[1]);
  bag.features = features.floats();
  bag.coords = read_pairs(root.child("coords"));
  require_count("/features", static_cast<std::size_t>(shape[0]), size_of(bag.tiles()));
  if (all_finite(bag.features)) return;
  const auto wrong = std::find_if(bag.features.begin(), bag.features.end(), [](float value) { return !std::isfinite(value); });
  throw H5Fault("read /features", "tile " + std::to_string(size_of(wrong - bag.features.begin()) / shape[1]) + " holds a value that is not finite");
}

Bag read_bag(const H5Node& root) {
  Bag bag;
  bag.slide_id = root.text_attribute("slide_id");
  read_rows(root, bag);
  bag.tissue_fraction = read_measure(root, "tissue_fraction", bag.tiles());
  if (root.has("quality")) bag.focus = read_measure(root.child("quality"), "focus", bag.tiles());
  if (root.has("unreadable")) bag.unreadable = read_pairs(root.child("unreadable"));
  return bag;
}

int read_int(const H5Node& node, const std::string& name) {
  const std::int64_t value = node.integer_attribute(name);
  if (value < 0 || value > std::numeric_limits<int>::max()) {
    throw H5Fault("read the attribute " + name + " of " + node.name(), "it is " + std::to_string(value));
  }
  return static_cast<int>(value);
}

std::optional<Level0Rect> read_overview_rect(const H5Node& root) {
  if (!root.has_attribute("overview_x_level0")) return std::nullopt;
  return Level0Rect{root.real_attribute("overview_x_level0"), root.real_attribute("overview_y_level0"), root.real_attribute("overview_width_level0"),
                    root.real_attribute("overview_height_level0")};
}

BagFacts read_facts(const H5Node& root) {
  const H5Node coords = root.child("coords");
  BagFacts facts;
  facts.recipe = root.text_attribute("recipe");
  facts.slide_identity = root.text_attribute("slide_identity");
  facts.encoder = root.text_attribute("encoder");
  facts.encoder_sha256 = root.text_attribute("encoder_sha256");
  facts.random_weights = root.integer_attribute("encoder_random_weights") != 0;
  facts.tile_px = read_int(coords, "patch_size");
  facts.overlap_px = read_int(coords, "overlap");
  facts.level = read_int(coords, "patch_level");
  facts.side_level0 = coords.real_attribute("patch_size_level0");
  facts.mpp = root.real_attribute("mpp");
  facts.target_mpp = root.real_attribute("target_mpp");
  facts.level0_width = coords.integer_attribute("level0_width");
  facts.level0_height = coords.integer_attribute("level0_height");
  facts.overview = read_overview_rect(root);
  validate_facts(facts);
  return facts;
}

void require_version(const H5Node& root) {
  if (!root.has_attribute("format_version"))
    throw H5Fault("read a bag", "it has no format_version, so this program did not write it", "encode the slide with this program");
  const std::int64_t version = root.integer_attribute("format_version");
  if (version == bag_version) return;
  throw H5Fault("read a bag", "its format_version is " + std::to_string(version) + ", this program reads " + std::to_string(bag_version),
                "encode the slide again with this program");
}

void validate_partial(const PartialBag& partial) {
  const std::size_t rows = partial.tile_index.size();
  if (partial.feature_dim < 0) throw H5Fault("match features with the tiles", "feature_dim is negative");
  require_count("features", partial.features.size(), rows * size_of(partial.feature_dim));
  require_count("focus", partial.focus.size(), rows);
  std::int64_t last = -1;
  for (const std::int64_t index : partial.tile_index) {
    if (index <= last) throw H5Fault("match rows with the tile plan", "tile_index is not strictly increasing from 0");
    last = index;
  }
}

}  // namespace

void write_bag_file(const std::filesystem::path& path, const Bag& bag, const BagFacts& facts, FeatureType type) {
  with_path<BagError>(path, "check the folder and the space on its disk", [&] {
    validate_facts(facts);
    validate_shapes(bag);
    validate_features(bag, type);
    H5File file = H5File::create(path);
    {
      const H5Node root = file.root();
      write_root(root, bag, facts);
      write_features(root, bag, facts, type);
      write_coords(root, bag, facts);
      write_measure(root, "tissue_fraction", bag.tissue_fraction, bag.tiles());
      write_measure(root.create_group("quality"), "focus", bag.focus, bag.tiles());
      root.write("unreadable", std::span<const std::int64_t>(bag.unreadable), {bag.unreadable.size() / 2, 2});
    }
    file.finish();
  });
}

BagFile read_bag_file(const std::filesystem::path& path) {
  return with_path<BagError>(path, remake, [&] {
    const H5File file = H5File::open(path);
    const H5Node root = file.root();
    require_version(root);
    return BagFile{read_bag(root), read_facts(root)};
  });
}

BagHead read_bag_head(const std::filesystem::path& path) {
  return with_path<BagError>(path, remake, [&] {
    const H5File file = H5File::open(path);
    const H5Node root = file.root();
    require_version(root);
    const std::vector<std::uint64_t> shape = rows_shape(root.child("features"));
    return BagHead{root.text_attribute("slide_id"), static_cast<std::int64_t>(shape[0]), static_cast<std::int64_t>(shape[1]), read_facts(root)};
  });
}

void write_partial_bag(const std::filesystem::path& path, const PartialBag& partial) {
  with_path<BagError>(path, "check the folder and the space on its disk", [&] {
    validate_partial(partial);
    H5File file = H5File::create(path);
    {
      const H5Node root = file.root();
      root.set_attribute("partial_version", bag_version);
      root.set_attribute("recipe", partial.recipe);
      root.write("tile_index", std::span<const std::int64_t>(partial.tile_index), {partial.tile_index.size()});
      root.write("features", std::span<const float>(partial.features), {partial.tile_index.size(), size_of(partial.feature_dim)});
      root.write("focus", std::span<const float>(partial.focus), {partial.focus.size()});
      root.write("unreadable", std::span<const std::int64_t>(partial.unreadable), {partial.unreadable.size()});
    }
    file.finish();
  });
}

PartialBag read_partial_bag(const std::filesystem::path& path) {
  return with_path<BagError>(path, remake, [&] {
    const H5File file = H5File::open(path);
    const H5Node root = file.root();
    if (root.integer_attribute("partial_version") != bag_version) throw H5Fault("read a partial bag", "its version is unknown");
    PartialBag partial;
    partial.recipe = root.text_attribute("recipe");
    const std::vector<std::uint64_t> shape = root.child("features").shape();
    if (shape.size() != 2) throw H5Fault("read /features", "its shape is " + shape_text(shape) + ", not N x D");
    partial.feature_dim = static_cast<std::int64_t>(shape[1]);
    partial.tile_index = root.child("tile_index").integers();
    partial.features = root.child("features").floats();
    partial.focus = root.child("focus").floats();
    partial.unreadable = root.child("unreadable").integers();
    validate_partial(partial);
    return partial;
  });
}

}  // namespace microtome
