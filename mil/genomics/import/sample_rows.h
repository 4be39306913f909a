// SPDX-License-Identifier: Apache-2.0
// Texts whose rows are samples, patients or slides and whose columns are genes and clinical facts: MCAT's and PORPOISE's tables, and plain
// matrices. Internal to mil/genomics/import.
#pragma once

#include <map>

#include <string>
#include <vector>

#include "mil/genomics/import/cells.h"
#include "mil/genomics/table.h"

namespace microtome {

/// One modality, a row each of the text.
struct RowBlock {
  std::string modality;
  std::vector<std::string> genes;
  std::vector<float> values;
};

struct SampleRows {
  std::vector<std::string> ids;    // of the id column
  std::vector<std::size_t> lines;  // of each row, for messages
  std::map<std::string, std::vector<std::string>> texts;
  std::map<std::string, std::vector<double>> numbers;
  std::vector<RowBlock> blocks;  // those that have genes
};

/// suffixes: columns end in _rnaseq, _cnv, _mut (letter case counts: MUT is a gene), all others are mutations; else everything is one block
/// without a name. id: position of the id column. Clinical columns go by name; "" and "Unnamed: N" are junk of pandas. Throws ModelError.
SampleRows read_sample_rows(CellReader& reader, std::size_t id, bool suffixes);

}  // namespace microtome
