// SPDX-License-Identifier: Apache-2.0
#include "tests/mil/mil_ours.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <cmath>
#include <fstream>

#include "mil/aggregators/mil_network.h"
#include "mil/training/losses.h"
#include "mil/training/optimiser.h"
#include "tests/bench/frame.h"

namespace microtome {

namespace {

constexpr std::int64_t kDim = 1024, kEmbed = 512;

ModelCard card_of(const std::string& aggregator) {
  ModelCard card;
  card.aggregator = aggregator;
  card.classes = {"normal", "tumour"};
  card.feature_dim = kDim;
  card.embed_dim = kEmbed;
  card.attention_dim = usual_attention_dim(aggregator);
  return card;
}

Bag made_up_bag(int tiles) {
  Bag bag;
  bag.feature_dim = kDim;
  for (int i = 0; i < tiles; ++i) bag.coords.insert(bag.coords.end(), {i % 300 * 256, i / 300 * 256});
  bag.features.resize(static_cast<std::size_t>(tiles) * kDim);
  std::uint32_t state = 1;
  for (float& value : bag.features) {
    state = state * 1664525 + 1013904223;
    value = static_cast<float>(state >> 8) / 8388608.0F - 1.0F;
  }
  return bag;
}

}  // namespace

struct OurMil::Parts {
  std::string aggregator;
  std::filesystem::path folder;
  Bag bag;
  MilNetwork network;       // for predictions
  MilNetwork learner;       // the same weights, with gradients
  std::vector<at::Tensor> learned;
  Optimiser optimiser;
};

OurMil::OurMil(const std::string& aggregator, int tiles, const std::filesystem::path& folder) {
  at::set_num_threads(1);
  MilNetwork network(card_of(aggregator)), learner(card_of(aggregator));
  network.draw(1);
  learner.draw(1);
  auto learned = learner.learned();
  parts_ = new Parts{aggregator, folder, made_up_bag(tiles), std::move(network), std::move(learner), learned, Optimiser(learned, {})};
  save_slide_model(folder, parts_->network, parts_->network.card());
  std::ofstream out(folder / "features.f32", std::ios::binary);
  out.write(reinterpret_cast<const char*>(parts_->bag.features.data()), static_cast<std::streamsize>(parts_->bag.features.size() * sizeof(float)));
}

OurMil::~OurMil() { delete parts_; }

const std::string& OurMil::aggregator() const { return parts_->aggregator; }
const std::filesystem::path& OurMil::folder() const { return parts_->folder; }
int OurMil::tiles() const { return static_cast<int>(parts_->bag.tiles()); }
std::vector<double> OurMil::logits() const { return parts_->network.answer(parts_->bag, {}).logits; }

std::string OurMil::verify() const {
  const Prediction prediction = parts_->network.predict(parts_->bag, {});
  std::vector<double> sum = prediction.offset;
  for (std::size_t i = 0; i < prediction.contribution.size(); ++i) sum[i % sum.size()] += prediction.contribution[i];
  double off = 0;
  for (std::size_t c = 0; c < sum.size(); ++c) off = std::max(off, std::abs(sum[c] - prediction.logits[c]));
  return off < 1e-3 ? "" : fmt::format("shares of tiles miss the logits by {}", off);
}

double OurMil::forward() const {
  return seconds_of([&] { parts_->network.answer(parts_->bag, {}); });
}

double OurMil::predict() const {
  return seconds_of([&] { parts_->network.predict(parts_->bag, {}); });
}

double OurMil::train() const {
  const c10::AutoGradMode with_gradient(true);
  const BagLoss loss{LossKind::cross_entropy, {}, 2};
  return seconds_of([&] {
    parts_->optimiser.zero_grad();
    const TrainingPass pass = parts_->learner.train(parts_->learner.input(parts_->bag, {}), 1, Dropout{});
    loss(pass.logits, 1).backward();
    parts_->optimiser.step();
  });
}

double OurMil::embed(int times) const {
  const c10::NoGradGuard no_gradient;
  const at::Tensor features = at::from_blob(parts_->bag.features.data(), {parts_->bag.tiles(), kDim}, at::kFloat), weights = at::ones({kEmbed, kDim});
  return seconds_of([&] {
    for (int i = 0; i < times; ++i) at::linear(features, weights);
  });
}

}  // namespace microtome
