// SPDX-License-Identifier: Apache-2.0
#include "mil/ladder/competitor.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "mil/aggregators/model_card.h"
#include "mil/allowed_models.h"
#include "mil/model_error.h"
#include "mil/sha256.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

std::size_t table_of(const ModelCard& whole, const std::string& name, const std::vector<std::string>& features, const fs::path& folder) {
  const auto found = std::find_if(whole.modalities.begin(), whole.modalities.end(), [&](const Modality& one) { return one.name == name; });
  if (found == whole.modalities.end() || found->features != features)
    throw ModelError(fmt::format("{}: a simpler model with tables of the whole one was wanted: it takes a table '{}' that the whole one {}: use the folder as "
                                 "'microtome train' wrote it",
                                 folder.string(), name, found == whole.modalities.end() ? "does not take" : "takes with other features"));
  return static_cast<std::size_t>(found - whole.modalities.begin());
}

Competitor load_competitor(const fs::path& folder, const std::string& name, const ModelCard& whole, const AllowedModels* allowed) {
  if (name != kClinicalCox) return {name, load_slide_model(folder, allowed), whole, folder};
  CoxCard cox = read_cox_card(folder);
  require_allowed(allowed, folder / cox_file_name, sha256_of_file(folder / cox_file_name));
  return {name, std::move(cox), whole, folder};
}

void require_listed(const KeptRung& listed, const fs::path& folder) {
  const std::string found = competitor_sha256(folder);
  if (found != listed.sha256)
    throw ModelError(fmt::format("{}: the simpler model with sha256 {} was wanted: this has {}: it is of another training or was changed, copy the model's folder "
                                 "again",
                                 folder.string(), listed.sha256, found));
}

}  // namespace

Competitor::Competitor(std::string name, std::shared_ptr<const SlideModel> model, const ModelCard& whole, const fs::path& folder)
    : name_(std::move(name)), model_(std::move(model)) {
  if (!model_->card().survival)
    throw ModelError(fmt::format("{}: a model of survival was wanted, as the whole one is: it is one of classes: use the folder as 'microtome train' wrote it",
                                 folder.string()));
  for (const Modality& one : model_->card().modalities) tables_.push_back(table_of(whole, one.name, one.features, folder));
}

Competitor::Competitor(std::string name, CoxCard cox, const ModelCard& whole, const fs::path& folder)
    : name_(std::move(name)), tables_{table_of(whole, cox.table, cox.columns, folder)}, cox_(std::move(cox)) {}

double Competitor::risk(const Bag& bag, const std::vector<TableRow>& tables) const {
  std::vector<TableRow> seen;
  for (const std::size_t m : tables_) seen.push_back(m < tables.size() ? tables[m] : TableRow{});
  if (!cox_) return model_->answer(bag, seen).survival->risk;
  const TableRow& row = seen.front();
  if (row.present && row.values.size() != cox_->columns.size())
    throw BagError(fmt::format("the table {}: {} values were wanted: there are {}: give those that the model's card lists", cox_->table, cox_->columns.size(),
                               row.values.size()));
  return cox_risk(*cox_, row);
}

std::vector<Competitor> load_competitors(const fs::path& folder, const ModelCard& card, const AllowedModels* allowed) {
  std::vector<Competitor> competitors;
  for (const KeptRung& listed : card.ladder) {
    const fs::path place = folder / ladder_folder_name / listed.name;
    competitors.push_back(load_competitor(place, listed.name, card, allowed));  // what is damaged says so itself, with file and key
    require_listed(listed, place);
  }
  return competitors;
}

std::string competitor_sha256(const fs::path& folder) {
  std::error_code error;
  if (fs::is_regular_file(folder / cox_file_name, error)) return sha256_of_file(folder / cox_file_name);
  std::string cards = sha256_of_file(folder / card_file_name) + "\n";
  for (const std::string& member : read_model_card(folder).card.members) cards += sha256_of_file(folder / member / card_file_name) + "\n";
  return sha256_of_text(cards);
}

}  // namespace microtome
