// SPDX-License-Identifier: Apache-2.0
// Three ages of data frames: groups with encodings, groups with __categories, compound records with categories in uns.
#include "mil/genomics/stored/frames.h"

#include <algorithm>

#include "mil/genomics/table.h"
#include "mil/h5_rows.h"

namespace microtome {

namespace {

std::vector<std::string> trimmed(std::vector<std::string> texts) {
  for (std::string& text : texts) text = trimmed_id(text);
  return texts;
}

std::vector<std::string> ids_of(const H5Node& node, std::optional<TableColumn> column) {
  if (!column || !column->is_text) refuse(node, "it holds no text, so its ids are not ids", "write the ids as text");
  return trimmed(std::move(column->texts));
}

void add_column(const H5Node& node, const std::string& name, std::optional<TableColumn> column, TableFrame& frame) {
  if (!column) {
    if (name == "patient_id") refuse_encoding(node, encoding_of(node));
    return;
  }
  const std::size_t values = column->texts.size() + column->numbers.size();
  if (values != frame.index.size()) {
    refuse(node, "it has " + std::to_string(values) + " values for " + std::to_string(frame.index.size()) + " rows");
  }
  column->texts = trimmed(std::move(column->texts));
  frame.columns.emplace(name, std::move(*column));
}

std::string index_name(const H5Node& frame) {
  if (frame.has_attribute("_index")) return frame.text_attribute("_index");
  return frame.has("_index") || !frame.has("index") ? "_index" : "index";
}

// anndata 0.7: whole numbers whose categories lie beside them
std::optional<TableColumn> read_old_or_new(const H5Node& frame, const std::string& name, const H5Node& column) {
  std::optional<TableColumn> plain = read_column(column);
  if (!plain || plain->is_text || !frame.has("__categories")) return plain;
  const H5Node all = frame.child("__categories");
  if (!all.has(name)) return plain;
  const std::optional<TableColumn> categories = read_column(all.child(name));
  return categories ? std::optional(decode_column(column, plain->numbers, *categories)) : std::nullopt;
}

TableFrame read_group(const H5Node& frame) {
  const Encoding encoding = encoding_of(frame);
  if (!encoding.first.empty() && encoding != Encoding{"dataframe", "0.2.0"} && encoding != Encoding{"dataframe", "0.1.0"}) {
    refuse_encoding(frame, encoding);
  }
  TableFrame out;
  const std::string index = index_name(frame);
  const H5Node ids = frame.child(index);
  if (std::optional<TableColumn> column = read_column(ids)) {
    out.index = ids_of(ids, std::move(column));
  } else {
    refuse_encoding(ids, encoding_of(ids));
  }
  for (const std::string& name : frame.children()) {
    if (name == index || name == "__categories") continue;
    const H5Node column = frame.child(name);
    add_column(column, name, read_old_or_new(frame, name, column), out);
  }
  return out;
}

std::optional<TableColumn> read_member(const H5Node& group, const H5Node& records, const std::string& name) {
  switch (h5_member_class(records, name)) {
    case H5Class::text:
      return TableColumn{true, h5_member_texts(records, name), {}};
    case H5Class::real:
    case H5Class::boolean:
      return TableColumn{false, {}, h5_member_numbers(records, name)};
    case H5Class::integer:
      break;
    default:
      return std::nullopt;
  }
  TableColumn column{false, {}, h5_member_numbers(records, name)};
  const std::string categories = name + "_categories";
  if (!group.has("uns") || !group.child("uns").has(categories)) return column;
  const std::optional<TableColumn> names = read_column(group.child("uns").child(categories));
  return names ? std::optional(decode_column(records, column.numbers, *names)) : std::nullopt;
}

TableFrame read_records(const H5Node& group, const H5Node& records) {
  const std::vector<std::string> members = h5_members(records);
  if (members.empty()) refuse(records, "its records have no members");
  const auto named = std::find_if(members.begin(), members.end(), [](const std::string& m) { return m == "index" || m == "_index"; });
  const std::string index = named == members.end() ? members.front() : *named;
  TableFrame out;
  out.index = ids_of(records, read_member(group, records, index));
  for (const std::string& name : members) {
    if (name != index) add_column(records, name, read_member(group, records, name), out);
  }
  return out;
}

}  // namespace

TableFrame read_frame(const H5Node& group, const std::string& name) {
  const H5Node frame = group.child(name);
  if (frame.is_group()) return read_group(frame);
  if (frame.content() == H5Class::compound) return read_records(group, frame);
  refuse(frame, "it is neither a group of columns nor a data set of records", "open it with a current anndata and write it again");
}

}  // namespace microtome
