// SPDX-License-Identifier: Apache-2.0
// Slides whose features an earlier run has left: they are scored again without being opened.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/jobs.h"
#include "pipeline/run_parts.h"

namespace microtome {

/// The slides of an earlier run below `folder`, by id: every folder that holds a findings.json of ours; `bags` is set in each row. Throws
/// ConfigError: no such folder, no slide in it, one id twice.
std::vector<ManifestRow> read_finished_slides(const std::filesystem::path& folder);

/// Recipe of the slide's features in the folder of an earlier run; "" where there are none. Opens the file.
std::string finished_bag_recipe(const RunParts& parts, const std::filesystem::path& folder);

/// Throws ModelError where the first of these slides that has features does not go with the model: all of them are of one run.
void require_bags_fit(const RunParts& parts, const std::vector<ManifestRow>& rows);

/// Takes over what an earlier run says of the slide: from row.bags, or from the slide's own folder of results if its features there were made
/// as they would be today. Fills document, frame, outcome and `finished`. False: the slide has to be read. Throws SlideError (the earlier
/// run's failure, no_features) and BagError for row.bags.
bool take_finished(const RunParts& parts, SlideJob& job);

/// Reads the bag of a slide that take_finished has taken. Waits for storage. Throws BagError, ModelError (made otherwise than the model wants).
void load_finished(const RunParts& parts, SlideJob& job);

}  // namespace microtome
