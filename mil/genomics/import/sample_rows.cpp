// SPDX-License-Identifier: Apache-2.0
// The header decides once where each column goes; the rows are then read in one pass. Ids are texts, always: "05" is no number.
#include "mil/genomics/import/sample_rows.h"

#include <algorithm>
#include <array>

#include "mil/genomics/import/importers.h"
#include "mil/genomics/import/short_decimal.h"
#include "mil/large_memory.h"

namespace microtome {

namespace {

constexpr std::array text_columns{"case_id",    "patient_id", "sample_id", "slide_id", "site", "oncotree_code",
                                  "PATIENT_ID", "sex",        "gender",    "stage",    "grade"};
constexpr std::array number_columns{"is_female", "age",   "survival_months",     "censorship",
                                    "event",     "train", "survival_months_dss", "censorship_dss"};
constexpr std::array<std::string_view, 3> modalities{"rnaseq", "cnv", "mut"};
constexpr std::size_t mutations = 2;

template <std::size_t size>
bool among(const std::array<const char*, size>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

enum class Target { nothing, text, number, value };

struct Column {
  Target target = Target::nothing;
  std::size_t place = 0;  // of texts, numbers, or the block
};

struct Plan {
  std::vector<Column> columns;
  std::vector<std::vector<std::string>*> texts;
  std::vector<std::vector<double>*> numbers;
};

/// Block and gene of a column.
std::pair<std::size_t, std::string> gene_of(const std::string& name, bool suffixes) {
  if (!suffixes) return {0, name};
  for (std::size_t i = 0; i < modalities.size(); ++i) {
    const std::string suffix = "_" + std::string(modalities[i]);
    if (name.size() > suffix.size() && name.ends_with(suffix)) return {i, name.substr(0, name.size() - suffix.size())};
  }
  return {mutations, name};
}

Column plan_column(const std::string& name, bool suffixes, SampleRows& rows, Plan& plan) {
  if (name.empty() || name.starts_with("Unnamed: ")) return {};
  if (among(text_columns, name)) {
    plan.texts.push_back(&rows.texts[name]);
    return {Target::text, plan.texts.size() - 1};
  }
  if (among(number_columns, name)) {
    plan.numbers.push_back(&rows.numbers[name]);
    return {Target::number, plan.numbers.size() - 1};
  }
  const auto [block, gene] = gene_of(name, suffixes);
  rows.blocks[block].genes.push_back(gene);
  return {Target::value, block};
}

Plan plan_columns(const std::vector<std::string>& header, std::size_t id, bool suffixes, SampleRows& rows) {
  rows.blocks.resize(suffixes ? modalities.size() : 1);
  for (std::size_t i = 0; suffixes && i < modalities.size(); ++i) rows.blocks[i].modality = modalities[i];
  Plan plan;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const bool is_id = i == id && !among(text_columns, header[i]);
    plan.columns.push_back(is_id ? Column{} : plan_column(header[i], suffixes, rows, plan));
  }
  return plan;
}

double clinical_number(const CellReader& reader, std::size_t cell, const std::string& name) {
  double value = 0;
  if (parse_cell(reader.cells()[cell], value)) return value;
  return number_of(reader, cell, name);
}

/// Room for rows as long as the first, so that large blocks are not moved again and again.
void expect_rows(std::size_t count, SampleRows& rows) {
  for (RowBlock& block : rows.blocks) reserve_large(block.values, (count + count / 8) * block.genes.size());
}

float* new_row(RowBlock& block) {
  block.values.resize(block.values.size() + block.genes.size());
  return block.values.data() + block.values.size() - block.genes.size();
}

}  // namespace

SampleRows read_sample_rows(CellReader& reader, std::size_t id, bool suffixes) {
  const std::vector<std::string> header(reader.cells().begin(), reader.cells().end());
  SampleRows rows;
  const Plan plan = plan_columns(header, id, suffixes, rows);
  for (std::size_t before = reader.bytes_left(); reader.next(); before = reader.bytes_left()) {
    if (rows.ids.empty()) expect_rows(before / std::max<std::size_t>(1, before - reader.bytes_left()) + 1, rows);
    reader.require_width(header.size());
    if (reader.cell(id).empty()) reader.refuse(header[id], "wanted an id, got nothing", "give every row an id");
    rows.ids.emplace_back(reader.cell(id));
    rows.lines.push_back(reader.line());
    std::array<float*, modalities.size()> next{};
    for (std::size_t b = 0; b < rows.blocks.size(); ++b) next[b] = new_row(rows.blocks[b]);
    for (std::size_t i = 0; i < header.size(); ++i) {
      const Column column = plan.columns[i];
      if (column.target == Target::value) {
        float& value = *next[column.place]++;
        if (!parse_fast(reader.cells()[i], value)) value = number_of(reader, i, header[i]);
      } else if (column.target == Target::text) {
        plan.texts[column.place]->push_back(text_of(reader.cells()[i]));
      } else if (column.target == Target::number) {
        plan.numbers[column.place]->push_back(clinical_number(reader, i, header[i]));
      }
    }
  }
  std::erase_if(rows.blocks, [](const RowBlock& block) { return block.genes.empty(); });
  return rows;
}

}  // namespace microtome
