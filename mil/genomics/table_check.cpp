// SPDX-License-Identifier: Apache-2.0
// Names in a genomic table: trimmed, and each only once.
#include "mil/genomics/table_check.h"

#include <unordered_map>

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

}  // namespace microtome
