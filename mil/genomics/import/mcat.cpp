// SPDX-License-Identifier: Apache-2.0
// MCAT's and PORPOISE's tables: a row a slide, the same values for every slide of a patient. Source: formats.md 1.4.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_map>

#include "mil/genomics/import/finish.h"
#include "mil/genomics/import/importers.h"
#include "mil/genomics/import/sample_rows.h"
#include "mil/genomics/join.h"
#include "mil/large_memory.h"
#include "mil/model_error.h"

namespace microtome {

namespace {

struct Patients {
  std::vector<std::string> ids;
  std::vector<std::vector<std::size_t>> slides;  // rows of the text
};

Patients patients_of(const std::vector<std::string>& ids) {
  Patients out;
  std::unordered_map<std::string, std::size_t> place;
  for (std::size_t row = 0; row < ids.size(); ++row) {
    const auto [found, fresh] = place.emplace(ids[row], out.ids.size());
    if (fresh) out.ids.push_back(ids[row]);
    if (fresh) out.slides.emplace_back();
    out.slides[found->second].push_back(row);
  }
  return out;
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }
bool same(const std::string& a, const std::string& b) { return a == b; }

[[noreturn]] void refuse_difference(const std::string& path, const SampleRows& rows, std::size_t a, std::size_t b,
                                    const std::string& column) {
  throw ModelError(path + ": take the slides of a patient together: lines " + std::to_string(rows.lines[a]) + " and " +
                   std::to_string(rows.lines[b]) + " differ in " + column + ": keep one value a patient");
}

/// One row a patient of a block; slides that differ are refused.
std::vector<float> merge_block(const RowBlock& block, const Patients& patients, const SampleRows& rows, const std::string& path) {
  const std::size_t genes = block.genes.size();
  std::vector<float> out;
  reserve_large(out, patients.ids.size() * genes);
  for (const auto& slides : patients.slides) {
    const float* first = block.values.data() + slides.front() * genes;
    for (const std::size_t slide : slides) {
      const float* other = block.values.data() + slide * genes;
      if (std::memcmp(first, other, genes * sizeof(float)) == 0) continue;
      for (std::size_t g = 0; g < genes; ++g) {
        if (!same(first[g], other[g])) refuse_difference(path, rows, slides.front(), slide, block.genes[g] + "_" + block.modality);
      }
    }
    out.insert(out.end(), first, first + genes);
  }
  return out;
}

/// The first slide's; what decides survival must not differ.
template <class Value>
std::vector<Value> merge_column(const std::string& name, const std::vector<Value>& values, const Patients& patients, const SampleRows& rows,
                                const std::string& path, std::vector<std::string>& remarks) {
  std::vector<Value> out;
  std::size_t differing = 0;
  for (const auto& slides : patients.slides) {
    const auto other =
        std::find_if(slides.begin(), slides.end(), [&](std::size_t slide) { return !same(values[slides.front()], values[slide]); });
    const bool decisive = name.starts_with("survival_months") || name.starts_with("censorship") || name == "event";
    if (other != slides.end() && decisive) refuse_difference(path, rows, slides.front(), *other, name);
    differing += other != slides.end() ? 1 : 0;
    out.push_back(values[slides.front()]);
  }
  if (differing > 0)
    remarks.push_back(counted(differing, "patient") + " with slides that differ in " + name + ": the first slide's was kept");
  return out;
}

/// "5" was "05" before pandas took it for a number: the barcode knows.
void restore_sites(const std::vector<std::string>& ids, std::vector<std::string>& sites, std::vector<std::string>& remarks) {
  std::size_t restored = 0;
  std::size_t other = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!tcga_patient(ids[i])) continue;
    const std::string barcode = ids[i].substr(5, 2);
    if (sites[i] == barcode) continue;
    if ("0" + sites[i] == barcode || (sites[i].ends_with(".0") && "0" + sites[i].substr(0, sites[i].size() - 2) == barcode)) {
      sites[i] = barcode;
      ++restored;
    } else {
      ++other;
    }
  }
  if (restored > 0) remarks.push_back(counted(restored, "site") + " had lost a leading zero, restored from the barcode");
  if (other > 0) remarks.push_back(counted(other, "site") + " not that of the barcode, left as it is");
}

std::string stem_of_slide(std::string name) {
  const std::size_t dot = name.rfind('.');
  if (dot != std::string::npos && name.size() - dot <= 5) name.erase(dot);
  return name;
}

std::vector<std::string> slides_of(const std::vector<std::string>& names, const Patients& patients) {
  std::vector<std::string> out;
  for (const auto& slides : patients.slides) {
    std::string& joined = out.emplace_back();
    for (const std::size_t slide : slides) joined += (joined.empty() ? "" : ";") + stem_of_slide(names[slide]);
  }
  return out;
}

void require_survival(const SampleRows& rows, const std::string& path) {
  const auto refuse = [&](std::size_t row, const std::string& column, const std::string& said) {
    throw ModelError(path + ": line " + std::to_string(rows.lines[row]) + ", column " + column + ": " + said);
  };
  for (const auto& [name, values] : rows.numbers) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (name.starts_with("survival_months") && values[i] < 0)
        refuse(i, name, "wanted months from 0 on, got less: correct it or write NA");
      const bool truth = name.starts_with("censorship") || name == "event";
      if (truth && values[i] != 0 && values[i] != 1 && !std::isnan(values[i])) refuse(i, name, "wanted 0 or 1: correct it or write NA");
    }
  }
}

/// censorship is 1 for the living, event is 1 for the dead.
void turn_censorship(GenomicTable& table) {
  for (const std::string suffix : {"", "_dss"}) {
    const auto found = table.row_numbers.find("censorship" + suffix);
    if (found == table.row_numbers.end()) continue;
    std::vector<double> event = std::move(found->second);
    for (double& value : event) value = 1 - value;
    table.row_numbers.erase(found);
    table.row_numbers["event" + suffix] = std::move(event);
    table.notes["event"] = "1 - censorship of the source; 1 means that it happened";
  }
}

GenomicTable clinical_table(const SampleRows& rows, const Patients& patients, const std::string& path, std::vector<std::string>& remarks) {
  GenomicTable table;
  table.row_ids = patients.ids;
  table.row_columns["patient_id"] = patients.ids;
  for (const auto& [name, texts] : rows.texts) {
    if (name == "case_id" || name == "patient_id") continue;
    table.row_columns[name == "slide_id" ? "slides" : name] =
        name == "slide_id" ? slides_of(texts, patients) : merge_column(name, texts, patients, rows, path, remarks);
  }
  for (const auto& [name, numbers] : rows.numbers) table.row_numbers[name] = merge_column(name, numbers, patients, rows, path, remarks);
  const auto sites = table.row_columns.find("site");
  if (sites != table.row_columns.end()) restore_sites(table.row_ids, sites->second, remarks);
  turn_censorship(table);
  return table;
}

/// Bare columns are mutations only when their values are.
void require_mutations(const RowBlock& block, const SampleRows& rows, const std::string& path) {
  if (block.modality != "mut") return;
  for (std::size_t i = 0; i < block.values.size(); ++i) {
    const float value = block.values[i];
    if (value == 0 || value == 1 || std::isnan(value)) continue;
    throw ModelError(
        path + ": line " + std::to_string(rows.lines[i / block.genes.size()]) + ", column " + block.genes[i % block.genes.size()] +
        ": wanted a mutation, 0 or 1, as the column has none of the suffixes _rnaseq, _cnv and _mut: name the column after what it is");
  }
}

}  // namespace

std::vector<ImportedTable> import_mcat(const ImportRequest& request) {
  const std::filesystem::path& path = only_input(request);
  const TextFile file = TextFile::read(path);
  CellReader reader(file.text(), path.string());
  if (!reader.next()) throw ModelError(path.string() + ": wanted a header with case_id: the file is empty: check the path");
  const SampleRows rows = read_sample_rows(reader, require_column(reader, "case_id"), true);
  require_survival(rows, path.string());
  const Patients patients = patients_of(rows.ids);
  std::vector<std::string> remarks;
  const GenomicTable clinical = clinical_table(rows, patients, path.string(), remarks);
  if (patients.ids.size() < rows.ids.size()) {
    remarks.insert(remarks.begin(), counted(rows.ids.size(), "slide") + " became " + counted(patients.ids.size(), "patient") +
                                        ": the slides of a patient have the same values");
  }
  const std::string sha256 = source_sha256(path);
  std::vector<ImportedTable> out;
  for (const RowBlock& block : rows.blocks) {
    require_mutations(block, rows, path.string());
    ImportedTable imported{clinical, remarks};
    imported.table.modality = block.modality;
    imported.table.units = block.modality == "rnaseq" ? (request.units.empty() ? "zscore" : request.units)
                           : block.modality == "cnv"  ? "cn_gistic"
                                                      : "binary";
    imported.table.genes = block.genes;
    imported.table.values = merge_block(block, patients, rows, path.string());
    finish_import(imported, request, path, sha256);
    out.push_back(std::move(imported));
  }
  if (out.empty()) throw ModelError(path.string() + ": wanted columns of genes: there are none: check --from");
  return out;
}

}  // namespace microtome
