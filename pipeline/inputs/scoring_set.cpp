// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/scoring_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "mil/bag_file.h"
#include "mil/model_error.h"
#include "pipeline/inputs/bag_folder.h"
#include "pipeline/inputs/evaluation_set.h"
#include "pipeline/inputs/multilabel_set.h"
#include "pipeline/inputs/regression_set.h"
#include "pipeline/inputs/survival_set.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

struct FoundBag {
  fs::path path;
  BagHead head;
};

/// By slide id; several of one id are refused when a label wants them.
std::multimap<std::string, FoundBag> read_heads(const Config& config) {
  std::multimap<std::string, FoundBag> out;
  for (const fs::path& path : find_bags(config.evaluate.bags, config.data.features)) {
    BagHead head = read_bag_head(path);
    const std::string id = head.slide_id;
    out.emplace(id, FoundBag{path, std::move(head)});
  }
  return out;
}

void require_fit(const FoundBag& bag, const ModelCard& card, const fs::path& model) {
  const BagHead& head = bag.head;
  try {
    require_match(card, model, head.facts.encoder, head.facts.encoder_sha256, head.feature_dim, head.facts.tile_px, head.facts.target_mpp);
  } catch (const ModelError& e) {
    throw ModelError(fmt::format("{}: the bag of slide '{}' was wanted to fit the model: {}", bag.path.string(), head.slide_id, e.what()));
  }
}

void require_room(const BagToScore& bag, std::int64_t limit) {
  if (limit == 0 || bag.bytes() <= limit) return;
  throw ConfigError(fmt::format("engine.memory_limit: wanted room for the bag of slide '{}' ({} bytes), got {} bytes: raise the limit",
                                bag.keys.slide_id, bag.bytes(), limit));
}

/// Of these slides those whose answer is known.
std::vector<SlideKeys> answered(const std::vector<std::string>& ids, const Config& config, const ModelCard& card) {
  const fs::path& labels = config.evaluate.labels;
  switch (card.kind()) {
    case AnswerKind::classes:
      return labelled_slides(labels, ids);
    case AnswerKind::labels:
      return marked_slides(labels, ids, card.classes);
    case AnswerKind::value:
      return valued_slides(labels, ids, known_column(config, card));
    case AnswerKind::risk:
      break;
  }
  return followed_slides(labels, ids, config.evaluate.censorship);
}

std::vector<SlideKeys> labelled(ScoringSet& set, const std::multimap<std::string, FoundBag>& found, const Config& config, const ModelCard& card) {
  const fs::path& labels = config.evaluate.labels;
  std::vector<std::string> ids;
  for (auto at = found.begin(); at != found.end(); at = found.upper_bound(at->first)) ids.push_back(at->first);
  std::vector<SlideKeys> keys = answered(ids, config, card);
  set.without_label = ids.size() - keys.size();
  for (std::size_t i = 0; i < ids.size() && set.first_without_label.empty(); ++i)
    if (i == keys.size() || keys[i].slide_id != ids[i]) set.first_without_label = ids[i];
  if (keys.empty())
    throw InputError(fmt::format("{}: wanted labels for the bags: none of the {} slides with a bag has one: check the ids", labels.string(), ids.size()));
  return keys;
}

void add_tables(ScoringSet& set, const Config& config, const ModelCard& card) {
  const EvaluateSettings& settings = config.evaluate;
  const TablesAsked asked{settings.genomics, settings.clinical, "", genomic_reading(config), config.run.max_missing_genes};
  if (!asked.any()) return;
  if (card.modalities.empty())
    throw ModelError(fmt::format("{}: wanted a model that uses genes or clinical columns: this one was trained on images alone: leave the table out",
                                 asked.genomics.empty() ? asked.clinical.string() : asked.genomics.front()));
  std::vector<SlideKeys> keys;
  for (const BagToScore& bag : set.bags) keys.push_back(bag.keys);
  set.modalities = std::make_shared<Modalities>(Modalities::of_model(card, asked, keys));
}

}  // namespace

ScoringSet read_scoring_set(const Config& config, const ModelCard& card) {
  const auto found = read_heads(config);
  const std::int64_t limit = parse_bytes(config.engine.memory_limit);
  ScoringSet set;
  for (const SlideKeys& keys : labelled(set, found, config, card)) {
    const auto [first, end] = found.equal_range(keys.slide_id);
    if (std::next(first) != end)
      throw InputError(fmt::format("{}: wanted one bag per slide: '{}' has another in {}: keep runs apart", std::next(first)->second.path.string(),
                                   keys.slide_id, first->second.path.string()));
    const FoundBag& bag = first->second;
    if (bag.head.tiles == 0 && set.without_tiles++ == 0) set.first_without_tiles = keys.slide_id;
    if (bag.head.tiles == 0) continue;
    require_fit(bag, card, config.evaluate.model);
    set.bags.push_back({keys, bag.path, bag.head.tiles, bag.head.feature_dim});
    set.tiles += bag.head.tiles;
    require_room(set.bags.back(), limit);
  }
  if (set.bags.empty())
    throw InputError(fmt::format("{}: wanted bags with tiles: none of the {} labelled ones has any: there is nothing to predict from",
                                 config.evaluate.bags.string(), set.without_tiles));
  add_tables(set, config, card);
  return set;
}

PredictionTable prediction_table(const ScoringSet& set, const ModelCard& card, const std::vector<std::vector<double>>& probabilities) {
  PredictionTable table;
  table.classes = card.classes;
  const double alike = 1.0 / static_cast<double>(card.classes.size());
  for (std::size_t i = 0; i < set.bags.size(); ++i) {
    PredictedRow row;
    row.id = set.bags[i].keys.slide_id;
    row.line = i + 2;
    row.probabilities = probabilities.empty() ? std::vector<double>(card.classes.size(), alike) : probabilities[i];
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string risks_csv(const ScoringSet& set, const std::vector<std::string>& rungs, const BagScores& scores) {
  const auto& answers = scores.survival;
  std::string out = "slide_id,risk";
  const std::vector<double> months = answers.front()->months;
  for (const double month : months) out += fmt::format(",surv_{}", month);
  for (const std::string& rung : rungs) out += "," + csv_cell("ladder_" + rung);
  out += "\n";
  for (std::size_t i = 0; i < answers.size(); ++i) {
    out += fmt::format("{},{}", csv_cell(set.bags[i].keys.slide_id), answers[i]->risk);
    for (const double month : months) out += fmt::format(",{}", survival_at(*answers[i], month));
    for (const double risk : scores.ladder[i]) out += fmt::format(",{}", risk);
    out += "\n";
  }
  return out;
}

std::string values_csv(const ScoringSet& set, const BagScores& scores) {
  std::string out = "slide_id,value\n";
  for (std::size_t i = 0; i < set.bags.size(); ++i) out += fmt::format("{},{}\n", csv_cell(set.bags[i].keys.slide_id), *scores.values[i]);
  return out;
}

std::string known_column(const Config& config, const ModelCard& card) {
  return card.value && !config.given.contains("evaluate.target") ? card.classes.front() : config.evaluate.target;
}

std::string predictions_csv(const PredictionTable& table) {
  std::string out = "slide_id";
  for (const std::string& name : table.classes) out += "," + csv_cell("prob_" + name);
  out += "\n";
  for (const PredictedRow& row : table.rows) {
    out += csv_cell(row.id);
    for (const double probability : row.probabilities) out += fmt::format(",{}", probability);
    out += "\n";
  }
  return out;
}

}  // namespace microtome
