// SPDX-License-Identifier: Apache-2.0
#include "pipeline/outputs/join_document.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace microtome {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kScreen = 20;     // lines
constexpr std::size_t kTableLines = 6;  // of one table, at most
constexpr std::size_t kExamples = 5;

double share(std::size_t part, std::size_t whole) { return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole); }

Json word_or_null(const std::string& word) { return word.empty() ? Json(nullptr) : Json(word); }

Json slides_json(const JoinAudit& audit) {
  Json ways = Json::object();
  for (const auto& [way, count] : audit.matched_by) ways[way] = count;
  return {{"all", audit.slides},
          {"matched", audit.matched},
          {"matched_by", ways},
          {"without_row", audit.slides_without_row_count},
          {"without_row_first", audit.slides_without_row},
          {"other_sample", audit.other_sample_count},
          {"other_sample_first", audit.other_sample}};
}

Json genes_json(const JoinAudit& audit) {
  Json aliased = Json::array();
  for (const auto& [wanted, found] : audit.genes_aliased) aliased.push_back({{"wanted", wanted}, {"found", found}});
  return {{"required", audit.genes_required},
          {"found", audit.genes_found},
          {"by_name", audit.genes_by_name()},
          {"by_symbol", audit.genes_by_symbol},
          {"by_alias", audit.genes_aliased.size()},
          {"aliased", aliased},
          {"missing", audit.genes_missing.size()},
          {"missing_genes", audit.genes_missing},
          {"share_missing", share(audit.genes_missing.size(), audit.genes_required)},
          {"share_allowed", audit.max_missing_genes}};
}

Json table_json(const JoinedTable& table) {
  const JoinAudit& audit = table.audit;
  Json settled = Json::array();
  for (const auto& each : audit.settled)
    settled.push_back({{"by", each.by}, {"patients", each.patients}, {"slides", each.slides}, {"slides_first", each.first}});
  return {{"name", table.name},
          {"table_sha256", word_or_null(audit.table_sha256)},
          {"units", word_or_null(audit.units)},
          {"keys", audit.keys},
          {"map_sha256", word_or_null(audit.map_sha256)},
          {"duplicates", audit.duplicates},
          {"slides", slides_json(audit)},
          {"patients",
           {{"all", audit.patients},
            {"without_row", audit.patients_without_row},
            {"share_without_row", audit.share_without_row()},
            {"share_allowed", audit.max_missing_patients}}},
          {"rows", {{"all", audit.rows}, {"used", audit.rows - audit.rows_without_slide_count}, {"without_slide", audit.rows_without_slide_count}}},
          {"settled", settled},
          {"genes", genes_json(audit)}};
}

/// "a, b, ..." of `all` names, of which the list may hold the first.
std::string some(const std::vector<std::string>& names, std::size_t all) {
  const std::vector<std::string> shown(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kExamples)));
  return fmt::format("{}{}", fmt::join(shown, ", "), all > shown.size() ? ", ..." : "");
}

std::string of_ways(const JoinAudit& audit) {
  std::vector<std::string> ways;
  for (const auto& [way, count] : audit.matched_by) ways.push_back(fmt::format("{} {}", way, count));
  return ways.empty() ? "" : fmt::format(" ({})", fmt::join(ways, ", "));
}

std::string head(const JoinedTable& table) {
  const JoinAudit& a = table.audit;
  return fmt::format("table '{}': {} of {} slides have a row{}; {} of {} features found; keys {}{}\n", table.name, a.matched, a.slides, of_ways(a),
                     a.genes_found, a.genes_required, a.keys, a.map_sha256.empty() ? "" : " after a map");
}

std::string settled_line(const JoinAudit& a) {
  std::vector<std::string> settled;
  for (const auto& each : a.settled) settled.push_back(fmt::format("{} by {} ({})", each.patients, each.by, some(each.first, each.slides)));
  return fmt::format("  patients with several rows: {}\n", fmt::join(settled, "; "));
}

std::string genes_line(const JoinAudit& a) {
  std::vector<std::string> aliased;
  for (const auto& [wanted, found] : a.genes_aliased) aliased.push_back(wanted + " -> " + found);
  std::string line = fmt::format("  features: {} by name, {} by symbol, {} by alias", a.genes_by_name(), a.genes_by_symbol, aliased.size());
  if (!aliased.empty()) line += fmt::format(" ({})", some(aliased, aliased.size()));
  if (!a.genes_missing.empty()) line += fmt::format("; {} missing ({})", a.genes_missing.size(), some(a.genes_missing, a.genes_missing.size()));
  return line + "\n";
}

std::string table_text(const JoinedTable& table) {
  const JoinAudit& a = table.audit;
  std::string text = head(table);
  if (a.slides_without_row_count > 0)
    text += fmt::format("  without a row: {} slides, {} of {} patients ({})\n", a.slides_without_row_count, a.patients_without_row, a.patients,
                        some(a.slides_without_row, a.slides_without_row_count));
  if (a.rows_without_slide_count > 0) text += fmt::format("  without a slide: {} of {} rows\n", a.rows_without_slide_count, a.rows);
  if (!a.settled.empty()) text += settled_line(a);
  if (a.other_sample_count > 0)
    text += fmt::format("  look at this: {} slides have their patient's row of another sample ({})\n", a.other_sample_count,
                        some(a.other_sample, a.other_sample_count));
  if (a.genes_by_name() < a.genes_required) text += genes_line(a);
  return text;
}

}  // namespace

std::vector<JoinedTable> joined_tables(const Modalities* modalities) {
  std::vector<JoinedTable> joined;
  if (modalities == nullptr) return joined;
  for (const auto& table : modalities->tables())
    if (table.source) joined.push_back({table.name, table.source->audit()});
  return joined;
}

std::string join_json(const std::vector<JoinedTable>& tables) {
  Json document = {{"schema_version", 1}, {"tables", Json::array()}};
  for (const auto& table : tables) document["tables"].push_back(table_json(table));
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<std::string> stale_join(const std::vector<JoinedTable>& tables) {
  return tables.empty() ? std::vector<std::string>{"join.json"} : std::vector<std::string>{};
}

std::string join_summary(const std::vector<JoinedTable>& tables) {
  const bool roomy = tables.size() * kTableLines <= kScreen;
  std::string text;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (!roomy && i + 1 == kScreen && tables.size() > kScreen) return text + fmt::format("and {} more tables: see join.json\n", tables.size() - i);
    text += roomy ? table_text(tables[i]) : head(tables[i]);
  }
  return text;
}

}  // namespace microtome
