// SPDX-License-Identifier: Apache-2.0
// A reader learns: what an encoder folder must hold, and in which words each mistake in its cards is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "mil/encoders/encoder.h"
#include "mil/encoders/encoder_card.h"
#include "mil/model_error.h"
#include "mil/sha256.h"
#include "scratch_folder.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

const std::string kToTensor = R"({"name":"ToTensor"})";

std::string step(const std::string& name, const std::string& arguments) {
  return R"({"name":")" + name + R"(","arguments":{)" + arguments + "}}";
}

/// A folder with cards. Its weights are no network: cards are read without opening them.
class Card : public testing::Test {
 protected:
  Card() {
    write("torchscript_model.pt", "no archive");
    write_steps(kToTensor);
  }

  void write(const char* name, const std::string& text) const { write_bytes(folder_ / name, text); }
  void write_config(const std::string& keys, const std::string& steps = kToTensor) const {
    write("config.json", "{" + keys + R"("patch_size_pixels":64,"spacing_um_px":0.5,"transform":[)" + steps + "]}");
  }
  void write_steps(const std::string& steps) const {
    write_config(R"("spec_version":"1.0","num_classes":2,"class_names":["a","b"],"architecture":"vit",)", steps);
  }
  void write_own(const std::string& keys) const { write("microtome.json", "{" + keys + "}"); }

  EncoderCard card() const { return read_encoder_card(folder_ / ""); }
  std::string refused() const {
    return sentence_of<ModelError>([&] { card(); });
  }
  std::string refused_steps(const std::string& steps) const {
    write_steps(steps);
    return refused();
  }
  std::string refused_config(const std::string& keys) const {
    write_config(keys);
    return refused();
  }
  std::string refused_own(const std::string& keys) const {
    write_own(keys);
    return refused();
  }
  std::string refused_by_loading() const {
    EncoderSettings settings;
    settings.name = (folder_ / "").string();
    settings.device = "cpu";
    return sentence_of<ModelError>([&] { load_encoder(settings, {64, 2, 1, nullptr}); });
  }

  ScratchFolder folder_;
};

TEST_F(Card, AWsinferFolderClassifies) {
  const EncoderCard found = card();
  EXPECT_EQ(found.output, OutputKind::classes);
  EXPECT_THAT(found.classes, ElementsAre("a", "b"));
  EXPECT_EQ(found.feature_dim, 2);
  EXPECT_EQ(found.architecture, "vit");
  EXPECT_EQ(found.tile_px, 64);
  EXPECT_EQ(found.mpp, 0.5);
  ASSERT_EQ(found.files.size(), 1U);
  EXPECT_EQ(found.files[0].form, "torchscript");
  EXPECT_EQ(found.files[0].sha256, "");
  EXPECT_EQ(found.golden, "");
  EXPECT_EQ(preprocessing_text(found.preprocessing), "mean 0 0 0, std 1 1 1");
}

TEST_F(Card, WithOwnKeysItGivesFeatures) {
  write_own(R"("name":"Own","architecture":"resnet50","feature_dim":1536,"pooling":"class+mean","prefix_tokens":5,)"
            R"("precision":"bfloat16","format":"torchscript","licence":"MIT","source":"here")");
  write("golden.safetensors", "");
  const EncoderCard found = card();
  EXPECT_EQ(found.name, "Own");
  EXPECT_EQ(found.architecture, "resnet50");
  EXPECT_EQ(found.output, OutputKind::features);
  EXPECT_TRUE(found.classes.empty());
  EXPECT_EQ(found.feature_dim, 1536);
  EXPECT_EQ(found.pooling, Pooling::class_and_mean);
  EXPECT_EQ(found.prefix_tokens, 5);
  EXPECT_EQ(found.precision, "bfloat16");
  EXPECT_EQ(found.format, "torchscript");
  EXPECT_EQ(found.golden.filename(), "golden.safetensors");
}

TEST_F(Card, WithoutOwnKeysItHasTheFoldersNameAndTokensAreNotPooled) {
  write_config("");
  const EncoderCard found = card();
  EXPECT_EQ(found.name, (folder_ / "").parent_path().filename().string());
  EXPECT_EQ(found.output, OutputKind::features);
  EXPECT_EQ(found.feature_dim, 0);
  EXPECT_EQ(found.pooling, Pooling::none);
  EXPECT_EQ(found.prefix_tokens, 1);
}

TEST_F(Card, OwnKeysMaySayThatAModelClassifies) {
  write_own(R"("output":"classes","feature_dim":2)");
  EXPECT_THAT(card().classes, ElementsAre("a", "b"));
  EXPECT_THAT(refused_own(R"("output":"classes","feature_dim":3)"),
              HasSubstr("microtome.json: wanted 'feature_dim' 2, the number of classes: found 3: correct the file"));
  EXPECT_THAT(refused_own(R"("output":"classes","pooling":"mean")"), HasSubstr("wanted no 'pooling', as the output is classes"));
  write_own(R"("output":"classes")");
  EXPECT_THAT(refused_config(""), HasSubstr("config.json: wanted 'class_names', as the output is classes: it is missing"));
}

TEST_F(Card, ClassesThatContradictEachOtherAreRefused) {
  EXPECT_THAT(refused_config(R"("num_classes":3,"class_names":["a","b"],)"),
              HasSubstr("config.json: wanted 3 'class_names', as 'num_classes' says: found 2: correct the file"));
  EXPECT_THAT(refused_config(R"("class_names":["a","b","a"],)"), HasSubstr("wanted 'class_names' that differ: found 'a' twice"));
  EXPECT_THAT(refused_config(R"("class_names":[],)"), HasSubstr("wanted 'class_names' as a list of texts: found []"));
  EXPECT_THAT(refused_config(R"("class_names":["a",1],)"), HasSubstr(R"(wanted 'class_names' as a list of texts: found ["a",1])"));
  EXPECT_THAT(refused_config(R"("num_classes":0,)"), HasSubstr("wanted 'num_classes' as a whole number from 1 to"));
}

TEST_F(Card, TransformsAreReadInTorchvisionsWords) {
  const std::string normalize = step("Normalize", R"("mean":[0.5,0.5,0.5],"std":[0.25,0.5,1],"inplace":true)");
  const auto text = [&](const std::string& steps) {
    write_steps(steps);
    return preprocessing_text(card().preprocessing);
  };
  EXPECT_EQ(text(step("Resize", R"("size":48)") + "," + kToTensor + "," + normalize),
            "resize 48 bilinear, mean 0.5 0.5 0.5, std 0.25 0.5 1");
  EXPECT_EQ(text(step("Resize", R"("size":[48,48],"interpolation":"bicubic","antialias":true,"max_size":null)") + "," +
                 step("CenterCrop", R"("size":[32])") + "," + kToTensor),
            "resize 48 bicubic, crop 32, mean 0 0 0, std 1 1 1");
  EXPECT_EQ(text(step("Resize", R"("size":48,"interpolation":3,"antialias":"warn")") + "," + kToTensor),
            "resize 48 bicubic, mean 0 0 0, std 1 1 1");
  EXPECT_EQ(text(step("Resize", R"("size":48,"interpolation":2,"antialias":null)") + "," + kToTensor),
            "resize 48 bilinear, mean 0 0 0, std 1 1 1");
  EXPECT_EQ(text(kToTensor + "," + step("Resize", R"("size":48)") + "," + step("CenterCrop", R"("size":48)")),
            "resize 48 bilinear after scaling, crop 48, mean 0 0 0, std 1 1 1");
  EXPECT_EQ(text(R"({"name":"ToTensor","arguments":null})"), "mean 0 0 0, std 1 1 1");
}

TEST_F(Card, UnknownTransformsAndArgumentsAreRefusedByName) {
  EXPECT_THAT(
      refused_steps(step("GaussianBlur", R"("kernel_size":3)")),
      HasSubstr("config.json: wanted the transforms Resize, CenterCrop, ToTensor and Normalize: found 'GaussianBlur': correct the file"));
  EXPECT_THAT(refused_steps(step("Resize", R"("size":64,"max_size":80)") + "," + kToTensor),
              HasSubstr("wanted Resize without max_size: found 80"));
  EXPECT_THAT(refused_steps(step("Resize", R"("size":64,"fill":0)")),
              HasSubstr("wanted in Resize only size, interpolation, antialias, max_size: found 'fill'"));
  EXPECT_THAT(refused_steps(step("Resize", R"("size":64,"interpolation":"nearest")")),
              HasSubstr("wanted Resize with interpolation 'bilinear' or 'bicubic': found \"nearest\""));
  EXPECT_THAT(refused_steps(step("Resize", R"("size":64,"antialias":false)")), HasSubstr("wanted Resize with antialias: found false"));
  EXPECT_THAT(refused_steps(step("ToTensor", R"("a":1)")), HasSubstr(R"(wanted ToTensor without arguments: found {"a":1})"));
}

TEST_F(Card, BehindToTensorAnUnsaidAntialiasMustNotMeanNone) {
  EXPECT_THAT(refused_steps(kToTensor + "," + step("Resize", R"("size":64,"antialias":null)")),
              HasSubstr("wanted Resize behind ToTensor with antialias true: found null"));
  EXPECT_THAT(refused_steps(kToTensor + "," + step("Resize", R"("size":64,"antialias":"warn")")), HasSubstr("found \"warn\""));
}

TEST_F(Card, TransformsInAnotherOrderAreRefused) {
  const std::string resize = step("Resize", R"("size":32)");
  const std::string crop = step("CenterCrop", R"("size":32)");
  const std::string normalize = step("Normalize", R"("mean":[0,0,0],"std":[1,1,1])");
  EXPECT_THAT(refused_steps(crop + "," + resize),
              HasSubstr("wanted each once and in this order: Resize, CenterCrop, Normalize, and ToTensor before Normalize: found 'Resize' "
                        "behind 'CenterCrop'"));
  EXPECT_THAT(refused_steps(resize + "," + resize), HasSubstr("found 'Resize' behind 'Resize'"));
  EXPECT_THAT(refused_steps(kToTensor + "," + kToTensor), HasSubstr("found 'ToTensor' twice"));
  EXPECT_THAT(refused_steps(kToTensor + "," + normalize + "," + crop), HasSubstr("found 'CenterCrop' behind 'Normalize'"));
  EXPECT_THAT(refused_steps(normalize), HasSubstr("found 'Normalize' without ToTensor before it"));
  EXPECT_THAT(refused_steps(resize), HasSubstr("wanted ToTensor among the transforms: it is missing"));
}

TEST_F(Card, TransformArgumentsThatMakeNoSenseAreRefused) {
  EXPECT_THAT(refused_steps(R"({"name":"Resize"})"), HasSubstr("wanted 'size' as a whole number from 1 to 16384: it is missing"));
  EXPECT_THAT(refused_steps(step("Resize", R"("size":[64,32])")),
              HasSubstr("wanted a square Resize 'size', as tiles are square: found [64,32]"));
  EXPECT_THAT(refused_steps(step("CenterCrop", R"("size":[0])")), HasSubstr("wanted 'size' as whole numbers from 1 to 16384: found [0]"));
  EXPECT_THAT(refused_steps(step("CenterCrop", R"("size":65)")),
              HasSubstr("wanted a CenterCrop 'size' of at most 64, the side it crops: found 65"));
  EXPECT_THAT(refused_steps(step("Resize", R"("size":32)") + "," + step("CenterCrop", R"("size":33)")), HasSubstr("of at most 32"));
  EXPECT_THAT(refused_steps("3"), HasSubstr("wanted 'transform' as a list of objects: found 3"));
  EXPECT_THAT(refused_steps(R"({"name":"ToTensor","arguments":[1]})"), HasSubstr("wanted 'arguments' as an object: found [1]"));
}

TEST_F(Card, StatisticsMustBeThreeFiniteNumbersInFloat32) {
  const auto refused_mean = [&](const char* mean) {
    return refused_steps(kToTensor + "," + step("Normalize", std::string(R"("std":[1,1,1],"mean":)") + mean));
  };
  const auto refused_std = [&](const char* std) {
    return refused_steps(kToTensor + "," + step("Normalize", std::string(R"("mean":[0,0,0],"std":)") + std));
  };
  EXPECT_THAT(refused_mean("[0,0]"), HasSubstr("wanted three numbers in Normalize 'mean': found [0,0]"));
  EXPECT_THAT(refused_mean("[0,0,\"0\"]"), HasSubstr("wanted three numbers in Normalize 'mean': found [0,0,\"0\"]"));
  EXPECT_THAT(refused_mean("[0,0,1e300]"), HasSubstr("wanted finite numbers in Normalize 'mean': found [0,0,1e+300]"));
  EXPECT_THAT(refused_mean("[0,0,1e999]"), HasSubstr("number overflow"));
  EXPECT_THAT(refused_std("[1,0,1]"), HasSubstr("wanted finite numbers above 0 in Normalize 'std': found [1,0,1]"));
  EXPECT_THAT(refused_std("[1,1e-60,1]"), HasSubstr("wanted finite numbers above 0 in Normalize 'std'"));
}

TEST_F(Card, NanAndInfinityOfPythonsJsonAreRefusedWithTheirKey) {
  const auto refused_std = [&](const char* std) {
    return refused_steps(kToTensor + "," + step("Normalize", std::string(R"("mean":[0,0,0],"std":)") + std));
  };
  EXPECT_THAT(refused_std("[1, NaN, 1]"), EndsWith("config.json: wanted finite numbers in 'std': found NaN, which JSON does not know: "
                                                   "compute the value again and write a number"));
  EXPECT_THAT(refused_std("[1, 1, Infinity]"), HasSubstr("wanted finite numbers in 'std': found Infinity"));
  EXPECT_THAT(refused_std("[-Infinity, 1, 1]"), HasSubstr("wanted finite numbers in 'std': found -Infinity"));
  write("config.json", R"({"spacing_um_px": NaN})");
  EXPECT_THAT(refused(), HasSubstr("wanted finite numbers in 'spacing_um_px': found NaN"));
  write("config.json", "NaN");
  EXPECT_THAT(refused(), HasSubstr("wanted finite numbers in '': found NaN"));
}

TEST_F(Card, BrokenCardsAreRefused) {
  write("config.json", "{");
  EXPECT_THAT(refused(), HasSubstr("config.json: wanted a JSON object: [json.exception.parse_error"));
  write("config.json", "");
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
  EXPECT_THAT(refused_own(R"("feature_dims":3)"),
              HasSubstr("wanted in microtome.json only name, architecture, output, feature_dim, pooling, prefix_tokens, precision, format, "
                        "sha256, licence, source: found 'feature_dims': correct the file"));
  EXPECT_THAT(refused_own(R"("feature_dim":0)"), HasSubstr("wanted 'feature_dim' as a whole number from 1 to 2147483647: found 0"));
  EXPECT_THAT(refused_own(R"("format":"onnx")"), HasSubstr("wanted 'format' among pt2, torchscript, safetensors: found \"onnx\""));
  EXPECT_THAT(refused_own(R"("output":1)"), HasSubstr("wanted 'output' among features, classes: found 1"));
  EXPECT_THAT(refused_own(R"("pooling":"max")"), HasSubstr("wanted 'pooling' among none, class, mean, class+mean: found \"max\""));
  EXPECT_THAT(refused_own(R"("precision":"fp16")"), HasSubstr("wanted 'precision' among float32, float16, bfloat16: found \"fp16\""));
  EXPECT_THAT(refused_own(R"("prefix_tokens":-1)"), HasSubstr("wanted 'prefix_tokens' as a whole number from 0 to 16384: found -1"));
  EXPECT_THAT(refused_own(R"("pooling":"class","prefix_tokens":0)"), HasSubstr("wanted 'prefix_tokens' as a whole number from 1"));
  EXPECT_THAT(refused_own(R"("licence":["MIT"])"), HasSubstr("wanted 'licence' as text: found [\"MIT\"]"));
  EXPECT_THAT(refused_own(R"("source":1)"), HasSubstr("wanted 'source' as text: found 1"));
}

TEST_F(Card, ModelFilesAreListedFastestFormFirst) {
  for (const char* name : {"model.safetensors", "model.pt2", "model.cuda.pt2", "model.cpu.pt2"}) write(name, "");
  std::vector<std::string> listed;
  for (const ModelFile& file : card().files) listed.push_back(file.path.filename().string() + " " + file.form + " " + file.device);
  EXPECT_THAT(listed, ElementsAre("model.cpu.pt2 pt2 cpu", "model.cuda.pt2 pt2 cuda", "model.pt2 pt2 ", "torchscript_model.pt torchscript ",
                                  "model.safetensors safetensors "));
}

TEST_F(Card, AFolderWithoutAModelIsRefused) {
  EXPECT_THAT(refused_own(R"("format":"pt2")"),
              HasSubstr(": wanted a model file of the 'format' in microtome.json: model.cpu.pt2, model.cuda.pt2, model.pt2: there is only "
                        "torchscript_model.pt: export the model, or correct 'format'"));
  fs::remove(folder_ / "torchscript_model.pt");
  write_own("");
  EXPECT_THAT(refused(), HasSubstr(": wanted a model file: model.cpu.pt2, model.cuda.pt2, model.pt2, torchscript_model.pt, "
                                   "model.safetensors: there is none: export the model in one of these forms"));
}

TEST_F(Card, ASha256BelongsToOneFile) {
  const std::string sum = sha256_of_text("no archive");
  std::string upper = sum;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  write_own(R"("sha256":")" + upper + R"(")");
  EXPECT_EQ(verified_sha256(card().files.at(0)), sum);
  write("model.pt2", "package");
  EXPECT_THAT(refused(), HasSubstr("microtome.json: wanted 'sha256' as an object of file names, as there are several model files: found "
                                   "one text for model.pt2, torchscript_model.pt: correct the file"));
  write_own(R"("sha256":{"torchscript_model.pt":")" + sum + R"("})");
  EXPECT_EQ(card().files.at(0).sha256, "");
  EXPECT_EQ(card().files.at(1).sha256, sum);
  EXPECT_EQ(verified_sha256(card().files.at(0)), sha256_of_text("package"));
}

TEST_F(Card, ASha256ThatBelongsToNoFileIsRefused) {
  const std::string sum(64, '0');
  EXPECT_THAT(refused_own(R"("sha256":{"model.pt2":")" + sum + R"("})"),
              HasSubstr("wanted in 'sha256' model files of the folder, torchscript_model.pt: found 'model.pt2': correct the file, or add"));
  EXPECT_THAT(refused_own(R"("sha256":"00")"), HasSubstr("wanted 'sha256' as 64 hexadecimal digits: found \"00\""));
  EXPECT_THAT(refused_own(R"("sha256":{"torchscript_model.pt":5})"), HasSubstr("wanted 'torchscript_model.pt' as text: found 5"));
  EXPECT_THAT(refused_own(R"("sha256":[])"), HasSubstr("wanted 'sha256' as text: found []"));
}

TEST_F(Card, AnotherSha256IsRefusedBeforeTheFileIsOpened) {
  write_own(R"("sha256":")" + std::string(64, '0') + R"(")");
  EXPECT_THAT(refused_by_loading(), HasSubstr("torchscript_model.pt: wanted sha256 " + std::string(64, '0') +
                                              ", as microtome.json says: found " + sha256_of_text("no archive")));
}

TEST_F(Card, ACorruptArchiveIsRefused) {
  EXPECT_THAT(refused_by_loading(),
              HasSubstr("torchscript_model.pt: wanted a TorchScript module with a forward method: PytorchStreamReader failed"));
}

TEST_F(Card, AnotherTileSizeIsRefusedWithBothSizes) {
  write("config.json", R"({"patch_size_pixels":224,"spacing_um_px":0.5,"transform":[{"name":"ToTensor"}]})");
  EXPECT_THAT(refused_by_loading(), HasSubstr(": wanted tiles of 224 px, as config.json says: the run is set to 64 px: use --tile-px 224"));
}

TEST_F(Card, SafetensorsOfAnArchitectureThatIsNotBuiltInAreRefused) {
  fs::remove(folder_ / "torchscript_model.pt");
  write("model.safetensors", std::string("\2\0\0\0\0\0\0\0{}", 10));
  EXPECT_THAT(refused_by_loading(),
              HasSubstr("wanted 'architecture' among resnet18, resnet34, resnet50, resnet50-trunc for a safetensors file: found 'vit'"));
  write_own(R"("architecture":"resnet50.tv_in1k")");
  EXPECT_THAT(refused_by_loading(),
              HasSubstr("model.safetensors: wanted 'conv1.weight' of shape [64, 3, 7, 7] for resnet50: it is missing"));
}

}  // namespace
}  // namespace microtome
