// SPDX-License-Identifier: Apache-2.0
#include "mil/training/fold_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "mil/model_error.h"
#include "mil/training/bag_stream.h"
#include "mil/training/checkpoint.h"
#include "mil/training/fit.h"
#include "mil/training/followed_patients.h"
#include "mil/training/survival_losses.h"

namespace microtome {
namespace {

double cross_entropy(const Prediction& prediction, int label) {
  const auto& logits = prediction.logits;
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit - top);
  return top + std::log(sum) - logits[static_cast<std::size_t>(label)];
}

std::vector<Prediction> answers_of(const MilNetwork& network, const std::vector<const TrainingSlide*>& slides) {
  std::vector<Prediction> answers;
  BagStream bags(slides);
  for (const TrainingSlide* slide : slides) answers.push_back(answer_of(network, *bags.next(), *slide));
  return answers;
}

std::vector<double> risks_of(const std::vector<Prediction>& answers) {
  std::vector<double> risks;
  for (const Prediction& one : answers) risks.push_back(one.survival->risk);
  return risks;
}

/// Of the told survival: an event in bin y had S_{y-1} - S_y, a censored patient S_y.
double hazard_loss(const SurvivalAnswer& answer, const TrainingSlide& slide) {
  constexpr double smallest = 1e-7;
  const auto bin = static_cast<std::size_t>(bin_of(answer.months, slide.months));
  const double before = bin == 0 ? 1.0 : answer.survival[bin - 1];
  return -std::log(std::max(smallest, slide.event ? before - answer.survival[bin] : answer.survival[bin]));
}

double survival_loss_of(const std::vector<Prediction>& answers, const std::vector<const TrainingSlide*>& slides) {
  double sum = 0;
  for (std::size_t i = 0; i < slides.size(); ++i) sum += hazard_loss(*answers[i].survival, *slides[i]);
  return sum / static_cast<double>(slides.size());
}

double partial_loss_of(const std::vector<Prediction>& answers, const std::vector<const TrainingSlide*>& slides, bool efron) {
  std::vector<Followed> followed;
  for (const TrainingSlide* slide : slides) followed.push_back({slide->months, slide->event, 0});
  return cox_loss(at::tensor(risks_of(answers), at::kDouble), followed, efron).item<double>();
}

/// Mean over the labels that are known, of one bag.
struct LabelsJudged {
  double loss = 0, right = 0;
};
LabelsJudged judged_labels(const Prediction& answer, const std::vector<float>& marks) {
  LabelsJudged out;
  double known = 0;
  for (std::size_t c = 0; c < marks.size(); ++c) {
    if (std::isnan(marks[c])) continue;
    const double right = marks[c] == 1 ? answer.logits[c] : -answer.logits[c];  // log odds of what is so
    known += 1;
    out.loss += std::max(0.0, -right) + std::log1p(std::exp(-std::abs(right)));
    out.right += right > 0 ? 1 : 0;
  }
  return {out.loss / known, out.right / known};
}

void judge_labels(const std::vector<Prediction>& answers, const std::vector<const TrainingSlide*>& slides, EpochRecord& record) {
  for (std::size_t i = 0; i < slides.size(); ++i) {
    const LabelsJudged one = judged_labels(answers[i], slides[i]->marks);
    record.validation_loss += one.loss / static_cast<double>(slides.size());
    record.validation_score += one.right / static_cast<double>(slides.size());
  }
}

/// The loss in standard deviations of the training patients, so that it is told on the scale on which it is lowered.
void judge_values(const std::vector<Prediction>& answers, const std::vector<const TrainingSlide*>& slides, double scale, bool huber, EpochRecord& record) {
  std::vector<double> known, predicted;
  for (std::size_t i = 0; i < slides.size(); ++i) {
    known.push_back(slides[i]->value);
    predicted.push_back(*answers[i].value);
    const double off = std::abs(known.back() - predicted.back()) / scale;
    record.validation_loss += (!huber ? off * off : off <= 1 ? off * off / 2 : off - 0.5) / static_cast<double>(slides.size());
  }
  record.validation_score = explained_variance(known, predicted);
}

EpochRecord judged(const Fit& fit, const TrainSettings& settings, const std::vector<const TrainingSlide*>& slides, EpochRecord record) {
  const std::vector<Prediction> answers = answers_of(fit.network(), slides);
  const auto count = static_cast<double>(slides.size());
  const ModelCard& card = fit.network().card();
  if (card.multi_label) judge_labels(answers, slides, record);
  if (card.value) judge_values(answers, slides, card.value->scale, settings.loss == "huber", record);
  if (card.multi_label || card.value) return record;
  if (card.survival) {
    record.validation_loss = is_cox(settings.loss) ? partial_loss_of(answers, slides, settings.loss == "cox-efron") : survival_loss_of(answers, slides);
    record.validation_score = concordance_of(patient_risks(slides, risks_of(answers)));
    return record;
  }
  for (std::size_t i = 0; i < slides.size(); ++i) {
    record.validation_loss += cross_entropy(answers[i], slides[i]->label) / count;
    record.validation_score += answers[i].predicted == slides[i]->label ? 1.0 / count : 0.0;
  }
  return record;
}

/// The cut between low and high risk, and the baseline, from those who taught the network.
void finish_survival(MilNetwork& network, const std::vector<const TrainingSlide*>& slides) {
  if (!network.card().survival) return;
  SurvivalCard card = *network.card().survival;
  fit_survival_card(card, patient_risks(slides, risks_of(answers_of(network, slides))));
  network.set_survival(std::move(card));
}

/// What is known after some epochs.
struct Progress {
  NamedTensors best;  // weights of the best epoch
  int best_epoch = 0;
  std::vector<double> pretraining;  // losses
  double best_loss = std::numeric_limits<double>::infinity();
  std::vector<EpochRecord> history;

  void add(const EpochRecord& record, bool validated, const Fit& fit) {
    history.push_back(record);
    if (validated && record.validation_loss >= best_loss) return;
    best_loss = record.validation_loss;
    best_epoch = record.epoch;
    best = fit.network().tensors();
  }
};

NamedTensors written(const Fit& fit, const Progress& progress) {
  NamedTensors state = fit.state();
  for (const auto& [name, tensor] : progress.best) state["best." + name] = tensor;
  state["pretraining"] = at::tensor(progress.pretraining, at::kDouble);
  const auto epochs = static_cast<std::int64_t>(progress.history.size());
  at::Tensor history = at::empty({epochs, 3}, at::kDouble);
  for (std::int64_t i = 0; i < epochs; ++i) {
    const EpochRecord& record = progress.history[static_cast<std::size_t>(i)];
    history[i] = at::tensor({record.train_loss, record.validation_loss, record.validation_score}, at::kDouble);
  }
  state["history"] = history;
  state["best_epoch"] = at::full({1}, progress.best_epoch, at::kLong);
  return state;
}

Progress read_back(const NamedTensors& state, Fit& fit, const FitPlace& place, bool validated, const std::filesystem::path& path) {
  fit.restore(state, path);
  Progress progress;
  for (const auto& [name, tensor] : state)
    if (name.starts_with("best.")) progress.best[name.substr(5)] = tensor.clone();
  const at::Tensor& history = state.at("history");
  progress.best_epoch = static_cast<int>(state.at("best_epoch").item<std::int64_t>());
  for (std::int64_t i = 0; i < history.size(0); ++i) {
    const auto at = [&](std::int64_t column) { return history[i][column].item<double>(); };
    progress.history.push_back({place.fold, place.point, static_cast<int>(i) + 1, at(0), at(1), at(2), place.rung});
  }
  const at::Tensor& losses = state.at("pretraining");
  for (std::int64_t i = 0; i < losses.size(0); ++i) progress.pretraining.push_back(losses[i].item<double>());
  if (validated && progress.best_epoch > 0) progress.best_loss = progress.history[static_cast<std::size_t>(progress.best_epoch) - 1].validation_loss;
  return progress;
}

EpochRecord pretraining_record(const FitPlace& place, int epoch, double loss) { return {place.fold, place.point, epoch, loss, 0, 0, place.rung, true}; }

/// Kept as an epoch is: it may have taken long.
void pretrain(Fit& fit, const FitPlace& place, const Checkpoint& checkpoint, Progress& progress) {
  fit.pretrain([&](int epoch, double loss) {
    progress.pretraining.push_back(loss);
    if (place.on_epoch) place.on_epoch(pretraining_record(place, epoch, loss));
  });
  checkpoint.write(written(fit, progress));
}

std::vector<EpochRecord> whole_history(const FitPlace& place, const Progress& progress) {
  std::vector<EpochRecord> history;
  for (const double loss : progress.pretraining) history.push_back(pretraining_record(place, static_cast<int>(history.size()) + 1, loss));
  history.insert(history.end(), progress.history.begin(), progress.history.end());
  return history;
}

std::uint64_t number_of(const FitPlace& place) {
  // fits of one seed must not share random numbers; points of a fold may: they differ in their settings alone
  return static_cast<std::uint64_t>(place.fold + 1);
}

}  // namespace

Prediction answer_of(const MilNetwork& network, const Bag& bag, const TrainingSlide& slide) {
  try {
    return network.answer(bag, slide.tables);
  } catch (const BagError& error) {
    throw ModelError(fmt::format("the training set: slide '{}': {}", slide.bag.slide_id, error.what()));
  }
}

BestFit run_fit(const Sides& sides, const ModelCard& card, const TrainSettings& settings, int epochs, const FitPlace& place) {
  const bool validated = !sides.validation.empty();
  Fit fit(sides.training, card, settings, number_of(place));
  const Checkpoint checkpoint(place.folder, settings.recipe, fmt::format("fold{}-point{}{}{}", place.fold, place.point, place.rung.empty() ? "" : "-", place.rung));
  Progress progress;
  if (const auto state = checkpoint.read()) progress = read_back(*state, fit, place, validated, checkpoint.path());
  else if (settings.pretrain_epochs > 0)
    pretrain(fit, place, checkpoint, progress);
  while (fit.epochs_done() < epochs && (!validated || fit.epochs_done() + 1 - progress.best_epoch <= settings.patience)) {
    EpochRecord record{place.fold, place.point, fit.epochs_done() + 1, 0, 0, 0, place.rung};
    record.train_loss = fit.train_epoch();
    if (validated) record = judged(fit, settings, sides.validation, record);
    progress.add(record, validated, fit);
    checkpoint.write(written(fit, progress));
    if (place.on_epoch) place.on_epoch(record);
  }
  MilNetwork best(fit.network().card());
  best.read(progress.best, place.folder);
  finish_survival(best, sides.training);
  return {std::move(best), progress.best_epoch, progress.best_loss, whole_history(place, progress)};
}

}  // namespace microtome
