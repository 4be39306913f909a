// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/asked_ladder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace microtome {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& model) {
  std::error_code error;
  return fs::is_directory(model / ladder_folder_name, error);
}

}  // namespace

AskedLadder::AskedLadder(const SlideModel& model, std::vector<Competitor> competitors, const std::vector<bool>& given) : model_(model) {
  const auto is_given = [&](std::size_t m) { return m < given.size() && given[m]; };
  for (Competitor& one : competitors) {
    const bool asked = one.tables().empty() || std::any_of(one.tables().begin(), one.tables().end(), is_given);
    add(one.name(), asked);
    if (asked) competitors_.push_back(std::move(one));
  }
  const auto& modalities = model.card().modalities;
  for (std::size_t m = 0; m < modalities.size(); ++m) {
    add("without-" + modalities[m].name, is_given(m));
    if (is_given(m)) without_.push_back(m + 1);
  }
  if (modalities.empty()) return;
  const bool any = !without_.empty();
  add("without-tiles", any);
  if (any) without_.push_back(0);
}

void AskedLadder::add(const std::string& name, bool asked) { (asked ? names_ : left_out_).push_back(name); }

std::vector<double> AskedLadder::risks(const Bag& bag, const std::vector<TableRow>& tables) const {
  std::vector<double> risks;
  for (const Competitor& one : competitors_) risks.push_back(one.risk(bag, tables));
  if (without_.empty()) return risks;
  const std::vector<double> ablated = model_.ablated_risks(bag, tables);
  for (const std::size_t missing : without_) risks.push_back(ablated.at(missing));
  return risks;
}

std::vector<std::string> ladder_remarks(const AskedLadder& ladder, const fs::path& model, const ModelCard& card) {
  std::vector<std::string> remarks;
  if (card.modalities.empty()) return remarks;
  std::vector<std::string> kept;
  for (const KeptRung& one : card.ladder) kept.push_back(one.name);
  if (kept.empty())
    remarks.push_back(fmt::format("{}: no simpler models are kept with this model, as train --train.ladder does: its ladder is the model itself without each input",
                                  model.string()));
  else if (!is_there(model))
    remarks.push_back(fmt::format("{}: the folder is not there, and with it {} are missing from the ladder: copy it with the model",
                                  (model / ladder_folder_name).string(), fmt::join(kept, ", ")));
  if (!ladder.left_out().empty())
    remarks.push_back(fmt::format("left out of the ladder, as no table that they see was given: {}", fmt::join(ladder.left_out(), ", ")));
  return remarks;
}

std::vector<Competitor> competitors_there(const fs::path& folder, const ModelCard& card, const AllowedModels* allowed) {
  return is_there(folder) ? load_competitors(folder, card, allowed) : std::vector<Competitor>();
}

}  // namespace microtome
