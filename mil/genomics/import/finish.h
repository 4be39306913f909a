// SPDX-License-Identifier: Apache-2.0
// What every import ends with: patients, names of genes, one row a sample, units, provenance. Internal to mil/genomics/import.
#pragma once

#include "mil/genomics/import/import.h"

namespace microtome {

/// Throws ModelError with `path` in front.
void finish_import(ImportedTable& imported, const ImportRequest& request, const std::filesystem::path& path);
/// The same for one of several tables of a file, whose fingerprint is taken once.
void finish_import(ImportedTable& imported, const ImportRequest& request, const std::filesystem::path& path, const std::string& sha256);
/// Empty for a folder.
std::string source_sha256(const std::filesystem::path& path);

/// Several aliquots of one TCGA sample become one row: alike, or by the rule of Broad's Firehose: for RNA analyte H before R before T, for
/// DNA D before others, then the higher plate.
void keep_one_aliquot(ImportedTable& imported);

/// Repeated genes become one by request.duplicate_genes, or ModelError.
void settle_duplicate_genes(ImportedTable& imported, const std::string& rule, const std::filesystem::path& path);

}  // namespace microtome
