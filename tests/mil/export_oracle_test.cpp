// SPDX-License-Identifier: Apache-2.0
// A reader learns: an exported encoder gives its authors' features in every form, a tile's features are the same bits whatever lies beside it, and
// in which words packages that do not fit are refused. export_oracle.py wrote the folder that MICROTOME_EXPORT_ORACLE names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "mil/encoders/encoder.h"
#include "mil/model_error.h"
#include "tests/support/expect_error.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

[[maybe_unused]] const bool kFreedMemoryIsKept = (keep_freed_memory(), true);

EncoderSettings folder(const std::string& name, const std::string& form = "auto") {
  const char* root = std::getenv("MICROTOME_EXPORT_ORACLE");
  EncoderSettings settings;
  settings.name = (fs::path(root == nullptr ? "MICROTOME_EXPORT_ORACLE is not set" : root) / name).string();
  settings.device = "cpu";
  settings.form = form;
  return settings;
}

std::shared_ptr<const Encoder> load(const EncoderSettings& settings, int batch) {
  return load_encoder(settings, {encoder_tiles(settings).tile_px, batch, 2, nullptr});
}

std::vector<float> encode(const Encoder& encoder, const std::vector<std::uint8_t>& rgb, int tiles) {
  std::vector<float> rows(static_cast<std::size_t>(tiles * encoder.facts().feature_dim));
  encoder.encode(rgb, tiles, encoder.facts().tile_px, rows);
  return rows;
}

struct Form {
  const char* name;
  const char* form;
  std::int64_t dim;
};
class ExportedEncoder : public testing::TestWithParam<Form> {};

TEST_P(ExportedEncoder, GivesWhatItsAuthorsCodeGives) {
  const auto [name, form, dim] = GetParam();
  const EncoderSettings settings = folder(name, form);
  const GoldenTiles golden = *golden_tiles(settings);
  const auto encoder = load(settings, golden.tiles);
  EXPECT_EQ(encoder->facts().format, form);
  EXPECT_EQ(encoder->facts().feature_dim, dim);
  const std::vector<float> rows = encode(*encoder, golden.rgb, golden.tiles);
  ASSERT_EQ(rows.size(), golden.rows.size());
  const auto row = static_cast<std::size_t>(dim);
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    largest = std::max(largest, std::abs(double{golden.rows[i]}));
    difference = std::max(difference, std::abs(double{rows[i]} - golden.rows[i]));
  }
  EXPECT_LE(difference / largest, 2e-3) << "resizing bytes may be a grey level off in a thousandth of them";
  for (std::size_t first = 0; first < rows.size(); first += row) {
    double dot = 0, a = 0, b = 0;
    for (std::size_t i = first; i < first + row; ++i) {
      dot += double{rows[i]} * golden.rows[i];
      a += double{rows[i]} * rows[i];
      b += double{golden.rows[i]} * golden.rows[i];
    }
    EXPECT_GE(dot / std::sqrt(a * b), 0.9999) << "tile " << first / row;
  }
}

TEST_P(ExportedEncoder, ATilesBitsDoNotDependOnItsNeighboursSlotOrThread) {
  const auto [name, form, dim] = GetParam();
  const EncoderSettings settings = folder(name, form);
  const GoldenTiles golden = *golden_tiles(settings);
  const auto encoder = load(settings, golden.tiles);
  const std::vector<float> rows = encode(*encoder, golden.rgb, golden.tiles);
  std::vector<std::uint8_t> rotated = golden.rgb;
  std::rotate(rotated.begin(), rotated.begin() + static_cast<std::ptrdiff_t>(golden.rgb.size()) / golden.tiles, rotated.end());
  std::vector<float> found;
  std::thread([&] { found = encode(*encoder, rotated, golden.tiles); }).join();
  std::rotate(found.begin(), found.end() - dim, found.end());
  EXPECT_EQ(std::memcmp(found.data(), rows.data(), rows.size() * sizeof(float)), 0);
}

INSTANTIATE_TEST_SUITE_P(Forms, ExportedEncoder,
                         testing::Values(Form{"resnet50", "torchscript", 2048}, Form{"resnet50", "pt2", 2048}, Form{"resnet50", "safetensors", 2048},
                                         Form{"resnet34-resized", "torchscript", 512}, Form{"resnet34-resized", "safetensors", 512},
                                         Form{"vit-s", "torchscript", 384}, Form{"vit-s", "pt2", 384}, Form{"vit-l", "torchscript", 2048}));

// Made only where MICROTOME_SLOW asks for it: its compilation takes minutes.
std::vector<Form> large_package() {
  const auto forms = model_forms(folder("vit-l"));
  return std::find(forms.begin(), forms.end(), "pt2") == forms.end() ? std::vector<Form>{} : std::vector<Form>{{"vit-l", "pt2", 2048}};
}
INSTANTIATE_TEST_SUITE_P(Large, ExportedEncoder, testing::ValuesIn(large_package()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ExportedEncoder);

TEST(Package, IsTakenFirstAndGivesTheSameBitsForEveryBatch) {
  const EncoderSettings settings = folder("vit-s");
  const GoldenTiles golden = *golden_tiles(settings);
  const auto encoder = load(settings, golden.tiles);
  EXPECT_EQ(encoder->facts().format, "pt2");
  const std::vector<float> four = encode(*encoder, golden.rgb, 4);
  const std::vector<std::uint8_t> first(golden.rgb.begin(), golden.rgb.begin() + static_cast<std::ptrdiff_t>(golden.rgb.size()) / 4);
  const std::vector<float> one = encode(*encoder, first, 1);
  EXPECT_EQ(std::memcmp(one.data(), four.data(), one.size() * sizeof(float)), 0) << "the batch is compiled in: fewer tiles are padded";
}

TEST(Package, ThatDoesNotFitGivesWayToTorchScriptAndSaysSo) {
  const auto encoder = load(folder("falls_back"), 2);
  EXPECT_EQ(encoder->facts().format, "torchscript");
  EXPECT_THAT(encoder->facts().note, HasSubstr("model.cpu.pt2 was passed over: it was compiled by torch 2.9.1, this is LibTorch 2.11"));
  EXPECT_THAT(sentence_of<ModelError>([] { load(folder("falls_back", "pt2"), 2); }),
              HasSubstr(": wanted a model file of the form pt2: model.cpu.pt2 was passed over: it was compiled by torch 2.9.1"));
}

TEST(Package, OfAnotherDeviceTorchOrProcessorIsRefused) {
  const auto refused = [](const char* name) { return sentence_of<ModelError>([&] { load(folder(name), 2); }); };
  EXPECT_THAT(refused("for_cuda"), HasSubstr("model.cpu.pt2 was passed over: it was compiled for cuda, this run computes on cpu"));
  EXPECT_THAT(refused("other_torch"), HasSubstr("it was compiled by torch 2.9.1, this is LibTorch"));
  EXPECT_THAT(refused("other_processor"), HasSubstr("it was compiled for a processor with AVX1024, this one lacks AVX1024"));
  EXPECT_THAT(refused("no_batch"), HasSubstr("wanted a batch from 1 to 65536 in the package's metadata: found 'many'"));
  EXPECT_THAT(refused("torn_package"), HasSubstr("model.cpu.pt2: wanted an AOTInductor package: "));
}

TEST(Package, ComputesInItsOwnPrecisionAlone) {
  EncoderSettings settings = folder("vit-s", "pt2");
  settings.precision = "bfloat16";
  EXPECT_THAT(sentence_of<ModelError>([&] { load(settings, 2); }), HasSubstr("it computes in float32, wanted is bfloat16"));
}

TEST(Golden, OutputsThatDoNotAgreeRefuseTheFolder) {
  EXPECT_THAT(sentence_of<ModelError>([] { load(folder("wrong_golden"), 2); }),
              HasSubstr("wanted the outputs of its golden.safetensors, with a cosine of at least 0.9999, and 0.99 about the tiles' mean: found"));
}

TEST(Classifier, WithOtherClassesThanTheCardsIsRefused) {
  EXPECT_THAT(sentence_of<ModelError>([] { load(folder("wrong_classes"), 2); }),
              HasSubstr("wanted 2 classes, as config.json says: the network gives 384 numbers: correct 'class_names', or say \"output\": "
                        "\"features\" in microtome.json"));
}

TEST(Precision, Bfloat16OnTheCpuIsNearTheGoldenOutputsAndSaysWhatItCosts) {
  EncoderSettings settings = folder("vit-s", "torchscript");
  settings.precision = "bfloat16";
  const auto encoder = load(settings, 2);  // its dry pass has compared two golden tiles
  EXPECT_EQ(encoder->facts().precision, "bfloat16");
}

}  // namespace
}  // namespace microtome
