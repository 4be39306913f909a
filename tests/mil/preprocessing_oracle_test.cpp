// SPDX-License-Identifier: Apache-2.0
// A reader learns: how near our images are to those that torchvision's transforms make of PIL images.
// preprocessing_oracle.py wrote the folder that MICROTOME_PREPROCESSING_ORACLE names.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "mil/encoders/encoder_card.h"
#include "mil/encoders/image_batch.h"
#include "scratch_folder.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kTiles = 3;

fs::path oracle() {
  const char* folder = std::getenv("MICROTOME_PREPROCESSING_ORACLE");
  return folder == nullptr ? "MICROTOME_PREPROCESSING_ORACLE is not set" : folder;
}

at::Tensor read_tensor(const fs::path& path, at::IntArrayRef shape, at::ScalarType dtype) {
  const std::string bytes = bytes_of(path);
  at::Tensor tensor = at::empty(shape, dtype);
  EXPECT_EQ(bytes.size(), tensor.nbytes()) << path;
  if (bytes.size() == tensor.nbytes()) std::memcpy(tensor.mutable_data_ptr(), bytes.data(), bytes.size());
  return tensor;
}

/// What the card in the folder makes of the tiles beside it, and what torchvision made of them.
struct Case {
  EncoderCard card;
  at::Tensor tiles, pixels, images;  // pixels: before Normalize

  explicit Case(const std::string& name) : card(read_encoder_card(oracle() / name)) {
    const std::int64_t side = card.preprocessing.input_px(card.tile_px);
    tiles = read_tensor(oracle() / name / "tiles.rgb", {kTiles, card.tile_px, card.tile_px, 3}, at::kByte);
    pixels = read_tensor(oracle() / name / "pixels.f32", {kTiles, 3, side, side}, at::kFloat);
    images = read_tensor(oracle() / name / "images.f32", {kTiles, 3, side, side}, at::kFloat);
  }

  at::Tensor our_images() const { return ImageBatch(card.preprocessing, card.tile_px, at::kCPU, at::kFloat)(tiles); }

  at::Tensor our_pixels() const {
    Preprocessing plain = card.preprocessing;
    plain.mean = {0, 0, 0};
    plain.std = {1, 1, 1};
    return ImageBatch(plain, card.tile_px, at::kCPU, at::kFloat)(tiles);
  }
};

TEST(PreprocessingOracle, EveryBitIsTorchvisionsOnPil) {
  for (const char* name : {"plain_256", "plain_odd", "crop_257_224", "crop_259_224", "bicubic_256_256_crop", "bilinear_256_224", "bilinear_odd_224",
                           "bilinear_512_256", "bicubic_256_224", "bicubic_224_256_crop", "bicubic_odd_256_crop", "bicubic_224_448"}) {
    const Case each(name);
    EXPECT_TRUE(at::equal(each.our_pixels(), each.pixels)) << name;
    EXPECT_TRUE(at::equal(each.our_images(), each.images)) << name;
  }
}

TEST(PreprocessingOracle, ResizeBehindToTensorIsTorchvisionsToTheLastBits) {
  for (const char* name : {"scaled_bilinear_256_224", "scaled_bicubic_224_256_crop"}) {
    const Case each(name);
    EXPECT_LE((each.our_pixels() - each.pixels).abs().max().item<double>(), 1e-6) << name;
    EXPECT_LE((each.our_images() - each.images).abs().max().item<double>(), 1e-5) << name;
    const at::Tensor levels = each.pixels * 255;
    EXPECT_GT((levels - levels.round()).abs().max().item<double>(), 0.4) << name << " has only whole grey levels";
  }
}

}  // namespace
}  // namespace microtome
