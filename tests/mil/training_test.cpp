// SPDX-License-Identifier: Apache-2.0
// A reader learns that training finds planted tiles and genes, keeps folds apart, and gives the same bytes for the same seed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "mil/aggregators/slide_model.h"
#include "mil/model_error.h"
#include "mil/sha256.h"
#include "mil/training/train.h"
#include "small_model.h"

namespace microtome::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr int dim = 8;
constexpr int tiles = 20;
constexpr int planted = 3;  // the first tiles of a positive bag

/// Normal numbers by Box and Muller on a fixed engine: the same on every library.
class Noise {
 public:
  explicit Noise(std::uint64_t seed) : engine_(seed) {}
  double operator()() { return std::sqrt(-2 * std::log(uniform())) * std::cos(6.283185307179586 * uniform()); }

 private:
  double uniform() { return (static_cast<double>(engine_() >> 11) + 0.5) * 0x1p-53; }
  std::mt19937_64 engine_;
};

/// Gaussian tiles; a bag with `plant` has three that differ in two features.
Bag noisy_bag(int number, bool plant, Noise& noise) {
  auto bag = wave_bag(tiles, dim);
  bag.slide_id = numbered("s", 100 + number);
  for (auto& value : bag.features) value = static_cast<float>(noise());
  for (int i = 0; plant && i < planted; ++i) {
    bag.features[i * dim] += 4;
    bag.features[i * dim + 1] -= 4;
  }
  return bag;
}

/// Two slides a patient, classes in turn, the label in the tiles.
std::vector<TrainingSlide> image_cohort(int count) {
  Noise noise(11);
  std::vector<TrainingSlide> slides(count);
  for (int i = 0; i < count; ++i) {
    slides[i].patient_id = numbered("p", i / 2);
    slides[i].label = i / 2 % 2;
    slides[i].bag = noisy_bag(i, slides[i].label == 1, noise);
  }
  return slides;
}

/// The label is in gene 1 alone; the tiles are noise.
std::vector<TrainingSlide> gene_cohort(int count) {
  Noise noise(12);
  auto slides = image_cohort(count);
  for (int i = 0; i < count; ++i) {
    slides[i].bag = noisy_bag(i, false, noise);
    const double expression = 8.0 + (slides[i].label == 1 ? 1.5 : -1.5) + 0.3 * noise();
    slides[i].tables = {{true, {static_cast<float>(5 + noise()), static_cast<float>(expression)}}};
  }
  return slides;
}

ModelCard fresh_card(bool genes) {
  auto card = small_card(false);
  card.classes = {"benign", "tumour"};
  if (genes) card.modalities = {{"rna", {"NOISE", "SIGNAL"}, {}, {}, "", "linear", 4, {}}};
  return card;
}

TrainSettings small_settings() {
  TrainSettings settings;
  settings.folds = 3;
  settings.epochs = 10;
  settings.patience = 4;
  settings.learning_rate = 5e-3;
  settings.embed_dim = 16;
  settings.attention_dim = 8;
  settings.table_dim = 4;
  settings.seed = 3;
  return settings;
}

TrainResult train(const std::vector<TrainingSlide>& slides, bool genes, const std::filesystem::path& folder,
                  const TrainSettings& settings = small_settings(), const std::function<void(const EpochRecord&)>& on_epoch = nullptr) {
  return train_slide_model(slides, fresh_card(genes), settings, folder, on_epoch);
}

std::string train_sentence(const std::vector<TrainingSlide>& slides, const std::filesystem::path& folder, const TrainSettings& settings) {
  return sentence_of<ModelError>([&] { train(slides, false, folder, settings); });
}

TrainSettings patient_settings() {
  auto settings = small_settings();
  settings.epochs = 20;
  settings.learning_rate = 0.01;
  return settings;
}

/// The share of pairs (planted tile, other tile) in which the planted one has more attention; half by chance.
double ordered_pairs(const Prediction& prediction) {
  int ordered = 0;
  for (int a = 0; a < planted; ++a)
    for (int b = planted; b < tiles; ++b) ordered += prediction.attention[a] > prediction.attention[b] ? 1 : 0;
  return static_cast<double>(ordered) / (planted * (tiles - planted));
}

TEST(Training, FindsPlantedTilesAndLooksAtThem) {
  const ScratchFolder folder;
  EXPECT_GE(train(image_cohort(60), false, folder.path(), patient_settings()).pooled_accuracy, 0.9);
  const auto model = load_slide_model(folder.path());
  Noise unseen(99);
  double ordered = 0;
  for (int i = 0; i < 10; ++i) {
    const auto prediction = model->predict(noisy_bag(i, true, unseen), {});
    EXPECT_EQ(prediction.predicted, 1);
    ordered += ordered_pairs(prediction) / 10;
  }
  EXPECT_GE(ordered, 0.9);
}

TEST(Training, LearnsAPlantedGeneThatImagesDoNotShow) {
  const ScratchFolder folder;
  const auto slides = gene_cohort(60);
  EXPECT_LE(train(slides, false, folder.path()).pooled_accuracy, 0.75);
  EXPECT_GE(train(slides, true, folder.path(), patient_settings()).pooled_accuracy, 0.9);
}

TEST(Training, LearnsNothingFromGenesOfOtherPatients) {
  const ScratchFolder folder;
  auto slides = gene_cohort(40);
  for (std::size_t i = 0; i < 40; ++i) slides[i].tables = gene_cohort(40)[(i / 2 * 7 + 3) / 2 % 20 * 2].tables;
  EXPECT_LE(train(slides, true, folder.path()).pooled_accuracy, 0.75);
}

TEST(Training, AnswersWithoutTheGenomicRowItWasTrainedWith) {
  const ScratchFolder folder;
  Noise noise(5);
  auto slides = image_cohort(40);
  for (auto& slide : slides) slide.tables = {{true, {static_cast<float>(noise()), static_cast<float>(slide.label + 0.1 * noise())}}};
  auto settings = small_settings();
  settings.modality_dropout = 0.4;
  train(slides, true, folder.path(), settings);
  const auto model = load_slide_model(folder.path());
  Noise unseen(98);
  int right = 0;
  for (int i = 0; i < 20; ++i) right += model->predict(noisy_bag(i, i % 2 == 1, unseen), {}).predicted == i % 2 ? 1 : 0;
  EXPECT_GE(right, 18);
}

TEST(Training, TheSameSeedGivesTheSameBytesWhateverTheOrderOfSlides) {
  const ScratchFolder one, two, other;
  auto slides = gene_cohort(12);
  auto settings = small_settings();
  settings.epochs = 2;
  train(slides, true, one.path(), settings);
  std::reverse(slides.begin(), slides.end());
  train(slides, true, two.path(), settings);
  EXPECT_EQ(sha256_of_file(one.path() / "weights.safetensors"), sha256_of_file(two.path() / "weights.safetensors"));
  EXPECT_EQ(read_all(one.path() / "model.json"), read_all(two.path() / "model.json"));
  settings.seed = 4;
  train(slides, true, other.path(), settings);
  EXPECT_NE(sha256_of_file(one.path() / "weights.safetensors"), sha256_of_file(other.path() / "weights.safetensors"));
}

TEST(Training, ScoresEverySlideOnceByAFoldThatNeverSawItsPatient) {
  const ScratchFolder folder;
  const auto slides = image_cohort(24);
  const auto result = train(slides, false, folder.path());
  const auto folds = assign_folds(slides, 3, small_settings().seed);
  ASSERT_EQ(result.predictions.size(), 24U);
  int right = 0;
  for (std::size_t i = 0; i < 24; ++i) {
    const auto& one = result.predictions[i];
    EXPECT_EQ(one.slide_id, slides[i].bag.slide_id);
    EXPECT_EQ(one.patient_id, slides[i].patient_id);
    EXPECT_EQ(one.fold, folds[i]);
    EXPECT_EQ(one.label, slides[i].label);
    EXPECT_NEAR(one.probabilities[0] + one.probabilities[1], 1.0, 1e-12);
    right += (one.probabilities[1] > 0.5) == (one.label == 1) ? 1 : 0;
  }
  EXPECT_DOUBLE_EQ(result.pooled_accuracy, right / 24.0);
}

TEST(Training, LetsNoValidationSlideReachTheFoldThatScoresIt) {
  const ScratchFolder folder;
  auto slides = image_cohort(24);
  for (std::size_t i = 0; i < 24; ++i) slides[i].fold = i < 8 ? 0 : 1;
  auto settings = small_settings();
  settings.epochs = 1;
  settings.stopping = "fixed";  // all slides outside a fold teach it
  const auto before = train(slides, false, folder.path(), settings);
  // the scaler and weights of fold 0 come from slides 8 to 23: what slide 0 holds cannot move the score of slide 3
  for (auto& value : slides[0].bag.features) value *= 50;
  const auto after = train(slides, false, folder.path(), settings);
  EXPECT_EQ(before.predictions[3].probabilities, after.predictions[3].probabilities);
  EXPECT_NE(before.predictions[0].probabilities, after.predictions[0].probabilities);
  EXPECT_NE(before.predictions[12].probabilities, after.predictions[12].probabilities);
}

TEST(Training, StopsAFoldWhenPatienceEndsAndTrainsTheFinalModelForTheMedian) {
  const ScratchFolder folder;
  auto settings = small_settings();
  settings.patience = 2;
  settings.epochs = 40;
  std::vector<EpochRecord> heard;
  const auto result = train(gene_cohort(24), false, folder.path(), settings, [&](const EpochRecord& epoch) { heard.push_back(epoch); });
  ASSERT_EQ(heard.size(), result.history.size());
  std::map<int, std::vector<EpochRecord>> by_fold;
  for (const auto& epoch : heard) by_fold[epoch.fold].push_back(epoch);
  std::vector<int> best;
  for (int fold = 0; fold < 3; ++fold) {
    const auto& epochs = by_fold[fold];
    const auto less = [](const auto& a, const auto& b) { return a.validation_loss < b.validation_loss; };
    best.push_back(std::min_element(epochs.begin(), epochs.end(), less)->epoch);
    EXPECT_EQ(static_cast<int>(epochs.size()), std::min(40, best.back() + 2));
  }
  std::sort(best.begin(), best.end());
  EXPECT_EQ(result.final_epochs, best[1]);
  EXPECT_EQ(static_cast<int>(by_fold[-1].size()), best[1]);
}

TEST(Training, ReducesTheTrainingLossOfEveryFoldAndOfTheFinalModel) {
  const ScratchFolder folder;
  std::map<int, std::vector<double>> losses;
  for (const auto& epoch : train(image_cohort(24), false, folder.path(), patient_settings()).history)
    losses[epoch.fold].push_back(epoch.train_loss);
  ASSERT_EQ(losses.size(), 4U);
  for (const auto& [fold, loss] : losses) EXPECT_LT(loss.back(), 0.5 * loss.front()) << "fold " << fold;
}

TEST(Training, WritesACardThatSaysHowTheModelCameToBe) {
  const ScratchFolder folder;
  auto settings = small_settings();
  settings.epochs = 2;
  const auto result = train(gene_cohort(12), true, folder.path(), settings);
  const auto card = load_slide_model(folder.path())->card();
  EXPECT_EQ(card.feature_dim, dim);
  EXPECT_EQ(card.embed_dim, 16);
  EXPECT_EQ(card.modalities.at(0).dim, 4);
  EXPECT_NEAR(card.modalities.at(0).mean.at(1), 8.0, 0.5);
  EXPECT_NEAR(card.modalities.at(0).scale.at(1), 1.5, 0.3);
  const auto training = nlohmann::json::parse(card.training_json);
  EXPECT_EQ(training["patients"], 6);
  EXPECT_EQ(training["slides"], 12);
  EXPECT_EQ(training["folds"], 3);
  EXPECT_EQ(training["seed"], 3);
  EXPECT_EQ(training["final_epochs"], result.final_epochs);
  EXPECT_EQ(training["pooled_accuracy"], result.pooled_accuracy);
  EXPECT_EQ(training["settings"]["epochs"], 2);
}

TEST(Training, LeavesTwoFilesInTheFolder) {
  const ScratchFolder folder;
  auto settings = small_settings();
  settings.epochs = 1;
  train(image_cohort(12), false, folder.path(), settings);
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) names.insert(entry.path().filename());
  EXPECT_THAT(names, testing::ElementsAre("model.json", "weights.safetensors"));
}

TEST(Training, GoesOnAfterAnInterruptionToTheSameBytes) {
  const ScratchFolder whole, torn;
  auto settings = small_settings();
  settings.epochs = 6;
  settings.optimiser = "radam";
  settings.lookahead = true;
  settings.schedule = "cosine";
  settings.recipe = "0123456789abcdef";
  const auto slides = gene_cohort(24);
  const auto expected = train(slides, true, whole.path(), settings);
  struct Killed {};
  int starts = 0;
  TrainResult result;
  for (bool done = false; !done; ++starts) {
    int left = 4;  // epochs until the next blow
    try {
      result = train(slides, true, torn.path(), settings, [&](const EpochRecord&) {
        if (left-- == 0) throw Killed();
      });
      done = true;
    } catch (const Killed&) {
    }
  }
  EXPECT_GT(starts, 3) << "it was interrupted several times";
  EXPECT_EQ(sha256_of_file(torn.path() / "weights.safetensors"), sha256_of_file(whole.path() / "weights.safetensors"));
  EXPECT_EQ(read_all(torn.path() / "model.json"), read_all(whole.path() / "model.json"));
  ASSERT_EQ(result.history.size(), expected.history.size());
  for (std::size_t i = 0; i < expected.history.size(); ++i) EXPECT_EQ(result.history[i].train_loss, expected.history[i].train_loss) << i;
  EXPECT_FALSE(std::filesystem::exists(torn.path() / "unfinished"));
}

TEST(Training, NeitherThreadsNorReadingBagsAgainChangesAByte) {
  const ScratchFolder one, other;
  auto slides = image_cohort(12);
  auto settings = small_settings();
  settings.epochs = 2;
  train(slides, false, one.path(), settings);
  settings.threads = 3;
  for (auto& slide : slides) {
    slide.load = [bag = slide.bag] { return bag; };
    slide.bag.features = {};
  }
  train(slides, false, other.path(), settings);
  EXPECT_EQ(sha256_of_file(one.path() / "weights.safetensors"), sha256_of_file(other.path() / "weights.safetensors"));
  EXPECT_EQ(read_all(one.path() / "model.json"), read_all(other.path() / "model.json"));
}

TEST(Training, ABagThatCannotBeReadAgainEndsIt) {
  const ScratchFolder folder;
  auto slides = image_cohort(12);
  slides[5].load = []() -> Bag { throw BagError("s105/features.h5: gone"); };
  EXPECT_EQ(sentence_of<BagError>([&] { train(slides, false, folder.path()); }), "s105/features.h5: gone");
}

TEST(Training, AnEnsembleAnswersTheMeanOfItsFolds) {
  const ScratchFolder folder;
  auto settings = small_settings();
  settings.ensemble = true;
  train(image_cohort(24), false, folder.path(), settings);
  const auto ensemble = load_slide_model(folder.path());
  Noise noise(4);
  const Bag bag = noisy_bag(0, true, noise);
  const Prediction together = ensemble->predict(bag, {});
  std::vector<double> mean(2, 0.0);
  for (const char* member : {"member-1", "member-2", "member-3"}) {
    const Prediction one = load_slide_model(folder.path() / member)->predict(bag, {});
    for (std::size_t c = 0; c < 2; ++c) mean[c] += one.logits[c] / 3;
  }
  for (std::size_t c = 0; c < 2; ++c) EXPECT_NEAR(together.logits[c], mean[c], 1e-12);
  const Prediction answer = ensemble->answer(bag, {});
  EXPECT_EQ(answer.probabilities, together.probabilities);
  EXPECT_EQ(answer.predicted, together.predicted);
  EXPECT_EQ(answer.aggregator.sha256, together.aggregator.sha256);
  EXPECT_TRUE(answer.attention.empty());
  double sum = 0;
  for (const float a : together.attention) sum += a;
  EXPECT_NEAR(sum, 1, 1e-5);
  EXPECT_EQ(together.aggregator.sha256, ensemble->sha256());
  // another member's weights are noticed
  std::filesystem::remove_all(folder.path() / "member-2");
  std::filesystem::copy(folder.path() / "member-1", folder.path() / "member-2");
  EXPECT_THAT(sentence_of<ModelError>([&] { load_slide_model(folder.path()); }), HasSubstr("the folder was changed, copy it again"));
}

TEST(Training, AGridChoosesTheRateThatLearns) {
  const ScratchFolder folder;
  auto settings = patient_settings();
  settings.grid = "learning_rate=1e-9,0.01";
  const auto result = train(image_cohort(24), false, folder.path(), settings);
  EXPECT_THAT(result.chosen, testing::Each(std::string("learning_rate=0.01")));
  EXPECT_EQ(result.chosen.size(), 3U);
  const auto training = nlohmann::json::parse(load_slide_model(folder.path())->card().training_json);
  EXPECT_EQ(training["settings"]["learning_rate"], 0.01);
}

TEST(Training, WholeSitesAreLeftOut) {
  const ScratchFolder folder;
  auto slides = image_cohort(24);
  for (std::size_t i = 0; i < 24; ++i) slides[i].site = numbered("hospital", static_cast<int>(i / 4 % 4));  // two patients each time, of both labels
  auto settings = small_settings();
  settings.leave_sites_out = true;
  settings.epochs = 1;
  settings.folds = 2;
  std::map<std::string, std::set<int>> folds;
  for (const auto& one : train(slides, false, folder.path(), settings).predictions)
    for (const auto& slide : slides)
      if (slide.bag.slide_id == one.slide_id) folds[slide.site].insert(one.fold);
  ASSERT_EQ(folds.size(), 4U);
  for (const auto& [site, of] : folds) EXPECT_EQ(of.size(), 1U) << site;
  slides[3].site.clear();
  EXPECT_EQ(train_sentence(slides, folder.path(), settings),
            "the training set: a site for every slide was wanted: slide 's103' has none: add it to the labels, or deal patients");
}

class EveryAggregator : public testing::TestWithParam<const char*> {};

TEST_P(EveryAggregator, LearnsPlantedTiles) {
  const ScratchFolder folder;
  auto settings = patient_settings();
  settings.aggregator = GetParam();
  settings.dropout = 0.1;
  EXPECT_GE(train(image_cohort(40), false, folder.path(), settings).pooled_accuracy, 0.8);
  EXPECT_EQ(load_slide_model(folder.path())->name(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Names, EveryAggregator,
                         testing::Values("mean", "max", "top-k", "abmil", "abmil-gated", "clam-sb", "clam-mb", "clam-sb-plain", "clam-mb-plain", "dsmil",
                                         "transmil", "transformer", "patch-gcn"));

struct TableNetwork {
  const char *aggregator, *fusion, *encoder;
};

class EveryTableNetwork : public testing::TestWithParam<TableNetwork> {};

TEST_P(EveryTableNetwork, LearnsAPlantedGene) {
  const ScratchFolder folder;
  auto settings = patient_settings();
  settings.aggregator = GetParam().aggregator;
  settings.fusion = GetParam().fusion;
  settings.table_encoder = GetParam().encoder;
  settings.table_dim = settings.embed_dim;
  settings.dropout = 0.1;
  ModelCard card = fresh_card(true);
  card.modalities[0].groups = {{"both", {0, 1}}, {"signal", {1}}};
  EXPECT_GE(train_slide_model(gene_cohort(40), card, settings, folder.path(), nullptr).pooled_accuracy, 0.8);
  const Prediction prediction = load_slide_model(folder.path())->predict(gene_cohort(1)[0].bag, {});
  EXPECT_FALSE(prediction.modalities.at(1).present) << "a missing row is an answer too";
}

INSTANTIATE_TEST_SUITE_P(Networks, EveryTableNetwork,
                         testing::Values(TableNetwork{"abmil-gated", "gated", "mlp"}, TableNetwork{"abmil", "kronecker", "snn"},
                                         TableNetwork{"abmil-gated", "concat", "vae"},
                                         TableNetwork{"abmil-gated", "late", "conv1d"}, TableNetwork{"porpoise", "kronecker", "snn"},
                                         TableNetwork{"mcat", "concat", "groups"}, TableNetwork{"survpath", "concat", "pathways"},
                                         TableNetwork{"tables", "concat", "linear"}));

/// Bags of some ten "digits", ten clusters in 16 features; a bag is positive when it holds a nine (after Ilse et al. 2018).
std::vector<TrainingSlide> digit_bags(int count, std::uint64_t seed) {
  Noise noise(seed), place(1);  // the clusters lie where they lie
  std::vector<std::vector<double>> centres(10, std::vector<double>(16));
  for (auto& centre : centres)
    for (double& value : centre) value = 1.5 * place();
  std::mt19937_64 engine(seed);
  std::vector<TrainingSlide> slides(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    TrainingSlide& slide = slides[static_cast<std::size_t>(i)];
    const int tiles_here = std::max(2, static_cast<int>(std::lround(10 + 2 * noise())));
    slide.bag = wave_bag(tiles_here, 16);
    slide.bag.slide_id = numbered("s", 1000 + i);
    slide.patient_id = numbered("p", 1000 + i);
    slide.label = i % 2;
    for (int tile = 0; tile < tiles_here; ++tile) {
      const std::size_t digit = tile == 0 && slide.label == 1 ? 9 : engine() % 9;
      for (std::size_t f = 0; f < 16; ++f) slide.bag.features[static_cast<std::size_t>(tile) * 16 + f] = static_cast<float>(centres[digit][f] + noise());
    }
  }
  return slides;
}

TEST(Training, TwoHundredBagsOfDigitsTeachToFindTheNine) {
  const ScratchFolder folder;
  auto settings = patient_settings();
  settings.epochs = 25;
  settings.learning_rate = 5e-3;
  settings.embed_dim = 64;
  settings.attention_dim = 32;
  train(digit_bags(200, 21), false, folder.path(), settings);
  const auto model = load_slide_model(folder.path());
  std::vector<double> positive, negative;
  for (const TrainingSlide& slide : digit_bags(500, 22))
    (slide.label == 1 ? positive : negative).push_back(model->predict(slide.bag, {}).probabilities[1]);
  double ordered = 0;
  for (const double p : positive)
    for (const double n : negative) ordered += p > n ? 1.0 : p == n ? 0.5 : 0.0;
  EXPECT_GE(ordered / static_cast<double>(positive.size() * negative.size()), 0.97);
}

TEST(Training, EveryLossSamplerAndRegulariserLearns) {
  const auto accuracy = [](auto change) {
    const ScratchFolder folder;
    auto settings = patient_settings();
    change(settings);
    return train(image_cohort(40), false, folder.path(), settings).pooled_accuracy;
  };
  for (const char* loss : {"focal", "bce", "smooth-svm", "mse", "huber"})
    EXPECT_GE(accuracy([&](TrainSettings& s) { s.loss = loss; }), 0.75) << loss;
  for (const char* sampling : {"weighted", "stratified"}) EXPECT_GE(accuracy([&](TrainSettings& s) { s.sampling = sampling; }), 0.75) << sampling;
  EXPECT_GE(accuracy([](TrainSettings& s) { s.mixup = 0.3; }), 0.75);
  EXPECT_GE(accuracy([](TrainSettings& s) { s.bag_dropout = 0.2; }), 0.75);
  EXPECT_GE(accuracy([](TrainSettings& s) { s.bag_size = 15; }), 0.75);
  EXPECT_GE(accuracy([](TrainSettings& s) { s.l1 = 1e-5; s.class_weights = "balanced"; }), 0.75);
  EXPECT_GE(accuracy([](TrainSettings& s) { s.accumulate = 2; s.optimiser = "adamw"; s.schedule = "one-cycle"; }), 0.75);
}

TEST(Training, WithoutPatientsToStopOnSaysWhatToDo) {
  const ScratchFolder folder;
  auto settings = small_settings();
  settings.folds = 2;
  EXPECT_EQ(train_sentence(image_cohort(8), folder.path(), settings),
            "the training set: two or more patients of class 'benign' outside every fold were wanted, to learn from and to stop on: there are 1: add "
            "patients, lower folds, or use stopping 'fixed'");
  settings.stopping = "fixed";
  settings.epochs = 2;
  EXPECT_EQ(train(image_cohort(8), false, folder.path(), settings).final_epochs, 2);
}

TEST(Training, IntoAFolderThatIsNotThereIsRefusedBeforeTheFirstEpoch) {
  const ScratchFolder folder;
  const auto nowhere = folder.path() / "nowhere";
  EXPECT_EQ(train_sentence(image_cohort(12), nowhere, small_settings()),
            nowhere.string() + ": a folder for the model was wanted: there is none: create it first");
}

TEST(Training, WhereTheWeightsCannotBePutSaysSoAndLeavesNoPart) {
  const ScratchFolder folder;
  std::filesystem::create_directories(folder.path() / "weights.safetensors" / "occupied");
  auto settings = small_settings();
  settings.epochs = 1;
  EXPECT_THAT(train_sentence(image_cohort(12), folder.path(), settings),
              AllOf(HasSubstr((folder.path() / "weights.safetensors").string() + ": the weights cannot be written: "),
                    HasSubstr(": check the folder's permissions")));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "weights.safetensors.part"));
}

TEST(Training, WithImpossibleSettingsListsThem) {
  const ScratchFolder folder;
  auto settings = small_settings();
  settings.folds = 1;
  settings.dropout = 2;
  EXPECT_EQ(train_sentence(image_cohort(12), folder.path(), settings),
            "the training settings: folds: 2 or more were wanted: it is 1; dropout: from 0 to below 1 was wanted: it is 2");
}

TEST(Training, WithFewerPatientsThanFoldsIsRefused) {
  const ScratchFolder folder;
  auto settings = small_settings();
  settings.folds = 7;
  EXPECT_EQ(train_sentence(image_cohort(12), folder.path(), settings),
            "the training set: 7 patients were wanted for 7 folds: there are 6: lower folds or add patients");
}

TEST(Training, OnFeaturesThatAreNotNumbersIsRefused) {
  const ScratchFolder folder;
  auto slides = image_cohort(12);
  slides[4].bag.features[3] = std::numeric_limits<float>::quiet_NaN();
  const std::string sentence = train_sentence(slides, folder.path(), small_settings());
  EXPECT_THAT(sentence, testing::AnyOf(HasSubstr("the training set: slide 's104': the bag: finite features were wanted"),
                                       HasSubstr("the training: finite loss and weights were wanted: they are not: lower learning_rate (now 0.005)")));
}

}  // namespace
}  // namespace microtome::test
