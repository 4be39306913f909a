// SPDX-License-Identifier: Apache-2.0
#include "mil/aggregators/aggregator.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>

#include "mil/aggregators/aggregator_list.h"
#include "mil/model_error.h"

namespace microtome {
namespace {

enum class Takes { no_tables, any_tables, some_table, tokens };  // tokens: some table, whose tokens are as wide as the tiles'

struct Entry {
  const char* name;
  std::int64_t attention_dim;  // of the publication
  std::int64_t heads;          // embed_dim must be a multiple of this
  Takes tables;
  std::unique_ptr<Aggregator> (*make)(const ModelCard&);
};

// clang-format off
constexpr std::array kEntries{
    Entry{"mean", 384, 1, Takes::no_tables, [](const ModelCard& card) { return make_mean_pooling(card); }},
    Entry{"max", 384, 1, Takes::no_tables, [](const ModelCard& card) { return make_max_pooling(card); }},
    Entry{"top-k", 384, 1, Takes::no_tables, [](const ModelCard& card) { return make_top_k(card); }},
    Entry{"abmil", 384, 1, Takes::any_tables, [](const ModelCard& card) { return make_abmil(card, false); }},
    Entry{"abmil-gated", 384, 1, Takes::any_tables, [](const ModelCard& card) { return make_abmil(card, true); }},
    Entry{"porpoise", 256, 2, Takes::some_table, [](const ModelCard& card) { return make_porpoise(card); }},
    Entry{"mcat", 256, 8, Takes::tokens, [](const ModelCard& card) { return make_mcat(card); }},
    Entry{"survpath", 384, 4, Takes::tokens, [](const ModelCard& card) { return make_survpath(card); }},
    Entry{"tables", 384, 1, Takes::some_table, [](const ModelCard& card) { return make_tables_alone(card); }},
    Entry{"clam-sb", 256, 1, Takes::no_tables, [](const ModelCard& card) { return make_clam(card, false, true); }},
    Entry{"clam-mb", 256, 1, Takes::no_tables, [](const ModelCard& card) { return make_clam(card, true, true); }},
    Entry{"clam-sb-plain", 256, 1, Takes::no_tables, [](const ModelCard& card) { return make_clam(card, false, false); }},
    Entry{"clam-mb-plain", 256, 1, Takes::no_tables, [](const ModelCard& card) { return make_clam(card, true, false); }},
    Entry{"dsmil", 128, 1, Takes::no_tables, [](const ModelCard& card) { return make_dsmil(card); }},
    Entry{"transmil", 384, 8, Takes::no_tables, [](const ModelCard& card) { return make_transmil(card); }},
    Entry{"transformer", 384, 8, Takes::no_tables, [](const ModelCard& card) { return make_transformer(card); }},
    Entry{"patch-gcn", 512, 4, Takes::no_tables, [](const ModelCard& card) { return make_patch_gcn(card); }}};
// clang-format on

const Entry* find(const std::string& name) {
  const auto found = std::find_if(kEntries.begin(), kEntries.end(), [&](const Entry& entry) { return name == entry.name; });
  return found == kEntries.end() ? nullptr : found;
}

const Entry& entry_of(const std::string& name) {
  const Entry* entry = find(name);
  if (entry == nullptr) throw ModelError(fmt::format("the aggregator: one of {} was wanted: found '{}'", aggregator_names(), name));
  return *entry;
}

void require_tables(const ModelCard& card, const Entry& entry) {
  if (!card.modalities.empty() && entry.tables == Takes::no_tables)
    throw ModelError(fmt::format("{}: an aggregator that takes tables was wanted: this one reads tiles alone: use abmil-gated or abmil, or "
                                 "leave the tables out",
                                 card.aggregator));
  if (card.modalities.empty() && needs_tables(card.aggregator))
    throw ModelError(fmt::format("{}: a table beside the tiles was wanted: there is none: give one, or use abmil-gated", card.aggregator));
  for (const Modality& modality : card.modalities)
    if (entry.tables == Takes::tokens && modality.dim != card.embed_dim)
      throw ModelError(fmt::format("{}: tables encoded as wide as the tiles ({}) were wanted: {} has {}: train it again", card.aggregator,
                                   card.embed_dim, modality.name, modality.dim));
}

}  // namespace

BagInput without_padding(const BagInput& bag, const at::Tensor& mask) {
  const at::Tensor kept = at::nonzero(mask).squeeze(1);
  BagInput real = bag;
  real.raw = bag.raw.index_select(0, kept);
  real.coords = bag.coords.index_select(0, kept);
  return real;
}

const char* aggregator_names() {
  return "mean, max, top-k, abmil, abmil-gated, clam-sb, clam-mb, clam-sb-plain, clam-mb-plain, dsmil, transmil, transformer, patch-gcn, "
         "porpoise, mcat, survpath, tables";
}

bool is_aggregator(const std::string& name) { return find(name) != nullptr; }
bool takes_tables(const std::string& name) { return entry_of(name).tables != Takes::no_tables; }
bool needs_tables(const std::string& name) { return entry_of(name).tables == Takes::some_table || joins_tokens(name); }
bool aligns_tables(const std::string& name) { return name == "abmil" || name == "abmil-gated" || name == "porpoise"; }
bool joins_tokens(const std::string& name) { return entry_of(name).tables == Takes::tokens; }
std::int64_t usual_attention_dim(const std::string& name) { return entry_of(name).attention_dim; }

std::unique_ptr<Aggregator> make_aggregator(const ModelCard& card) {
  const Entry& entry = entry_of(card.aggregator);
  if (card.embed_dim % entry.heads != 0)
    throw ModelError(fmt::format("{}: an embed_dim that {} divides was wanted: found {}", card.aggregator, entry.heads, card.embed_dim));
  require_tables(card, entry);
  return entry.make(card);
}

}  // namespace microtome
