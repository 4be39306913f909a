// SPDX-License-Identifier: Apache-2.0
// A reader learns: every network that joins tables with tiles, every encoder of a table and every fusion gives the logits, attention, shares and
// gradients of a PyTorch module that was written from the specification, with and without each modality.
// table_oracle.py wrote the folder that MICROTOME_TABLE_ORACLE names.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
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
#include <thread>
#include <vector>

#include "mil/aggregators/mil_network.h"
#include "mil/aggregators/model_card.h"
#include "mil/fusion/fusion.h"
#include "mil/genomics/encoders/table_encoder.h"
#include "mil/training/losses.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

fs::path oracle() {
  const char* folder = std::getenv("MICROTOME_TABLE_ORACLE");
  return folder == nullptr ? "MICROTOME_TABLE_ORACLE is not set" : folder;
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(oracle(), none))
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<float> floats(const at::Tensor& values) {
  const at::Tensor flat = values.contiguous();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
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
    bag_.feature_dim = expected("features").size(1);
    bag_.features = floats(expected("features"));
    for (const float at : floats(expected("coords"))) bag_.coords.push_back(static_cast<std::int64_t>(at));
    for (std::size_t m = 0; m < network_.card().modalities.size(); ++m) {
      const auto row = given_.find("row." + std::to_string(m));
      rows_.push_back(row == given_.end() ? TableRow{} : TableRow{true, floats(row->second)});
    }
  }

  MilNetwork& network() { return network_; }
  BagInput input() const {
    BagInput input = network_.input(bag_, rows_);
    input.tiles_hidden = expected("hidden").item<float>() != 0;
    return input;
  }
  const at::Tensor& expected(const std::string& name) const { return given_.at(name); }
  bool has(const std::string& name) const { return given_.contains(name); }
  int label() const { return static_cast<int>(expected("label").item<float>()); }

 private:
  MilNetwork network_;
  NamedTensors given_;
  Bag bag_;
  std::vector<TableRow> rows_;
};

class Tables : public testing::TestWithParam<std::string> {};

TEST_P(Tables, GiveLogitsAttentionAndSharesOfTheModule) {
  Oracle oracle(GetParam());
  const c10::NoGradGuard no_gradient;
  const Weighed weighed = oracle.network().weigh(oracle.input());
  const bool masked = oracle.network().card().aggregator == "survpath";  // beside full attention with its block of tiles masked
  EXPECT_LE(largest_difference(weighed.logits, oracle.expected("logits")), masked ? 1e-6 : 1e-5);
  EXPECT_LE(largest_difference(weighed.attention, oracle.expected("attention")), 1e-6);
  EXPECT_LE(largest_difference(weighed.contribution.sum(0) + weighed.offset, weighed.logits), 1e-9);
  if (oracle.has("contribution")) {
    EXPECT_LE(largest_difference(weighed.contribution, oracle.expected("contribution")), 1e-5);
  }
  const double largest = weighed.contribution.abs().max().item<double>();
  EXPECT_EQ(largest == 0, oracle.input().tiles_hidden || oracle.network().card().aggregator == "tables");
}

TEST_P(Tables, GiveGradientsOfTheModule) {
  Oracle oracle(GetParam());
  const c10::AutoGradMode with_gradient(true);
  oracle.network().learned();
  const TrainingPass pass = oracle.network().train(oracle.input(), oracle.label(), Dropout{});
  EXPECT_LE(largest_difference(pass.logits, oracle.expected("logits")), 1e-5) << "training and inference are one network";
  ASSERT_EQ(pass.auxiliary_loss.defined(), oracle.has("auxiliary"));
  at::Tensor loss = BagLoss{LossKind::cross_entropy, {}, 2}(pass.logits, oracle.label());
  if (pass.auxiliary_loss.defined()) {
    EXPECT_LE(largest_difference(pass.auxiliary_loss, oracle.expected("auxiliary")), 1e-5);
    loss = loss + pass.auxiliary_loss;
  }
  loss.backward();
  std::size_t compared = 0;
  for (const auto& [name, tensor] : oracle.network().gradients()) {
    const at::Tensor& wanted = oracle.expected("grad." + name);
    EXPECT_LE(largest_difference(tensor, wanted), 1e-4 * std::max(1.0, wanted.abs().max().item<double>())) << name;
    ++compared;
  }
  EXPECT_GE(compared, 2U);
}

TEST_P(Tables, FourThreadsGetTheBitsOfOne) {
  Oracle oracle(GetParam());
  const BagInput input = oracle.input();
  const auto weigh = [&] {
    at::set_num_threads(1);  // of the calling thread, as predict() does: else sums are cut by the threads that torch finds free
    const c10::NoGradGuard no_gradient;
    return oracle.network().weigh(input);
  };
  const Weighed alone = weigh();
  std::vector<Weighed> together(4);
  std::vector<std::thread> threads;
  for (Weighed& one : together) threads.emplace_back([&] { one = weigh(); });
  for (std::thread& thread : threads) thread.join();
  for (const Weighed& one : together) EXPECT_TRUE(at::equal(one.logits, alone.logits) && at::equal(one.contribution, alone.contribution));
}

INSTANTIATE_TEST_SUITE_P(Cases, Tables, testing::ValuesIn(cases()), [](const auto& info) {
  std::string name = info.param;
  std::replace_if(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
});

std::vector<std::string> each_of(const std::string& names) {
  std::vector<std::string> all;
  std::istringstream in(names);
  for (std::string name; std::getline(in >> std::ws, name, ',');) all.push_back(name);
  return all;
}

TEST(Tables, EveryNetworkEncoderAndFusionHasACase) {
  std::vector<std::string> seen, wanted = each_of(fusion_names());
  for (const std::string& name : each_of(table_encoder_names())) wanted.push_back(name);
  for (const std::string& name : each_of(aggregator_names()))
    if (takes_tables(name)) wanted.push_back(name);
  for (const std::string& name : cases()) {
    const ModelCard card = read_model_card(oracle() / name).card;
    seen.insert(seen.end(), {card.aggregator, card.fusion, card.modalities.front().encoder});
  }
  for (const std::string& name : wanted) EXPECT_NE(std::find(seen.begin(), seen.end(), name), seen.end()) << name;
}

ModelCard published_card(const nlohmann::json& given) {
  ModelCard card;
  card.aggregator = given["aggregator"].get<std::string>();
  card.fusion = given["fusion"].get<std::string>();
  card.classes = {"a", "b", "c", "d"};
  card.feature_dim = given["sizes"][0];
  card.embed_dim = given["sizes"][1];
  card.attention_dim = given["sizes"][2];
  Modality table{"rna", std::vector<std::string>(given["features"].get<std::size_t>()), {}, {}, "", given["encoder"].get<std::string>(), 256, {}};
  for (const auto size : given["groups"].get<std::vector<std::int64_t>>()) {
    table.groups.push_back({"", std::vector<std::int64_t>(static_cast<std::size_t>(size))});
    std::iota(table.groups.back().features.begin(), table.groups.back().features.end(), 0);
  }
  card.modalities = {table};
  return card;
}

TEST(Tables, HaveAsManyWeightsAsTheirPublications) {
  std::ifstream in(oracle() / "counts.json");
  const auto counts = nlohmann::json::parse(in);
  ASSERT_EQ(counts.size(), 5U);
  for (const auto& [name, given] : counts.items()) {
    MilNetwork network(published_card(given));
    network.draw(1);
    std::int64_t count = 0;
    for (const auto& [key, tensor] : network.tensors())
      if (!key.ends_with(".null") && !key.starts_with("feature_scaler")) count += tensor.numel();
    EXPECT_EQ(count, given["count"].get<std::int64_t>()) << name;
  }
}

/// A drawn network and a table of groups.
ModelCard small_card(const std::string& aggregator) {
  ModelCard card;
  card.aggregator = aggregator;
  card.classes = {"a", "b"};
  card.feature_dim = card.embed_dim = 16;
  card.attention_dim = 8;
  card.modalities = {{"rna", {"a", "b", "c"}, {0, 0, 0}, {1, 1, 1}, "", "groups", 16, {{"one", {0, 1}}, {"other", {1, 2}}}}};
  return card;
}

Bag bag_of(std::size_t tiles) {
  Bag bag;
  bag.feature_dim = 16;
  bag.coords.assign(2 * tiles, 0);
  for (std::size_t i = 0; i < tiles * 16; ++i) bag.features.push_back(static_cast<float>(std::sin(0.37 * static_cast<double>(i))));
  return bag;
}

TEST(Tables, AnswerAsTheyPredictButForTheTiles) {
  const Bag bag = bag_of(300);
  for (const std::string& name : each_of(aggregator_names())) {
    if (!takes_tables(name)) continue;
    MilNetwork network(small_card(name));
    network.draw(3);
    for (const bool present : {true, false}) {
      const std::vector<TableRow> rows{{present, {1, -1, 0.5}}};
      const Prediction prediction = network.predict(bag, rows), answer = network.answer(bag, rows);
      EXPECT_EQ(answer.logits, prediction.logits) << name;
      EXPECT_EQ(answer.probabilities, prediction.probabilities) << name;
      EXPECT_TRUE(answer.attention.empty() && answer.contribution.empty()) << name;
    }
  }
}

TEST(Tables, TakeTwoHundredThousandTiles) {
  const Bag bag = bag_of(200000);
  for (const std::string& name : each_of(aggregator_names())) {
    if (!takes_tables(name)) continue;
    MilNetwork network(small_card(name));
    network.draw(3);
    const Prediction prediction = network.predict(bag, {{true, {1, -1, 0.5}}});
    EXPECT_NEAR(std::accumulate(prediction.attention.begin(), prediction.attention.end(), 0.0), 1, 1e-3) << name;
    EXPECT_NEAR(std::accumulate(prediction.probabilities.begin(), prediction.probabilities.end(), 0.0), 1, 1e-9) << name;
  }
}

}  // namespace
}  // namespace microtome
