// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/clinical_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "mil/sha256.h"
#include "pipeline/config.h"
#include "pipeline/inputs/delimited_table.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostWords = 40;
constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

std::optional<float> number_of(const std::string& text) {
  float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// A column of the file, and what becomes of it.
struct Column {
  std::string name;
  std::size_t index = 0;
  bool words = false;
  std::vector<std::string> levels;  // of words
};

class ClinicalReader {
 public:
  ClinicalReader(const fs::path& path, const std::string& columns, const std::vector<std::string>& features) : path_(path), table_(read_delimited(path)) {
    const auto patient = table_.column("patient_id"), slide = table_.column("slide_id");
    if (!patient && !slide) throw ConfigError(fmt::format("{}: wanted the column patient_id or slide_id in the header row", path.string()));
    id_ = patient ? *patient : *slide;
    if (features.empty())
      choose(columns);
    else
      take(features);
    if (columns_.empty()) throw ConfigError(fmt::format("{}: wanted clinical columns beside ids and outcome: there are none", path.string()));
  }

  GenomicTable read(const std::vector<std::string>& features) const {
    GenomicTable out;
    out.genes = features.empty() ? own_features() : features;
    out.units = out.modality = "clinical";
    out.encoding = "array";
    out.sha256 = sha256_of_file(path_);
    std::map<std::string, std::size_t> row_of;
    for (std::size_t r = 0; r < table_.rows.size(); ++r) {
      const std::string id = trimmed_id(table_.rows[r][id_]);
      if (id.empty()) continue;
      const std::vector<float> values = row(r, out.genes);
      const auto [found, fresh] = row_of.emplace(id, out.row_ids.size());
      if (!fresh) {
        require_same(values, out, found->second, r);
        continue;
      }
      out.row_ids.push_back(id);
      out.values.insert(out.values.end(), values.begin(), values.end());
    }
    if (out.row_ids.empty()) throw InputError(fmt::format("{}: wanted rows with ids: there are none", path_.string()));
    return out;
  }

 private:
  static bool is_outcome(const std::string& name) {
    static const std::set<std::string> others{"slide_id", "patient_id", "sample_id", "path", "label", "value", "time", "event", "fold", "site"};
    return others.contains(name) || name.starts_with("label_");
  }

  void add(const std::string& name, bool judge) {
    const auto index = table_.column(name);
    if (!index) throw ConfigError(fmt::format("{}: wanted the clinical column '{}': the header row does not have it", path_.string(), name));
    if (name.find('=') != std::string::npos) throw ConfigError(fmt::format("{}: wanted names of columns without '=': rename '{}'", path_.string(), name));
    Column column{name, *index, false, {}};
    if (judge) judge_column(column);
    columns_.push_back(std::move(column));
  }

  void judge_column(Column& column) const {
    std::set<std::string> levels;
    for (const auto& row : table_.rows) {
      const std::string text = trimmed_id(row[column.index]);
      if (text.empty()) continue;
      levels.insert(text);
      column.words = column.words || !number_of(text);
    }
    if (!column.words) return;
    if (levels.size() > kMostWords)
      throw InputError(fmt::format("{}: wanted at most {} different words in the clinical column '{}': there are {}: name the columns with --data.clinical_columns",
                                   path_.string(), kMostWords, column.name, levels.size()));
    column.levels.assign(levels.begin(), levels.end());
  }

  void choose(const std::string& names) {
    for (const std::string& name : column_names(names)) add(name, true);
    if (!names.empty()) return;
    for (const std::string& name : table_.columns)
      if (!is_outcome(name)) add(name, true);
  }

  void take(const std::vector<std::string>& features) {
    std::set<std::string> seen;
    for (const std::string& feature : features) {
      const auto equals = feature.find('=');
      const std::string name = feature.substr(0, equals);
      if (!seen.insert(name).second) continue;
      add(name, false);
      columns_.back().words = equals != std::string::npos;
    }
  }

  std::vector<std::string> own_features() const {
    std::vector<std::string> out;
    for (const Column& column : columns_) {
      if (!column.words) out.push_back(column.name);
      for (const std::string& level : column.levels) out.push_back(column.name + "=" + level);
    }
    return out;
  }

  float value(std::size_t r, const std::string& feature) const {
    const auto equals = feature.find('=');
    const std::string name = feature.substr(0, equals);
    const auto column = std::find_if(columns_.begin(), columns_.end(), [&](const Column& one) { return one.name == name; });
    const std::string text = trimmed_id(table_.rows[r][column->index]);
    if (text.empty()) return kMissing;
    if (equals != std::string::npos) return text == feature.substr(equals + 1) ? 1.0F : 0.0F;
    const auto number = number_of(text);
    if (!number)
      throw InputError(fmt::format("{}: row {}, column '{}': wanted a number as in training, got '{}'", path_.string(), r + 2, name, text));
    return *number;
  }

  std::vector<float> row(std::size_t r, const std::vector<std::string>& features) const {
    std::vector<float> values;
    for (const std::string& feature : features) values.push_back(value(r, feature));
    return values;
  }

  void require_same(const std::vector<float>& values, const GenomicTable& out, std::size_t row, std::size_t r) const {
    const float* first = out.values.data() + row * values.size();
    for (std::size_t f = 0; f < values.size(); ++f)
      if (values[f] != first[f] && !(std::isnan(values[f]) && std::isnan(first[f])))
        throw InputError(fmt::format("{}: row {}: wanted the same clinical columns in all rows of an id: '{}' differs from an earlier row", path_.string(),
                                     r + 2, out.genes[f]));
  }

  fs::path path_;
  DelimitedTable table_;
  std::size_t id_ = 0;
  std::vector<Column> columns_;
};

}  // namespace

GenomicTable read_clinical_table(const fs::path& path, const std::string& columns, const std::vector<std::string>& features) {
  return ClinicalReader(path, columns, features).read(features);
}

}  // namespace microtome
