// SPDX-License-Identifier: Apache-2.0
#include "mil/aggregators/ensemble.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "mil/aggregators/model_card.h"
#include "mil/model_error.h"
#include "mil/sha256.h"

namespace microtome {

namespace fs = std::filesystem;

namespace {

template <class T>
void add_share(std::vector<T>& sum, const std::vector<T>& values, double share) {
  if (sum.empty()) sum.assign(values.size(), T{0});
  for (std::size_t i = 0; i < values.size(); ++i) sum[i] = static_cast<T>(sum[i] + share * values[i]);
}

/// The mean of the members' risks, cuts and curves: each member has bins of its own.
SurvivalAnswer mean_of(const std::vector<SurvivalAnswer>& members) {
  SurvivalAnswer mean;
  std::set<double> months;
  const double share = 1.0 / static_cast<double>(members.size());
  for (const SurvivalAnswer& one : members) {
    mean.risk += share * one.risk;
    mean.cut += share * one.cut;
    months.insert(one.months.begin(), one.months.end());
  }
  mean.months.assign(months.begin(), months.end());
  for (const double month : mean.months) {
    double survival = 0;
    for (const SurvivalAnswer& one : members) survival += share * survival_at(one, month);
    mean.survival.push_back(survival);
  }
  return mean;
}

void describe_classes(Prediction& prediction) {
  const double top = *std::max_element(prediction.logits.begin(), prediction.logits.end());
  double sum = 0;
  for (const double logit : prediction.logits) sum += prediction.probabilities.emplace_back(std::exp(logit - top));
  for (double& probability : prediction.probabilities) probability /= sum;
}

void describe_labels(Prediction& prediction) {
  for (const double logit : prediction.logits) prediction.probabilities.push_back(1 / (1 + std::exp(-logit)));
}

void describe_answer(AnswerKind kind, const std::vector<SurvivalAnswer>& survival, Prediction& prediction) {
  switch (kind) {
    case AnswerKind::classes:
      return describe_classes(prediction);
    case AnswerKind::labels:
      return describe_labels(prediction);
    case AnswerKind::value:
      prediction.value = prediction.logits.front();
      return;
    case AnswerKind::risk:
      prediction.survival = mean_of(survival);
  }
}

void describe_attention(Prediction& prediction) {
  prediction.shown_head = prediction.heads == 1 ? 0 : prediction.predicted;
  double squares = 0;
  for (const float a : shown_attention(prediction)) {
    squares += static_cast<double>(a) * a;
    if (a > 0) prediction.attention_entropy -= a * std::log(static_cast<double>(a));
  }
  prediction.effective_tiles = 1 / squares;
}

std::string member_name(std::size_t number) { return "member-" + std::to_string(number); }

class Ensemble final : public SlideModel {
 public:
  Ensemble(std::vector<std::shared_ptr<const SlideModel>> members, ModelCard card, std::string sha256)
      : members_(std::move(members)), card_(std::move(card)), sha256_(std::move(sha256)) {}
  const ModelCard& card() const override { return card_; }
  const std::string& sha256() const override { return sha256_; }
  std::string name() const override { return card_.aggregator; }

  Prediction predict(const Bag& bag, const std::vector<TableRow>& tables) const override {
    Prediction joined = join([&](const SlideModel& member) { return member.predict(bag, tables); });
    describe_attention(joined);
    return joined;
  }
  Prediction answer(const Bag& bag, const std::vector<TableRow>& tables) const override {
    return join([&](const SlideModel& member) { return member.answer(bag, tables); });
  }

  TableExplanation explain(const Bag& bag, const std::vector<TableRow>& tables, int predicted) const override {
    std::vector<TableExplanation> explanations;
    for (const auto& member : members_) explanations.push_back(member->explain(bag, tables, predicted));
    return mean_of(explanations);
  }

  std::vector<double> ablated_risks(const Bag& bag, const std::vector<TableRow>& tables) const override {
    std::vector<double> joined;
    for (const auto& member : members_) add_share(joined, member->ablated_risks(bag, tables), 1.0 / static_cast<double>(members_.size()));
    return joined;
  }

 private:
  /// The mean of what `ask` has of every member.
  template <class Ask>
  Prediction join(Ask ask) const {
    const double share = 1.0 / static_cast<double>(members_.size());
    Prediction joined;
    std::vector<SurvivalAnswer> survival;
    for (const auto& member : members_) {
      Prediction one = ask(*member);
      add_share(joined.logits, one.logits, share);
      add_share(joined.offset, one.offset, share);
      add_share(joined.attention, one.attention, share);
      add_share(joined.contribution, one.contribution, share);
      if (one.survival) survival.push_back(*one.survival);
      if (member != members_.back()) continue;
      joined.task = std::move(one.task);
      joined.multi_label = one.multi_label;
      joined.classes = std::move(one.classes);
      joined.heads = one.heads;
      joined.modalities = std::move(one.modalities);
      joined.encoder = std::move(one.encoder);
      joined.encoder_random_weights = one.encoder_random_weights;
    }
    joined.aggregator = {name(), sha256_};
    describe_answer(card_.kind(), survival, joined);
    joined.predicted = static_cast<int>(std::max_element(joined.logits.begin(), joined.logits.end()) - joined.logits.begin());
    return joined;
  }

  const std::vector<std::shared_ptr<const SlideModel>> members_;
  const ModelCard card_;
  const std::string sha256_;
};

}  // namespace

std::string members_sha256(const std::vector<std::string>& sha256_of_members) {
  std::string text;
  for (const std::string& sha256 : sha256_of_members) text += sha256 + "\n";
  return sha256_of_text(text);
}

std::shared_ptr<const SlideModel> join_models(std::vector<std::shared_ptr<const SlideModel>> members, ModelCard card, std::string sha256) {
  return std::make_shared<Ensemble>(std::move(members), std::move(card), std::move(sha256));
}

void save_ensemble(const fs::path& folder, const std::vector<const MilNetwork*>& members, const std::string& training_json,
                   const std::vector<KeptRung>& ladder) {
  CardFile file{members.front()->card(), ""};
  std::vector<std::string> sha256;
  for (const MilNetwork* member : members) {
    const std::string name = member_name(sha256.size() + 1);
    std::error_code error;
    fs::create_directories(folder / name, error);
    if (error) throw ModelError((folder / name).string() + ": a folder for a member was wanted: " + error.message() + ": check the permissions");
    ModelCard card = member->card();
    card.training_json = "{}";
    save_slide_model(folder / name, *member, card);
    sha256.push_back(sha256_of_file(folder / name / weights_file_name));
    file.card.members.push_back(name);
  }
  file.weights_sha256 = members_sha256(sha256);
  file.card.training_json = training_json;
  file.card.ladder = ladder;
  write_model_card(folder, file);
  remove_members(folder, members.size());
  std::error_code ignored;
  fs::remove(folder / weights_file_name, ignored);
}

void remove_members(const fs::path& folder, std::size_t kept) {
  std::error_code ignored;
  for (std::size_t number = kept + 1; fs::remove_all(folder / member_name(number), ignored) > 0 && !ignored;) ++number;
}

}  // namespace microtome
