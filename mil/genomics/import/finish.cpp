// SPDX-License-Identifier: Apache-2.0
#include "mil/genomics/import/finish.h"

#include <algorithm>
#include <unordered_map>

#include "mil/genomics/gene_aliases.h"
#include "mil/genomics/import/gene_names.h"
#include "mil/genomics/import/importers.h"
#include "mil/genomics/import/reference.h"
#include "mil/genomics/join.h"
#include "mil/genomics/table_check.h"
#include "mil/genomics/units.h"
#include "mil/h5_file.h"
#include "mil/model_error.h"
#include "mil/sha256.h"

namespace microtome {

namespace {

constexpr std::size_t examples = 5;

void trim_names(GenomicTable& table) {
  for (std::string& id : table.row_ids) id = trimmed_id(id);
  for (std::string& gene : table.genes) gene = trimmed_id(gene);
}

/// 2-Sep was SEPT2; 1-Mar may have been two genes and stays what it is, so that no model takes it for either.
void restore_date_names(ImportedTable& imported) {
  std::size_t restored = 0;
  std::size_t lost = 0;
  std::string named;
  for (std::string& gene : imported.table.genes) {
    const std::optional<DateName> date = date_name(gene);
    if (!date) continue;
    const bool certain = !date->symbol.empty();
    if (restored + lost < examples) named += (named.empty() ? "" : ", ") + gene + (certain ? " was " + date->symbol : " is lost");
    certain ? ++restored : ++lost;
    if (certain) gene = date->symbol;
  }
  if (restored + lost == 0) return;
  imported.remarks.push_back("a spreadsheet made dates of " + counted(restored + lost, "gene name") + " (" + named +
                             "): " + std::to_string(restored) + " restored, " + std::to_string(lost) + " could be more than one gene");
}

void approve_names(ImportedTable& imported, const std::filesystem::path& path) {
  if (path.empty()) return;
  const GeneAliases aliases = read_gene_aliases(path);
  std::vector<std::string>& genes = imported.table.genes;
  const std::unordered_map<std::string, std::size_t> known = [&] {
    std::unordered_map<std::string, std::size_t> names;
    for (std::size_t i = 0; i < genes.size(); ++i) names.emplace(genes[i], i);
    return names;
  }();
  std::size_t renamed = 0;
  for (std::string& gene : genes) {
    const std::string& approved = aliases.approved(gene);
    if (approved == gene || known.contains(approved)) continue;
    gene = approved;
    ++renamed;
  }
  imported.remarks.push_back(counted(renamed, "gene") + " renamed to the approved symbol");
}

std::unordered_map<std::string, std::string> read_patients(const std::filesystem::path& path) {
  const TextFile file = TextFile::read(path);
  CellReader reader(file.text(), path.string());
  reader.next();
  const std::size_t sample = require_column(reader, "sample_id");
  const std::size_t patient = require_column(reader, "patient_id");
  std::unordered_map<std::string, std::string> patients;
  while (reader.next()) patients[std::string(reader.cell(sample))] = reader.cell(patient);
  return patients;
}

void add_patients(ImportedTable& imported, const ImportRequest& request) {
  GenomicTable& table = imported.table;
  if (table.row_columns.contains("patient_id")) return;
  const bool mapped = !request.samples.empty() && request.from != "star";
  const auto patients = mapped ? read_patients(request.samples) : std::unordered_map<std::string, std::string>{};
  std::vector<std::string> column;
  std::size_t unknown = 0;
  for (const std::string& id : table.row_ids) {
    const auto found = patients.find(id);
    unknown += mapped && found == patients.end() ? 1 : 0;
    column.push_back(found != patients.end() ? found->second : tcga_patient(id).value_or(id));
  }
  if (unknown > 0)
    imported.remarks.push_back(counted(unknown, "sample") + " not in the list of samples: the barcode or the id itself names the patient");
  table.row_columns["patient_id"] = std::move(column);
}

void add_sample_types(GenomicTable& table) {
  std::vector<std::string> types;
  bool any = false;
  for (const std::string& id : table.row_ids) {
    types.push_back(tcga_sample(id) ? id.substr(13, 2) : "");
    any = any || !types.back().empty();
  }
  if (any) table.row_columns.emplace("sample_type", std::move(types));
}

void settle_units(ImportedTable& imported, const ImportRequest& request, const std::filesystem::path& path) {
  GenomicTable& table = imported.table;
  const auto guessed = [&] { return guess_units(table.values, table.genes.size()); };
  if (table.units.empty()) table.units = request.units;
  if (table.units.empty()) {
    const std::string guess = guessed();
    throw ModelError(path.string() + ": wanted the units of the values: the format does not say them" +
                     (guess.empty() ? "" : ", they look like " + guess) + ": give --units");
  }
  with_path<ModelError>(path, "", [&] {
    try {
      require_possible(table, table.values, {});
    } catch (const H5Fault& fault) {
      const std::string guess = guessed();
      const std::string advice = guess.empty() || guess == table.units ? fault.advice() : "they look like " + guess + ": give --units";
      throw H5Fault("import " + table.modality + (table.modality.empty() ? "as " : " as ") + table.units, fault.said(), advice);
    }
  });
}

void add_provenance(GenomicTable& table, const ImportRequest& request, const std::string& sha256) {
  table.notes["source"] = request.from;
  if (!sha256.empty()) table.notes["source_sha256"] = sha256;
  if (!request.genome_build.empty()) table.notes.emplace("genome_build", request.genome_build);
}

}  // namespace

std::string source_sha256(const std::filesystem::path& path) { return std::filesystem::is_directory(path) ? "" : sha256_of_file(path); }

void finish_import(ImportedTable& imported, const ImportRequest& request, const std::filesystem::path& path) {
  finish_import(imported, request, path, source_sha256(path));
}

void finish_import(ImportedTable& imported, const ImportRequest& request, const std::filesystem::path& path, const std::string& sha256) {
  trim_names(imported.table);
  restore_date_names(imported);
  approve_names(imported, request.aliases);
  settle_duplicate_genes(imported, request.duplicate_genes, path);
  with_path<ModelError>(path, "", [&] { require_unique(imported.table); });
  add_patients(imported, request);
  keep_one_aliquot(imported);
  add_sample_types(imported.table);
  settle_units(imported, request, path);
  add_reference(imported.table);
  add_provenance(imported.table, request, sha256);
  if (!imported.remarks.empty()) {
    std::string all;
    for (const std::string& remark : imported.remarks) all += (all.empty() ? "" : "; ") + remark;
    imported.table.notes["import_remarks"] = all;
  }
}

}  // namespace microtome
