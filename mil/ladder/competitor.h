// SPDX-License-Identifier: Apache-2.0
// The simpler models that were trained beside a survival model and lie in its folder, ladder/<name>/: each a slide model of its own, or, of the clinical
// columns, cox.json. The model's card lists them with a sha256, so that another's or a damaged one is noticed. No torch type at this door.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mil/aggregators/slide_model.h"
#include "mil/ladder/cox_card.h"

namespace microtome {

class AllowedModels;

inline constexpr const char* ladder_folder_name = "ladder";
inline constexpr const char* kClinicalCox = "clinical-cox";

/// One of them, ready to answer. Thread-safe.
class Competitor {
 public:
  /// `whole`: the card of the model beside which it was trained. Throws ModelError, naming `folder`: not of survival, or a table that the whole model does
  /// not take, or takes with other features.
  Competitor(std::string name, std::shared_ptr<const SlideModel> model, const ModelCard& whole, const std::filesystem::path& folder);
  Competitor(std::string name, CoxCard cox, const ModelCard& whole, const std::filesystem::path& folder);

  const std::string& name() const { return name_; }
  /// Indices into the whole model's modalities.
  const std::vector<std::size_t>& tables() const { return tables_; }
  /// `tables`: one a modality of the whole model; it is given those that it was trained with. Throws BagError as SlideModel::predict.
  double risk(const Bag& bag, const std::vector<TableRow>& tables) const;

 private:
  std::string name_;
  std::vector<std::size_t> tables_;
  std::shared_ptr<const SlideModel> model_;  // null: Cox's regression
  std::optional<CoxCard> cox_;
};

/// Those that `card`, of the model in `folder`, lists, in its order; they must be there. Throws ModelError: a folder or file missing or damaged, another sha256,
/// weights that the list does not allow (null: no list).
std::vector<Competitor> load_competitors(const std::filesystem::path& folder, const ModelCard& card, const AllowedModels* allowed = nullptr);

/// What a card lists of the competitor in this folder: over cox.json, or model.json and those of an ensemble's members, which name their weights' sha256
/// in their turn. Throws ModelError.
std::string competitor_sha256(const std::filesystem::path& folder);

}  // namespace microtome
