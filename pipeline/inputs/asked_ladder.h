// SPDX-License-Identifier: Apache-2.0
// The rungs that `evaluate --model` asks beside a survival model, in the order in which training writes them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "mil/aggregators/slide_model.h"
#include "mil/ladder/competitor.h"

namespace microtome {

class AskedLadder {
 public:
  /// The competitors in their order, then the model itself without each table and without the tiles. `given`: of each of the model's tables, whether there is
  /// one; without any of its tables a competitor is left out, as is what the model is anyhow without a table that was not given. `model` must outlive it.
  AskedLadder(const SlideModel& model, std::vector<Competitor> competitors, const std::vector<bool>& given);

  const std::vector<std::string>& names() const { return names_; }
  const std::vector<std::string>& left_out() const { return left_out_; }
  /// One a name. `tables`: as SlideModel::predict takes them, or none. Thread-safe. Throws BagError as predict does. Costs a pass a rung.
  std::vector<double> risks(const Bag& bag, const std::vector<TableRow>& tables) const;

 private:
  void add(const std::string& name, bool asked);

  const SlideModel& model_;
  std::vector<Competitor> competitors_;  // those that are asked
  std::vector<std::size_t> without_;     // likewise, of SlideModel::ablated_risks
  std::vector<std::string> names_, left_out_;
};

/// What a user should know before it is asked, each a sentence: competitors that training did not keep, or that were not copied with the model, and rungs that
/// are left out. Nothing of a ladder that is whole.
std::vector<std::string> ladder_remarks(const AskedLadder& ladder, const std::filesystem::path& model, const ModelCard& card);

/// The competitors of the model in `folder`; none where its ladder/ is not there. Throws ModelError as load_competitors.
std::vector<Competitor> competitors_there(const std::filesystem::path& folder, const ModelCard& card, const AllowedModels* allowed);

}  // namespace microtome
