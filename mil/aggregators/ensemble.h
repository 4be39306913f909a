// SPDX-License-Identifier: Apache-2.0
// Several models of one task as one: the mean of what they say. Internal to mil/: torch types.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "mil/aggregators/mil_network.h"

namespace microtome {

/// Each member as a model folder of its own, "member-1" and so on, then model.json naming them and the `ladder`; what is left of
/// an older model goes. Throws ModelError.
void save_ensemble(const std::filesystem::path& folder, const std::vector<const MilNetwork*>& members, const std::string& training_json,
                   const std::vector<KeptRung>& ladder = {});

/// What an older ensemble left in the folder of a model: members of a number above `kept`.
void remove_members(const std::filesystem::path& folder, std::size_t kept);

/// Logits, attention, contributions and offsets are the members' means, so contributions still add up to logits; probabilities are the softmax of the
/// mean logits. `sha256`: of the members' together. All of one shape.
std::shared_ptr<const SlideModel> join_models(std::vector<std::shared_ptr<const SlideModel>> members, ModelCard card, std::string sha256);

/// What an ensemble's card gives as weights_sha256: over the members' own, in order.
std::string members_sha256(const std::vector<std::string>& sha256_of_members);

}  // namespace microtome
