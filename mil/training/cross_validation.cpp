// SPDX-License-Identifier: Apache-2.0
#include "mil/training/cross_validation.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "mil/aggregators/aggregator.h"
#include "mil/genomics/encoders/table_encoder.h"
#include "mil/training/bag_stream.h"
#include "mil/training/followed_patients.h"
#include "mil/training/survival_losses.h"

namespace microtome {
namespace {

std::vector<FoldPrediction> scores(const MilNetwork& network, const std::vector<const TrainingSlide*>& slides, int fold, const std::vector<double>& months) {
  std::vector<FoldPrediction> out;
  BagStream bags(slides);
  for (const TrainingSlide* slide : slides) {
    const Prediction answer = answer_of(network, *bags.next(), *slide);
    FoldPrediction& one = out.emplace_back();
    one.slide_id = slide->bag.slide_id;
    one.patient_id = slide->patient_id;
    one.fold = fold;
    one.label = slide->label;
    one.probabilities = answer.probabilities;
    one.marks = slide->marks;
    one.known_value = slide->value;
    one.value = answer.value.value_or(0);
    if (!answer.survival) continue;
    one.risk = answer.survival->risk;
    for (const double month : months) one.survival.push_back(survival_at(*answer.survival, month));
  }
  return out;
}

double concordance_within(const std::vector<FoldPrediction>& predictions, const std::vector<const TrainingSlide*>& slides) {
  std::vector<double> risks;
  for (const FoldPrediction& one : predictions) risks.push_back(one.risk);
  return concordance_of(patient_risks(slides, risks));
}

FoldResult run_fold(const CrossValidation& training, int fold) {
  const auto inside = training.inside(fold), outside = training.inside(fold, true);
  const TrainSettings& settings = training.points.front().settings;
  const Sides sides = settings.stopping == "fixed" ? Sides{outside, {}} : validation_aside(outside, training.card, settings.seed);
  FoldResult result;
  for (const GridPoint& point : training.points) {
    BestFit fit = training.run(sides, point, fold, point.settings.epochs);
    result.history.insert(result.history.end(), fit.history.begin(), fit.history.end());
    if (result.best && fit.validation_loss >= result.best->validation_loss) continue;
    result.best = std::move(fit);
    result.point = static_cast<std::size_t>(&point - training.points.data());
  }
  result.predictions = scores(result.best->network, inside, fold, training.months);
  if (training.card.survival) result.concordance = concordance_within(result.predictions, inside);
  return result;
}

}  // namespace

void side_by_side(std::size_t count, int threads, const std::function<void(std::size_t)>& job) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex mutex;
  const auto work = [&] {
    at::set_num_threads(1);
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        job(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = count;
      }
    }
  };
  {
    std::vector<std::jthread> pool;
    for (int t = 1; t < threads; ++t) pool.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
}

int median(std::vector<int> values) {
  std::sort(values.begin(), values.end());
  const auto half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half] + 1) / 2;
}

ModelCard sized_card(ModelCard card, const TrainSettings& settings) {
  card.aggregator = settings.aggregator;
  card.embed_dim = settings.embed_dim;
  card.attention_dim = settings.attention_dim != 0 ? settings.attention_dim : usual_attention_dim(settings.aggregator);
  card.fusion = settings.fusion;
  for (Modality& modality : card.modalities) {
    // clinical columns lie in no gene set; a table of genes without sets is refused by its encoder
    modality.encoder = modality.name == kClinicalModality && reads_groups(settings.table_encoder) ? "snn" : settings.table_encoder;
    modality.dim = joins_tokens(settings.aggregator) ? settings.embed_dim : settings.table_dim;
  }
  if (card.survival) {
    card.survival->form = is_cox(settings.loss) ? "risk" : "hazards";
    if (!is_cox(settings.loss)) card.survival->months.resize(static_cast<std::size_t>(settings.time_bins));
  }
  card.top_k = settings.top_k;
  return card;
}

std::vector<const TrainingSlide*> CrossValidation::inside(int fold, bool others) const {
  std::vector<const TrainingSlide*> out;
  for (std::size_t i = 0; i < slides.size(); ++i)
    if ((folds[i] == fold) != others) out.push_back(&slides[i]);
  return out;
}

BestFit CrossValidation::run(const Sides& sides, const GridPoint& point, int fold, int epochs) const {
  const int number = static_cast<int>(&point - points.data());
  return run_fit(sides, sized_card(card, point.settings), point.settings, epochs, {fold, number, rung, folder, on_epoch});
}

std::vector<FoldResult> CrossValidation::run_folds(const std::vector<int>& numbers, int threads) const {
  std::vector<FoldResult> results(numbers.size());
  side_by_side(numbers.size(), threads, [&](std::size_t i) { results[i] = run_fold(*this, numbers[i]); });
  return results;
}

}  // namespace microtome
