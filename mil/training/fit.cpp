// SPDX-License-Identifier: Apache-2.0
// One slide a step, or several whose gradients are added or who are compared; sometimes without a table, so that the model learns to do without.
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
#include "mil/training/followed_patients.h"
#include "mil/training/pretraining.h"
#include "mil/training/scaler.h"
#include "mil/training/survival_losses.h"

namespace microtome {
namespace {

constexpr double kBagShare = 0.7;  // of the loss, where there is an instance loss (Lu et al. 2021)

MilNetwork fresh_network(const std::vector<const TrainingSlide*>& slides, const ModelCard& card, std::uint64_t seed) {
  MilNetwork network(card);
  network.draw(seed);
  const Scaler features = fit_feature_scaler(slides);
  network.set_feature_scaler(features.mean, features.scale);
  for (std::size_t m = 0; m < card.modalities.size(); ++m) {
    Scaler table = fit_table_scaler(slides, m, card.modalities[m].features.size());
    network.set_table_scaler(m, std::move(table.mean), std::move(table.scale));
  }
  return network;
}

/// With the time bins of these slides' patients, or the scale of their numbers.
ModelCard fitted_card(ModelCard card, const std::vector<const TrainingSlide*>& slides, const TrainSettings& settings) {
  if (card.value) card.value = fit_value_card(slides);
  if (card.survival && card.survival->form == "hazards") card.survival->months = time_bins(slides, settings.time_bins);
  return card;
}

/// Of each label, the noes per yes among the training slides: both sides then weigh alike. 1 where there is no yes.
std::vector<double> positive_weights(const std::vector<const TrainingSlide*>& slides, std::size_t labels) {
  std::vector<double> weights;
  for (std::size_t c = 0; c < labels; ++c) {
    double yes = 0, no = 0;
    for (const TrainingSlide* slide : slides) (slide->marks[c] == 1 ? yes : no) += std::isnan(slide->marks[c]) ? 0 : 1;
    weights.push_back(yes > 0 && no > 0 ? no / yes : 1);
  }
  return weights;
}

/// A class weighs by the inverse of its slides; over the slides the mean is 1, so the learning rate keeps its meaning.
std::vector<double> class_weights(const std::vector<const TrainingSlide*>& slides, const ModelCard& card, const TrainSettings& settings) {
  if (settings.class_weights == "none") return {};
  if (card.multi_label) return positive_weights(slides, card.classes.size());
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
  Target target;  // of survival its label is the bin
  Followed followed;
};

/// What the network said of a slide, and what it should have said: mixed slides have two labels.
struct Fit::Passed {
  TrainingPass pass;
  Target target, other_target;
  double share = 1;  // of `target`
  Followed followed;
  std::shared_ptr<const Bag> bag;  // the graph may look at its features
};

Fit::Fit(std::vector<const TrainingSlide*> slides, const ModelCard& card, const TrainSettings& settings, std::uint64_t number)
    : slides_(std::move(slides)),
      settings_(settings),
      number_(number),
      network_(fresh_network(slides_, fitted_card(card, slides_, settings), engine_of(settings.seed, number, 0)())),
      learned_(network_.learned()),
      optimiser_(learned_, optimiser_settings(settings)) {
  if (!card.survival) loss_ = {::microtome::loss_of(settings.loss), class_weights(slides_, card, settings), settings.focal_gamma, card.kind()};
}

/// Slides without a label that is known were left out.
Target Fit::target_of(const TrainingSlide& slide) const {
  const ModelCard& card = network_.card();
  if (card.multi_label) return {0, slide.marks, 0};
  if (card.value) return {0, {}, (slide.value - card.value->mean) / card.value->scale};
  if (!card.survival) return {slide.label, {}, 0};
  return {card.survival->form == "hazards" ? bin_of(card.survival->months, slide.months) : 0, {}, 0};
}

/// Each table is hidden now and then, and so are the tiles where a table is left: a model that learned to do without can.
std::vector<TableRow> Fit::shown_tables(const TrainingSlide& slide, Engine& engine, bool& tiles_hidden) const {
  std::vector<TableRow> tables = slide.tables;
  bool any = false;
  for (TableRow& row : tables) {
    if (uniform(engine) < settings_.modality_dropout) row = {};
    any = any || row.present;
  }
  tiles_hidden = !tables.empty() && uniform(engine) < settings_.modality_dropout && any;
  return tables;
}

Fit::Shown Fit::shown(const TrainingSlide& slide, const Bag& bag, Engine& engine) const {
  bool tiles_hidden = false;
  const std::vector<TableRow> tables = shown_tables(slide, engine, tiles_hidden);
  Shown out{network_.input(bag, tables), target_of(slide), {}};
  out.input.tiles_hidden = tiles_hidden;
  if (network_.card().survival) out.followed = {slide.months, slide.event, out.target.label};
  const auto tiles = sampled_tiles(bag.tiles(), settings_.bag_dropout, settings_.bag_size, engine);
  if (tiles.empty()) return out;
  out.input.raw = out.input.raw.index_select(0, rows(tiles));
  out.input.coords = out.input.coords.index_select(0, rows(tiles));
  return out;
}

at::Tensor Fit::loss_of(const TrainingPass& pass, const Target& target) const {
  at::Tensor loss = (*loss_)(pass.logits, target);
  if (pass.other_logits.defined()) loss = 0.5 * (loss + (*loss_)(pass.other_logits, target));
  if (pass.instance_loss.defined()) loss = kBagShare * loss + (1 - kBagShare) * pass.instance_loss;
  return pass.auxiliary_loss.defined() ? loss + pass.auxiliary_loss : loss;
}

/// Mean over the slides of a step.
at::Tensor Fit::loss_of(const std::vector<Passed>& step) const {
  if (loss_) {
    at::Tensor sum = at::zeros({});
    for (const Passed& one : step) {
      sum = sum + one.share * loss_of(one.pass, one.target);
      if (one.share < 1) sum = sum + (1 - one.share) * loss_of(one.pass, one.other_target);
    }
    return sum / static_cast<double>(step.size());
  }
  std::vector<at::Tensor> logits, others, instances;
  at::Tensor auxiliary = at::zeros({});
  std::vector<Followed> followed;
  for (const Passed& one : step) {
    logits.push_back(one.pass.logits);
    followed.push_back(one.followed);
    if (one.pass.other_logits.defined()) others.push_back(one.pass.other_logits);
    if (one.pass.auxiliary_loss.defined()) auxiliary = auxiliary + one.pass.auxiliary_loss / static_cast<double>(step.size());
    if (one.pass.instance_loss.defined()) instances.push_back(one.pass.instance_loss);
  }
  const auto of = [&](const std::vector<at::Tensor>& all) { return survival_loss(settings_.loss, at::stack(all), followed, settings_.survival_alpha); };
  at::Tensor loss = of(logits);
  if (!others.empty()) loss = 0.5 * (loss + of(others));
  if (!instances.empty()) loss = kBagShare * loss + (1 - kBagShare) * at::stack(instances).mean();
  return loss + auxiliary;
}

/// Mixup (Zhang et al. 2018) in the space of features: as many tiles of each slide, drawn anew, mixed one by one.
Fit::Passed Fit::passed(const Shown& slide, const Shown* other, const Dropout& dropout, Engine& engine) const {
  if (other == nullptr) return {network_.train(slide.input, slide.target.label, dropout), slide.target, {}, 1, slide.followed, {}};
  const double share = beta(settings_.mixup, engine);
  const std::int64_t tiles = std::min(slide.input.tiles(), other->input.tiles());
  const auto drawn = [&](const Shown& from) {
    const auto some = sampled_tiles(from.input.tiles(), 0, tiles, engine);
    return some.empty() ? from.input.raw : from.input.raw.index_select(0, rows(some));
  };
  BagInput mixed = share >= 0.5 ? slide.input : other->input;
  mixed.raw = share * drawn(slide) + (1 - share) * drawn(*other);
  mixed.coords = mixed.coords.narrow(0, 0, tiles);
  return {network_.train(mixed, share >= 0.5 ? slide.target.label : other->target.label, dropout), slide.target, other->target, share, {}, {}};
}

int Fit::class_of(const TrainingSlide& slide) const {
  const auto& survival = network_.card().survival;
  if (!survival || survival->form != "hazards") return slide.label;
  return 2 * bin_of(survival->months, slide.months) + (slide.event ? 1 : 0);
}

at::Tensor Fit::absolute_weights() const {
  at::Tensor sum = at::zeros({});
  for (const at::Tensor& each : learned_) sum = sum + each.abs().sum();
  return sum;
}

void Fit::pretrain(const std::function<void(int, double)>& on_epoch) {
  microtome::pretrain(network_, learned_, slides_, settings_, number_, on_epoch);
  require_finite(0, "pretrain_learning_rate", settings_.pretrain_learning_rate);
}

double Fit::train_epoch() {
  const at::AutoGradMode with_gradient(true);
  Engine engine = engine_of(settings_.seed, number_, static_cast<std::uint64_t>(epochs_done_) + 1);
  const Dropout dropout{settings_.dropout, at::make_generator<at::CPUGeneratorImpl>(engine())};
  const auto order = epoch_order(slides_, settings_.sampling, [&](const TrainingSlide& slide) { return class_of(slide); }, engine);
  BagStream bags(order);
  const auto slides = static_cast<std::int64_t>(order.size()), group = std::int64_t{settings_.accumulate};
  const std::int64_t steps = (slides + group - 1) / group;
  const bool together = !loss_ && compares_patients(settings_.loss);  // then the graphs of a step are held until its end
  std::vector<Passed> step;
  std::shared_ptr<const Bag> last;
  double sum = 0;
  for (std::int64_t i = 0; i < slides; ++i) {
    const auto bag = bags.next();
    const Shown now = shown(*order[static_cast<std::size_t>(i)], *bag, engine);
    std::optional<Shown> before;
    if (settings_.mixup > 0 && last) before = shown(*order[static_cast<std::size_t>(i) - 1], *last, engine);
    step.push_back(passed(now, before ? &*before : nullptr, dropout, engine));
    step.back().bag = bag;
    last = bag;
    const bool complete = (i + 1) % group == 0 || i + 1 == slides;
    if (together && !complete) continue;
    at::Tensor loss = loss_of(step);
    const auto count = static_cast<double>(step.size());
    sum += count * loss.item<double>();
    if (settings_.l1 > 0) loss = loss + settings_.l1 * absolute_weights();
    (loss * (count / static_cast<double>(std::min(group, slides - i / group * group)))).backward();
    step.clear();
    if (!complete) continue;
    optimiser_.step(schedule_rate(settings_.schedule, epochs_done_ * steps + i / group, settings_.epochs * steps));
    optimiser_.zero_grad();
  }
  require_finite(sum, "learning_rate", settings_.learning_rate);
  ++epochs_done_;
  return sum / static_cast<double>(slides);
}

void Fit::require_finite(double sum, const char* rate, double value) const {
  const auto finite = [](const at::Tensor& tensor) { return at::isfinite(tensor).all().item<bool>(); };
  if (!std::isfinite(sum) || !std::all_of(learned_.begin(), learned_.end(), finite))
    throw ModelError(fmt::format(
        "the training: finite loss and weights were wanted: they are not: lower {} (now {}) or look for NaN in the features", rate, value));
}

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
