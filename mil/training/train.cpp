// SPDX-License-Identifier: Apache-2.0
// Cross-validation, then the final model on everybody. Early stopping looks at the fold that is also scored, so out-of-fold accuracy is
// slightly hopeful.
#include "mil/training/train.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "mil/model_error.h"
#include "mil/training/abmil_training.h"
#include "mil/training/folds.h"

namespace microtome {
namespace {

using Slides = std::vector<const TrainingSlide*>;
using OnEpoch = std::function<void(const EpochRecord&)>;
constexpr int everybody = -1;

void require_ready(const TrainSettings& settings, const std::filesystem::path& folder) {
  const auto problems = validate(settings);
  if (!problems.empty()) throw ModelError(fmt::format("the training settings: {}", fmt::join(problems, "; ")));
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error))
    throw ModelError(fmt::format("{}: a folder for the model was wanted: there is none: create it first", folder.string()));
}

ModelCard sized_card(ModelCard card, const TrainSettings& settings, std::int64_t feature_dim) {
  card.feature_dim = feature_dim;
  card.embed_dim = settings.embed_dim;
  card.attention_dim = settings.attention_dim;
  card.genomic_dim = settings.genomic_dim;
  return card;
}

struct Sides {
  Slides training;
  Slides validation;
};

Sides sides_of(const std::vector<TrainingSlide>& slides, const std::vector<int>& folds, int fold) {
  Sides sides;
  for (std::size_t i = 0; i < slides.size(); ++i) (folds[i] == fold ? sides.validation : sides.training).push_back(&slides[i]);
  return sides;
}

double cross_entropy(const Prediction& prediction, int label) {
  const auto& logits = prediction.logits;
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit - top);
  return top + std::log(sum) - logits[label];
}

struct Validation {
  double loss = 0;
  double accuracy = 0;
  std::vector<FoldPrediction> predictions;
};

Validation validate_on(const AbmilFit& fit, const Slides& slides, int fold) {
  Validation result;
  for (const auto* slide : slides) {
    const auto prediction = fit.predict(*slide);
    result.loss += cross_entropy(prediction, slide->label);
    result.accuracy += prediction.predicted == slide->label ? 1 : 0;
    result.predictions.push_back({slide->bag.slide_id, slide->patient_id, fold, slide->label, prediction.probabilities});
  }
  result.loss /= static_cast<double>(slides.size());
  result.accuracy /= static_cast<double>(slides.size());
  return result;
}

/// Collects what the caller gets back, and tells the listener as it happens.
class Record {
 public:
  explicit Record(const OnEpoch& on_epoch) : on_epoch_(on_epoch) {}
  void add(const EpochRecord& epoch) {
    result.history.push_back(epoch);
    if (on_epoch_) on_epoch_(epoch);
  }
  TrainResult result;

 private:
  const OnEpoch& on_epoch_;
};

/// The best epoch; its out-of-fold predictions join the record.
int run_fold(const Sides& sides, int fold, const ModelCard& card, const TrainSettings& settings, Record& record) {
  AbmilFit fit(sides.training, card, settings, static_cast<std::uint64_t>(fold) + 1);
  Validation best;
  best.loss = std::numeric_limits<double>::infinity();
  int best_epoch = 0;
  for (int epoch = 1; epoch <= settings.epochs && epoch - best_epoch <= settings.patience; ++epoch) {
    const double train_loss = fit.train_epoch();
    auto now = validate_on(fit, sides.validation, fold);
    record.add({fold, epoch, train_loss, now.loss, now.accuracy});
    if (now.loss >= best.loss) continue;
    best = std::move(now);
    best_epoch = epoch;
  }
  auto& all = record.result.predictions;
  all.insert(all.end(), best.predictions.begin(), best.predictions.end());
  return best_epoch;
}

int median(std::vector<int> values) {
  std::sort(values.begin(), values.end());
  const auto half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half] + 1) / 2;
}

double accuracy_of(const std::vector<FoldPrediction>& predictions) {
  const auto right = std::count_if(predictions.begin(), predictions.end(), [](const FoldPrediction& one) {
    return std::max_element(one.probabilities.begin(), one.probabilities.end()) - one.probabilities.begin() == one.label;
  });
  return static_cast<double>(right) / static_cast<double>(predictions.size());
}

std::string describe(const TrainSettings& settings, const std::vector<TrainingSlide>& slides, std::size_t folds,
                     const TrainResult& result) {
  const nlohmann::ordered_json json{{"seed", settings.seed},
                                    {"folds", folds},
                                    {"settings",
                                     {{"epochs", settings.epochs},
                                      {"patience", settings.patience},
                                      {"learning_rate", settings.learning_rate},
                                      {"weight_decay", settings.weight_decay},
                                      {"dropout", settings.dropout},
                                      {"modality_dropout", settings.modality_dropout}}},
                                    {"patients", patients_of(slides).size()},
                                    {"slides", slides.size()},
                                    {"final_epochs", result.final_epochs},
                                    {"pooled_accuracy", result.pooled_accuracy}};
  return json.dump();
}

AbmilFit fit_everybody(const std::vector<TrainingSlide>& slides, const ModelCard& card, const TrainSettings& settings, Record& record) {
  Slides all;
  for (const auto& slide : slides) all.push_back(&slide);
  AbmilFit fit(all, card, settings, 0);
  for (int epoch = 1; epoch <= record.result.final_epochs; ++epoch) record.add({everybody, epoch, fit.train_epoch(), 0, 0});
  return fit;
}

void run_folds(const std::vector<TrainingSlide>& slides, const ModelCard& card, const TrainSettings& settings,
               const std::vector<int>& folds, Record& record) {
  std::vector<int> best_epochs;
  for (const int fold : std::set<int>(folds.begin(), folds.end()))
    best_epochs.push_back(run_fold(sides_of(slides, folds, fold), fold, card, settings, record));
  auto& result = record.result;
  std::sort(result.predictions.begin(), result.predictions.end(), [](const auto& a, const auto& b) { return a.slide_id < b.slide_id; });
  result.final_epochs = median(best_epochs);
  result.pooled_accuracy = accuracy_of(result.predictions);
}

}  // namespace

TrainResult train_slide_model(std::vector<TrainingSlide> slides, ModelCard card, const TrainSettings& settings,
                              const std::filesystem::path& folder, const OnEpoch& on_epoch) {
  require_ready(settings, folder);
  std::sort(slides.begin(), slides.end(), [](const auto& a, const auto& b) { return a.bag.slide_id < b.bag.slide_id; });
  require_trainable(slides, card);
  const auto folds = folds_for(slides, card, settings);
  card = sized_card(std::move(card), settings, slides.front().bag.feature_dim);
  at::set_num_threads(1);
  Record record(on_epoch);
  run_folds(slides, card, settings, folds, record);
  const auto fit = fit_everybody(slides, card, settings, record);
  auto final_card = fit.card();
  final_card.training_json = describe(settings, slides, std::set<int>(folds.begin(), folds.end()).size(), record.result);
  save_abmil(folder, fit.network(), final_card);
  return std::move(record.result);
}

}  // namespace microtome
