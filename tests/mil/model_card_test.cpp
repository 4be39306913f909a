// SPDX-License-Identifier: Apache-2.0
// A reader learns what model.json holds, that it survives a round trip, and what it says when a key is missing or wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "mil/aggregators/model_card.h"
#include "mil/model_error.h"
#include "small_model.h"

namespace microtome::test {
namespace {

using Json = nlohmann::ordered_json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class ModelCardFile : public testing::Test {
 protected:
  void SetUp() override { write_model_card(folder_.path(), {small_card(true), "f00d"}); }
  Json json() const { return Json::parse(read_all(file())); }
  void put(const Json& json) const { write_all(file(), json.dump()); }
  std::filesystem::path file() const { return folder_.path() / "model.json"; }
  std::string sentence() const {
    return sentence_of<ModelError>([&] { read_model_card(folder_.path()); });
  }
  /// The sentence after `pointer` got `value`.
  std::string sentence_with(const char* pointer, const Json& value) const {
    auto changed = json();
    changed[Json::json_pointer(pointer)] = value;
    put(changed);
    return sentence();
  }
  ScratchFolder folder_;
};

TEST_F(ModelCardFile, OfANumberOrOfLabelsComesBackAsItWas) {
  ModelCard number = small_card(false);
  number.classes = {"tmb"};
  number.value = ValueCard{0.1 + 0.2, 7.25};
  write_model_card(folder_.path(), {number, "cafe"});
  const ModelCard read = read_model_card(folder_.path()).card;
  EXPECT_EQ(read.kind(), AnswerKind::value);
  EXPECT_EQ(read.outputs(), 1);
  EXPECT_EQ(read.value->mean, 0.1 + 0.2);
  EXPECT_EQ(read.value->scale, 7.25);
  EXPECT_THAT(sentence_with("/value/scale", 0), HasSubstr("key 'value.scale' with a number above 0 was wanted: it holds 0"));
  EXPECT_THAT(sentence_with("/value/scale", -1), HasSubstr("key 'value.scale' with a number of 0 or more was wanted: it holds -1"));
  write_model_card(folder_.path(), {number, "cafe"});
  EXPECT_THAT(sentence_with("/classes", Json::array({"a", "b"})), HasSubstr("key 'classes' with the name of the number was wanted"));
  write_model_card(folder_.path(), {number, "cafe"});
  EXPECT_THAT(sentence_with("/multi_label", true), HasSubstr("one of survival, value and multi_label at most was wanted: it holds several"));
  ModelCard labels = small_card(false);
  labels.multi_label = true;
  write_model_card(folder_.path(), {labels, "cafe"});
  EXPECT_EQ(read_model_card(folder_.path()).card.kind(), AnswerKind::labels);
  EXPECT_THAT(sentence_with("/multi_label", "yes"), HasSubstr("key 'multi_label' with true or false was wanted"));
}

TEST_F(ModelCardFile, ComesBackAsItWas) {
  auto card = small_card(true);
  card.modalities[0].mean[0] = 0.1 + 0.2;
  card.encoder_random_weights = true;
  card.training_json = R"({"seed":7,"folds":5})";
  write_model_card(folder_.path(), {card, "cafe"});
  const auto read = read_model_card(folder_.path());
  EXPECT_EQ(read.weights_sha256, "cafe");
  EXPECT_EQ(read.card.task, card.task);
  EXPECT_EQ(read.card.classes, card.classes);
  EXPECT_EQ(read.card.aggregator, card.aggregator);
  EXPECT_EQ(read.card.feature_dim, card.feature_dim);
  EXPECT_EQ(read.card.embed_dim, card.embed_dim);
  EXPECT_EQ(read.card.attention_dim, card.attention_dim);
  EXPECT_EQ(read.card.encoder, card.encoder);
  EXPECT_EQ(read.card.encoder_sha256, card.encoder_sha256);
  EXPECT_TRUE(read.card.encoder_random_weights);
  EXPECT_EQ(read.card.tile_px, card.tile_px);
  EXPECT_EQ(read.card.mpp, card.mpp);
  ASSERT_EQ(read.card.modalities.size(), 1U);
  EXPECT_EQ(read.card.modalities[0].name, "rna");
  EXPECT_EQ(read.card.modalities[0].features, card.modalities[0].features);
  EXPECT_EQ(read.card.modalities[0].mean, card.modalities[0].mean);
  EXPECT_EQ(read.card.modalities[0].scale, card.modalities[0].scale);
  EXPECT_EQ(read.card.modalities[0].units, card.modalities[0].units);
  EXPECT_EQ(read.card.modalities[0].dim, card.modalities[0].dim);
  EXPECT_EQ(read.card.training_json, card.training_json);
}

TEST_F(ModelCardFile, SaysVersionAndIntendedUse) {
  EXPECT_EQ(json()["schema_version"], 2);
  EXPECT_EQ(json()["intended_use"], "research use only");
}

TEST_F(ModelCardFile, IsTheOnlyFileLeftInTheFolder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) EXPECT_EQ(entry.path(), file());
}

TEST_F(ModelCardFile, ThatIsMissingSaysSo) {
  std::filesystem::remove(file());
  EXPECT_EQ(sentence(),
            file().string() + ": a model card was wanted: the file cannot be opened: name a folder that 'microtome train' wrote");
}

TEST_F(ModelCardFile, ThatIsNotJsonSaysWhere) {
  write_all(file(), "{\"task\": ");
  EXPECT_THAT(sentence(), StartsWith(file().string() + ": a JSON object was wanted: [json.exception.parse_error"));
}

TEST_F(ModelCardFile, ThatIsAListIsRefused) {
  write_all(file(), "[]");
  EXPECT_EQ(sentence(),
            file().string() + ": a JSON object was wanted: it holds something else: use the folder as 'microtome train' wrote it");
}

TEST_F(ModelCardFile, NamesAnyMissingKey) {
  const auto whole = json();
  for (const auto& item : whole.items()) {
    if (item.key() == "intended_use") continue;
    auto without = whole;
    without.erase(item.key());
    put(without);
    EXPECT_THAT(sentence(), HasSubstr(": key '" + item.key() + "' with ")) << item.key();
    EXPECT_THAT(sentence(), EndsWith(" was wanted: it is missing: use the folder as 'microtome train' wrote it")) << item.key();
  }
}

TEST_F(ModelCardFile, NamesAMissingKeyOfAGroup) {
  auto without = json();
  without["modalities"][0].erase("units");
  put(without);
  EXPECT_THAT(sentence(), HasSubstr("key 'modalities[0].units' with a text was wanted: it is missing"));
}

TEST_F(ModelCardFile, NamesAKeyOfTheWrongKind) {
  EXPECT_EQ(sentence_with("/task", 3),
            file().string() + ": key 'task' with a text was wanted: it holds 3: use the folder as 'microtome train' wrote it");
}

TEST_F(ModelCardFile, RefusesSizesThatAreNotCounts) {
  EXPECT_THAT(sentence_with("/sizes/embed_dim", 0),
              HasSubstr("key 'sizes.embed_dim' with an integer from 1 to 16777216 was wanted: it holds 0"));
  EXPECT_THAT(sentence_with("/sizes/embed_dim", -4), HasSubstr("it holds -4"));
  EXPECT_THAT(sentence_with("/sizes/embed_dim", 1.5), HasSubstr("it holds 1.5"));
  EXPECT_THAT(sentence_with("/sizes/embed_dim", 18446744073709551615U), HasSubstr("it holds 18446744073709551615"));
}

TEST_F(ModelCardFile, RefusesAnotherVersion) {
  EXPECT_THAT(sentence_with("/schema_version", 3), HasSubstr("key 'schema_version' with an integer from 1 to 2 was wanted: it holds 3"));
}

TEST_F(ModelCardFile, RefusesOneClassOrAClassTwice) {
  EXPECT_THAT(sentence_with("/classes", {"a"}), HasSubstr("key 'classes' with two or more different texts was wanted: it holds [\"a\"]"));
  EXPECT_THAT(sentence_with("/classes", {"a", "a"}), HasSubstr("two or more different texts"));
}

TEST_F(ModelCardFile, RefusesAScalerThatDoesNotFitTheGenes) {
  EXPECT_THAT(sentence_with("/modalities/0/mean", {1.0, 2.0}), HasSubstr("key 'modalities[0].mean' with 3 numbers was wanted: it holds 2"));
}

TEST_F(ModelCardFile, RefusesAScaleOfZero) {
  EXPECT_THAT(sentence_with("/modalities/0/scale", {1.0, 0.0, 1.0}), HasSubstr("key 'modalities[0].scale' with positive numbers was wanted"));
}

TEST_F(ModelCardFile, RefusesAGeneTwice) {
  EXPECT_THAT(sentence_with("/modalities/0/features", {"A", "B", "A"}), HasSubstr("key 'modalities[0].features' with one or more, each once was wanted"));
}

TEST_F(ModelCardFile, RefusesANegativeMpp) {
  EXPECT_THAT(sentence_with("/tiling/mpp", -0.5), HasSubstr("key 'tiling.mpp' with a number of 0 or more was wanted: it holds -0.5"));
}

TEST(ModelCard, ThatCannotBeWrittenSaysSo) {
  const ScratchFolder folder;
  const auto nowhere = folder.path() / "nowhere";
  EXPECT_EQ(
      sentence_of<ModelError>([&] {
        write_model_card(nowhere, {small_card(false), ""});
      }),
      (nowhere / "model.json").string() +
          ": the model card cannot be written: the file cannot be opened or is not whole: check the folder's permissions and free space");
}

TEST(ModelCard, WithANameThatIsNotUtf8IsRefused) {
  const ScratchFolder folder;
  auto card = small_card(false);
  card.classes[0] = "\xff";
  EXPECT_THAT(sentence_of<ModelError>([&] { write_model_card(folder.path(), {card, ""}); }), EndsWith("names must be UTF-8 text"));
}

}  // namespace
}  // namespace microtome::test
