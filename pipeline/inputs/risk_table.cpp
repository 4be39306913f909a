// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/risk_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "mil/evaluation/survival/ladder.h"
#include "pipeline/config.h"
#include "pipeline/inputs/prediction_table.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

constexpr const char* kPrefix = "surv_";
constexpr std::string_view kRungPrefix = "ladder_";
constexpr double kRoundedUp = 1e-6;  // survival that was rounded may seem to rise by so much

std::optional<double> finite_number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

struct SurvivalColumn {
  double months = 0;
  std::size_t at = 0;
};

/// Ascending by months.
std::vector<SurvivalColumn> survival_columns(const fs::path& path, const DelimitedTable& table) {
  std::vector<SurvivalColumn> out;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (!table.columns[c].starts_with(kPrefix)) continue;
    const auto months = finite_number(table.columns[c].substr(5));
    if (!months || *months <= 0)
      throw InputError(fmt::format("{}: wanted surv_<months> with months above 0, as surv_36, in the header row, got {}: correct the name",
                                   path.string(), table.columns[c]));
    out.push_back({*months, c});
  }
  std::sort(out.begin(), out.end(), [](const SurvivalColumn& a, const SurvivalColumn& b) { return a.months < b.months; });
  for (std::size_t k = 1; k < out.size(); ++k)
    if (out[k].months == out[k - 1].months)
      throw InputError(fmt::format("{}: wanted each time once in the header row, {} and {} are the same month: remove one", path.string(),
                                   table.columns[out[k - 1].at], table.columns[out[k].at]));
  return out;
}

void add_survival(const fs::path& path, const DelimitedTable& table, const std::vector<std::string>& cells, const SurvivalColumn& column,
                  RiskRow& row) {
  const auto value = finite_number(cells[column.at]);
  if (!value || *value < 0 || *value > 1)
    refuse_row(path, row,
               fmt::format("wanted a probability of survival in 0..1 under {}, got '{}'", table.columns[column.at], cells[column.at]));
  if (!row.survival.empty() && *value > row.survival.back() + kRoundedUp)
    refuse_row(path, row,
               fmt::format("wanted survival that does not rise with time, got {} under {} after {}: are these probabilities of death?",
                           *value, table.columns[column.at], row.survival.back()));
  row.survival.push_back(*value);
}

struct RungColumn {
  std::string name;
  std::size_t at = 0;
};

/// In the order of the header row, which has each column once.
std::vector<RungColumn> rung_columns(const fs::path& path, const DelimitedTable& table) {
  std::vector<RungColumn> out;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const std::string& column = table.columns[c];
    if (!column.starts_with(kRungPrefix)) continue;
    const std::string name = column.substr(kRungPrefix.size());
    if (name.empty() || name == kTopRung)
      throw InputError(fmt::format("{}: wanted ladder_<rung>, as ladder_clinical-cox, in the header row, got {}: {}", path.string(), column,
                                   name.empty() ? "name the simpler model" : "that is the model itself, whose column is risk"));
    out.push_back({name, c});
  }
  return out;
}

double risk_in(const fs::path& path, const DelimitedTable& table, std::size_t column, const std::string& text, const RiskRow& row) {
  const auto risk = finite_number(text);
  if (!risk)
    refuse_row(path, row,
               fmt::format("wanted a number under {}, got '{}': leave the {} out if there is no prediction", table.columns[column], text,
                           table.columns[column] == "risk" ? "row" : "column"));
  return *risk;
}

RiskRow read_row(const fs::path& path, const DelimitedTable& table, std::size_t r, const std::vector<SurvivalColumn>& survival,
                 const std::vector<RungColumn>& rungs) {
  const auto& cells = table.rows[r];
  RiskRow out{read_identity(path, table, r), 0, {}, {}};
  const std::size_t risk = *table.column("risk");
  out.risk = risk_in(path, table, risk, cells[risk], out);
  for (const SurvivalColumn& column : survival) add_survival(path, table, cells, column, out);
  for (const RungColumn& rung : rungs) out.ladder.push_back(risk_in(path, table, rung.at, cells[rung.at], out));
  return out;
}

void require_columns(const fs::path& path, const DelimitedTable& table) {
  require_id_column(path, table);
  if (!table.column("risk"))
    throw InputError(
        fmt::format("{}: wanted a column risk as the first model's predictions have, got none: compare models of one task", path.string()));
}

void refuse_constant(const fs::path& path, const std::vector<RiskRow>& rows) {
  if (rows.size() < 2) return;
  for (const RiskRow& row : rows)
    if (row.risk != rows.front().risk) return;
  refuse_row(path, rows.front(),
             fmt::format("wanted risks that differ, this row and all {} others say {}: a model that says one thing orders nobody",
                         rows.size() - 1, rows.front().risk));
}

}  // namespace

bool predicts_risk(const fs::path& path) {
  const DelimitedTable table = read_judged_table(path);
  const bool risk = table.column("risk").has_value();
  const bool classes = std::any_of(table.columns.begin(), table.columns.end(), [](const auto& name) { return name.starts_with("prob_"); });
  if (risk && classes)
    throw InputError(fmt::format("{}: wanted either prob_<class> columns or risk, got both: leave one task out", path.string()));
  return risk;
}

RiskTable read_risks(const fs::path& path) {
  const DelimitedTable table = read_judged_table(path);
  require_columns(path, table);
  const auto survival = survival_columns(path, table);
  const auto rungs = rung_columns(path, table);
  RiskTable out;
  out.of_slides = table.column("slide_id").has_value();
  out.has_patients = out.of_slides && table.column("patient_id");
  for (const SurvivalColumn& column : survival) out.months.push_back(column.months);
  for (const RungColumn& rung : rungs) out.rungs.push_back(rung.name);
  for (std::size_t r = 0; r < table.rows.size(); ++r) out.rows.push_back(read_row(path, table, r, survival, rungs));
  require_rows(path, out.rows.size());
  refuse_constant(path, out.rows);
  sort_by_id(path, out.rows);
  return out;
}

}  // namespace microtome
