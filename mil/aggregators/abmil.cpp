// SPDX-License-Identifier: Apache-2.0
// The gated attention network: its tensors, its training pass with gradient, its inference pass in chunks.
#include "mil/aggregators/abmil.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "mil/model_error.h"

namespace microtome {
namespace {

// 8192 x 512 floats are 16 MB; larger chunks are no faster.
constexpr std::int64_t chunk_tiles = 8192;
// Un-clipped expression z-scores reach 1e4 and would drown the image.
constexpr double gene_clip = 10.0;

void add_linear(std::vector<AbmilSlot>& all, const std::string& name, Linear& linear, std::int64_t out, std::int64_t in) {
  all.push_back({name + ".weight", &linear.weight, {out, in}, true});
  all.push_back({name + ".bias", &linear.bias, {out}, true});
}

at::Tensor apply(const Linear& linear, const at::Tensor& input) { return at::linear(input, linear.weight, linear.bias); }

at::Tensor tile_rows(const Bag& bag, std::int64_t first, std::int64_t count) {
  // from_blob has no const form; nothing writes through it.
  auto* data = const_cast<float*>(bag.features.data() + first * bag.feature_dim);
  return at::from_blob(data, {count, bag.feature_dim}, at::kFloat);
}

at::Tensor embed(const Abmil& network, const at::Tensor& features) {
  return at::relu(apply(network.patch_embed, (features - network.feature_mean) / network.feature_scale));
}

at::Tensor raw_attention(const Abmil& network, const at::Tensor& embedded, const Dropout& dropout) {
  const auto a = dropout(at::tanh(apply(network.attention_a, embedded)));
  const auto b = dropout(at::sigmoid(apply(network.attention_b, embedded)));
  return apply(network.attention_c, a * b);
}

at::Tensor scaled_genes(const ModelCard& card, const GenomicInput& genomic) {
  auto scaled = at::empty({static_cast<std::int64_t>(card.genes.size())}, at::kFloat);
  auto* out = scaled.data_ptr<float>();
  for (std::size_t i = 0; i < card.genes.size(); ++i) {
    const double z = (genomic.values[i] - card.gene_mean[i]) / card.gene_scale[i];
    out[i] = std::isnan(z) ? 0.0F : static_cast<float>(std::clamp(z, -gene_clip, gene_clip));
  }
  return scaled;
}

at::Tensor genomic_embedding(const Abmil& network, const ModelCard& card, const GenomicInput& genomic) {
  if (!genomic.present) return network.genomic_null;
  return at::relu(apply(network.genomic_net, scaled_genes(card, genomic)));
}

void require_usable(const ModelCard& card, const Bag& bag, const GenomicInput& genomic) {
  if (bag.tiles() == 0) throw BagError("the bag: at least one tile was wanted: it has none: a slide without tiles gets no prediction");
  if (bag.feature_dim != card.feature_dim)
    throw BagError(
        fmt::format("the bag: features of {} numbers were wanted by the model: these have {}: extract them with the model's encoder '{}'",
                    card.feature_dim, bag.feature_dim, card.encoder));
  if (static_cast<std::int64_t>(bag.features.size()) != bag.tiles() * bag.feature_dim)
    throw BagError(fmt::format("the bag: {} x {} features were wanted: there are {}: extract the slide again", bag.tiles(), bag.feature_dim,
                               bag.features.size()));
  if (!card.genes.empty() && genomic.present && genomic.values.size() != card.genes.size())
    throw BagError(fmt::format("the genomic row: {} genes were wanted by the model: there are {}: give the genes that the card lists",
                               card.genes.size(), genomic.values.size()));
}

/// What one tile says before the softmax over all tiles is known.
struct TileScores {
  std::vector<double> attention;     // (N) raw
  std::vector<double> class_scores;  // (N, C) W_c . h_i
};

void append(std::vector<double>& all, const at::Tensor& values) {
  const auto flat = values.contiguous();
  all.insert(all.end(), flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
}

TileScores score_tiles(const Abmil& network, const ModelCard& card, const Bag& bag) {
  const auto weights = network.classifier.weight.slice(1, 0, card.embed_dim).t();
  TileScores scores;
  scores.attention.reserve(bag.tiles());
  scores.class_scores.reserve(bag.tiles() * card.classes.size());
  for (std::int64_t first = 0; first < bag.tiles(); first += chunk_tiles) {
    const auto embedded = embed(network, tile_rows(bag, first, std::min(chunk_tiles, bag.tiles() - first)));
    append(scores.attention, raw_attention(network, embedded, Dropout{}));
    append(scores.class_scores, at::matmul(embedded, weights));
  }
  return scores;
}

void softmax(std::vector<double>& values) {
  const double top = *std::max_element(values.begin(), values.end());
  for (auto& value : values) value = std::exp(value - top);
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  for (auto& value : values) value /= sum;
}

std::vector<double> class_offsets(const Abmil& network, const ModelCard& card, const GenomicInput& genomic) {
  std::vector<double> offsets;
  append(offsets, network.classifier.bias);
  if (card.genes.empty()) return offsets;
  const auto weights = network.classifier.weight.slice(1, card.embed_dim).to(at::kDouble);
  const auto added = at::mv(weights, genomic_embedding(network, card, genomic).to(at::kDouble));
  for (std::size_t c = 0; c < offsets.size(); ++c) offsets[c] += added[c].item<double>();
  return offsets;
}

void describe_attention(const std::vector<double>& attention, Prediction& prediction) {
  double squares = 0;
  for (const double a : attention) {
    squares += a * a;
    if (a > 0) prediction.attention_entropy -= a * std::log(a);
  }
  prediction.effective_tiles = 1.0 / squares;
  prediction.attention.assign(attention.begin(), attention.end());
}

void add_contributions(const TileScores& scores, Prediction& prediction) {
  const auto classes = prediction.offset.size();
  prediction.logits = std::vector<double>(classes, 0.0);
  prediction.contribution.resize(scores.class_scores.size());
  for (std::size_t i = 0; i < scores.class_scores.size(); ++i) {
    const double share = scores.attention[i / classes] * scores.class_scores[i];
    prediction.logits[i % classes] += share;
    prediction.contribution[i] = static_cast<float>(share);
  }
  for (std::size_t c = 0; c < classes; ++c) prediction.logits[c] += prediction.offset[c];
}

void require_finite(const Prediction& prediction) {
  for (const double logit : prediction.logits)
    if (!std::isfinite(logit))
      throw BagError("the bag: finite features were wanted: the model's answer is not a number: extract the slide again");
}

}  // namespace

std::vector<AbmilSlot> slots(Abmil& network, const ModelCard& card) {
  const auto genes = static_cast<std::int64_t>(card.genes.size());
  const auto embed_dim = card.embed_dim;
  std::vector<AbmilSlot> all{{"feature_scaler.mean", &network.feature_mean, {card.feature_dim}, false},
                             {"feature_scaler.scale", &network.feature_scale, {card.feature_dim}, false}};
  add_linear(all, "patch_embed.0", network.patch_embed, embed_dim, card.feature_dim);
  add_linear(all, "global_attn.attention_a.0", network.attention_a, card.attention_dim, embed_dim);
  add_linear(all, "global_attn.attention_b.0", network.attention_b, card.attention_dim, embed_dim);
  add_linear(all, "global_attn.attention_c", network.attention_c, 1, card.attention_dim);
  if (genes > 0) {
    add_linear(all, "genomic_net.0", network.genomic_net, card.genomic_dim, genes);
    all.push_back({"genomic_null", &network.genomic_null, {card.genomic_dim}, true});
  }
  const auto width = embed_dim + (genes > 0 ? card.genomic_dim : 0);
  add_linear(all, "classifier", network.classifier, static_cast<std::int64_t>(card.classes.size()), width);
  return all;
}

Abmil initial_abmil(const ModelCard& card, std::uint64_t seed) {
  Abmil network;
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  for (auto& slot : slots(network, card)) {
    *slot.tensor = at::zeros(slot.shape, at::kFloat);
    if (slot.shape.size() != 2) continue;
    const double bound = std::sqrt(6.0 / static_cast<double>(slot.shape[1]));
    slot.tensor->uniform_(-bound, bound, generator);
  }
  network.feature_scale.fill_(1.0);
  return network;
}

Abmil abmil_from(const NamedTensors& tensors, const ModelCard& card, const std::filesystem::path& path) {
  const auto refuse = [&](const std::string& wanted, const std::string& found) {
    throw ModelError(fmt::format("{}: {} was wanted: {}: use the folder as 'microtome train' wrote it", path.string(), wanted, found));
  };
  Abmil network;
  std::set<std::string> known;
  for (const auto& slot : slots(network, card)) {
    known.insert(slot.name);
    const auto found = tensors.find(slot.name);
    const auto wanted = fmt::format("tensor '{}' float32 [{}]", slot.name, fmt::join(slot.shape, ", "));
    if (found == tensors.end()) refuse(wanted, "it is missing");
    const auto& tensor = found->second;
    if (tensor.scalar_type() != at::kFloat || tensor.sizes() != at::IntArrayRef(slot.shape))
      refuse(wanted, fmt::format("it is {} [{}]", at::toString(tensor.scalar_type()), fmt::join(tensor.sizes().vec(), ", ")));
    if (!at::isfinite(tensor).all().item<bool>()) refuse(wanted, "it holds NaN or infinity");
    *slot.tensor = tensor;
  }
  for (const auto& [name, tensor] : tensors)
    if (known.count(name) == 0) refuse("only the tensors of the card's network", fmt::format("there is also '{}'", name));
  if (!(network.feature_scale > 0).all().item<bool>()) refuse("a positive 'feature_scaler.scale'", "it holds zero or less");
  return network;
}

at::Tensor Dropout::operator()(const at::Tensor& values) const {
  if (rate <= 0) return values;
  return values * at::empty_like(values, at::TensorOptions().requires_grad(false)).bernoulli_(1.0 - rate, generator).div_(1.0 - rate);
}

at::Tensor training_logits(const Abmil& network, const ModelCard& card, const Bag& bag, const GenomicInput& genomic,
                           const Dropout& dropout) {
  const auto embedded = dropout(embed(network, tile_rows(bag, 0, bag.tiles())));
  const auto attention = at::softmax(raw_attention(network, embedded, dropout), 0);
  auto slide = at::matmul(attention.t(), embedded).squeeze(0);
  if (!card.genes.empty()) {
    const auto embedding = genomic_embedding(network, card, genomic);
    slide = at::cat({slide, genomic.present ? dropout(embedding) : embedding});
  }
  return apply(network.classifier, slide);
}

Prediction predict_abmil(const Abmil& network, const ModelCard& card, const Bag& bag, const GenomicInput& genomic) {
  require_usable(card, bag, genomic);
  if (at::get_num_threads() != 1) at::set_num_threads(1);
  const c10::InferenceMode no_gradient;
  auto scores = score_tiles(network, card, bag);
  softmax(scores.attention);
  Prediction prediction;
  prediction.task = card.task;
  prediction.encoder_random_weights = card.encoder_random_weights;
  prediction.classes = card.classes;
  prediction.offset = class_offsets(network, card, genomic);
  describe_attention(scores.attention, prediction);
  add_contributions(scores, prediction);
  require_finite(prediction);
  prediction.probabilities = prediction.logits;
  softmax(prediction.probabilities);
  const auto& all = prediction.probabilities;
  prediction.predicted = static_cast<int>(std::max_element(all.begin(), all.end()) - all.begin());
  if (!card.genes.empty()) prediction.modalities.push_back({"genomics", genomic.present, "", ""});
  return prediction;
}

}  // namespace microtome
