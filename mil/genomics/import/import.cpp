// SPDX-License-Identifier: Apache-2.0
// Which importer reads which kind, and what is wrong with a table that can be read all the same.
#include "mil/genomics/import/import.h"

#include <array>
#include <cmath>
#include <map>
#include <unordered_map>

#include "mil/genomics/import/gene_names.h"
#include "mil/genomics/import/importers.h"
#include "mil/genomics/units.h"
#include "mil/model_error.h"

namespace microtome {

namespace {

using Importer = std::vector<ImportedTable> (*)(const ImportRequest&);
const std::vector<std::pair<std::string, Importer>> importers{{"mcat", import_mcat},
                                                              {"matrix", import_matrix},
                                                              {"gct", import_gct},
                                                              {"maf", import_maf},
                                                              {"star", import_star},
                                                              {"gistic", import_gistic},
                                                              {"cbioportal", import_cbioportal},
                                                              {"methylation", import_methylation},
                                                              {"table", import_table}};

void add_units_problems(const GenomicTable& table, std::vector<std::string>& problems) {
  const std::string guess = guess_units(table.values, table.genes.size());
  if (table.units.empty()) problems.push_back("units are not stated" + (guess.empty() ? "" : "; the values look like " + guess));
  const bool floor = guess == "log2_tpm_p0.001" && !table.units.empty() && table.units != guess;
  if (floor) problems.push_back("the lowest value is log2(0.001), so the values look like log2_tpm_p0.001, not " + table.units);
}

void add_gene_problems(const GenomicTable& table, std::vector<std::string>& problems) {
  std::size_t dates = 0;
  std::string first;
  for (const std::string& gene : table.genes) {
    if (date_name(gene) && ++dates == 1) first = gene;
  }
  if (dates > 0) problems.push_back(counted(dates, "gene name") + " made dates by a spreadsheet, the first " + first);
}

void add_row_problems(const GenomicTable& table, std::vector<std::string>& problems) {
  const auto patients = table.row_columns.find("patient_id");
  if (patients == table.row_columns.end()) return;
  std::unordered_map<std::string, std::size_t> rows;
  std::size_t several = 0;
  for (const std::string& patient : patients->second) several += !patient.empty() && ++rows[patient] == 2 ? 1 : 0;
  if (several > 0) problems.push_back(counted(several, "patient") + " with several rows: a slide needs a sample id to find one");
}

void add_value_problems(const GenomicTable& table, std::vector<std::string>& problems) {
  if (table.row_ids.empty() || table.genes.empty()) return problems.push_back("the table has no values");
  std::size_t empty = 0;
  for (std::size_t row = 0; row < table.row_ids.size(); ++row) {
    const float* values = table.values.data() + row * table.genes.size();
    std::size_t g = 0;
    while (g < table.genes.size() && std::isnan(values[g])) ++g;
    empty += g == table.genes.size() ? 1 : 0;
  }
  if (empty > 0) problems.push_back(counted(empty, "row") + " without any value");
}

}  // namespace

const std::vector<std::string>& import_kinds() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const auto& [name, importer] : importers) out.push_back(name);
    return out;
  }();
  return names;
}

std::vector<ImportedTable> import_genomics(const ImportRequest& request) {
  for (const auto& [name, importer] : importers) {
    if (name == request.from) return importer(request);
  }
  throw ModelError("import " + request.from + ": no such kind: see microtome genomics --help");
}

std::vector<std::string> table_problems(const GenomicTable& table) {
  std::vector<std::string> problems;
  add_value_problems(table, problems);
  if (!table.values.empty()) add_units_problems(table, problems);
  add_gene_problems(table, problems);
  add_row_problems(table, problems);
  return problems;
}

}  // namespace microtome
