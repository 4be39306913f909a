// SPDX-License-Identifier: Apache-2.0
#include "mil/aggregators/mil_network.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "mil/aggregators/survival_head.h"
#include "mil/model_error.h"

namespace microtome {
namespace {

// Un-clipped expression z-scores reach 1e4 and would drown the image.
constexpr double kScaledClip = 10.0;

double fan_in_of(const Slot& slot) {
  double fan_in = 1;
  for (std::size_t i = 1; i < slot.shape.size(); ++i) fan_in *= static_cast<double>(slot.shape[i]);
  return fan_in;
}

double bound_of(const Slot& slot) {
  if (slot.start == Start::xavier) return std::sqrt(6.0 / (fan_in_of(slot) + static_cast<double>(slot.shape[0])));
  return std::sqrt((slot.start == Start::kaiming ? 6.0 : 1.0) / fan_in_of(slot));
}

void fill(const Slot& slot, const at::Generator& generator) {
  at::Tensor& tensor = *slot.tensor;
  tensor = at::zeros(slot.shape, at::kFloat);
  if (slot.start == Start::ones) tensor.fill_(1);
  if (slot.start == Start::normal) tensor.normal_(0, 1, generator);
  if (slot.start == Start::lecun_normal) tensor.normal_(0, 1 / std::sqrt(fan_in_of(slot)), generator);
  if (slot.start == Start::kaiming || slot.start == Start::fan_in || slot.start == Start::xavier)
    tensor.uniform_(-bound_of(slot), bound_of(slot), generator);
}

at::Tensor to_float(const std::vector<double>& values) { return at::tensor(values, at::kDouble).to(at::kFloat); }

at::Tensor scaled_row(const Modality& modality, const TableRow& row) {
  at::Tensor scaled = at::empty({static_cast<std::int64_t>(modality.features.size())}, at::kFloat);
  auto* out = scaled.mutable_data_ptr<float>();
  for (std::size_t i = 0; i < modality.features.size(); ++i) {
    const double z = (row.values[i] - modality.mean[i]) / modality.scale[i];
    out[i] = std::isnan(z) ? 0.0F : static_cast<float>(std::clamp(z, -kScaledClip, kScaledClip));
  }
  return scaled;
}

void require_rows(const ModelCard& card, const std::vector<TableRow>& tables) {
  if (card.modalities.empty()) return;
  if (!tables.empty() && tables.size() != card.modalities.size())
    throw BagError(fmt::format("the tables: {} rows were wanted by the model: there are {}: give one a modality", card.modalities.size(), tables.size()));
  for (std::size_t m = 0; m < tables.size(); ++m)
    if (const Modality& wanted = card.modalities[m]; tables[m].present && tables[m].values.size() != wanted.features.size())
      throw BagError(fmt::format("the row of {}: {} features were wanted by the model: there are {}: give those that the card lists", wanted.name,
                                 wanted.features.size(), tables[m].values.size()));
}

void require_usable(const ModelCard& card, const Bag& bag) {
  if (bag.tiles() == 0) throw BagError("the bag: at least one tile was wanted: it has none: a slide without tiles gets no prediction");
  if (bag.feature_dim != card.feature_dim)
    throw BagError(
        fmt::format("the bag: features of {} numbers were wanted by the model: these have {}: extract them with the model's encoder '{}'",
                    card.feature_dim, bag.feature_dim, card.encoder));
  if (static_cast<std::int64_t>(bag.features.size()) != bag.tiles() * bag.feature_dim)
    throw BagError(fmt::format("the bag: {} x {} features were wanted: there are {}: extract the slide again", bag.tiles(), bag.feature_dim,
                               bag.features.size()));
}

template <class T>
std::vector<T> numbers(const at::Tensor& values) {
  const at::Tensor flat = values.contiguous();
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}

void describe_attention(const at::Tensor& attention, Prediction& prediction) {
  prediction.heads = attention.size(1);
  prediction.shown_head = prediction.heads == 1 ? 0 : prediction.predicted;
  for (const double a : numbers<double>(attention.select(1, prediction.shown_head))) {
    prediction.effective_tiles += a * a;
    if (a > 0) prediction.attention_entropy -= a * std::log(a);
  }
  prediction.effective_tiles = 1.0 / prediction.effective_tiles;
  prediction.attention = numbers<float>(attention);
}

/// What was weighed of one logit in standard deviations as what it says of the number itself.
Weighed weighed_value(const ValueCard& value, const Weighed& weighed) {
  return {value.mean + value.scale * weighed.logits, weighed.attention.mean(1, true), value.scale * weighed.contribution, value.mean + value.scale * weighed.offset};
}

Weighed weighed_answer(const ModelCard& card, Weighed weighed) {
  if (card.survival) return weighed_risk(*card.survival, weighed);
  return card.value ? weighed_value(*card.value, weighed) : std::move(weighed);
}

/// Of the network's logits: what the answer is.
void answer_of(const ModelCard& card, const at::Tensor& logits, Prediction& prediction) {
  prediction.multi_label = card.multi_label;
  if (card.survival) {
    prediction.survival = survival_answer(*card.survival, logits);
    prediction.logits = {prediction.survival->risk};
  } else if (card.value) {
    prediction.value = card.value->mean + card.value->scale * logits.item<double>();
    prediction.logits = {*prediction.value};
  } else {
    prediction.logits = numbers<double>(logits);
    prediction.probabilities = numbers<double>(card.multi_label ? at::sigmoid(logits) : at::softmax(logits, 0));
  }
}

void require_finite(const at::Tensor& logits) {
  if (!at::isfinite(logits).all().item<bool>())
    throw BagError("the bag: finite features were wanted: the model's answer is not a number: extract the slide again");
}

/// Lanes are threads of ours, so that a network runs on one.
void compute_alone() {
  if (at::get_num_threads() != 1) at::set_num_threads(1);
}

}  // namespace

MilNetwork::MilNetwork(ModelCard card) : card_(std::move(card)), aggregator_(make_aggregator(card_)) {}

std::vector<Slot> MilNetwork::slots() const {
  auto* self = const_cast<MilNetwork*>(this);  // a slot may be written through; who may not, only reads
  std::vector<Slot> all{{"feature_scaler.mean", &self->mean_, {card_.feature_dim}, Start::zeros, false},
                        {"feature_scaler.scale", &self->scale_, {card_.feature_dim}, Start::ones, false}};
  for (Slot& slot : aggregator_->slots()) all.push_back(std::move(slot));
  return all;
}

void MilNetwork::draw(std::uint64_t seed) {
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  for (const Slot& slot : slots()) fill(slot, generator);
}

void MilNetwork::read(const NamedTensors& tensors, const std::filesystem::path& path) {
  const auto refuse = [&](const std::string& wanted, const std::string& found) {
    throw ModelError(fmt::format("{}: {} was wanted: {}: use the folder as 'microtome train' wrote it", path.string(), wanted, found));
  };
  std::set<std::string> known;
  for (const Slot& slot : slots()) {
    known.insert(slot.name);
    const auto found = tensors.find(slot.name);
    const auto wanted = fmt::format("tensor '{}' float32 [{}]", slot.name, fmt::join(slot.shape, ", "));
    if (found == tensors.end()) refuse(wanted, "it is missing");
    const at::Tensor& tensor = found->second;
    if (tensor.scalar_type() != at::kFloat || tensor.sizes() != at::IntArrayRef(slot.shape))
      refuse(wanted, fmt::format("it is {} [{}]", at::toString(tensor.scalar_type()), fmt::join(tensor.sizes().vec(), ", ")));
    if (!at::isfinite(tensor).all().item<bool>()) refuse(wanted, "it holds NaN or infinity");
    *slot.tensor = tensor;
  }
  for (const auto& [name, tensor] : tensors)
    if (known.count(name) == 0) refuse("only the tensors of the card's network", fmt::format("there is also '{}'", name));
  if (!(scale_ > 0).all().item<bool>()) refuse("a positive 'feature_scaler.scale'", "it holds zero or less");
}

void MilNetwork::restore(const NamedTensors& tensors, const std::filesystem::path& path) {
  MilNetwork found(card_);
  found.read(tensors, path);
  const at::NoGradGuard no_gradient;
  const std::vector<Slot> from = found.slots(), to = slots();
  for (std::size_t i = 0; i < to.size(); ++i) to[i].tensor->copy_(*from[i].tensor);
}

NamedTensors MilNetwork::tensors() const {
  NamedTensors tensors;
  for (const Slot& slot : slots()) tensors[slot.name] = slot.tensor->detach().clone();
  return tensors;
}

void MilNetwork::set_feature_scaler(const std::vector<double>& mean, const std::vector<double>& scale) {
  mean_ = to_float(mean);
  scale_ = to_float(scale);
}

void MilNetwork::set_table_scaler(std::size_t modality, std::vector<double> mean, std::vector<double> scale) {
  card_.modalities.at(modality).mean = std::move(mean);
  card_.modalities.at(modality).scale = std::move(scale);
}

std::vector<at::Tensor> MilNetwork::learned() {
  std::vector<at::Tensor> learned;
  for (const Slot& slot : slots())
    if (slot.learned) learned.push_back(slot.tensor->requires_grad_(true));
  return learned;
}

NamedTensors MilNetwork::gradients() const {
  NamedTensors gradients;
  for (const Slot& slot : slots())
    if (slot.learned && slot.tensor->grad().defined()) gradients[slot.name] = slot.tensor->grad();
  return gradients;
}

BagInput MilNetwork::input(const Bag& bag, const std::vector<TableRow>& tables) const {
  require_usable(card_, bag);
  require_rows(card_, tables);
  BagInput input;
  // from_blob has no const form; nothing writes through it
  input.raw = at::from_blob(const_cast<float*>(bag.features.data()), {bag.tiles(), bag.feature_dim}, at::kFloat);
  input.coords = at::from_blob(const_cast<std::int64_t*>(bag.coords.data()), {bag.tiles(), 2}, at::kLong);
  input.mean = mean_;
  input.scale = scale_;
  for (std::size_t m = 0; m < card_.modalities.size(); ++m)
    input.tables.push_back(m < tables.size() && tables[m].present ? scaled_row(card_.modalities[m], tables[m]) : at::Tensor());
  return input;
}

/// All but what is said of tiles.
Prediction MilNetwork::told(const BagInput& seen, const at::Tensor& logits) const {
  require_finite(logits);
  Prediction prediction;
  answer_of(card_, logits, prediction);
  prediction.task = card_.task;
  prediction.encoder_random_weights = card_.encoder_random_weights;
  prediction.encoder = {card_.encoder, card_.encoder_sha256};
  prediction.classes = card_.classes;
  const auto& said = prediction.logits;
  prediction.predicted = static_cast<int>(std::max_element(said.begin(), said.end()) - said.begin());
  if (!card_.modalities.empty()) prediction.modalities.push_back({"tiles", true, "", "", {}});
  for (std::size_t m = 0; m < card_.modalities.size(); ++m)
    prediction.modalities.push_back({card_.modalities[m].name, seen.tables[m].defined(), "", "", {}});
  return prediction;
}

Prediction MilNetwork::answer(const Bag& bag, const std::vector<TableRow>& tables) const {
  compute_alone();
  const at::NoGradGuard no_gradient;
  const BagInput seen = input(bag, tables);
  return told(seen, aggregator_->logits(seen));
}

Prediction MilNetwork::predict(const Bag& bag, const std::vector<TableRow>& tables) const {
  compute_alone();
  const at::NoGradGuard no_gradient;
  const BagInput seen = input(bag, tables);
  const Weighed all = aggregator_->weigh(seen);
  Prediction prediction = told(seen, all.logits);
  const Weighed weighed = weighed_answer(card_, all);
  prediction.logits = numbers<double>(weighed.logits);
  prediction.offset = numbers<double>(weighed.offset);
  prediction.contribution = numbers<float>(weighed.contribution);
  describe_attention(weighed.attention, prediction);
  return prediction;
}

}  // namespace microtome
