// SPDX-License-Identifier: Apache-2.0
// A curated list of genes: what a laboratory wants to be told of each slide, whatever the model makes of it.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reporting/findings.h"

namespace microtome {

/// A line of the list: the gene's value in a table against a limit, in the table's units.
struct StatusRule {
  std::string gene, table, text;  // table: its name, as in findings' modalities
  std::string comparison;         // >=, <=, >, < or =
  double limit = 0;

  bool holds(double value) const;
  std::string rule() const;  // ">=0.5", the shortest digits
};

/// CSV or TSV with the columns gene, table, rule, text, in any order; rule is a comparison and a number, as ">=0.5", "<=-1", "=1". Throws
/// ConfigError, naming the row: another column or one that is missing, an empty cell, a rule that is none, a gene twice for one table, no rows.
std::vector<StatusRule> read_status_rules(const std::filesystem::path& path);

/// The value of a gene in the slide's row of a table; nullopt or NaN: no such table, no row, no such gene, or not measured.
using TableLookup = std::function<std::optional<double>(const std::string& table, const std::string& gene)>;

/// One line a rule, in the list's order: present where the value answers to the rule, absent where it does not, unknown without a value.
std::vector<FindingsGeneStatus> gene_status(const std::vector<StatusRule>& rules, const TableLookup& value_of);

}  // namespace microtome
