// SPDX-License-Identifier: Apache-2.0
// A reader learns: what a TorchScript module and a weights file must look like, shown on modules made on the spot.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/script.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "mil/encoders/encoder.h"
#include "mil/encoders/network.h"
#include "mil/model_error.h"
#include "mil/weights_safetensors.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Folder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("microtome-folder-" + std::to_string(getpid()));
    fs::create_directories(folder_);
    write("config.json", R"({"patch_size_pixels":32,"spacing_um_px":0.5,"architecture":"resnet18","transform":[{"name":"ToTensor"}]})");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const char* name, const std::string& text) const { std::ofstream(folder_ / name, std::ios::binary) << text; }

  void write_module(const std::string& body) const {
    torch::jit::Module module("Model");
    module.define("def forward(self, x: Tensor):\n" + body);
    module.save((folder_ / "torchscript_model.pt").string());
  }

  std::shared_ptr<const Encoder> load() const {
    EncoderSettings settings;
    settings.name = folder_.string();
    settings.device = "cpu";
    return load_encoder(settings, {32, 2, 1, nullptr});
  }

  std::string refused() const {
    try {
      load();
    } catch (const ModelError& e) {
      return e.what();
    }
    return "was accepted";
  }

  std::string refused(const std::string& body) const {
    write_module(body);
    return refused();
  }

  fs::path folder_;
};

/// Two tiles of 32 px: one of one colour, one half black and half white.
std::vector<std::uint8_t> two_tiles() {
  std::vector<std::uint8_t> rgb(2 * 32 * 32 * 3);
  for (std::size_t i = 0; i < rgb.size() / 2; ++i) rgb[i] = static_cast<std::uint8_t>(51 * (i % 3 + 1));
  for (std::size_t i = rgb.size() * 3 / 4; i < rgb.size(); ++i) rgb[i] = 255;
  return rgb;
}

std::vector<float> encode(const Encoder& encoder) {
  std::vector<float> features(static_cast<std::size_t>(2 * encoder.facts().feature_dim));
  encoder.encode(two_tiles(), 2, 32, features);
  return features;
}

using TorchScript = Folder;

TEST_F(TorchScript, AModuleSeesChannelsInOrderScaledToOne) {
  write_module("  return x.mean([2, 3])\n");
  const auto encoder = load();
  EXPECT_EQ(encoder->facts().feature_dim, 3);
  EXPECT_EQ(encoder->facts().format, "torchscript");
  EXPECT_EQ(encoder->facts().tile_px, 32);
  EXPECT_EQ(encoder->facts().mpp, 0.5);
  EXPECT_FALSE(encoder->facts().random_weights);
  EXPECT_THAT(encode(*encoder), testing::Pointwise(testing::FloatNear(1e-6F), {0.2F, 0.4F, 0.6F, 0.5F, 0.5F, 0.5F}));
}

TEST_F(TorchScript, NormalizeTakesMeanAndStdPerChannel) {
  write("config.json", R"({"patch_size_pixels":32,"spacing_um_px":0.5,"transform":[{"name":"ToTensor","arguments":null},
    {"name":"Normalize","arguments":{"mean":[0.1,0.2,0.3],"std":[0.5,1,2]}}]})");
  write_module("  return x.mean([2, 3])\n");
  EXPECT_THAT(encode(*load()), testing::Pointwise(testing::FloatNear(1e-5F), {0.2F, 0.2F, 0.15F, 0.8F, 0.3F, 0.1F}));
}

TEST_F(TorchScript, ResizeChangesWhatTheModuleSeesNotTheTile) {
  write("config.json",
        R"({"patch_size_pixels":32,"spacing_um_px":0.5,"transform":[{"name":"Resize","arguments":{"size":8}},{"name":"ToTensor"}]})");
  write_module("  return x[:, 0, :, 0]\n");
  const auto encoder = load();
  EXPECT_EQ(encoder->facts().feature_dim, 8);
  EXPECT_EQ(encoder->facts().tile_px, 32);
  const std::vector<float> features = encode(*encoder);
  // the edge lies between rows 3 and 4, where the antialiasing triangle of four source pixels reaches across
  EXPECT_EQ(features[8 + 2], 0.0F);
  EXPECT_EQ(features[8 + 3], 32.0F / 255);  // 1/8 of the weight, rounded to a whole grey level
  EXPECT_EQ(features[8 + 4], 223.0F / 255);
  EXPECT_EQ(features[8 + 5], 1.0F);
}

TEST_F(TorchScript, OnePixelMapsAreFlattened) {
  write_module("  return x.mean([2, 3], True)\n");
  EXPECT_EQ(load()->facts().feature_dim, 3);
}

TEST_F(TorchScript, OutputsOtherThanOneRowPerTileAreRefused) {
  EXPECT_THAT(
      refused("  return x.flatten(2)\n"),
      HasSubstr(": wanted an output of shape [2, features]: found [2, 3, 1024]: export the model with one pooled row"));
  EXPECT_THAT(refused("  return x.mean([2, 3]), x\n"), HasSubstr("torchscript_model.pt: wanted a tensor as output: found Tuple: export the model with one pooled row per tile"));
  EXPECT_THAT(refused("  return x.mean([0, 2, 3]).unsqueeze(0)\n"), HasSubstr("found [1, 3]"));
}

TEST_F(TorchScript, AModuleTracedForOneTileIsRefused) {
  EXPECT_THAT(refused("  return x.reshape([1, 3072])\n"),
              HasSubstr("wanted the features of 2 tiles of 32 px: shape '[1, 3072]' is invalid"));
}

TEST_F(TorchScript, NotFiniteFeaturesAreRefused) {
  EXPECT_THAT(refused("  return x.mean([2, 3]) / 0.0\n"), HasSubstr("wanted finite features: found NaN or infinity"));
}

TEST_F(TorchScript, AnotherFeatureDimThanTheCardsIsRefused) {
  write("microtome.json", R"({"name":"mean colour","feature_dim":4,"licence":"CC0"})");
  EXPECT_THAT(refused("  return x.mean([2, 3])\n"),
              HasSubstr("mean colour: wanted 4 features per tile, as microtome.json says: the network gives 3: correct 'feature_dim'"));
}

/// A convolution of many channels, traced as users' networks are: as aten::_convolution.
void write_convolution(const fs::path& path) {
  torch::jit::Module module("Model");
  module.register_buffer("weight", at::sin(at::arange(16 * 3 * 7 * 7, at::kFloat)).reshape({16, 3, 7, 7}));
  module.define(
      "def forward(self, x: Tensor):\n"
      "  return torch._convolution(x, self.weight, None, [2, 2], [0, 0], [1, 1], False, [0, 0], 1, False, False, True, True).mean([2, 3])\n");
  module.save(path.string());
}

TEST_F(TorchScript, ALowerPrecisionIsReallyComputedAndTheSameInEveryCall) {
  write_convolution(folder_ / "torchscript_model.pt");
  const std::vector<float> exact = encode(*load());
  EncoderSettings settings;
  settings.name = folder_.string();
  settings.device = "cpu";
  settings.precision = "bfloat16";
  const auto encoder = load_encoder(settings, {32, 2, 1, nullptr});
  const std::vector<float> first = encode(*encoder);
  double difference = 0, largest = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    difference = std::max(difference, std::abs(double{first[i]} - exact[i]));
    largest = std::max(largest, std::abs(double{exact[i]}));
  }
  EXPECT_GT(difference / largest, 1e-4) << "documents say bfloat16, and float32 was computed";
  EXPECT_LT(difference / largest, 3e-2);
  for (int again = 0; again < 3; ++again) EXPECT_EQ(encode(*encoder), first) << "call " << again;
}

TEST_F(TorchScript, AModuleWithoutForwardIsRefused) {
  torch::jit::Module("Empty").save((folder_ / "torchscript_model.pt").string());
  EXPECT_THAT(refused(), HasSubstr("torchscript_model.pt: wanted a TorchScript module with a forward method: "));
}

using Weights = Folder;

TEST_F(Weights, AFolderOfSafetensorsIsTheNetworkItsCardNames) {
  write_safetensors(folder_ / "model.safetensors", random_resnet_weights("resnet18", 1), {});
  const auto encoder = load();
  EXPECT_EQ(encoder->facts().format, "safetensors");
  EXPECT_EQ(encoder->facts().feature_dim, 512);
  EXPECT_FALSE(encoder->facts().random_weights);
}

TEST_F(Weights, AMissingKeyIsNamed) {
  NamedTensors weights = random_resnet_weights("resnet18", 1);
  weights.erase("layer2.0.downsample.1.running_var");
  write_safetensors(folder_ / "model.safetensors", weights, {});
  EXPECT_THAT(refused(),
              HasSubstr("model.safetensors: wanted 'layer2.0.downsample.1.running_var' of shape [128] for resnet18: it is missing"));
}

TEST_F(Weights, AWrongShapeIsNamedWithBothShapes) {
  NamedTensors weights = random_resnet_weights("resnet18", 1);
  weights["layer1.0.conv1.weight"] = at::zeros({64, 64, 1, 1});
  write_safetensors(folder_ / "model.safetensors", weights, {});
  EXPECT_THAT(refused(), HasSubstr("wanted 'layer1.0.conv1.weight' of shape [64, 64, 3, 3] for resnet18: found Float [64, 64, 1, 1]"));
}

TEST_F(Weights, KeysOfAnotherNetworkAreRefused) {
  NamedTensors weights = random_resnet_weights("resnet18", 1);
  weights["fc.weight"] = at::zeros({1000, 512});
  weights["bn1.num_batches_tracked"] = at::zeros({}, at::kLong);
  write_safetensors(folder_ / "model.safetensors", weights, {});
  EXPECT_EQ(refused(), "was accepted");
  weights["layer1.0.se.fc1.weight"] = at::zeros({1});
  write_safetensors(folder_ / "model.safetensors", weights, {});
  EXPECT_THAT(refused(),
              HasSubstr("wanted only the keys of resnet18: found 'layer1.0.se.fc1.weight' too: these weights are of another network"));
}

TEST_F(Weights, TheTruncatedNetworkReadsWholeAndTruncatedFiles) {
  const NamedTensors whole = random_resnet_weights("resnet50", 1);
  NamedTensors truncated = whole;
  std::erase_if(truncated, [](const auto& entry) { return entry.first.starts_with("layer4."); });
  const at::Tensor images = at::rand({1, 3, 32, 32});
  const at::Tensor from_whole = make_resnet("resnet50-trunc", whole, "whole", {}).forward(images);
  EXPECT_EQ(from_whole.size(1), 1024);
  EXPECT_TRUE(from_whole.equal(make_resnet("resnet50-trunc", truncated, "truncated", {}).forward(images)));
}

}  // namespace
}  // namespace microtome
