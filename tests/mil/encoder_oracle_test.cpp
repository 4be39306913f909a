// SPDX-License-Identifier: Apache-2.0
// A reader learns: our encoders give torchvision's features for torchvision's weights, in every form a model can be given.
// encoder_oracle.py wrote the folder that MICROTOME_ENCODER_ORACLE names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "mil/encoders/encoder.h"
#include "mil/model_error.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int kTilePx = 96;
constexpr int kTiles = 3;
const EncoderUse kUse{kTilePx, kTiles, 1, nullptr};

fs::path oracle() {
  const char* folder = std::getenv("MICROTOME_ENCODER_ORACLE");
  return folder == nullptr ? "MICROTOME_ENCODER_ORACLE is not set" : folder;
}

std::string bytes_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

template <typename T>
std::vector<T> values_of(const fs::path& path) {
  const std::string bytes = bytes_of(path);
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  return values;
}

EncoderSettings on_cpu(const std::string& name, const fs::path& weights = {}) {
  EncoderSettings settings;
  settings.name = name;
  settings.weights = weights;
  settings.device = "cpu";
  return settings;
}

void expect_features(const EncoderSettings& settings, const std::string& name) {
  const auto encoder = load_encoder(settings, kUse);
  const std::vector<float> expected = values_of<float>(oracle() / (name + ".features"));
  ASSERT_EQ(expected.size(), static_cast<std::size_t>(kTiles * encoder->facts().feature_dim));
  std::vector<float> found(expected.size());
  encoder->encode(values_of<std::uint8_t>(oracle() / "tiles.rgb"), kTiles, kTilePx, found);
  const auto dim = static_cast<std::size_t>(encoder->facts().feature_dim);
  for (int tile = 0; tile < kTiles; ++tile) {
    double dot = 0, norm_expected = 0, norm_found = 0, largest = 0, error = 0;
    for (std::size_t i = tile * dim; i < (tile + 1) * dim; ++i) {
      dot += double{expected[i]} * found[i];
      norm_expected += double{expected[i]} * expected[i];
      norm_found += double{found[i]} * found[i];
      largest = std::max(largest, std::abs(double{expected[i]}));
      error = std::max(error, std::abs(double{expected[i]} - found[i]));
    }
    EXPECT_GE(dot / std::sqrt(norm_expected * norm_found), 0.99999) << name << " tile " << tile;
    EXPECT_LE(error / largest, 1e-4) << name << " tile " << tile;
  }
}

std::string refused(const std::string& folder) {
  try {
    load_encoder(on_cpu((oracle() / folder).string()), kUse);
  } catch (const ModelError& e) {
    return e.what();
  }
  return "was accepted";
}

TEST(EncoderOracle, BuiltinsGiveTorchvisionsFeatures) {
  expect_features(on_cpu("resnet18", oracle() / "resnet18.safetensors"), "resnet18");
  expect_features(on_cpu("resnet50", oracle() / "resnet50.safetensors"), "resnet50");
  expect_features(on_cpu("resnet50-trunc", oracle() / "resnet50.safetensors"), "resnet50-trunc");
}

TEST(EncoderOracle, FoldersGiveTorchvisionsFeatures) {
  for (const char* folder : {"safetensors_folder", "torchscript_folder", "torchscript_resize_folder"})
    expect_features(on_cpu((oracle() / folder).string()), folder);
}

TEST(EncoderOracle, TheDifferentNetworksDiffer) {
  EXPECT_NE(values_of<float>(oracle() / "torchscript_folder.features"), values_of<float>(oracle() / "torchscript_resize_folder.features"));
}

TEST(EncoderOracle, TorchScriptFeaturesDoNotDependOnTheSlot) {
  const auto encoder = load_encoder(on_cpu((oracle() / "torchscript_folder").string()), kUse);
  std::vector<std::uint8_t> rgb = values_of<std::uint8_t>(oracle() / "tiles.rgb");
  const auto dim = static_cast<std::ptrdiff_t>(encoder->facts().feature_dim);
  std::vector<float> first(static_cast<std::size_t>(kTiles * dim));
  std::vector<float> rotated(first.size());
  for (int round = 0; round < 4; ++round) {
    encoder->encode(rgb, kTiles, kTilePx, first);
    std::rotate(rgb.begin(), rgb.begin() + kTilePx * kTilePx * 3, rgb.end());
    encoder->encode(rgb, kTiles, kTilePx, rotated);
    std::rotate(first.begin(), first.begin() + dim, first.end());
    EXPECT_EQ(first, rotated) << "round " << round;
  }
}

TEST(EncoderOracle, AnArchiveOfANewerTorchIsRefused) {
  EXPECT_THAT(refused("version_too_new"),
              HasSubstr("torchscript_model.pt: wanted a TorchScript module with a forward method: Attempted to read a "
                        "PyTorch file with version 11, but the maximum supported version for reading is 10"));
}

TEST(EncoderOracle, AnUnknownOperatorIsNamed) {
  EXPECT_THAT(refused("unknown_operator"), HasSubstr("Unknown builtin op: aten::max_fool2d"));
}

}  // namespace
}  // namespace microtome
