// SPDX-License-Identifier: Apache-2.0
// One slide a step, or several whose gradients are added; sometimes without its genomic row, so that the model learns to do without.
#include "mil/training/fit.h"

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <utility>

#include "mil/model_error.h"
#include "mil/training/bag_stream.h"
#include "mil/training/scaler.h"

namespace microtome {
namespace {

constexpr double kBagShare = 0.7;  // of the loss, where there is an instance loss (Lu et al. 2021)

MilNetwork fresh_network(const std::vector<const TrainingSlide*>& slides, const ModelCard& card, std::uint64_t seed) {
  MilNetwork network(card);
  network.draw(seed);
  const Scaler features = fit_feature_scaler(slides);
  network.set_feature_scaler(features.mean, features.scale);
  Scaler genes = fit_gene_scaler(slides, card.genes.size());
  network.set_gene_scaler(std::move(genes.mean), std::move(genes.scale));
  return network;
}

/// A class weighs by the inverse of its slides; over the slides the mean is 1, so the learning rate keeps its meaning.
std::vector<double> class_weights(const std::vector<const TrainingSlide*>& slides, const ModelCard& card, const TrainSettings& settings) {
  if (settings.class_weights == "none") return {};
  std::map<int, double> counts;
  for (const TrainingSlide* slide : slides) ++counts[slide->label];
  std::vector<double> weights(card.classes.size(), 0.0);
  for (const auto& [label, count] : counts)
    weights[static_cast<std::size_t>(label)] = static_cast<double>(slides.size()) / (static_cast<double>(counts.size()) * count);
  return weights;
}

OptimiserSettings optimiser_settings(const TrainSettings& settings) {
  OptimiserSettings out;
  out.kind = optimiser_of(settings.optimiser);
  out.learning_rate = settings.learning_rate;
  out.weight_decay = settings.weight_decay;
  out.lookahead = settings.lookahead;
  return out;
}

at::Tensor rows(const std::vector<std::int64_t>& tiles) { return at::tensor(at::ArrayRef<std::int64_t>(tiles)); }

}  // namespace

/// What a step sees of a slide; the bag is kept alive by the caller.
struct Fit::Shown {
  BagInput input;
  int label = 0;
};

Fit::Fit(std::vector<const TrainingSlide*> slides, const ModelCard& card, const TrainSettings& settings, std::uint64_t number)
    : slides_(std::move(slides)),
      settings_(settings),
      number_(number),
      network_(fresh_network(slides_, card, engine_of(settings.seed, number, 0)())),
      loss_{::microtome::loss_of(settings.loss), class_weights(slides_, card, settings), settings.focal_gamma},
      learned_(network_.learned()),
      optimiser_(learned_, optimiser_settings(settings)) {}

Fit::Shown Fit::shown(const TrainingSlide& slide, const Bag& bag, Engine& engine) const {
  const bool hidden = uniform(engine) < settings_.modality_dropout;
  Shown out{network_.input(bag, hidden ? GenomicInput{} : slide.genomic), slide.label};
  const auto tiles = sampled_tiles(bag.tiles(), settings_.bag_dropout, settings_.bag_size, engine);
  if (tiles.empty()) return out;
  out.input.raw = out.input.raw.index_select(0, rows(tiles));
  out.input.coords = out.input.coords.index_select(0, rows(tiles));
  return out;
}

at::Tensor Fit::loss_of(const TrainingPass& pass, int label) const {
  at::Tensor loss = loss_(pass.logits, label);
  if (pass.other_logits.defined()) loss = 0.5 * (loss + loss_(pass.other_logits, label));
  return pass.instance_loss.defined() ? kBagShare * loss + (1 - kBagShare) * pass.instance_loss : loss;
}

/// Mixup (Zhang et al. 2018) in the space of features: as many tiles of each slide, drawn anew, mixed one by one.
at::Tensor Fit::loss_of(const Shown& slide, const Shown* other, const Dropout& dropout, Engine& engine) const {
  if (other == nullptr) return loss_of(network_.train(slide.input, slide.label, dropout), slide.label);
  const double share = beta(settings_.mixup, engine);
  const std::int64_t tiles = std::min(slide.input.tiles(), other->input.tiles());
  const auto drawn = [&](const Shown& from) {
    const auto some = sampled_tiles(from.input.tiles(), 0, tiles, engine);
    return some.empty() ? from.input.raw : from.input.raw.index_select(0, rows(some));
  };
  BagInput mixed = share >= 0.5 ? slide.input : other->input;
  mixed.raw = share * drawn(slide) + (1 - share) * drawn(*other);
  mixed.coords = mixed.coords.narrow(0, 0, tiles);
  const TrainingPass pass = network_.train(mixed, share >= 0.5 ? slide.label : other->label, dropout);
  return share * loss_of(pass, slide.label) + (1 - share) * loss_of(pass, other->label);
}

at::Tensor Fit::absolute_weights() const {
  at::Tensor sum = at::zeros({});
  for (const at::Tensor& each : learned_) sum = sum + each.abs().sum();
  return sum;
}

double Fit::train_epoch() {
  const at::AutoGradMode with_gradient(true);
  Engine engine = engine_of(settings_.seed, number_, static_cast<std::uint64_t>(epochs_done_) + 1);
  const Dropout dropout{settings_.dropout, at::make_generator<at::CPUGeneratorImpl>(engine())};
  const auto order = epoch_order(slides_, settings_.sampling, engine);
  BagStream bags(order);
  const auto slides = static_cast<std::int64_t>(order.size()), group = std::int64_t{settings_.accumulate};
  const std::int64_t steps = (slides + group - 1) / group;
  std::shared_ptr<const Bag> last;
  double sum = 0;
  for (std::int64_t i = 0; i < slides; ++i) {
    const auto bag = bags.next();
    const Shown now = shown(*order[static_cast<std::size_t>(i)], *bag, engine);
    std::optional<Shown> before;
    if (settings_.mixup > 0 && last) before = shown(*order[static_cast<std::size_t>(i) - 1], *last, engine);
    at::Tensor loss = loss_of(now, before ? &*before : nullptr, dropout, engine);
    sum += loss.item<double>();
    if (settings_.l1 > 0) loss = loss + settings_.l1 * absolute_weights();
    (loss / static_cast<double>(std::min(group, slides - i / group * group))).backward();
    last = bag;
    if ((i + 1) % group != 0 && i + 1 != slides) continue;
    optimiser_.step(schedule_rate(settings_.schedule, epochs_done_ * steps + i / group, settings_.epochs * steps));
    optimiser_.zero_grad();
  }
  require_finite(sum);
  ++epochs_done_;
  return sum / static_cast<double>(slides);
}

void Fit::require_finite(double sum) const {
  const auto finite = [](const at::Tensor& tensor) { return at::isfinite(tensor).all().item<bool>(); };
  if (!std::isfinite(sum) || !std::all_of(learned_.begin(), learned_.end(), finite))
    throw ModelError(fmt::format(
        "the training: finite loss and weights were wanted: they are not: lower learning_rate (now {}) or look for NaN in the features",
        settings_.learning_rate));
}

Prediction Fit::predict(const TrainingSlide& slide) const { return network_.predict(*bag_of(slide), slide.genomic); }

NamedTensors Fit::state() const {
  NamedTensors state;
  for (const auto& [name, tensor] : network_.tensors()) state["network." + name] = tensor;
  for (const auto& [name, tensor] : optimiser_.state()) state["optimiser." + name] = tensor;
  state["epochs"] = at::full({1}, epochs_done_, at::kLong);
  return state;
}

void Fit::restore(const NamedTensors& state, const std::filesystem::path& path) {
  NamedTensors network, optimiser;
  for (const auto& [name, tensor] : state) {
    if (name.starts_with("network.")) network[name.substr(8)] = tensor.clone();
    if (name.starts_with("optimiser.")) optimiser[name.substr(10)] = tensor;
  }
  network_.restore(network, path);
  optimiser_.restore(optimiser);
  epochs_done_ = static_cast<int>(state.at("epochs").item<std::int64_t>());
}

}  // namespace microtome
