// SPDX-License-Identifier: Apache-2.0
// One reader for texts, numbers and categories, used for indices, columns and the parts of either.
#include "mil/genomics/stored/elements.h"

#include <array>
#include <cmath>
#include <limits>

namespace microtome {

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

// What this reader knows: type, version, on disk a group?
struct Known {
  const char* type;
  const char* version;
  bool group;
};
constexpr std::array known_columns{Known{"string-array", "0.2.0", false},    Known{"array", "0.2.0", false},
                                   Known{"categorical", "0.2.0", true},      Known{"nullable-integer", "0.1.0", true},
                                   Known{"nullable-boolean", "0.1.0", true}, Known{"nullable-string-array", "0.1.0", true}};

// False for a type of no use here; a known type must come as we know it.
bool is_known_column(const H5Node& node, const Encoding& encoding) {
  if (encoding.first.empty()) return !node.is_group();
  for (const Known& known : known_columns) {
    if (encoding.first != known.type) continue;
    if (encoding.second != known.version || node.is_group() != known.group) refuse_encoding(node, encoding);
    return true;
  }
  return false;
}

std::optional<TableColumn> read_plain(const H5Node& node) {
  switch (node.content()) {
    case H5Class::text:
      return TableColumn{true, node.texts(), {}};
    case H5Class::integer:
    case H5Class::real:
    case H5Class::boolean:
      return TableColumn{false, {}, node.doubles()};
    default:
      return std::nullopt;
  }
}

TableColumn read_nullable(const H5Node& node) {
  std::optional<TableColumn> column = read_column(node.child("values"));
  if (!column) refuse(node, "its values are neither texts nor numbers");
  const std::vector<std::int64_t> mask = node.child("mask").integers();
  if (mask.size() != column->texts.size() + column->numbers.size()) refuse(node, "mask and values differ in length");
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask[i] == 0) continue;
    column->is_text ? column->texts[i].clear() : void(column->numbers[i] = missing);
  }
  return std::move(*column);
}

TableColumn read_categorical(const H5Node& node) {
  const std::optional<TableColumn> categories = read_column(node.child("categories"));
  if (!categories) refuse(node, "its categories are neither texts nor numbers");
  const H5Node codes = node.child("codes");
  if (codes.is_group() || (codes.content() != H5Class::integer && codes.content() != H5Class::boolean)) {
    refuse(codes, "it does not hold whole numbers");
  }
  return decode_column(codes, codes.doubles(), *categories);
}

}  // namespace

Encoding encoding_of(const H5Node& node) {
  if (!node.has_attribute("encoding-type")) return {};
  return {node.text_attribute("encoding-type"), node.has_attribute("encoding-version") ? node.text_attribute("encoding-version") : ""};
}

void refuse(const H5Node& node, const std::string& said, const std::string& advice) { throw H5Fault("read " + node.name(), said, advice); }

void refuse_encoding(const H5Node& node, const Encoding& encoding) {
  const std::string version = encoding.second.empty() ? "" : " version " + encoding.second;
  refuse(node,
         "its encoding is " + (encoding.first.empty() ? "not stated" : encoding.first + version) + ", which this program does not know");
}

TableColumn decode_column(const H5Node& codes, const std::vector<double>& code_numbers, const TableColumn& categories) {
  const double count = static_cast<double>(categories.texts.size() + categories.numbers.size());
  TableColumn column;
  column.is_text = categories.is_text;
  for (const double code : code_numbers) {
    if (!(code >= -1 && code < count)) refuse(codes, "a code points beyond the categories");
    const auto at = static_cast<std::size_t>(std::max(code, 0.0));
    if (column.is_text) {
      column.texts.push_back(code < 0 ? "" : categories.texts[at]);
    } else {
      column.numbers.push_back(code < 0 ? missing : categories.numbers[at]);
    }
  }
  return column;
}

std::optional<TableColumn> read_column(const H5Node& node) {
  const Encoding encoding = encoding_of(node);
  if (!is_known_column(node, encoding)) return std::nullopt;
  if (!node.is_group()) return read_plain(node);
  return encoding.first == "categorical" ? read_categorical(node) : read_nullable(node);
}

std::optional<std::string> read_single_text(const H5Node& node) {
  if (node.is_group() || node.content() != H5Class::text) return std::nullopt;
  std::vector<std::string> texts = node.texts();
  if (texts.size() != 1) return std::nullopt;
  return std::move(texts.front());
}

}  // namespace microtome
