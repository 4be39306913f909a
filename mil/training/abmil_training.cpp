// SPDX-License-Identifier: Apache-2.0
// Cross-entropy, Adam, one slide a step; sometimes without its genomic row, so that the model learns to do without.
#include "mil/training/abmil_training.h"

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "mil/model_error.h"
#include "mil/training/folds.h"
#include "mil/training/scaler.h"

namespace microtome {
namespace {

std::mt19937_64 engine_of(std::uint64_t seed, std::uint64_t stream) {
  std::seed_seq mixed{seed & 0xffffffffU, seed >> 32, stream};
  return std::mt19937_64(mixed);
}

ModelCard with_gene_scaler(ModelCard card, const std::vector<const TrainingSlide*>& slides) {
  auto scaler = fit_gene_scaler(slides, card.genes.size());
  card.gene_mean = std::move(scaler.mean);
  card.gene_scale = std::move(scaler.scale);
  return card;
}

at::Tensor to_float(const std::vector<double>& values) { return at::tensor(values, at::kDouble).to(at::kFloat); }

Abmil with_feature_scaler(Abmil network, const std::vector<const TrainingSlide*>& slides) {
  const auto scaler = fit_feature_scaler(slides);
  network.feature_mean = to_float(scaler.mean);
  network.feature_scale = to_float(scaler.scale);
  return network;
}

std::vector<at::Tensor> make_learnable(Abmil& network, const ModelCard& card) {
  std::vector<at::Tensor> learned;
  for (const auto& slot : slots(network, card))
    if (slot.learned) learned.push_back(slot.tensor->requires_grad_(true));
  return learned;
}

torch::optim::AdamOptions options_of(const TrainSettings& settings) {
  return torch::optim::AdamOptions(settings.learning_rate).weight_decay(settings.weight_decay);
}

}  // namespace

AbmilFit::AbmilFit(std::vector<const TrainingSlide*> slides, ModelCard card, const TrainSettings& settings, std::uint64_t stream)
    : slides_(std::move(slides)),
      card_(with_gene_scaler(std::move(card), slides_)),
      settings_(settings),
      engine_(engine_of(settings.seed, stream)),
      network_(with_feature_scaler(initial_abmil(card_, engine_()), slides_)),
      dropout_{settings.dropout, at::make_generator<at::CPUGeneratorImpl>(engine_())},
      learned_(make_learnable(network_, card_)),
      optimiser_(learned_, options_of(settings)) {}

GenomicInput AbmilFit::shown(const GenomicInput& genomic) {
  const double drawn = static_cast<double>(engine_() >> 11) * 0x1p-53;
  return drawn < settings_.modality_dropout ? GenomicInput{} : genomic;
}

double AbmilFit::step(const TrainingSlide& slide) {
  const at::AutoGradMode with_gradient(true);
  optimiser_.zero_grad();
  const auto logits = training_logits(network_, card_, slide.bag, shown(slide.genomic), dropout_);
  const auto loss = at::cross_entropy_loss(logits.unsqueeze(0), at::full({1}, slide.label, at::kLong));
  loss.backward();
  optimiser_.step();
  return loss.item<double>();
}

double AbmilFit::train_epoch() {
  auto order = slides_;
  shuffle_in_place(order, engine_);
  double sum = 0;
  for (const auto* slide : order) sum += step(*slide);
  const auto finite = [](const at::Tensor& tensor) { return at::isfinite(tensor).all().item<bool>(); };
  if (!std::isfinite(sum) || !std::all_of(learned_.begin(), learned_.end(), finite))
    throw ModelError(fmt::format(
        "the training: finite loss and weights were wanted: they are not: lower learning_rate (now {}) or look for NaN in the features",
        settings_.learning_rate));
  return sum / static_cast<double>(order.size());
}

}  // namespace microtome
