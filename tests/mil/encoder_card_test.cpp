// SPDX-License-Identifier: Apache-2.0
// A reader learns: what an encoder folder must hold, and in which words each mistake in its cards is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "mil/encoders/encoder.h"
#include "mil/model_error.h"
#include "mil/sha256.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// A folder with cards; its weights are no network, because every test here must be refused before they are opened, or by their content.
class Card : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("microtome-card-" + std::to_string(getpid()));
    fs::create_directories(folder_);
    write("torchscript_model.pt", "no archive");
    write("config.json", config("64", R"({"name":"ToTensor"})"));
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const char* name, const std::string& text) const { std::ofstream(folder_ / name, std::ios::binary) << text; }

  static std::string config(const std::string& tile_px, const std::string& steps) {
    return R"({"num_classes":2,"class_names":["a","b"],"architecture":"vit","patch_size_pixels":)" + tile_px +
           R"(,"spacing_um_px":0.5,"transform":[)" + steps + "]}";
  }

  std::string refused() const {
    EncoderSettings settings;
    settings.name = folder_.string();
    settings.device = "cpu";
    try {
      load_encoder(settings, 64);
    } catch (const ModelError& e) {
      return e.what();
    }
    return "was accepted";
  }

  std::string refused_steps(const std::string& steps) const {
    write("config.json", config("64", steps));
    return refused();
  }

  fs::path folder_;
};

TEST_F(Card, ACorruptArchiveIsRefused) {
  EXPECT_THAT(refused(), HasSubstr("torchscript_model.pt: wanted a TorchScript module with a forward method: PytorchStreamReader failed"));
}

TEST_F(Card, AnotherTileSizeIsRefusedWithBothSizes) {
  write("config.json", config("224", R"({"name":"ToTensor"})"));
  EXPECT_THAT(refused(), HasSubstr(": wanted tiles of 224 px, as config.json says: the run is set to 64 px: use --tile-px 224"));
}

TEST_F(Card, UnknownTransformsAndArgumentsAreRefusedByName) {
  EXPECT_THAT(refused_steps(R"({"name":"CenterCrop","arguments":{"size":64}})"),
              HasSubstr("config.json: wanted the transforms Resize, ToTensor and Normalize: found 'CenterCrop': correct the file"));
  EXPECT_THAT(refused_steps(R"({"name":"Resize","arguments":{"size":64,"max_size":80}},{"name":"ToTensor"})"),
              HasSubstr("found 'max_size'"));
  EXPECT_THAT(refused_steps(R"({"name":"Resize","arguments":{"size":64,"interpolation":"bicubic"}},{"name":"ToTensor"})"),
              HasSubstr("wanted Resize with interpolation 'bilinear': found \"bicubic\""));
  EXPECT_THAT(refused_steps(R"({"name":"Resize","arguments":{"size":64,"antialias":false}},{"name":"ToTensor"})"),
              HasSubstr("wanted Resize with antialias: found false"));
}

TEST_F(Card, TransformsInAnotherOrderAreRefused) {
  EXPECT_THAT(refused_steps(R"({"name":"ToTensor"},{"name":"Resize","arguments":{"size":64}})"),
              HasSubstr("wanted the order Resize, ToTensor, Normalize: found 'Resize' behind a later step"));
  EXPECT_THAT(refused_steps(R"({"name":"Resize","arguments":{"size":64}})"),
              HasSubstr("wanted ToTensor among the transforms: it is missing"));
}

TEST_F(Card, TransformArgumentsThatMakeNoSenseAreRefused) {
  EXPECT_THAT(refused_steps(R"({"name":"Resize"},{"name":"ToTensor"})"),
              HasSubstr("wanted 'size' as a whole number from 1 to 16384: it is missing"));
  EXPECT_THAT(refused_steps(R"({"name":"Resize","arguments":{"size":[64,32]}},{"name":"ToTensor"})"),
              HasSubstr("wanted a square Resize 'size', as tiles are square: found [64,32]"));
  EXPECT_THAT(refused_steps(R"({"name":"ToTensor"},{"name":"Normalize","arguments":{"mean":[0,0],"std":[1,1,1]}})"),
              HasSubstr("wanted three numbers in Normalize 'mean': found [0,0]"));
  EXPECT_THAT(refused_steps(R"({"name":"ToTensor"},{"name":"Normalize","arguments":{"mean":[0,0,0],"std":[1,0,1]}})"),
              HasSubstr("wanted numbers above 0 in Normalize 'std': found [1,0,1]"));
  EXPECT_THAT(refused_steps("3"), HasSubstr("wanted each transform as an object: found 3"));
}

TEST_F(Card, BrokenCardsAreRefused) {
  write("config.json", "{");
  EXPECT_THAT(refused(), HasSubstr("config.json: wanted a JSON object: [json.exception.parse_error"));
  write("config.json", "[]");
  EXPECT_THAT(refused(), HasSubstr("config.json: wanted a JSON object: it is something else"));
  write("config.json", "{}");
  EXPECT_THAT(refused(), HasSubstr("wanted 'patch_size_pixels' as a whole number from 1 to 16384: it is missing"));
  write("config.json", R"({"patch_size_pixels":64,"spacing_um_px":-1})");
  EXPECT_THAT(refused(), HasSubstr("wanted 'spacing_um_px' as a positive number: found -1"));
  write("config.json", R"({"patch_size_pixels":64,"spacing_um_px":0.5})");
  EXPECT_THAT(refused(), HasSubstr("wanted 'transform' as a list: it is missing"));
  write("config.json", R"({"architecture":1})");
  EXPECT_THAT(refused(), HasSubstr("wanted 'architecture' as text: found 1"));
  fs::remove(folder_ / "config.json");
  EXPECT_THAT(refused(), HasSubstr("config.json: wanted an encoder card: it cannot be opened: check the folder"));
}

TEST_F(Card, OwnKeysAreChecked) {
  write("microtome.json", R"({"feature_dims":3})");
  EXPECT_THAT(refused(),
              HasSubstr("wanted in microtome.json only name, architecture, format, feature_dim, sha256, licence: found 'feature_dims'"));
  write("microtome.json", R"({"feature_dim":0})");
  EXPECT_THAT(refused(), HasSubstr("wanted 'feature_dim' as a whole number from 1 on: found 0"));
  write("microtome.json", R"({"format":"onnx"})");
  EXPECT_THAT(refused(), HasSubstr("wanted 'format' torchscript or safetensors: found \"onnx\""));
}

TEST_F(Card, AnotherSha256IsRefused) {
  write("microtome.json", R"({"sha256":"00"})");
  EXPECT_THAT(refused(),
              HasSubstr("torchscript_model.pt: wanted sha256 00, as microtome.json says: found " + sha256_of_text("no archive")));
}

TEST_F(Card, AFolderWithoutAUsableModelIsRefused) {
  fs::remove(folder_ / "torchscript_model.pt");
  EXPECT_THAT(refused(), HasSubstr(": wanted torchscript_model.pt or model.safetensors: there is none"));
  write("model.pt2", "");
  EXPECT_THAT(refused(), HasSubstr("there is only model.pt2, and this build does not run AOTInductor packages yet"));
}

TEST_F(Card, SafetensorsOfAnArchitectureThatIsNotBuiltInAreRefused) {
  fs::remove(folder_ / "torchscript_model.pt");
  write("model.safetensors", std::string("\2\0\0\0\0\0\0\0{}", 10));
  EXPECT_THAT(refused(), HasSubstr("wanted 'architecture' among resnet18, resnet50, resnet50-trunc for a safetensors file: found 'vit'"));
  write("microtome.json", R"({"architecture":"resnet50.tv_in1k"})");
  EXPECT_THAT(refused(), HasSubstr("model.safetensors: wanted 'conv1.weight' of shape [64, 3, 7, 7] for resnet50: it is missing"));
}

}  // namespace
}  // namespace microtome
