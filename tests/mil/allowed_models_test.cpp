// SPDX-License-Identifier: Apache-2.0
// A reader learns: what the list of allowed model files looks like, and that nothing outside it is opened.
#include "mil/allowed_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "mil/encoders/encoder.h"
#include "mil/model_error.h"
#include "mil/sha256.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

using testing::HasSubstr;

const std::string kHash(64, 'a');

TEST(AllowedModels, AreReadAsSha256sumWritesThem) {
  const TempDir dir;
  write_text(dir / "list", "# reviewed in May\n\n" + std::string(64, 'A') + "  model.cpu.pt2\r\n" + std::string(64, 'b') + "\n");
  const AllowedModels allowed(dir / "list");
  EXPECT_NO_THROW(allowed.require("m", kHash));
  EXPECT_NO_THROW(allowed.require("m", std::string(64, 'b')));
  EXPECT_THAT(sentence_of<ModelError>([&] { allowed.require("m.pt", std::string(64, 'c')); }),
              HasSubstr("m.pt: wanted a model that " + (dir / "list").string() + " allows: its sha256 " + std::string(64, 'c') +
                        " is not in the list: have it reviewed and added, or use another"));
}

TEST(AllowedModels, AListThatCannotBeUnderstoodAllowsNothing) {
  const TempDir dir;
  const auto refused = [&](const std::string& text) {
    write_text(dir / "list", text);
    return sentence_of<ModelError>([&] { AllowedModels(dir / "list"); });
  };
  EXPECT_THAT(refused("model.pt\n"), HasSubstr("wanted a sha256 of 64 hex digits at the start of line 1: found 'model.pt'"));
  EXPECT_THAT(refused("# nothing\n"), HasSubstr("wanted at least one allowed model: the list is empty"));
  EXPECT_THAT(sentence_of<ModelError>([] { AllowedModels("nowhere"); }), HasSubstr("nowhere: wanted a list of allowed models: it cannot be opened"));
}

TEST(AllowedModels, AFileOutsideTheListIsRefusedBeforeItIsOpened) {
  const TempDir dir;
  write_text(dir / "list", kHash + "\n");
  write_text(dir / "torchscript_model.pt", "no archive");
  write_text(dir / "config.json", R"({"patch_size_pixels": 32, "spacing_um_px": 0.5, "transform": [{"name": "ToTensor"}]})");
  const AllowedModels allowed(dir / "list");
  EncoderSettings settings;
  settings.name = dir.path().string();
  settings.device = "cpu";
  EXPECT_THAT(sentence_of<ModelError>([&] { load_encoder(settings, {32, 2, 1, &allowed}); }),
              HasSubstr("torchscript_model.pt: wanted a model that " + (dir / "list").string() + " allows: its sha256 " +
                        sha256_of_text("no archive")));
  settings.name = "resnet18";
  settings.random_weights = true;
  EXPECT_THAT(sentence_of<ModelError>([&] { load_encoder(settings, {32, 2, 1, &allowed}); }), HasSubstr("resnet18: wanted a model that"));
}

}  // namespace
}  // namespace microtome
