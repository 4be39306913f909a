// SPDX-License-Identifier: Apache-2.0
// Names in a genomic table: trimmed, and each only once.
#include "mil/genomics/table_check.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "mil/genomics/units.h"
#include "mil/h5_file.h"

namespace microtome {

std::string trimmed_id(const std::string& id) {
  constexpr const char* blank = " \t\r\n\v\f";
  const std::size_t first = id.find_first_not_of(blank);
  return first == std::string::npos ? "" : id.substr(first, id.find_last_not_of(blank) - first + 1);
}

namespace {

std::string repeated(const std::vector<std::string>& names, bool name_it) {
  std::unordered_map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto [found, fresh] = first.emplace(trimmed_id(names[i]), i);
    if (fresh) continue;
    return "positions " + std::to_string(found->second) + " and " + std::to_string(i) + " (counted from 0) have the same name" +
           (name_it ? " " + names[i] : "");
  }
  return "";
}

}  // namespace

void require_unique(const GenomicTable& table) {
  const std::string rows = repeated(table.row_ids, false);
  if (!rows.empty()) throw H5Fault("tell the rows apart (obs index)", rows, "give every row an id of its own");
  const std::string genes = repeated(table.genes, true);
  if (!genes.empty()) throw H5Fault("tell the genes apart (var index)", genes, "give every gene a name of its own");
}

PossibleRange::PossibleRange(const std::string& units) {
  constexpr float largest = std::numeric_limits<float>::max();
  const UnitRange range = range_of_units(units);
  least_ = std::max(range.least, -largest);
  most_ = std::min(range.most, largest);
}

bool PossibleRange::holds(std::span<const float> values) const {
  // Without an exit in the middle the compiler looks at several values at once. NaN is neither less nor more.
  unsigned outside = 0;
  for (const float value : values) outside |= static_cast<unsigned>(value < least_) | static_cast<unsigned>(value > most_);
  return outside == 0;
}

void require_possible(const GenomicTable& table, std::span<const float> values, std::span<const std::size_t> rows) {
  const PossibleRange range(table.units);
  if (range.holds(values)) return;
  const auto found = std::find_if(values.begin(), values.end(), [&](float value) { return !range.holds({&value, 1}); });
  const auto at = static_cast<std::size_t>(found - values.begin());
  const std::size_t row = at / table.genes.size();
  const std::string where =
      "the value in row " + std::to_string(rows.empty() ? row : rows[row]) + " of gene " + table.genes[at % table.genes.size()];
  if (std::isinf(*found)) throw H5Fault("read /X", where + " is infinite or beyond float32", "write missing values as NaN");
  throw H5Fault("read /X as " + table.units, where + " is " + number_text(*found) + ", which " + table.units + " cannot be",
                "state the units that the values have");
}

}  // namespace microtome
