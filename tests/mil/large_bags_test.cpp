// SPDX-License-Identifier: Apache-2.0
// A reader learns that a bag of 200,000 tiles, several whole slides of a patient at 40x, is scored like any other. Not the transformer's: its time grows with
// the square of the tiles, 200,000 would take hours.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "mil/aggregators/mil_network.h"
#include "small_model.h"

namespace microtome::test {
namespace {

constexpr std::int64_t tiles = 200'000;

Bag large_bag(std::int64_t feature_dim) {
  Bag bag = wave_bag(tiles, feature_dim);
  for (std::int64_t t = 0; t < tiles; ++t) {
    bag.coords[static_cast<std::size_t>(2 * t)] = 256 * (t % 500);
    bag.coords[static_cast<std::size_t>(2 * t + 1)] = 256 * (t / 500);
  }
  return bag;
}

class LargeBags : public testing::TestWithParam<const char*> {};

TEST_P(LargeBags, AreScoredAsAnyOther) {
  ModelCard card = small_card(false);
  card.aggregator = GetParam();
  card.feature_dim = 8;
  card.embed_dim = 16;
  card.attention_dim = 8;
  MilNetwork network(card);
  network.draw(7);
  const Prediction answer = network.predict(large_bag(card.feature_dim), {});
  ASSERT_EQ(answer.contribution.size(), static_cast<std::size_t>(tiles) * card.classes.size());
  ASSERT_EQ(answer.attention.size(), static_cast<std::size_t>(tiles * answer.heads));
  EXPECT_NEAR(std::accumulate(answer.attention.begin(), answer.attention.end(), 0.0), static_cast<double>(answer.heads), 1e-3);
  for (std::size_t c = 0; c < card.classes.size(); ++c) {
    double logit = answer.offset[c];
    for (std::size_t t = 0; t < static_cast<std::size_t>(tiles); ++t) logit += answer.contribution[t * card.classes.size() + c];
    EXPECT_NEAR(logit, answer.logits[c], 1e-3 + 1e-3 * std::abs(answer.logits[c])) << c;
  }
}

INSTANTIATE_TEST_SUITE_P(Aggregators, LargeBags,
                         testing::Values("mean", "max", "top-k", "abmil", "abmil-gated", "clam-sb", "clam-mb", "clam-sb-plain", "clam-mb-plain", "dsmil", "transmil", "patch-gcn"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name)
                             if (c == '-') c = '_';
                           return name;
                         });

}  // namespace
}  // namespace microtome::test
