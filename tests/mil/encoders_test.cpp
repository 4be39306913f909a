// SPDX-License-Identifier: Apache-2.0
// A reader learns: which encoders are accepted and in which words others are refused, and that a tile's features depend on the tile alone.
#include "mil/encoders/encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <functional>
#include <random>
#include <thread>
#include <vector>

#include "mil/model_error.h"
#include "mil/sha256.h"
#include "tests/support/fake_encoder.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// As the program does: before any thread has a heap of its own.
[[maybe_unused]] const bool kFreedMemoryIsKept = (keep_freed_memory(), true);

constexpr int kTilePx = 64;
const EncoderUse kUse{kTilePx, 16, 3, nullptr};  // as many lanes as the tests start threads
constexpr std::size_t kTileBytes = std::size_t{kTilePx} * kTilePx * 3;

EncoderSettings rehearsal(const std::string& name, std::uint64_t seed = 7) {
  EncoderSettings settings;
  settings.name = name;
  settings.random_weights = true;
  settings.seed = seed;
  settings.device = "cpu";
  return settings;
}

std::vector<std::uint8_t> noise_tiles(int tiles, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::vector<std::uint8_t> rgb(tiles * kTileBytes);
  for (std::uint8_t& value : rgb) value = static_cast<std::uint8_t>(random());
  return rgb;
}

std::vector<float> encode(const Encoder& encoder, const std::vector<std::uint8_t>& rgb) {
  const int slots = static_cast<int>(rgb.size() / kTileBytes);
  std::vector<float> features(static_cast<std::size_t>(slots * encoder.facts().feature_dim));
  encoder.encode(rgb, slots, kTilePx, features);
  return features;
}

std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const ModelError& e) {
    return e.what();
  }
  return "was accepted";
}

std::string load_refusal(const EncoderSettings& settings, int tile_px = kTilePx) {
  return refusal([&] { load_encoder(settings, {tile_px, 16, 3, nullptr}); });
}

TEST(Encoder, BuiltinsStateWhatTheyAre) {
  const std::pair<const char*, std::int64_t> dims[] = {{"resnet18", 512}, {"resnet34", 512}, {"resnet50", 2048}, {"resnet50-trunc", 1024}};
  for (const auto& [name, dim] : dims) {
    const auto encoder = load_encoder(rehearsal(name, 3), kUse);
    EXPECT_EQ(encoder->facts().feature_dim, dim);
    EXPECT_EQ(encoder->facts().name, name);
    EXPECT_EQ(encoder->facts().format, "builtin");
    EXPECT_TRUE(encoder->facts().random_weights);
    EXPECT_EQ(encoder->facts().sha256, sha256_of_text("random " + std::string(name) + " seed 3 v1"));
    EXPECT_EQ(encoder->facts().tile_px, 0);
    EXPECT_EQ(encoder->facts().device, "cpu");
    EXPECT_EQ(encoder->facts().precision, "float32");
    EXPECT_THAT(builtin_encoder_names(), HasSubstr(name));
  }
}

TEST(Encoder, RandomWeightsAreTheSeedsAlone) {
  const std::vector<std::uint8_t> rgb = noise_tiles(2);
  const std::vector<float> seven = encode(*load_encoder(rehearsal("resnet18", 7), kUse), rgb);
  EXPECT_EQ(encode(*load_encoder(rehearsal("resnet18", 7), kUse), rgb), seven);
  EXPECT_NE(encode(*load_encoder(rehearsal("resnet18", 8), kUse), rgb), seven);
}

TEST(Encoder, UntrainedActivationsStayTame) {
  const std::vector<float> features = encode(*load_encoder(rehearsal("resnet50"), kUse), noise_tiles(2));
  const float largest = *std::max_element(features.begin(), features.end());
  EXPECT_GT(largest, 0.1F);
  EXPECT_LT(largest, 1000.0F);
}

class OneTileAlone : public testing::TestWithParam<const char*> {};

TEST_P(OneTileAlone, FeaturesDoNotDependOnTheSlotOrTheNeighbours) {
  const auto encoder = load_encoder(rehearsal(GetParam()), kUse);
  const int slots = 5;
  const auto dim = static_cast<std::size_t>(encoder->facts().feature_dim);
  const std::vector<std::uint8_t> rgb = noise_tiles(slots);
  const std::vector<float> features = encode(*encoder, rgb);
  for (int shift = 1; shift < slots; ++shift) {
    std::vector<std::uint8_t> rotated = noise_tiles(slots, 99);  // the last slot keeps padding that is not in the first batch
    for (int slot = 0; slot + 1 < slots; ++slot)
      std::memcpy(&rotated[slot * kTileBytes], &rgb[(slot + shift) % slots * kTileBytes], kTileBytes);
    const std::vector<float> again = encode(*encoder, rotated);
    for (int slot = 0; slot + 1 < slots; ++slot)
      EXPECT_EQ(std::memcmp(&again[slot * dim], &features[(slot + shift) % slots * dim], dim * sizeof(float)), 0) << slot << " " << shift;
  }
}

TEST_P(OneTileAlone, FeaturesDoNotDependOnTheNumberOfLanes) {
  const auto encoder = load_encoder(rehearsal(GetParam()), kUse);
  const std::vector<std::uint8_t> rgb = noise_tiles(4);
  const std::vector<float> alone = encode(*encoder, rgb);
  std::vector<std::vector<float>> found(3);
  std::vector<std::thread> lanes;
  for (std::vector<float>& features : found)
    lanes.emplace_back([&] {
      for (int round = 0; round < 2; ++round) features = encode(*encoder, rgb);
    });
  for (std::thread& lane : lanes) lane.join();
  for (const std::vector<float>& features : found) EXPECT_EQ(features, alone);
}

INSTANTIATE_TEST_SUITE_P(Builtins, OneTileAlone, testing::Values("resnet18", "resnet50-trunc"));

TEST(Encoder, ALaneStartsNoThreads) {
  const auto encoder = load_encoder(rehearsal("resnet18"), kUse);
  const auto threads = [] { return std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator()); };
  const std::vector<std::uint8_t> rgb = noise_tiles(8);
  const auto before = threads();
  decltype(threads()) during = 0;
  std::thread([&] {
    encode(*encoder, rgb);
    during = threads();
  }).join();
  EXPECT_EQ(during, before + 1);
}

TEST(Encoder, WithoutWeightsABuiltinIsRefused) {
  EncoderSettings settings = rehearsal("resnet50");
  settings.random_weights = false;
  EXPECT_EQ(load_refusal(settings),
            "resnet50: wanted weights: a built-in encoder without weights gives meaningless features: give --encoder.weights "
            "FILE.safetensors, or --encoder.random_weights for a rehearsal");
}

TEST(Encoder, ContradictingSettingsAreRefused) {
  EncoderSettings both = rehearsal("resnet18");
  both.weights = "w.safetensors";
  EXPECT_THAT(load_refusal(both), HasSubstr("--encoder.weights and --encoder.random_weights are both given: keep one"));
  const EncoderSettings folder = rehearsal(fs::temp_directory_path().string());
  EXPECT_THAT(load_refusal(folder), HasSubstr("wanted the folder's own weights: --encoder.random_weights goes with a built-in"));
}

TEST(Encoder, UnknownNamesDevicesAndPrecisionsAreRefused) {
  EXPECT_EQ(load_refusal(rehearsal("resnet51")),
            "resnet51: wanted an encoder: resnet18, resnet34, resnet50, resnet50-trunc, or a folder with config.json: there is no such folder: check "
            "--encoder");
  EncoderSettings settings = rehearsal("resnet18");
  settings.device = "tpu";
  EXPECT_THAT(load_refusal(settings), HasSubstr("tpu: wanted a device: auto, cpu, cuda, cuda:N or cuda:N,M"));
  settings.device = "cpu";
  settings.precision = "float16";
  EXPECT_EQ(load_refusal(settings),
            "float16: wanted a precision for the CPU: float16 is for CUDA devices: use --precision float32 or bfloat16");
  settings.precision = "int8";
  EXPECT_THAT(load_refusal(settings), HasSubstr("int8: wanted a precision: there is auto, float32, float16, bfloat16"));
}

TEST(Encoder, ACudaDeviceThatIsNotThereIsRefused) {
  EncoderSettings settings = rehearsal("resnet18");
  settings.device = "cuda:99";
  EXPECT_THAT(load_refusal(settings), testing::StartsWith("cuda:99: wanted a CUDA device"));
}

TEST(Encoder, TilesBelow32PixelsAreRefused) {
  EXPECT_THAT(load_refusal(rehearsal("resnet18"), 31), HasSubstr("resnet18: wanted tiles of at least 32 px: found 31"));
  EXPECT_EQ(load_refusal(rehearsal("resnet18"), 32), "was accepted");
}

TEST(Encoder, BuffersOfAnotherSizeAreRefused) {
  const auto encoder = load_encoder(rehearsal("resnet18"), kUse);
  std::vector<float> features(512);
  const std::vector<std::uint8_t> rgb = noise_tiles(2);
  EXPECT_THAT(refusal([&] { encoder->encode(rgb, 1, kTilePx, features); }), HasSubstr("wanted 1 tiles of 64 px: found 24576 bytes"));
  EXPECT_THAT(refusal([&] { encoder->encode(rgb, 2, kTilePx, features); }), HasSubstr("wanted room for 2 x 512 features: found 512"));
}

TEST(Encoder, AMissingWeightsFileIsRefused) {
  EncoderSettings settings = rehearsal("resnet18");
  settings.random_weights = false;
  settings.weights = "nowhere.safetensors";
  EXPECT_THAT(load_refusal(settings),
              HasSubstr("nowhere.safetensors: wanted a safetensors file: No such file or directory: check the path"));
}

TEST(Encoder, TorchSaysItsVersionAndDevices) {
  EXPECT_THAT(torch_version(), testing::StartsWith("2."));
  EXPECT_THAT(torch_devices(), testing::StartsWith("cpu ("));
}

// A sanitizer brings its own allocator, which mallopt does not reach.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/// Page faults of getting and touching one block as large as a layer's output.
long faults_of_a_block() {
  const auto faults = [] {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_minflt;
  };
  constexpr std::size_t kBytes = std::size_t{100} << 20;
  const long before = faults();
  void* block = nullptr;
  if (posix_memalign(&block, 64, kBytes) != 0) return -1;
  std::memset(block, 1, kBytes);
  asm volatile("" : : "r"(block) : "memory");  // or the compiler drops the block
  std::free(block);
  return faults() - before;
}

TEST(Allocator, AFreedBlockIsUsedAgainWithoutPageFaults) {
  faults_of_a_block();
  EXPECT_LT(faults_of_a_block(), 100);
  long in_lane = -1;
  std::thread([&] { in_lane = (faults_of_a_block(), faults_of_a_block()); }).join();
  EXPECT_GE(in_lane, 0);
  EXPECT_LT(in_lane, 100);
}
#endif

TEST(FakeEncoder, GivesTheMeanColourAndFailsWhenTold) {
  const FakeEncoder fake(4, 2);
  std::vector<std::uint8_t> rgb(kTileBytes);
  for (std::size_t i = 0; i < rgb.size(); ++i) rgb[i] = static_cast<std::uint8_t>(10 * (i % 3));
  EXPECT_EQ(encode(fake, rgb), (std::vector<float>{0, 10, 20, 1}));
  EXPECT_THAT(refusal([&] { encode(fake, rgb); }), HasSubstr("told to fail at call 2"));
  EXPECT_EQ(fake.calls(), 2);
}

}  // namespace
}  // namespace microtome
