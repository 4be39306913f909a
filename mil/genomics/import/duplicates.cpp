// SPDX-License-Identifier: Apache-2.0
// Rows and genes that are there several times: one of them stays, by a rule that is said.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>
#include <unordered_map>

#include "mil/genomics/import/finish.h"
#include "mil/genomics/import/importers.h"
#include "mil/genomics/join.h"
#include "mil/model_error.h"

namespace microtome {

namespace {

template <class Value>
void keep_positions(std::vector<Value>& values, const std::vector<std::size_t>& kept) {
  std::vector<Value> out;
  for (const std::size_t position : kept) out.push_back(std::move(values[position]));
  values = std::move(out);
}

void keep_rows(GenomicTable& table, const std::vector<std::size_t>& kept) {
  const std::size_t columns = table.genes.size();
  for (std::size_t i = 0; i < kept.size(); ++i) {
    std::memmove(table.values.data() + i * columns, table.values.data() + kept[i] * columns, columns * sizeof(float));
  }
  table.values.resize(kept.size() * columns);
  keep_positions(table.row_ids, kept);
  for (auto& [name, texts] : table.row_columns) keep_positions(texts, kept);
  for (auto& [name, numbers] : table.row_numbers) keep_positions(numbers, kept);
}

bool alike(const GenomicTable& table, std::size_t a, std::size_t b) {
  const std::size_t columns = table.genes.size();
  return std::equal(table.values.begin() + static_cast<std::ptrdiff_t>(a * columns),
                    table.values.begin() + static_cast<std::ptrdiff_t>((a + 1) * columns),
                    table.values.begin() + static_cast<std::ptrdiff_t>(b * columns),
                    [](float x, float y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

std::string field(const std::string& barcode, int number) {
  std::size_t begin = 0;
  for (; number > 0 && begin != std::string::npos; --number)
    begin = barcode.find('-', begin) == std::string::npos ? std::string::npos : barcode.find('-', begin) + 1;
  return begin == std::string::npos ? "" : barcode.substr(begin, barcode.find('-', begin) - begin);
}

/// TCGA-02-0001-01C-01D-0182-01: analyte D, plate 0182. The larger pair wins.
std::pair<std::size_t, std::string> preference(const std::string& barcode) {
  const std::string portion = field(barcode, 4);
  const std::string ranked = "XWGDTRH";  // last wins; DNA and RNA do not meet in one table
  const std::size_t analyte = portion.empty() ? std::string::npos : ranked.find(portion.back());
  return {analyte == std::string::npos ? 0 : analyte + 1, field(barcode, 5) + barcode};
}

std::size_t times_more(std::vector<std::vector<std::size_t>>& groups) {
  std::size_t more = 0;
  for (const auto& group : groups) more += group.size() - 1;
  return more;
}

std::vector<std::vector<std::size_t>> repeated_genes(const std::vector<std::string>& genes) {
  std::unordered_map<std::string, std::size_t> place;
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < genes.size(); ++i) {
    const auto [found, fresh] = place.emplace(genes[i], groups.size());
    if (fresh) groups.emplace_back();
    groups[found->second].push_back(i);
  }
  return groups;
}

/// Missing values count for nothing; where all are missing the result is.
float merged(const float* row, const std::vector<std::size_t>& columns, bool mean) {
  double sum = 0;
  int present = 0;
  for (const std::size_t column : columns) {
    if (std::isnan(row[column])) continue;
    sum += row[column];
    ++present;
  }
  if (present == 0) return std::nanf("");
  return static_cast<float>(mean ? sum / present : sum);
}

void merge_genes(GenomicTable& table, const std::vector<std::vector<std::size_t>>& groups, const std::string& rule) {
  std::vector<float> values;
  values.reserve(table.row_ids.size() * groups.size());
  for (std::size_t row = 0; row < table.row_ids.size(); ++row) {
    const float* from = table.values.data() + row * table.genes.size();
    for (const auto& group : groups) {
      const bool as_it_is = group.size() == 1 || rule == "first";
      values.push_back(as_it_is ? from[group.front()] : merged(from, group, rule == "mean"));
    }
  }
  std::vector<std::size_t> kept;
  for (const auto& group : groups) kept.push_back(group.front());
  keep_positions(table.genes, kept);
  for (auto& [name, texts] : table.gene_columns) keep_positions(texts, kept);
  table.values = std::move(values);
}

}  // namespace

void settle_duplicate_genes(ImportedTable& imported, const std::string& rule, const std::filesystem::path& path) {
  GenomicTable& table = imported.table;
  std::vector<std::vector<std::size_t>> groups = repeated_genes(table.genes);
  if (groups.size() == table.genes.size()) return;
  const std::size_t more = times_more(groups);
  const auto first = std::find_if(groups.begin(), groups.end(), [](const auto& group) { return group.size() > 1; });
  if (rule == "refuse") {
    throw ModelError(path.string() + ": tell the genes apart: " + table.genes[first->front()] + " is there at positions " +
                     std::to_string((*first)[0]) + " and " + std::to_string((*first)[1]) + " (counted from 0), " + counted(more, "name") +
                     " repeated in all: choose --import.duplicate_genes first, sum or mean");
  }
  merge_genes(table, groups, rule);
  imported.remarks.push_back(counted(more, "repeated gene") + " settled by " + rule);
}

void keep_one_aliquot(ImportedTable& imported) {
  GenomicTable& table = imported.table;
  std::map<std::string, std::size_t> best;
  std::size_t same = 0;
  std::size_t chosen = 0;
  for (std::size_t row = 0; row < table.row_ids.size(); ++row) {
    const std::string sample = tcga_sample(table.row_ids[row]).value_or("");
    const auto [found, fresh] = best.emplace(sample.empty() ? "row " + std::to_string(row) : sample, row);
    if (fresh) continue;
    alike(table, found->second, row) ? ++same : ++chosen;
    if (preference(table.row_ids[found->second]) < preference(table.row_ids[row])) found->second = row;
  }
  if (same + chosen == 0) return;
  std::vector<std::size_t> kept;
  for (const auto& [sample, row] : best) kept.push_back(row);
  std::sort(kept.begin(), kept.end());
  keep_rows(table, kept);
  imported.remarks.push_back(counted(same + chosen, "further aliquot") + " of a sample left out (" + std::to_string(same) +
                             " alike; of the others analyte H, R, T or D and the higher plate were kept)");
}

}  // namespace microtome
