// SPDX-License-Identifier: Apache-2.0
// Symbols of genes change: SEPT2 became SEPTIN2, MUT became MMUT. A list that the user gives says which symbol is approved today.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <unordered_map>

namespace microtome {

/// Case counts. Thread-safe.
class GeneAliases {
 public:
  /// A former symbol of several genes stands for none of them.
  void add(const std::string& former, const std::string& approved);
  void add_approved(const std::string& approved);
  /// Of another list the names that this one does not have.
  void add_unknown(const GeneAliases& other) { former_.insert(other.former_.begin(), other.former_.end()); }
  /// The approved symbol, or the name itself when the list does not know it or it is approved already.
  const std::string& approved(const std::string& name) const;
  std::size_t size() const { return former_.size(); }

 private:
  std::unordered_map<std::string, std::string> former_;  // "" when ambiguous; an approved symbol maps to itself
};

/// HGNC's complete set (TSV with symbol, prev_symbol and alias_symbol, several names separated by |; previous symbols outweigh aliases), or
/// any CSV or TSV whose first two columns are a former and an approved symbol, under a header. Throws ModelError: cannot be read, no such
/// columns.
GeneAliases read_gene_aliases(const std::filesystem::path& path);

}  // namespace microtome
