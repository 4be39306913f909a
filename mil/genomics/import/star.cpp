// SPDX-License-Identifier: Apache-2.0
// GDC's STAR counts: a file an aliquot, whose sample only the sample sheet knows. Source: GDC docs, "mRNA analysis pipeline";
// formats.md 1.5.
#include <algorithm>
#include <unordered_map>

#include "mil/genomics/import/finish.h"
#include "mil/genomics/import/importers.h"
#include "mil/model_error.h"

namespace microtome {

namespace {

namespace fs = std::filesystem;

struct SheetRow {
  std::string sample;
  std::string patient;
};

std::unordered_map<std::string, SheetRow> read_sheet(const fs::path& path) {
  if (path.empty())
    throw ModelError("import star: wanted GDC's sample sheet, as the files' names do not say whose they are: give --import.samples");
  const TextFile file = TextFile::read(path);
  CellReader reader(file.text(), path.string());
  reader.next();
  const std::size_t name = require_column(reader, "File Name");
  const std::size_t sample = require_column(reader, "Sample ID");
  const std::size_t patient = require_column(reader, "Case ID");
  std::unordered_map<std::string, SheetRow> rows;
  while (reader.next()) rows[std::string(reader.cell(name))] = {std::string(reader.cell(sample)), std::string(reader.cell(patient))};
  return rows;
}

bool is_counts(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.find("star_gene_counts") != std::string::npos && (name.ends_with(".tsv") || name.ends_with(".tsv.gz"));
}

std::vector<fs::path> counts_of(const std::vector<fs::path>& inputs) {
  std::vector<fs::path> files;
  for (const fs::path& input : inputs) {
    if (!fs::is_directory(input)) {
      files.push_back(input);
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(input)) {
      if (entry.is_regular_file() && is_counts(entry.path())) files.push_back(entry.path());
    }
  }
  if (files.empty()) throw ModelError("import star: wanted files named *.star_gene_counts.tsv: --input holds none: name their folder");
  std::sort(files.begin(), files.end(), [](const fs::path& a, const fs::path& b) { return a.filename() < b.filename(); });
  return files;
}

/// ENSG00000141510.18 without its version; its twin on Y keeps the mark that tells it apart.
std::string without_version(std::string_view id) {
  const std::string twin = "_PAR_Y";
  const std::string plain(id.substr(0, id.find('.')));
  return id.ends_with(twin) ? plain + twin : plain;
}

std::string units_of(const std::string& column) {
  if (column == "unstranded" || column == "stranded_first" || column == "stranded_second") return "counts";
  if (column == "tpm_unstranded") return "tpm";
  if (column == "fpkm_unstranded") return "fpkm";
  if (column == "fpkm_uq_unstranded") return "fpkm_uq";
  throw ModelError("--import.column: wanted a column of STAR's counts, got " + column +
                   ": give unstranded, tpm_unstranded, fpkm_unstranded or "
                   "fpkm_uq_unstranded");
}

/// Appends one sample. The first file decides which genes there are.
void read_counts(const fs::path& path, const std::string& column, GenomicTable& table) {
  const TextFile file = TextFile::read(path);
  if (file.text().starts_with("# gene-model: ")) {
    const std::string model(file.text().substr(14, file.text().find('\n') - 14));
    const auto [found, fresh] = table.notes.emplace("gene_model", trimmed_id(model));
    if (!fresh && found->second != trimmed_id(model)) {
      throw ModelError(path.string() + ": wanted the gene model " + found->second + " of the other files: it is " + trimmed_id(model) +
                       ": import each by itself");
    }
  }
  CellReader reader(file.text(), path.string(), '#');
  reader.next();
  const std::size_t id = require_column(reader, "gene_id");
  const std::size_t symbol = require_column(reader, "gene_name");
  const std::size_t values = require_column(reader, column);
  const bool first = table.values.empty();
  std::size_t gene = 0;
  while (reader.next()) {
    if (reader.cell(id).starts_with("N_")) continue;
    if (first) {
      table.genes.push_back(without_version(reader.cell(id)));
      table.gene_columns["symbol"].emplace_back(reader.cell(symbol));
    } else if (gene >= table.genes.size() || without_version(reader.cell(id)) != table.genes[gene]) {
      reader.refuse("gene_id", "wanted the genes of the other files in their order", "import files of one release together");
    }
    table.values.push_back(number_of(reader, values, column));
    ++gene;
  }
  if (gene != table.genes.size())
    throw ModelError(path.string() + ": wanted " + counted(table.genes.size(), "gene") + " as in the other files: there are " +
                     std::to_string(gene) + ": fetch the file again");
}

}  // namespace

std::vector<ImportedTable> import_star(const ImportRequest& request) {
  const auto sheet = read_sheet(request.samples);
  ImportedTable imported;
  GenomicTable& table = imported.table;
  table.modality = "rnaseq";
  table.units = units_of(request.column);
  table.notes["genome_build"] = "GRCh38";
  std::vector<std::string> patients;
  std::size_t again = 0;
  for (const fs::path& path : counts_of(request.inputs)) {
    const auto found = sheet.find(path.filename().string());
    if (found == sheet.end())
      throw ModelError(path.string() +
                       ": find it in the sample sheet: the column File Name does not have it: give the sheet that belongs to the files");
    if (std::find(table.row_ids.begin(), table.row_ids.end(), found->second.sample) != table.row_ids.end()) {
      ++again;
      continue;
    }
    table.row_ids.push_back(found->second.sample);
    patients.push_back(found->second.patient);
    read_counts(path, request.column, table);
  }
  table.row_columns["patient_id"] = std::move(patients);
  if (again > 0)
    imported.remarks.push_back(counted(again, "further file") + " of a sample left out: the one whose name sorts first was kept");
  if (table.row_ids.size() + again < sheet.size())
    imported.remarks.push_back(counted(sheet.size() - table.row_ids.size() - again, "line") + " of the sample sheet without a file");
  finish_import(imported, request, request.inputs.front());
  return {std::move(imported)};
}

}  // namespace microtome
