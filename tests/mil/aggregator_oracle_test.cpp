// SPDX-License-Identifier: Apache-2.0
// A reader learns: every aggregator gives the logits, the attention and the gradients of a PyTorch module that was written from the specification.
// aggregator_oracle.py wrote the folder that MICROTOME_AGGREGATOR_ORACLE names.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "mil/aggregators/mil_network.h"
#include "mil/aggregators/model_card.h"
#include "mil/model_error.h"
#include "mil/training/losses.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

fs::path oracle() {
  const char* folder = std::getenv("MICROTOME_AGGREGATOR_ORACLE");
  return folder == nullptr ? "MICROTOME_AGGREGATOR_ORACLE is not set" : folder;
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(oracle(), none))
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

double largest_difference(const at::Tensor& ours, const at::Tensor& theirs) {
  if (ours.numel() != theirs.numel()) return 1e9;
  return (ours.detach().to(at::kDouble).flatten() - theirs.to(at::kDouble).flatten()).abs().max().item<double>();
}

class Oracle {
 public:
  explicit Oracle(const std::string& name)
      : network_(read_model_card(oracle() / name).card), given_(read_safetensors(oracle() / name / "case.safetensors")) {
    network_.read(read_safetensors(oracle() / name / "weights.safetensors"), oracle() / name);
    const at::Tensor features = given_.at("features").contiguous(), coords = given_.at("coords").to(at::kLong).contiguous();
    bag_.slide_id = name;
    bag_.feature_dim = features.size(1);
    bag_.features.assign(features.const_data_ptr<float>(), features.const_data_ptr<float>() + features.numel());
    bag_.coords.assign(coords.const_data_ptr<std::int64_t>(), coords.const_data_ptr<std::int64_t>() + coords.numel());
  }

  MilNetwork& network() { return network_; }
  const Bag& bag() const { return bag_; }
  const at::Tensor& expected(const std::string& name) const { return given_.at(name); }
  const NamedTensors& given() const { return given_; }
  int label() const { return static_cast<int>(expected("label").item<float>()); }

 private:
  MilNetwork network_;
  NamedTensors given_;
  Bag bag_;
};

at::Tensor tensor_of(const std::vector<double>& values) { return at::tensor(values, at::kDouble); }
at::Tensor tensor_of(const std::vector<float>& values) { return at::tensor(values, at::kFloat); }

/// As training makes it.
at::Tensor loss_of(const TrainingPass& pass, int label) {
  const BagLoss loss{LossKind::cross_entropy, {}, 2};
  at::Tensor sum = loss(pass.logits, label);
  if (pass.other_logits.defined()) sum = 0.5 * (sum + loss(pass.other_logits, label));
  return pass.instance_loss.defined() ? 0.7 * sum + 0.3 * pass.instance_loss : sum;
}

class Aggregators : public testing::TestWithParam<std::string> {};

TEST_P(Aggregators, GiveLogitsAndAttentionOfTheModule) {
  Oracle oracle(GetParam());
  const Prediction prediction = oracle.network().predict(oracle.bag(), {});
  EXPECT_LE(largest_difference(tensor_of(prediction.logits), oracle.expected("logits")), 1e-5);
  EXPECT_LE(largest_difference(tensor_of(prediction.attention), oracle.expected("attention")), 1e-5);
}

TEST_P(Aggregators, AnswerAsTheyPredictButForTheTiles) {
  Oracle oracle(GetParam());
  const Prediction prediction = oracle.network().predict(oracle.bag(), {}), answer = oracle.network().answer(oracle.bag(), {});
  EXPECT_EQ(answer.logits, prediction.logits);
  EXPECT_EQ(answer.probabilities, prediction.probabilities);
  EXPECT_EQ(answer.predicted, prediction.predicted);
  EXPECT_TRUE(answer.attention.empty() && answer.contribution.empty() && answer.offset.empty());
}

TEST_P(Aggregators, RefuseAFeatureThatIsNotANumberWhereverItIs) {
  Oracle oracle(GetParam());
  const auto places = static_cast<std::size_t>(oracle.bag().tiles());
  for (const std::size_t tile : {std::size_t{0}, places / 2, places - 1}) {
    Bag bag = oracle.bag();
    bag.features[tile * static_cast<std::size_t>(bag.feature_dim) + 3] = std::nanf("");
    EXPECT_THROW(oracle.network().predict(bag, {}), BagError) << "tile " << tile;
    EXPECT_THROW(oracle.network().answer(bag, {}), BagError) << "tile " << tile;
  }
}

TEST_P(Aggregators, GiveGradientsOfTheModule) {
  Oracle oracle(GetParam());
  const c10::AutoGradMode with_gradient(true);
  oracle.network().learned();
  const TrainingPass pass = oracle.network().train(oracle.network().input(oracle.bag(), {}), oracle.label(), Dropout{});
  EXPECT_LE(largest_difference(pass.logits, oracle.expected("logits")), 1e-5) << "training and inference are one network";
  EXPECT_EQ(pass.instance_loss.defined(), oracle.given().contains("instance_loss"));
  if (pass.instance_loss.defined()) {
    EXPECT_LE(largest_difference(pass.instance_loss, oracle.expected("instance_loss")), 1e-5);
  }
  loss_of(pass, oracle.label()).backward();
  std::size_t compared = 0;
  for (const auto& [name, tensor] : oracle.network().gradients()) {
    const at::Tensor& wanted = oracle.expected("grad." + name);
    EXPECT_LE(largest_difference(tensor, wanted), 1e-4 * std::max(1.0, wanted.abs().max().item<double>())) << name;
    ++compared;
  }
  EXPECT_GT(compared, 3U);
}

TEST_P(Aggregators, SharesOfTilesAddUpToTheLogits) {
  Oracle oracle(GetParam());
  const Prediction prediction = oracle.network().predict(oracle.bag(), {});
  const auto classes = static_cast<std::int64_t>(prediction.classes.size());
  const at::Tensor sum = tensor_of(prediction.contribution).reshape({-1, classes}).to(at::kDouble).sum(0) + tensor_of(prediction.offset);
  EXPECT_LE(largest_difference(sum, tensor_of(prediction.logits)), 1e-4);
  const at::Tensor attention = tensor_of(prediction.attention).reshape({oracle.bag().tiles(), prediction.heads}).to(at::kDouble);
  EXPECT_LE((attention.sum(0) - 1).abs().max().item<double>(), 1e-5);
  EXPECT_GE(attention.min().item<double>(), 0);
}

TEST_P(Aggregators, PaddingNeverChangesABit) {
  Oracle oracle(GetParam());
  const BagInput real = oracle.network().input(oracle.bag(), {});
  BagInput padded = real;
  const std::int64_t tiles = real.tiles(), padding = 7;
  padded.raw = at::cat({at::full({padding, real.raw.size(1)}, 1e3F), real.raw, at::full({padding, real.raw.size(1)}, -1e3F)});
  padded.coords = at::cat({at::zeros({padding, 2}, at::kLong), real.coords, at::zeros({padding, 2}, at::kLong)});
  const at::Tensor mask = at::cat({at::zeros({padding}, at::kBool), at::ones({tiles}, at::kBool), at::zeros({padding}, at::kBool)});
  const c10::NoGradGuard no_gradient;
  const TrainingPass one = oracle.network().train(real, 0, Dropout{}), other = oracle.network().train(without_padding(padded, mask), 0, Dropout{});
  EXPECT_TRUE(at::equal(one.logits, other.logits));
}

INSTANTIATE_TEST_SUITE_P(Cases, Aggregators, testing::ValuesIn(cases()), [](const auto& info) {
  std::string name = info.param;
  std::replace_if(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
});

TEST(Aggregators, EveryNameHasACase) {
  std::string missing;
  std::istringstream names(aggregator_names());
  for (std::string name; std::getline(names >> std::ws, name, ',');) {
    bool found = needs_tables(name);  // those are table_oracle_test's
    for (const std::string& folder : cases()) found = found || read_model_card(oracle() / folder).card.aggregator == name;
    if (!found) missing += name + " ";
  }
  EXPECT_EQ(missing, "");
}

/// Sizes of the publications.
TEST(Aggregators, HaveAsManyWeightsAsTheirPublications) {
  std::ifstream in(oracle() / "counts.json");
  const auto counts = nlohmann::json::parse(in);
  ASSERT_FALSE(counts.empty());
  for (const auto& [name, sizes] : counts.items()) {
    ModelCard card;
    card.aggregator = name.ends_with("-big") ? name.substr(0, name.size() - 4) : name;
    card.feature_dim = sizes["feature_dim"];
    card.embed_dim = sizes["embed_dim"];
    card.attention_dim = sizes["attention_dim"];
    for (int c = 0; c < sizes["classes"].get<int>(); ++c) card.classes.push_back(std::to_string(c));
    MilNetwork network(card);
    network.draw(1);
    std::int64_t count = 0;
    for (const at::Tensor& tensor : network.learned()) count += tensor.numel();
    EXPECT_EQ(count, sizes["count"].get<std::int64_t>()) << name;
  }
}

TEST(Aggregators, TakeOneTileAndManyThousand) {
  ModelCard card;
  card.classes = {"a", "b", "c"};
  card.feature_dim = 16;
  card.embed_dim = 32;
  card.attention_dim = 8;
  std::istringstream names(aggregator_names());
  for (std::string name; std::getline(names >> std::ws, name, ',');) {
    if (needs_tables(name)) continue;
    card.aggregator = name;
    MilNetwork network(card);
    network.draw(3);
    for (const std::int64_t tiles : {1, 2, 20000}) {
      if (name == "transformer" && tiles > 10000) continue;  // exact attention: the square of the tiles
      Bag bag;
      bag.feature_dim = 16;
      for (std::int64_t i = 0; i < tiles; ++i) bag.coords.insert(bag.coords.end(), {i % 150 * 256, i / 150 * 256});
      for (std::int64_t i = 0; i < tiles * 16; ++i) bag.features.push_back(static_cast<float>(std::sin(0.37 * static_cast<double>(i))));
      const Prediction prediction = network.predict(bag, {});
      EXPECT_EQ(prediction.attention.size(), static_cast<std::size_t>(tiles * prediction.heads)) << name;
      EXPECT_NEAR(std::accumulate(prediction.probabilities.begin(), prediction.probabilities.end(), 0.0), 1, 1e-9) << name;
    }
  }
}

}  // namespace
}  // namespace microtome
