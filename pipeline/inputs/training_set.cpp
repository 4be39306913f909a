// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/training_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unistd.h>

#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include "mil/bag_file.h"
#include "mil/model_error.h"
#include "mil/sha256.h"
#include "pipeline/inputs/bag_folder.h"
#include "pipeline/inputs/delimited_table.h"
#include "pipeline/inputs/gene_sets.h"
#include "pipeline/inputs/training_labels.h"
#include "pipeline/options.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

void require_same_making(ModelCard& card, const BagFacts& facts, const Bag& bag, const fs::path& path) {
  if (card.encoder_sha256.empty()) {
    card.encoder = facts.encoder;
    card.encoder_sha256 = facts.encoder_sha256;
    card.encoder_random_weights = facts.random_weights;
    card.feature_dim = bag.feature_dim;
    card.tile_px = facts.tile_px;
    card.mpp = facts.target_mpp;
  }
  if (card.encoder_sha256 != facts.encoder_sha256 || card.feature_dim != bag.feature_dim || card.tile_px != facts.tile_px ||
      card.mpp != facts.target_mpp) {
    throw ModelError(fmt::format(
        "{}: wanted bags that were made alike ({}, {} features, {} px at {} mpp), got {}, {} features, {} px at {} mpp: keep runs apart",
        path.string(), card.encoder, card.feature_dim, card.tile_px, card.mpp, facts.encoder, bag.feature_dim, facts.tile_px,
        facts.target_mpp));
  }
}

std::map<std::string, int> read_splits(const fs::path& path) {
  const DelimitedTable table = read_delimited(path);
  const auto patient = table.column("patient_id"), fold = table.column("fold");
  if (!patient || !fold) throw ConfigError(fmt::format("{}: wanted the columns patient_id and fold in the header row", path.string()));
  std::map<std::string, int> out;
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const std::string& text = table.rows[r][*fold];
    int value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0) {
      throw ConfigError(fmt::format("{}: row {}: wanted a fold 0, 1, 2, ..., got '{}'", path.string(), r + 2, text));
    }
    if (!out.emplace(table.rows[r][*patient], value).second)
      throw ConfigError(fmt::format("{}: row {}: wanted each patient once", path.string(), r + 2));
  }
  return out;
}

void add_folds(TrainingSet& set, const fs::path& path) {
  if (path.empty()) return;
  const auto folds = read_splits(path);
  for (auto& slide : set.slides) {
    const auto found = folds.find(slide.patient_id);
    if (found == folds.end())
      throw ConfigError(
          fmt::format("{}: wanted a fold for every patient: the one of slide {} has none", path.string(), slide.bag.slide_id));
    slide.fold = found->second;
  }
}

/// Returns what they add to the recipe.
std::string add_gene_sets(ModelCard& card, const fs::path& path) {
  if (path.empty()) return "";
  const auto sets = read_gene_sets(path);
  for (Modality& modality : card.modalities)
    if (modality.name != kClinicalModality) modality.groups = groups_of(sets, modality, path);
  return " sets " + sha256_of_file(path);
}

/// A model that reads its answer learns nothing else.
void require_no_answer(const ModelCard& card, const Config& config) {
  for (const Modality& modality : card.modalities)
    for (const std::string& feature : modality.features)
      if (config.train.task == "regression" && modality.name == kClinicalModality && feature == config.data.target)
        throw ConfigError(fmt::format("{}: wanted clinical columns without '{}', which is to be predicted: name the others with --data.clinical_columns", config.run.clinical.string(),
                                      feature));
}

/// Returns what the tables' part of the recipe is.
std::string add_tables(TrainingSet& set, const Config& config) {
  const TablesAsked asked{config.run.genomics, config.run.clinical, config.data.clinical_columns, genomic_reading(config), 0};
  if (!asked.any()) return "";
  std::vector<SlideKeys> keys;
  for (const auto& slide : set.slides) keys.push_back({slide.bag.slide_id, slide.patient_id, tcga_sample(slide.bag.slide_id).value_or("")});
  const Modalities modalities = Modalities::of_tables(asked, keys);
  for (const auto& table : modalities.tables()) set.joined.push_back({table.name, table.source->audit()});
  for (std::size_t i = 0; i < keys.size(); ++i) set.slides[i].tables = modalities.rows(keys[i]);
  set.card.modalities = modalities.cards();
  require_no_answer(set.card, config);
  return modalities.recipe() + " columns " + config.data.clinical_columns + add_gene_sets(set.card, config.data.gene_sets);
}

/// Tissue source site of a TCGA barcode, "TCGA-02-0001-...".
std::string site_of(const TrainingLabel& label, const std::string& slide_id) {
  if (!label.site.empty()) return label.site;
  return tcga_patient(slide_id) ? slide_id.substr(5, 2) : "";
}

/// Half of the machine's memory where no limit was set: what does not fit is read again each time it is needed.
std::int64_t bytes_for_bags(const Config& config) {
  const std::int64_t limit = parse_bytes(config.engine.memory_limit);
  return limit > 0 ? limit : static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE) / 2;
}

TrainingLabels read_labels(const Config& config) {
  const std::string& task = config.train.task;
  const fs::path& path = config.data.labels;
  if (task == "survival") return TrainingLabels::followed(path, config.data.censorship);
  if (task == "multilabel") return TrainingLabels::marks(path, config.given.contains("data.target") ? column_names(config.data.target) : std::vector<std::string>());
  return task == "regression" ? TrainingLabels::values(path, config.data.target) : TrainingLabels::classes(path);
}

}  // namespace

TrainingSet read_training_set(const Config& config) {
  const TrainingLabels labels = read_labels(config);
  TrainingSet set;
  set.card.task = config.train.task;
  set.card.classes = labels.class_names();
  std::string recipe = "train=3\n" + result_settings(config, {"train"});
  if (config.train.task == "multilabel" || config.train.task == "regression") recipe += fmt::format("{}\n", fmt::join(set.card.classes, ","));
  std::int64_t room = bytes_for_bags(config);
  std::set<std::string> seen;
  std::set<const TrainingLabel*> used;
  for (const auto& path : find_bags(config.data.bags, config.data.features)) {
    BagFile file = read_bag_file(path);
    const TrainingLabel* label = labels.find(file.bag.slide_id);
    if (label) used.insert(label);
    if (!label && set.bags_without_label++ == 0) set.first_without_label = file.bag.slide_id;
    if (label && file.bag.tiles() == 0 && set.bags_without_tiles++ == 0) set.first_without_tiles = file.bag.slide_id;
    if (!label || file.bag.tiles() == 0) continue;
    if (!seen.insert(file.bag.slide_id).second)
      throw ConfigError(fmt::format("{}: wanted one bag per slide: '{}' has two", path.string(), file.bag.slide_id));
    require_same_making(set.card, file.facts, file.bag, path);
    recipe += fmt::format("{} {} {} {}\n", file.bag.slide_id, file.facts.recipe, label->patient_id, label->text);
    TrainingSlide slide;
    slide.patient_id = !label->patient_id.empty() ? label->patient_id : tcga_patient(file.bag.slide_id).value_or(file.bag.slide_id);
    slide.label = label->index;
    slide.months = label->months;
    slide.event = label->event;
    slide.marks = label->marks;
    slide.value = label->value;
    slide.site = site_of(*label, file.bag.slide_id);
    const auto bytes = static_cast<std::int64_t>(file.bag.features.size() * sizeof(float));
    slide.bag = std::move(file.bag);
    room -= bytes;
    if (room < 0) {
      slide.bag.features = {};
      slide.load = [path] { return read_bag_file(path).bag; };
      ++set.bags_read_again;
    }
    set.slides.push_back(std::move(slide));
  }
  if (set.slides.empty()) {
    throw ConfigError(fmt::format("{}: wanted labels for the bags: none of the {} bags has one: check the ids", config.data.labels.string(),
                                  set.bags_without_label));
  }
  const auto unknown = labels.unused(used);
  set.labels_without_bag = unknown.size();
  if (!unknown.empty()) set.first_without_bag = unknown.front();
  std::sort(set.slides.begin(), set.slides.end(), [](const auto& a, const auto& b) { return a.bag.slide_id < b.bag.slide_id; });
  add_folds(set, config.data.splits);
  recipe += "tables=" + add_tables(set, config) + "\n";
  if (config.train.task == "survival" && config.train.ladder && !set.card.modalities.empty()) recipe += "ladder=kept\n";
  for (const auto& slide : set.slides) recipe += fmt::format("{}:{}:{} ", slide.patient_id, slide.fold, slide.site);
  set.recipe = sha256_of_text(recipe);
  return set;
}

}  // namespace microtome
