// SPDX-License-Identifier: Apache-2.0
// Elements of AnnData files: dispatch on the pair (encoding-type, encoding-version), never on the kind of HDF5 object alone. Internal to
// mil/genomics. Everything throws H5Fault.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mil/h5_file.h"

namespace microtome {

using Encoding = std::pair<std::string, std::string>;  // type, version; empty where the file states none

Encoding encoding_of(const H5Node& node);
[[noreturn]] void refuse(const H5Node& node, const std::string& said, const std::string& advice = "");
[[noreturn]] void refuse_encoding(const H5Node& node, const Encoding& encoding);

/// A column of a data frame: one of the two is filled, "" and NaN are missing.
struct TableColumn {
  bool is_text = false;
  std::vector<std::string> texts;
  std::vector<double> numbers;
};

/// Any of string-array, nullable-string-array, array, nullable-integer, nullable-boolean, categorical, with or without stated encoding;
/// nullopt for what holds neither texts nor numbers. A known type in an unknown version is refused.
std::optional<TableColumn> read_column(const H5Node& node);

/// An integer column whose texts or numbers lie elsewhere (anndata before 0.8).
TableColumn decode_column(const H5Node& codes, const std::vector<double>& code_numbers, const TableColumn& categories);

/// The one text of a string element, or of a text array of one; nullopt for anything else.
std::optional<std::string> read_single_text(const H5Node& node);

}  // namespace microtome
