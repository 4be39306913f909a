// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/gene_status.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "pipeline/config.h"
#include "pipeline/inputs/delimited_table.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

const std::vector<std::string> kColumns = {"gene", "table", "rule", "text"};
constexpr std::array kComparisons = {">=", "<=", ">", "<", "="};  // the longer first

void require_columns(const fs::path& path, const DelimitedTable& table) {
  for (const std::string& name : kColumns)
    if (!table.column(name))
      throw ConfigError(fmt::format("{}: wanted the columns {} in the header row: {} is missing: add it", path.string(),
                                    fmt::join(kColumns, ", "), name));
  for (const std::string& name : table.columns) {
    if (std::count(table.columns.begin(), table.columns.end(), name) > 1)
      throw ConfigError(fmt::format("{}: wanted each column once, {} is there twice: leave one out", path.string(), name));
    if (std::find(kColumns.begin(), kColumns.end(), name) == kColumns.end())
      throw ConfigError(fmt::format("{}: wanted the columns {} alone, got '{}': leave it out", path.string(), fmt::join(kColumns, ", "), name));
  }
}

[[noreturn]] void refuse(const fs::path& path, std::size_t line, const std::string& gene, const std::string& sentence) {
  throw ConfigError(fmt::format("{}: row {}{}: {}", path.string(), line, gene.empty() ? "" : " (" + gene + ")", sentence));
}

/// Comparison and limit; an empty comparison: the text is no rule.
std::pair<std::string, double> parse_rule(const std::string& text) {
  for (const std::string comparison : kComparisons) {
    if (!text.starts_with(comparison)) continue;
    const auto from = text.find_first_not_of(' ', comparison.size());
    if (from == std::string::npos) return {};
    double limit = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + from, end, limit);
    return error == std::errc() && stop == end && std::isfinite(limit) ? std::pair(comparison, limit) : std::pair<std::string, double>{};
  }
  return {};
}

StatusRule read_rule(const fs::path& path, const DelimitedTable& table, std::size_t r) {
  const auto cell = [&](const char* name) { return table.rows[r][*table.column(name)]; };
  for (const std::string& name : kColumns)
    if (cell(name.c_str()).empty()) refuse(path, r + 2, cell("gene"), fmt::format("wanted a {}, got an empty cell: fill it in", name));
  const auto [comparison, limit] = parse_rule(cell("rule"));
  if (comparison.empty())
    refuse(path, r + 2, cell("gene"),
           fmt::format("wanted a rule such as >=0.5, <=-1 or =1 ({} and a number), got '{}': correct it", fmt::join(kComparisons, ", "), cell("rule")));
  return {cell("gene"), cell("table"), cell("text"), comparison, limit};
}

}  // namespace

// Tables hold float32: there 0.7 is a little less than 0.7.
bool StatusRule::holds(double in_table) const {
  const auto value = static_cast<float>(in_table), limit = static_cast<float>(this->limit);
  if (comparison == ">=") return value >= limit;
  if (comparison == "<=") return value <= limit;
  if (comparison == ">") return value > limit;
  if (comparison == "<") return value < limit;
  return value == limit;
}

std::string StatusRule::rule() const { return fmt::format("{}{}", comparison, limit); }

std::vector<StatusRule> read_status_rules(const fs::path& path) {
  const DelimitedTable table = read_delimited(path);
  require_columns(path, table);
  std::vector<StatusRule> out;
  std::map<std::pair<std::string, std::string>, std::size_t> lines;
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    StatusRule rule = read_rule(path, table, r);
    const auto [there, fresh] = lines.emplace(std::pair(rule.table, rule.gene), r + 2);
    if (!fresh) refuse(path, r + 2, rule.gene, fmt::format("wanted each gene of a table once, this one is in row {} too: leave one out", there->second));
    out.push_back(std::move(rule));
  }
  if (out.empty()) throw ConfigError(fmt::format("{}: wanted a list of genes: there is no row under the header: is it the right file?", path.string()));
  return out;
}

std::vector<FindingsGeneStatus> gene_status(const std::vector<StatusRule>& rules, const TableLookup& value_of) {
  std::vector<FindingsGeneStatus> out;
  for (const StatusRule& rule : rules) {
    const double value = value_of(rule.table, rule.gene).value_or(std::numeric_limits<double>::quiet_NaN());
    const char* status = std::isnan(value) ? "unknown" : rule.holds(value) ? "present" : "absent";
    out.push_back({rule.gene, rule.table, value, rule.rule(), rule.text, status});
  }
  return out;
}

}  // namespace microtome
