// SPDX-License-Identifier: Apache-2.0
// Cross-validation, then the final model. Of a fold's patients nothing is used but their score at the end.
#include "mil/training/train.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "mil/aggregators/aggregator.h"
#include "mil/aggregators/ensemble.h"
#include "mil/model_error.h"
#include "mil/training/checkpoint.h"
#include "mil/training/cross_validation.h"
#include "mil/training/followed_patients.h"
#include "mil/training/folds.h"
#include "mil/training/ladder.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;
constexpr int kEverybody = -1;

void require_ready(const TrainSettings& settings, const fs::path& folder) {
  const auto problems = validate(settings);
  if (!problems.empty()) throw ModelError(fmt::format("the training settings: {}", fmt::join(problems, "; ")));
  std::error_code error;
  if (!fs::is_directory(folder, error))
    throw ModelError(fmt::format("{}: a folder for the model was wanted: there is none: create it first", folder.string()));
}

/// Where out-of-fold survival is told, the same for all folds: they only say where to look, nothing is fitted to them.
std::vector<double> told_months(const std::vector<TrainingSlide>& slides) {
  std::vector<double> months;
  for (const TrainingSlide& slide : slides) months.push_back(slide.months);
  std::sort(months.begin(), months.end());
  const double last = quantile_of(months, 0.8);
  std::vector<double> told;
  for (int k = 1; k <= 5; ++k) told.push_back(std::round(last * k * 20) / 100);
  return told;
}

/// Of all labels that are known.
double label_accuracy_of(const std::vector<FoldPrediction>& predictions) {
  double right = 0, known = 0;
  for (const FoldPrediction& one : predictions)
    for (std::size_t c = 0; c < one.marks.size(); ++c) {
      if (std::isnan(one.marks[c])) continue;
      known += 1;
      right += (one.probabilities[c] >= kLabelThreshold) == (one.marks[c] == 1) ? 1 : 0;
    }
  return right / known;
}

double r2_of(const std::vector<FoldPrediction>& predictions) {
  std::vector<double> known, predicted;
  for (const FoldPrediction& one : predictions) {
    known.push_back(one.known_value);
    predicted.push_back(one.value);
  }
  return explained_variance(known, predicted);
}

double accuracy_of(const std::vector<FoldPrediction>& predictions) {
  if (!predictions.front().marks.empty()) return label_accuracy_of(predictions);
  const auto right = std::count_if(predictions.begin(), predictions.end(), [](const FoldPrediction& one) {
    return std::max_element(one.probabilities.begin(), one.probabilities.end()) - one.probabilities.begin() == one.label;
  });
  return static_cast<double>(right) / static_cast<double>(predictions.size());
}

/// The point that most folds chose, of equal ones the first.
std::size_t favourite(const std::vector<FoldResult>& folds) {
  std::map<std::size_t, int> votes;
  for (const FoldResult& fold : folds) ++votes[fold.point];
  return std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; })->first;
}

TrainResult collected(const std::vector<FoldResult>& folds, const std::vector<GridPoint>& points) {
  TrainResult result;
  std::vector<int> epochs;
  const std::size_t point = favourite(folds);
  for (const FoldResult& fold : folds) {
    result.history.insert(result.history.end(), fold.history.begin(), fold.history.end());
    result.predictions.insert(result.predictions.end(), fold.predictions.begin(), fold.predictions.end());
    if (points.size() > 1) result.chosen.push_back(points[fold.point].text);
    if (fold.point == point) epochs.push_back(fold.best->epoch);
  }
  std::sort(result.predictions.begin(), result.predictions.end(), [](const auto& a, const auto& b) { return a.slide_id < b.slide_id; });
  result.final_epochs = median(epochs);
  for (const FoldResult& fold : folds) result.concordance += fold.concordance / static_cast<double>(folds.size());
  return result;
}

const char* usual_loss(const std::string& task) {
  if (task == "survival") return "nll";
  if (task == "multilabel") return "bce";
  return task == "regression" ? "mse" : "cross-entropy";
}

std::string describe(const TrainSettings& s, const std::vector<TrainingSlide>& slides, std::size_t folds, const TrainResult& result) {
  nlohmann::ordered_json json{{"seed", s.seed},
                              {"folds", folds},
                              {"settings",
                               {{"stopping", s.stopping},
                                {"epochs", s.epochs},
                                {"patience", s.patience},
                                {"loss", s.loss},
                                {"class_weights", s.class_weights},
                                {"optimiser", s.optimiser},
                                {"lookahead", s.lookahead},
                                {"schedule", s.schedule},
                                {"learning_rate", s.learning_rate},
                                {"weight_decay", s.weight_decay},
                                {"l1", s.l1},
                                {"accumulate", s.accumulate},
                                {"sampling", s.sampling},
                                {"dropout", s.dropout},
                                {"bag_dropout", s.bag_dropout},
                                {"bag_size", s.bag_size},
                                {"mixup", s.mixup},
                                {"modality_dropout", s.modality_dropout},
                                {"pretrain_epochs", s.pretrain_epochs},
                                {"pretrain_learning_rate", s.pretrain_learning_rate},
                                {"table_encoder", s.table_encoder}}},
                              {"patients", patients_of(slides).size()},
                              {"slides", slides.size()},
                              {"final_epochs", result.final_epochs}};
  if (s.task == "survival") {
    json["settings"].update({{"time_bins", s.time_bins}, {"survival_alpha", s.survival_alpha}});
    json["concordance"] = result.concordance;
  } else if (s.task == "regression") {
    json["pooled_r2"] = result.pooled_r2;
  } else {
    json["pooled_accuracy"] = result.pooled_accuracy;
  }
  if (!result.chosen.empty()) json["chosen"] = result.chosen;
  return json.dump();
}

void save_members(const CrossValidation& training, const std::vector<FoldResult>& folds, const std::vector<KeptRung>& ladder, const std::string& training_json) {
  std::vector<const MilNetwork*> members;
  for (const FoldResult& fold : folds) members.push_back(&fold.best->network);
  publish_ladder(training.folder, ladder);
  save_ensemble(training.folder, members, training_json, ladder);
}

void train_final(const CrossValidation& training, const GridPoint& point, std::size_t folds, TrainResult& result) {
  Sides everybody;
  for (const TrainingSlide& slide : training.slides) everybody.training.push_back(&slide);
  const BestFit fit = training.run(everybody, point, kEverybody, result.final_epochs);
  result.history.insert(result.history.end(), fit.history.begin(), fit.history.end());
  ModelCard card = fit.network.card();
  card.training_json = describe(point.settings, training.slides, folds, result);
  card.ladder = result.kept;
  publish_ladder(training.folder, result.kept);
  save_slide_model(training.folder, fit.network, card);
  remove_members(training.folder, 0);
}

}  // namespace

TrainSettings resolved(TrainSettings settings) {
  const bool survival = settings.task == "survival";
  if (settings.loss == "auto") settings.loss = usual_loss(settings.task);
  if (settings.stopping == "auto") settings.stopping = survival && settings.grid.empty() ? "fixed" : "nested";
  return settings;
}

TrainResult train_slide_model(std::vector<TrainingSlide> slides, ModelCard card, const TrainSettings& asked, const fs::path& folder,
                              const OnEpoch& on_epoch) {
  require_ready(asked, folder);
  const TrainSettings settings = resolved(asked);
  if (settings.task == "survival") {
    card.survival.emplace();
    card.classes = {"risk"};
  }
  if (settings.task == "regression") card.value.emplace();
  card.multi_label = settings.task == "multilabel";
  std::sort(slides.begin(), slides.end(), [](const auto& a, const auto& b) { return a.bag.slide_id < b.bag.slide_id; });
  require_trainable(slides, card);
  stratify(slides, card);
  if (settings.pretrain_epochs > 0 && card.modalities.empty())
    throw ModelError("the training settings: pretrain_epochs: a table to align the tiles with was wanted: there is none: give one, or leave the setting out");
  const auto folds = folds_for(slides, card, settings);
  const auto points = grid_points(settings);
  card.feature_dim = slides.front().bag.feature_dim;
  for (const GridPoint& point : points) make_aggregator(sized_card(card, point.settings));  // sizes are refused before the first epoch
  at::set_num_threads(1);
  std::mutex telling;
  const OnEpoch one_at_a_time = [&](const EpochRecord& record) {
    const std::lock_guard lock(telling);
    if (on_epoch) on_epoch(record);
  };
  const std::vector<double> months = card.survival ? told_months(slides) : std::vector<double>();
  const CrossValidation training{slides, folds, card, points, folder, one_at_a_time, months, ""};
  const std::set<int> numbers(folds.begin(), folds.end());
  const auto results = training.run_folds({numbers.begin(), numbers.end()}, settings.threads);
  TrainResult result = collected(results, points);
  result.months = months;
  if (card.value) result.pooled_r2 = r2_of(result.predictions);
  if (!card.value && !card.survival) result.pooled_accuracy = accuracy_of(result.predictions);
  const GridPoint& point = points[favourite(results)];
  if (settings.ladder && card.survival && !card.modalities.empty()) climb_ladder(training, results, point.settings, result);
  if (settings.ensemble)
    save_members(training, results, result.kept, describe(point.settings, slides, numbers.size(), result));
  else
    train_final(training, point, numbers.size(), result);
  Checkpoint::remove_all(folder);
  return result;
}

}  // namespace microtome
