// SPDX-License-Identifier: Apache-2.0
// A reader learns what training keeps of the simpler models beside a survival model, that each is what it would be alone, and what happens to a ladder that
// is old, damaged, of another model or not there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "mil/aggregators/slide_model.h"
#include "mil/allowed_models.h"
#include "mil/ladder/competitor.h"
#include "mil/model_error.h"
#include "mil/sha256.h"
#include "mil/training/clinical_cox.h"
#include "mil/training/train.h"
#include "small_model.h"

namespace microtome::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr int dim = 6, tiles = 4, patients = 30, folds = 3;

double normal(std::mt19937_64& engine) {
  const auto uniform = [&] { return (static_cast<double>(engine() >> 11) + 0.5) * 0x1p-53; };
  const double length = std::sqrt(-2 * std::log(uniform()));
  return length * std::cos(6.283185307179586 * uniform());
}

/// The log hazard shows in the tiles' first feature, in gene SIGNAL and in age; tables are rna and, last, clinical.
std::vector<TrainingSlide> cohort() {
  std::mt19937_64 engine(11);
  std::vector<TrainingSlide> slides(patients);
  for (int i = 0; i < patients; ++i) {
    TrainingSlide& slide = slides[static_cast<std::size_t>(i)];
    const double hidden = normal(engine);
    slide.patient_id = numbered("p", 100 + i);
    slide.fold = i % folds;
    slide.bag = wave_bag(tiles, dim);
    slide.bag.slide_id = numbered("s", 100 + i);
    for (float& value : slide.bag.features) value = static_cast<float>(normal(engine));
    for (int t = 0; t < tiles; ++t) slide.bag.features[static_cast<std::size_t>(t * dim)] += static_cast<float>(hidden);
    slide.tables = {{i % 7 != 0, {static_cast<float>(normal(engine)), static_cast<float>(hidden)}}, {i % 5 != 0, {static_cast<float>(60 + 5 * hidden + normal(engine)), static_cast<float>(i % 2)}}};
    slide.months = 40 * std::exp(-hidden) + 0.01 * i;
    slide.event = i % 3 != 1;
    slide.label = slide.event ? 1 : 0;
  }
  return slides;
}

ModelCard fresh_card() {
  ModelCard card = small_card(false);
  card.task = "survival";
  card.classes = {"risk"};
  card.modalities = {{"rna", {"NOISE", "SIGNAL"}, {}, {}, "", "linear", 4, {}}, {kClinicalModality, {"age", "sex=M"}, {}, {}, "", "linear", 4, {}}};
  return card;
}

TrainSettings small_settings() {
  TrainSettings settings;
  settings.task = "survival";
  settings.epochs = 2;
  settings.time_bins = 2;
  settings.learning_rate = 0.01;
  settings.embed_dim = 8;
  settings.attention_dim = 4;
  settings.table_dim = 4;
  settings.accumulate = 8;
  settings.seed = 3;
  settings.recipe = std::string(64, 'a');
  return settings;
}

TrainResult train(const fs::path& folder, const TrainSettings& settings = small_settings(), const std::function<void(const EpochRecord&)>& on_epoch = nullptr) {
  return train_slide_model(cohort(), fresh_card(), settings, folder, on_epoch);
}

/// Every file below, with its bytes.
std::map<std::string, std::string> tree(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files[fs::relative(entry.path(), folder).string()] = read_all(entry.path());
  return files;
}

std::vector<std::string> names_of(const std::vector<Competitor>& competitors) {
  std::vector<std::string> names;
  for (const Competitor& one : competitors) names.push_back(one.name());
  return names;
}

/// A trained model that tests may copy and damage.
class KeptLadder : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    whole_ = new ScratchFolder;
    result_ = new TrainResult(train(whole_->path()));
  }
  static void TearDownTestSuite() {
    delete whole_;
    delete result_;
  }
  static const fs::path& whole() { return whole_->path(); }
  static const TrainResult& result() { return *result_; }

  KeptLadder() { fs::copy(whole(), folder(), fs::copy_options::recursive); }
  fs::path folder() const { return copy_.path() / "model"; }
  std::vector<Competitor> load(const AllowedModels* allowed = nullptr) const { return load_competitors(folder(), load_slide_model(folder())->card(), allowed); }
  std::string refusal() const {
    return sentence_of<ModelError>([&] { load(); });
  }
  /// Of the file of the Cox regression, after `change`.
  std::string cox_refusal(const std::function<void(nlohmann::ordered_json&)>& change) const {
    const fs::path file = folder() / "ladder" / "clinical-cox" / "cox.json";
    auto json = nlohmann::ordered_json::parse(read_all(whole() / "ladder" / "clinical-cox" / "cox.json"));
    change(json);
    write_all(file, json.dump(2) + "\n");
    const std::string sentence = refusal();
    EXPECT_THAT(sentence, StartsWith(file.parent_path().string()));
    return sentence.substr(std::min(sentence.size(), file.string().size()));
  }

 private:
  ScratchFolder copy_;
  static inline ScratchFolder* whole_ = nullptr;
  static inline TrainResult* result_ = nullptr;
};

TEST_F(KeptLadder, HoldsEveryCompetitorInTheOrderOfThePredictions) {
  const auto competitors = load();
  EXPECT_THAT(names_of(competitors), ElementsAre("clinical-cox", "genes-snn", "genes-mlp", "slides", "late-fusion"));
  for (std::size_t k = 0; k < competitors.size(); ++k) {
    EXPECT_EQ(result().ladder[k].name, competitors[k].name());
    EXPECT_EQ(result().kept[k].sha256, competitor_sha256(folder() / "ladder" / competitors[k].name()));
  }
  EXPECT_THAT(competitors[0].tables(), ElementsAre(1));
  EXPECT_THAT(competitors[1].tables(), ElementsAre(0));
  EXPECT_THAT(competitors[3].tables(), ElementsAre());
  EXPECT_THAT(competitors[4].tables(), ElementsAre(0, 1));
}

TEST_F(KeptLadder, ACompetitorSaysWhatItsFolderSaysAndSeesItsTablesAlone) {
  const auto competitors = load();
  const auto slides = cohort();
  const auto alone = [&](const char* name) { return load_slide_model(folder() / "ladder" / name); };
  for (const TrainingSlide& slide : {slides[0], slides[1], slides[5]}) {
    EXPECT_EQ(competitors[1].risk(slide.bag, slide.tables), alone("genes-snn")->predict(slide.bag, {slide.tables[0]}).survival->risk);
    EXPECT_EQ(competitors[3].risk(slide.bag, slide.tables), alone("slides")->predict(slide.bag, {}).survival->risk);
    EXPECT_EQ(competitors[4].risk(slide.bag, slide.tables), alone("late-fusion")->predict(slide.bag, slide.tables).survival->risk);
    const std::vector<TableRow> others = {slides[7].tables[0], slide.tables[1]};
    EXPECT_EQ(competitors[0].risk(slide.bag, slide.tables), competitors[0].risk(slides[9].bag, others)) << "neither tiles nor genes";
  }
  EXPECT_NE(competitors[1].risk(slides[1].bag, slides[1].tables), competitors[1].risk(slides[1].bag, slides[2].tables));
}

TEST_F(KeptLadder, TheSlidesAreTheModelThatTilesAloneWouldTrain) {
  auto slides = cohort();
  for (TrainingSlide& slide : slides) slide.tables.clear();
  ModelCard card = fresh_card();
  card.modalities.clear();
  const ScratchFolder alone;
  train_slide_model(slides, card, small_settings(), alone.path(), nullptr);
  EXPECT_EQ(read_all(alone.path() / "weights.safetensors"), read_all(folder() / "ladder" / "slides" / "weights.safetensors"));
  EXPECT_FALSE(fs::exists(alone.path() / "ladder"));
}

TEST_F(KeptLadder, TheCoxRegressionOfEverybodyIsWhereThePenalisedLikelihoodIsLevel) {
  const auto json = nlohmann::json::parse(read_all(folder() / "ladder" / "clinical-cox" / "cox.json"));
  EXPECT_EQ(json["columns"], nlohmann::json({"age", "sex=M"}));
  ASSERT_EQ(json["fits"].size(), 1u);
  const auto at = [&](const char* key, std::size_t c) { return json["fits"][0][key][c].get<double>(); };
  const auto slides = cohort();
  const auto z = [&](const TrainingSlide& slide, std::size_t c) { return slide.tables[1].present ? (slide.tables[1].values[c] - at("mean", c)) / at("scale", c) : 0.0; };
  const auto weight = [&](const TrainingSlide& slide) { return std::exp(at("coefficients", 0) * z(slide, 0) + at("coefficients", 1) * z(slide, 1)); };
  for (std::size_t c = 0; c < 2; ++c) {
    double slope = -json["ridge"].get<double>() * at("coefficients", c);
    for (const TrainingSlide& one : slides) {
      if (!one.event) continue;
      double sum = 0, first = 0;
      for (const TrainingSlide& other : slides) {
        if (other.months < one.months) continue;
        sum += weight(other);
        first += weight(other) * z(other, c);
      }
      slope += z(one, c) - first / sum;
    }
    EXPECT_NEAR(slope, 0, 1e-6) << "no two patients share a time, so ties do not matter";
  }
  EXPECT_GT(at("coefficients", 0), 0.5) << "age is planted";
  const auto competitors = load();
  EXPECT_NEAR(competitors[0].risk(slides[1].bag, slides[1].tables), std::log(weight(slides[1])), 1e-9);
  EXPECT_EQ(competitors[0].risk(slides[0].bag, slides[0].tables), 0) << "who has no row is the mean";
}

TEST_F(KeptLadder, AFolderWithoutItStillAnswers) {
  fs::remove_all(folder() / "ladder");
  const auto slides = cohort();
  const auto model = load_slide_model(folder());
  EXPECT_EQ(model->predict(slides[0].bag, slides[0].tables).survival->risk, load_slide_model(whole())->predict(slides[0].bag, slides[0].tables).survival->risk);
  EXPECT_EQ(model->card().ladder.size(), 5u) << "the card says what there was";
}

TEST_F(KeptLadder, WhatIsMissingOrDamagedIsNamed) {
  const fs::path ladder = folder() / "ladder";
  fs::rename(ladder / "slides", ladder / "aside");
  EXPECT_THAT(refusal(), StartsWith((ladder / "slides").string() + ": a model folder was wanted: there is no such folder"));
  fs::copy(ladder / "genes-snn", ladder / "slides");
  EXPECT_THAT(refusal(), StartsWith((ladder / "slides").string() + ": the simpler model with sha256 " + result().kept[3].sha256 + " was wanted: this has "));
  EXPECT_THAT(refusal(), HasSubstr(": it is of another training or was changed, copy the model's folder again"));
  fs::remove_all(ladder / "slides");
  fs::rename(ladder / "aside", ladder / "slides");
  EXPECT_EQ(load().size(), 5u);
  const fs::path weights = ladder / "genes-mlp" / "weights.safetensors";
  std::string bytes = read_all(weights);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_all(weights, bytes);
  EXPECT_THAT(refusal(), StartsWith(weights.string() + ": the weights with sha256 "));
  fs::remove(weights);
  EXPECT_THAT(refusal(), StartsWith(weights.string() + ": the weights of the model were wanted: there is no such file"));
  fs::remove(ladder / "clinical-cox" / "cox.json");
  EXPECT_EQ(refusal(), (ladder / "clinical-cox" / "cox.json").string() + ": the coefficients of a Cox regression were wanted: there is no such file: copy the whole folder");
  EXPECT_TRUE(load_slide_model(folder())) << "the model itself does not need them";
}

TEST_F(KeptLadder, AnotherTrainingsCompetitorIsNoticed) {
  auto settings = small_settings();
  settings.seed = 4;
  const ScratchFolder other;
  train(other.path(), settings);
  for (const char* name : {"genes-snn", "slides", "late-fusion"}) {
    fs::remove_all(folder() / "ladder" / name);
    fs::copy(other.path() / "ladder" / name, folder() / "ladder" / name);
    EXPECT_THAT(refusal(), StartsWith((folder() / "ladder" / name).string() + ": the simpler model with sha256 "));
    fs::remove_all(folder() / "ladder" / name);
    fs::copy(whole() / "ladder" / name, folder() / "ladder" / name);
  }
  EXPECT_EQ(load().size(), 5u);
}

TEST_F(KeptLadder, TheCoxRegressionIsReadStrictly) {
  using Json = nlohmann::ordered_json;
  EXPECT_EQ(cox_refusal([](Json& json) { json.erase("schema_version"); }), ": wanted 'schema_version' as a whole number from 1 to 1: it is missing: correct the file");
  EXPECT_EQ(cox_refusal([](Json& json) { json["schema_version"] = 2; }), ": wanted 'schema_version' as a whole number from 1 to 1: found 2: correct the file");
  EXPECT_EQ(cox_refusal([](Json& json) { json.erase("table"); }), ": wanted 'table' as the name of a table: it is missing: correct the file");
  EXPECT_EQ(cox_refusal([](Json& json) { json["columns"] = Json::array({"age", "age"}); }), ": wanted 'columns' as one or more texts, each once: found [\"age\",\"age\"]: correct the file");
  EXPECT_EQ(cox_refusal([](Json& json) { json["ties"] = "exact"; }), ": wanted 'ties' among efron, breslow: found \"exact\": correct the file");
  EXPECT_EQ(cox_refusal([](Json& json) { json.erase("ties"); }), ": wanted 'ties' among efron, breslow: it is missing: correct the file");
  EXPECT_EQ(cox_refusal([](Json& json) { json["ridge"] = 0; }), ": wanted 'ridge' as a positive number: found 0: correct the file");
  EXPECT_EQ(cox_refusal([](Json& json) { json["fits"] = Json::array(); }), ": wanted 'fits' as one or more fits: found []: correct the file");
  EXPECT_EQ(cox_refusal([](Json& json) { json.erase("fits"); }), ": wanted 'fits' as a list: it is missing: correct the file");
  EXPECT_EQ(cox_refusal([](Json& json) { json["fits"][0]["mean"] = {1}; }), ": wanted 'mean' as 2 numbers, one a column: found [1]: correct the file");
  EXPECT_EQ(cox_refusal([](Json& json) { json["fits"][0]["coefficients"] = {1, "2"}; }), ": wanted 'coefficients' as 2 numbers, one a column: found [1,\"2\"]: correct the file");
  EXPECT_EQ(cox_refusal([](Json& json) { json["fits"][0]["scale"] = {1, 0}; }), ": wanted 'scale' as positive numbers: found [1,0]: correct the file");
  EXPECT_EQ(cox_refusal([](Json& json) { json["fits"][0]["problem"] = 1; }), ": wanted 'problem' as text: found 1: correct the file");
  EXPECT_EQ(cox_refusal([](Json& json) { json["training"] = 1; }), ": wanted 'training' as an object: found 1: correct the file");
  const fs::path file = folder() / "ladder" / "clinical-cox" / "cox.json";
  write_all(file, "{\"schema_version\": 1, \"ridge\": NaN}");
  EXPECT_EQ(refusal(), file.string() + ": wanted finite numbers in 'ridge': found NaN, which JSON does not know: compute the value again and write a number");
  // what can be read and is not what was trained
  cox_refusal([](Json& json) { json["fits"][0]["coefficients"][0] = 0.25; });
  EXPECT_THAT(refusal(), HasSubstr("clinical-cox: the simpler model with sha256 "));
  cox_refusal([](Json& json) { json["table"] = "rna"; });
  EXPECT_THAT(refusal(), HasSubstr("clinical-cox: a simpler model with tables of the whole one was wanted: it takes a table 'rna' that the whole one takes with other features"));
  cox_refusal([](Json& json) { json["table"] = "cnv"; });
  EXPECT_THAT(refusal(), HasSubstr("it takes a table 'cnv' that the whole one does not take"));
}

TEST_F(KeptLadder, TheCardsListIsReadStrictly) {
  const auto sentence = [&](const std::function<void(nlohmann::ordered_json&)>& change) {
    auto json = nlohmann::ordered_json::parse(read_all(whole() / "model.json"));
    change(json);
    write_all(folder() / "model.json", json.dump(2) + "\n");
    return sentence_of<ModelError>([&] { load_slide_model(folder()); });
  };
  EXPECT_THAT(sentence([](auto& json) { json["ladder"] = 1; }), HasSubstr("model.json: key 'ladder' with a list of objects was wanted: it holds 1"));
  EXPECT_THAT(sentence([](auto& json) { json["ladder"][1].erase("sha256"); }), HasSubstr("model.json: key 'ladder[1].sha256' with a text was wanted: it is missing"));
  for (const char* name : {"../ladder/slides", "..", "", "/"})
    EXPECT_THAT(sentence([&](auto& json) { json["ladder"][0]["name"] = name; }), HasSubstr("key 'ladder[0].name' with the name of a folder in ladder/ was wanted: it holds '" + std::string(name) + "'"));
  EXPECT_THAT(sentence([](auto& json) { json["ladder"][0]["name"] = "slides"; }), HasSubstr("key 'ladder' with different names was wanted: it holds a name twice"));
  EXPECT_EQ(sentence([](auto& json) { json.erase("ladder"); }), "") << "as models before had none";
}

TEST_F(KeptLadder, AListOfAllowedModelsHoldsForCompetitorsToo) {
  const ScratchFolder lists;
  std::string list;
  for (const char* file : {"genes-snn/weights.safetensors", "genes-mlp/weights.safetensors", "slides/weights.safetensors", "late-fusion/weights.safetensors"})
    list += sha256_of_file(folder() / "ladder" / file) + "\n";
  write_all(lists.path() / "list", list);
  const fs::path cox = folder() / "ladder" / "clinical-cox" / "cox.json";
  const AllowedModels without(lists.path() / "list");
  EXPECT_THAT(sentence_of<ModelError>([&] { load(&without); }), HasSubstr(cox.string()));
  write_all(lists.path() / "list", list + sha256_of_file(cox) + "\n");
  const AllowedModels all(lists.path() / "list");
  EXPECT_EQ(load(&all).size(), 5u);
}

TEST(LadderTraining, ACompetitorOfEverybodyTrainsForTheMedianOfItsOwnFoldsBestEpochs) {
  auto settings = small_settings();
  settings.stopping = "nested";
  settings.epochs = 8;
  settings.patience = 2;
  settings.learning_rate = 0.05;
  const ScratchFolder folder;
  const TrainResult result = train(folder.path(), settings);
  for (const char* rung : {"", "genes-snn", "genes-mlp", "slides", "late-fusion"}) {
    std::map<int, std::pair<double, int>> best;  // of a fold: validation loss and epoch
    int final_epochs = 0;
    for (const EpochRecord& e : result.history) {
      if (e.rung != rung) continue;
      if (e.fold < 0) ++final_epochs;
      else if (!best.contains(e.fold) || e.validation_loss < best[e.fold].first)
        best[e.fold] = {e.validation_loss, e.epoch};
    }
    ASSERT_EQ(best.size(), 3u) << rung;
    std::vector<int> epochs;
    for (const auto& [fold, one] : best) epochs.push_back(one.second);
    std::sort(epochs.begin(), epochs.end());
    EXPECT_EQ(final_epochs, epochs[1]) << rung;
    const auto training = nlohmann::json::parse(load_slide_model(folder.path() / (*rung ? "ladder" : "") / rung)->card().training_json);
    EXPECT_EQ(training["final_epochs"], epochs[1]) << rung;
  }
}

TEST(LadderTraining, BesideAnEnsembleEveryCompetitorIsOne) {
  auto settings = small_settings();
  settings.ensemble = true;
  const ScratchFolder folder;
  const TrainResult result = train(folder.path(), settings);
  const auto slides = cohort();
  const auto competitors = load_competitors(folder.path(), load_slide_model(folder.path())->card());
  ASSERT_EQ(competitors.size(), 5u);
  EXPECT_EQ(nlohmann::json::parse(read_all(folder.path() / "ladder" / "clinical-cox" / "cox.json"))["fits"].size(), 3u);
  for (std::size_t k = 1; k < competitors.size(); ++k) {
    const fs::path rung = folder.path() / "ladder" / competitors[k].name();
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}, std::size_t{8}}) {
      std::vector<TableRow> seen;
      for (const std::size_t m : competitors[k].tables()) seen.push_back(slides[i].tables[m]);
      double mean = 0;
      for (int m = 0; m < folds; ++m) {
        const double risk = load_slide_model(rung / numbered("member-", m + 1))->predict(slides[i].bag, seen).survival->risk;
        mean += risk / folds;
        if (m == slides[i].fold) {
          EXPECT_EQ(risk, result.ladder[k].risk[i]) << "of its own fold it is the out-of-fold answer: " << competitors[k].name();
        }
      }
      EXPECT_NEAR(competitors[k].risk(slides[i].bag, slides[i].tables), mean, 1e-12) << competitors[k].name();
    }
  }
  // a member's card is bound too
  const fs::path card = folder.path() / "ladder" / "slides" / "member-2" / "model.json";
  auto json = nlohmann::ordered_json::parse(read_all(card));
  json["survival"]["risk_cut"] = 0.5;
  write_all(card, json.dump(2) + "\n");
  EXPECT_THAT(sentence_of<ModelError>([&] { load_competitors(folder.path(), load_slide_model(folder.path())->card()); }), HasSubstr("slides: the simpler model with sha256 "));
}

TEST(LadderTraining, GoesOnAfterAnyInterruptionToTheSameBytesWhateverTheThreads) {
  auto settings = small_settings();
  settings.stopping = "nested";
  settings.patience = 1;
  const ScratchFolder whole;
  int all = 0;
  train(whole.path(), settings, [&](const EpochRecord&) { ++all; });
  for (const int each : {5, 11, 17}) {
    const ScratchFolder torn;
    settings.threads = each % 2 + 1;
    int stops = 0;
    for (bool done = false; !done; ++stops) {
      int epochs = 0;
      try {
        train(torn.path(), settings, [&](const EpochRecord&) {
          if (++epochs == each) throw std::runtime_error("stop");
        });
        done = true;
      } catch (const std::runtime_error&) {
        EXPECT_FALSE(fs::exists(torn.path() / "ladder")) << "it appears with the model";
      }
      ASSERT_LT(stops, all);
    }
    EXPECT_GT(stops, 1);
    EXPECT_EQ(tree(torn.path()), tree(whole.path())) << each;
  }
}

TEST(LadderTraining, TrainingAgainLeavesNothingOfAnOlderLadder) {
  const ScratchFolder folder, without;
  auto settings = small_settings();
  settings.ladder = false;
  train(without.path(), settings);
  train(folder.path());
  train(folder.path(), settings);
  EXPECT_EQ(tree(folder.path()), tree(without.path()));
  // one that was interrupted with its ladder all but done
  EXPECT_THROW(train(folder.path(), small_settings(), [](const EpochRecord& e) {
    if (e.rung.empty() && e.fold < 0) throw std::runtime_error("stop");
  }), std::runtime_error);
  settings.recipe = std::string(64, 'b');
  train(folder.path(), settings);
  EXPECT_EQ(tree(folder.path()), tree(without.path()));
  // an ensemble, and no longer one, with other tables
  settings = small_settings();
  settings.ensemble = true;
  train(folder.path(), settings);
  EXPECT_FALSE(fs::exists(folder.path() / "weights.safetensors")) << "of the model that was there";
  auto slides = cohort();
  ModelCard card = fresh_card();
  card.modalities.pop_back();
  for (TrainingSlide& slide : slides) slide.tables.pop_back();
  train_slide_model(slides, card, small_settings(), folder.path(), nullptr);
  std::vector<std::string> there, wanted;
  for (const auto& [name, bytes] : tree(folder.path())) there.push_back(name);
  for (const char* name : {"ladder/genes-mlp/", "ladder/genes-snn/", "ladder/late-fusion/", "ladder/slides/", ""})
    for (const char* file : {"model.json", "weights.safetensors"}) wanted.push_back(std::string(name) + file);
  EXPECT_EQ(there, wanted);
}

TEST(LadderTraining, WithoutAnEventThereIsNoCoxRegressionAndItsFileSaysWhy) {
  auto slides = cohort();
  std::vector<const TrainingSlide*> all;
  for (TrainingSlide& slide : slides) {
    slide.event = false;
    all.push_back(&slide);
  }
  const CoxCoefficients fit = fit_clinical_cox(all, 1, 2);
  EXPECT_EQ(fit.problem, "there is no event");
  EXPECT_EQ(fit.coefficients, (std::vector<double>{0, 0}));
  const ScratchFolder folder;
  write_cox_card(folder.path(), {kClinicalModality, {"age", "sex=M"}, CoxTies::efron, kClinicalRidge, {fit, {{0.1}, {1.0 / 3}, {1e-300}, ""}}, R"({"seed":3})"});
  EXPECT_THAT(sentence_of<ModelError>([&] { read_cox_card(folder.path()); }), HasSubstr("wanted 'mean' as 2 numbers, one a column: found [0.1]"));
  write_cox_card(folder.path(), {kClinicalModality, {"age", "sex=M"}, CoxTies::breslow, 0.25, {fit, {{0.1, 1e22}, {1.0 / 3, 2}, {1e-300, -0.7}, ""}}, R"({"seed":3})"});
  const CoxCard back = read_cox_card(folder.path());
  EXPECT_EQ(back.fits[0].problem, fit.problem);
  EXPECT_EQ(back.fits[0].mean, fit.mean);
  EXPECT_EQ(back.fits[1].mean, (std::vector<double>{0.1, 1e22}));
  EXPECT_EQ(back.fits[1].scale, (std::vector<double>{1.0 / 3, 2}));
  EXPECT_EQ(back.fits[1].coefficients, (std::vector<double>{1e-300, -0.7}));
  EXPECT_EQ(back.ties, CoxTies::breslow);
  EXPECT_EQ(back.ridge, 0.25);
  EXPECT_EQ(back.training_json, R"({"seed":3})");
}

TEST(LadderTraining, AColumnThatSaysNothingGivesACoxRegressionThatOrdersNobody) {
  auto slides = cohort();
  for (TrainingSlide& slide : slides) slide.tables[1].values = {60, 1};
  const ScratchFolder folder;
  const TrainResult result = train_slide_model(slides, fresh_card(), small_settings(), folder.path(), nullptr);
  EXPECT_THAT(result.ladder.front().risk, testing::Each(0.0));
  const auto competitors = load_competitors(folder.path(), load_slide_model(folder.path())->card());
  EXPECT_EQ(competitors[0].risk(slides[1].bag, slides[1].tables), 0);
}

}  // namespace
}  // namespace microtome::test
