// SPDX-License-Identifier: Apache-2.0
// A reader learns: what becomes of a tile's bytes before a network sees them, on cases that can be computed by hand.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/cuda.h>

#include <array>
#include <utility>
#include <vector>

#include "mil/encoders/image_batch.h"

namespace microtome {
namespace {

using testing::ElementsAre;

/// Nothing is normalised, so that images are grey levels / 255.
Preprocessing plain() {
  Preprocessing preprocessing;
  preprocessing.mean = {0, 0, 0};
  preprocessing.std = {1, 1, 1};
  return preprocessing;
}

Preprocessing resizing(int side, Interpolation interpolation, bool after_scaling = false) {
  Preprocessing preprocessing = plain();
  preprocessing.resize_px = side;
  preprocessing.interpolation = interpolation;
  preprocessing.resize_after_scaling = after_scaling;
  return preprocessing;
}

/// One tile whose columns hold these bytes in every row and channel.
at::Tensor columns(const std::vector<std::uint8_t>& bytes) {
  const auto side = static_cast<std::int64_t>(bytes.size());
  return at::tensor(at::ArrayRef<std::uint8_t>(bytes), at::kByte).reshape({1, 1, side, 1}).expand({1, side, side, 3}).contiguous();
}

at::Tensor ramp(int side) {
  std::vector<std::uint8_t> bytes(side);
  for (int x = 0; x < side; ++x) bytes[x] = static_cast<std::uint8_t>(x);
  return columns(bytes);
}

at::Tensor images_of(const Preprocessing& preprocessing, const at::Tensor& tiles, at::ScalarType dtype = at::kFloat) {
  return ImageBatch(preprocessing, static_cast<int>(tiles.size(1)), at::kCPU, dtype)(tiles);
}

/// One row of the first channel, in grey levels.
std::vector<float> row_of(const at::Tensor& images, std::int64_t y) {
  const at::Tensor row = (images[0][0][y] * 255).contiguous();
  return {row.const_data_ptr<float>(), row.const_data_ptr<float>() + row.numel()};
}

at::Tensor noise(std::int64_t tiles, std::int64_t side) { return at::randint(256, {tiles, side, side, 3}, at::kByte); }

TEST(ImageBatch, EveryByteIsNormalisedInFloat32InTorchvisionsOrder) {
  const Preprocessing imagenet;
  const at::Tensor tile = at::arange(256, at::kByte).reshape({1, 16, 16, 1}).expand({1, 16, 16, 3}).contiguous();
  const at::Tensor images = images_of(imagenet, tile);
  for (int channel = 0; channel < 3; ++channel)
    for (int byte = 0; byte < 256; ++byte) {
      const float expected =
          (static_cast<float>(byte) / 255.0F - static_cast<float>(imagenet.mean[channel])) / static_cast<float>(imagenet.std[channel]);
      ASSERT_EQ(images[0][channel][byte / 16][byte % 16].item<float>(), expected) << channel << ' ' << byte;
    }
}

TEST(ImageBatch, ImagesLieChannelsLast) {
  for (const Preprocessing& each : {plain(), resizing(8, Interpolation::bicubic), resizing(8, Interpolation::bilinear, true)}) {
    const at::Tensor images = images_of(each, noise(2, 12));
    EXPECT_EQ(images.sizes(), at::IntArrayRef({2, 3, each.input_px(12), each.input_px(12)}));
    EXPECT_TRUE(images.is_contiguous(at::MemoryFormat::ChannelsLast));
  }
}

TEST(ImageBatch, HalfPrecisionRoundsTheNormalisedFloats) {
  const at::Tensor tiles = noise(2, 16);
  for (const at::ScalarType dtype : {at::kHalf, at::kBFloat16}) {
    const at::Tensor images = images_of(Preprocessing(), tiles, dtype);
    EXPECT_EQ(images.scalar_type(), dtype);
    EXPECT_TRUE(at::equal(images, images_of(Preprocessing(), tiles).to(dtype)));
  }
}

TEST(ImageBatch, ACropIsCentredAndHalvesGoToTheEvenOffset) {
  const auto first_column = [](int tile_px, int crop_px) {
    Preprocessing cropping = plain();
    cropping.crop_px = crop_px;
    const at::Tensor images = images_of(cropping, ramp(tile_px));
    EXPECT_EQ(images.size(3), crop_px);
    EXPECT_TRUE(at::equal(images, images_of(cropping, ramp(tile_px).transpose(1, 2).contiguous()).transpose(2, 3))) << "rows as columns";
    return row_of(images, 0).front();
  };
  EXPECT_NEAR(first_column(8, 4), 2, 1e-4);
  EXPECT_NEAR(first_column(5, 4), 0, 1e-4);  // 0.5
  EXPECT_NEAR(first_column(7, 4), 2, 1e-4);  // 1.5
  EXPECT_NEAR(first_column(9, 4), 2, 1e-4);  // 2.5
  EXPECT_NEAR(first_column(4, 4), 0, 1e-4);
}

TEST(ImageBatch, TiesBetweenGreyLevelsGoUpAsInPil) {
  const at::Tensor halved = images_of(resizing(4, Interpolation::bilinear), columns({0, 1, 0, 1, 0, 1, 0, 1}));
  // (0 + 3 + 0 + 1) / 8 inside; at the ends the kernel is cut: (0 + 3 + 0) / 7 and (3 + 0 + 1) / 7
  EXPECT_THAT(row_of(halved, 1), ElementsAre(0, 1, 1, 1));
}

TEST(ImageBatch, ResizeBehindToTensorRoundsAndClampsNothing) {
  const at::Tensor halved = images_of(resizing(4, Interpolation::bilinear, true), columns({0, 1, 0, 1, 0, 1, 0, 1}));
  EXPECT_NEAR(row_of(halved, 1)[1], 0.5, 1e-5);
  const at::Tensor edge = columns({0, 0, 0, 0, 255, 255, 255, 255});
  EXPECT_GT(images_of(resizing(16, Interpolation::bicubic, true), edge).max().item<float>(), 1.05F);
  EXPECT_EQ(images_of(resizing(16, Interpolation::bicubic), edge).max().item<float>(), 1);
  EXPECT_EQ(images_of(resizing(16, Interpolation::bicubic), edge).min().item<float>(), 0);
}

TEST(ByteResize, TorchsKernelsGiveTheSameBytesAsOurLoop) {
  for (const Interpolation each : {Interpolation::bilinear, Interpolation::bicubic})
    for (const auto& [side, new_side] : std::vector<std::pair<int, int>>{{256, 224}, {512, 256}, {301, 224}, {224, 448}, {97, 32}, {40, 7}, {3, 40}}) {
      const at::Tensor tiles = noise(2, side);
      const at::Tensor ours = ByteResize(side, new_side, each, at::kCPU, false)(tiles);
      EXPECT_EQ(ours.sizes(), at::IntArrayRef({2, new_side, new_side, 3}));
      EXPECT_TRUE(at::equal(ours, ByteResize(side, new_side, each, at::kCPU, true)(tiles))) << side << " to " << new_side;
    }
}

TEST(ImageBatch, AResizeToTheTilesSideChangesNothing) {
  const at::Tensor tiles = noise(2, 24);
  EXPECT_TRUE(at::equal(images_of(resizing(24, Interpolation::bicubic), tiles), images_of(plain(), tiles)));
  EXPECT_TRUE(at::equal(images_of(resizing(24, Interpolation::bicubic, true), tiles), images_of(plain(), tiles)));
}

TEST(ImageBatch, ATilesImageDoesNotDependOnTheOthers) {
  const at::Tensor tiles = noise(3, 40);
  for (const Preprocessing& each : {plain(), resizing(28, Interpolation::bicubic), resizing(28, Interpolation::bilinear, true)}) {
    const at::Tensor images = images_of(each, tiles);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(at::equal(images[i], images_of(each, tiles.narrow(0, i, 1))[0])) << i;
  }
}

TEST(ImageBatch, TilesOfAnotherSizeAreRefused) {
  const ImageBatch images(plain(), 16, at::kCPU, at::kFloat);
  EXPECT_EQ(images.side(), 16);
  EXPECT_THROW(images(noise(1, 17)), c10::Error);
}

TEST(ImageBatch, CudaSeesTheCpusImages) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device";
  const at::Tensor tiles = noise(4, 256);
  const auto on_cuda = [&](const Preprocessing& each) {
    return ImageBatch(each, 256, at::Device("cuda:0"), at::kFloat)(tiles.to(at::Device("cuda:0"))).cpu();
  };
  EXPECT_TRUE(at::equal(on_cuda(Preprocessing()), images_of(Preprocessing(), tiles)));
  for (const Interpolation each : {Interpolation::bilinear, Interpolation::bicubic})
    EXPECT_TRUE(at::equal(on_cuda(resizing(224, each)), images_of(resizing(224, each), tiles)));
}

TEST(PreprocessingText, NamesEveryStepInShortestDigits) {
  EXPECT_EQ(preprocessing_text(Preprocessing()), "mean 0.485 0.456 0.406, std 0.229 0.224 0.225");
  Preprocessing full{224, Interpolation::bicubic, false, 200, {0.5, 0.1, 0}, {1, 0.5, 0.707223}};
  EXPECT_EQ(preprocessing_text(full), "resize 224 bicubic, crop 200, mean 0.5 0.1 0, std 1 0.5 0.707223");
  full.resize_after_scaling = true;
  EXPECT_EQ(preprocessing_text(full), "resize 224 bicubic after scaling, crop 200, mean 0.5 0.1 0, std 1 0.5 0.707223");
}

}  // namespace
}  // namespace microtome
