// SPDX-License-Identifier: Apache-2.0
// Gene sets of a file, for the encoders that read a table set by set (pathways, groups).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "mil/aggregators/slide_model.h"

namespace microtome {

struct GeneSet {
  std::string name;
  std::vector<std::string> genes;  // each once
};

/// A .gmt (name, description, genes, separated by tabs; MSigDB) or a CSV with a column a set, ragged, as MCAT's and SurvPath's signatures. Throws
/// ConfigError naming the line: a set without genes or name, a name twice, no sets.
std::vector<GeneSet> read_gene_sets(const std::filesystem::path& path);

/// The sets as groups of a modality's features, by name; genes that the table does not have are left out, and so are sets without any. A gene may be in
/// several. Throws ConfigError naming `path` where no set is left.
std::vector<FeatureGroup> groups_of(const std::vector<GeneSet>& sets, const Modality& modality, const std::filesystem::path& path);

}  // namespace microtome
