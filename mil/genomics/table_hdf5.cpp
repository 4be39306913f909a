// SPDX-License-Identifier: Apache-2.0
// Reading AnnData files: dispatch on the pair (encoding-type, encoding-version), never on the kind of HDF5 object alone.
#include <cmath>
#include <utility>

#include "mil/genomics/table.h"
#include "mil/genomics/table_check.h"
#include "mil/h5_file.h"
#include "mil/model_error.h"
#include "mil/rehearsal.h"
#include "mil/sha256.h"

namespace microtome {

namespace {

constexpr std::uint64_t most_values = std::uint64_t{1} << 32;  // 16 GiB of float32
const std::string rewrite = "write the table again with anndata";

using Encoding = std::pair<std::string, std::string>;

Encoding encoding_of(const H5Node& node) {
  if (!node.has_attribute("encoding-type")) return {};
  return {node.text_attribute("encoding-type"), node.has_attribute("encoding-version") ? node.text_attribute("encoding-version") : ""};
}

[[noreturn]] void refuse(const H5Node& node, const std::string& said, const std::string& advice = "") {
  throw H5Fault("read " + node.name(), said, advice);
}

[[noreturn]] void refuse_encoding(const H5Node& node, const Encoding& encoding) {
  const std::string version = encoding.second.empty() ? "" : " version " + encoding.second;
  refuse(node,
         "its encoding is " + (encoding.first.empty() ? "not stated" : encoding.first + version) + ", which this program does not know");
}

std::vector<std::string> read_nullable_texts(const H5Node& node) {
  std::vector<std::string> texts = node.child("values").texts();
  const std::vector<std::int64_t> mask = node.child("mask").integers();
  if (mask.size() != texts.size()) refuse(node, "mask and values differ in length");
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (mask[i] != 0) texts[i].clear();
  }
  return texts;
}

// Text elements that hold no codes of their own.
bool is_plain_text(const H5Node& node) {
  const Encoding encoding = encoding_of(node);
  if (encoding == Encoding{"nullable-string-array", "0.1.0"}) return node.is_group();
  const bool known = encoding.first.empty() || encoding == Encoding{"string-array", "0.2.0"} || encoding == Encoding{"array", "0.2.0"};
  return known && node.content() == H5Class::text;
}

std::vector<std::string> read_plain_text(const H5Node& node) {
  if (!is_plain_text(node)) refuse_encoding(node, encoding_of(node));
  return node.is_group() ? read_nullable_texts(node) : node.texts();
}

std::vector<std::string> decode(const H5Node& codes_node, const H5Node& categories_node) {
  const std::vector<std::string> categories = read_plain_text(categories_node);
  std::vector<std::string> texts;
  for (const std::int64_t code : codes_node.integers()) {
    if (code < -1 || code >= static_cast<std::int64_t>(categories.size())) refuse(codes_node, "a code points beyond the categories");
    texts.push_back(code < 0 ? "" : categories[static_cast<std::size_t>(code)]);
  }
  return texts;
}

bool is_categorical(const H5Node& node) { return encoding_of(node) == Encoding{"categorical", "0.2.0"} && node.is_group(); }

std::vector<std::string> trimmed(std::vector<std::string> texts) {
  for (std::string& text : texts) text = trimmed_id(text);
  return texts;
}

H5Node open_frame(const H5Node& root, const std::string& name) {
  H5Node frame = root.child(name);
  if (!frame.is_group())
    refuse(frame, "it is one compound data set, as written before anndata 0.7", "open it with a current anndata and write it again");
  const Encoding encoding = encoding_of(frame);
  if (!encoding.first.empty() && encoding != Encoding{"dataframe", "0.2.0"} && encoding != Encoding{"dataframe", "0.1.0"}) {
    refuse_encoding(frame, encoding);
  }
  return frame;
}

std::string index_name(const H5Node& frame) {
  if (frame.has_attribute("_index")) return frame.text_attribute("_index");
  return frame.has("_index") || !frame.has("index") ? "_index" : "index";
}

std::vector<std::string> read_index(const H5Node& frame) {
  const H5Node index = frame.child(index_name(frame));
  if (is_categorical(index)) return trimmed(decode(index.child("codes"), index.child("categories")));
  if (!index.is_group() && index.content() != H5Class::text)
    refuse(index, "it holds no text, so its ids are not ids", "write the ids as text");
  return trimmed(read_plain_text(index));
}

// Columns of numbers are of no use to the join; text in an encoding of the future is left out as well.
void read_column(const H5Node& frame, const std::string& name, GenomicTable& table) {
  const H5Node column = frame.child(name);
  std::vector<std::string> texts;
  if (is_plain_text(column)) {
    texts = read_plain_text(column);
  } else if (is_categorical(column)) {
    if (!is_plain_text(column.child("categories"))) return;
    texts = decode(column.child("codes"), column.child("categories"));
  } else if (frame.has("__categories") && frame.child("__categories").has(name) && column.content() == H5Class::integer) {
    const H5Node categories = frame.child("__categories").child(name);  // anndata 0.7
    if (!is_plain_text(categories)) return;
    texts = decode(column, categories);
  } else {
    return;
  }
  if (texts.size() != table.row_ids.size()) {
    refuse(column, "it has " + std::to_string(texts.size()) + " values for " + std::to_string(table.row_ids.size()) + " rows");
  }
  table.row_columns.emplace(name, trimmed(std::move(texts)));
}

void require_shape(const H5Node& x, const std::vector<std::uint64_t>& shape, const GenomicTable& table) {
  if (shape.size() != 2) refuse(x, "it has " + std::to_string(shape.size()) + " dimensions, not 2");
  if (shape[0] != table.row_ids.size() || shape[1] != table.genes.size()) {
    refuse(x, "its shape " + std::to_string(shape[0]) + " x " + std::to_string(shape[1]) + " contradicts the index of " +
                  std::to_string(table.row_ids.size()) + " rows and " + std::to_string(table.genes.size()) + " genes");
  }
  if (shape[1] > 0 && shape[0] > most_values / shape[1]) {
    refuse(x,
           "it holds " + std::to_string(shape[0]) + " x " + std::to_string(shape[1]) + " values, more than this program takes into memory",
           "keep the patients and genes that the study needs");
  }
}

struct Compressed {
  std::vector<float> data;
  std::vector<std::int64_t> indices;
  std::vector<std::int64_t> starts;  // indptr
};

Compressed read_compressed(const H5Node& x, std::size_t major, std::size_t minor) {
  Compressed c{x.child("data").floats(), x.child("indices").integers(), x.child("indptr").integers()};
  if (c.data.size() != c.indices.size()) refuse(x, "data and indices differ in length");
  if (c.starts.size() != major + 1 || c.starts.front() != 0) refuse(x, "indptr does not fit the shape");
  for (std::size_t i = 0; i < major; ++i) {
    if (c.starts[i + 1] < c.starts[i]) refuse(x, "indptr decreases at position " + std::to_string(i + 1));
  }
  if (c.starts.back() > static_cast<std::int64_t>(c.data.size())) refuse(x, "indptr points beyond the data");
  for (std::size_t i = 0; i < c.indices.size(); ++i) {
    if (c.indices[i] < 0 || c.indices[i] >= static_cast<std::int64_t>(minor)) {
      refuse(x, "index " + std::to_string(c.indices[i]) + " at position " + std::to_string(i) + " lies outside the shape");
    }
  }
  return c;
}

// Indices may come in any order and repeat: values that meet are added, as scipy does.
void fill_from_compressed(const H5Node& x, bool by_row, GenomicTable& table) {
  const std::size_t rows = table.row_ids.size();
  const std::size_t columns = table.genes.size();
  const std::size_t major = by_row ? rows : columns;
  const Compressed c = read_compressed(x, major, by_row ? columns : rows);
  const std::size_t major_step = by_row ? columns : 1;
  const std::size_t minor_step = by_row ? 1 : columns;
  table.values.assign(rows * columns, 0.0F);
  for (std::size_t i = 0; i < major; ++i) {
    for (auto k = static_cast<std::size_t>(c.starts[i]); k < static_cast<std::size_t>(c.starts[i + 1]); ++k) {
      table.values[i * major_step + static_cast<std::size_t>(c.indices[k]) * minor_step] += c.data[k];
    }
  }
}

std::string sparse_encoding(const H5Node& x) {
  const Encoding encoding = encoding_of(x);
  if (encoding == Encoding{"csr_matrix", "0.1.0"} || encoding == Encoding{"csc_matrix", "0.1.0"}) return encoding.first;
  if (encoding.first.empty() && x.has_attribute("h5sparse_format")) {  // before anndata 0.7
    const std::string format = x.text_attribute("h5sparse_format");
    if (format == "csr" || format == "csc") return format + "_matrix";
  }
  refuse_encoding(x, encoding);
}

void read_sparse(const H5Node& x, GenomicTable& table) {
  table.encoding = sparse_encoding(x);
  const std::vector<std::int64_t> sides = x.integers_attribute(x.has_attribute("shape") ? "shape" : "h5sparse_shape");
  require_shape(x, {sides.begin(), sides.end()}, table);
  fill_from_compressed(x, table.encoding == "csr_matrix", table);
}

void read_dense(const H5Node& x, GenomicTable& table) {
  const Encoding encoding = encoding_of(x);
  if (!encoding.first.empty() && encoding != Encoding{"array", "0.2.0"}) refuse_encoding(x, encoding);
  require_shape(x, x.shape(), table);
  table.encoding = "array";
  table.values = x.floats();
}

void require_finite_or_missing(const GenomicTable& table) {
  for (std::size_t i = 0; i < table.values.size(); ++i) {
    if (!std::isinf(table.values[i])) continue;
    throw H5Fault("read /X",
                  "the value in row " + std::to_string(i / table.genes.size()) + " of gene " + table.genes[i % table.genes.size()] +
                      " is infinite or beyond float32",
                  "write missing values as NaN");
  }
}

void require_anndata(const H5Node& root) {
  const std::string wanted = "read as AnnData";
  if (root.has("mod") || encoding_of(root).first == "MuData") {
    throw H5Fault(wanted, "it is a MuData file of several tables", "write the modality to use as .h5ad of its own");
  }
  if (root.has("matrix") && !root.has("obs")) throw H5Fault(wanted, "it is a 10x matrix", "convert it to .h5ad with scanpy");
  if (!root.has("obs") || !root.has("var")) throw H5Fault(wanted, "it has no obs and var");
  if (!root.has("X")) throw H5Fault(wanted, "it has no X", "copy the layer to use into X");
}

std::string read_units(const H5Node& root) {
  if (!root.has("uns") || !root.child("uns").has("units")) return "";
  const H5Node units = root.child("uns").child("units");
  if (units.content() != H5Class::text) return "";
  const std::vector<std::string> texts = units.texts();
  return texts.size() == 1 ? texts.front() : "";
}

GenomicTable read_anndata(const H5Node& root) {
  require_anndata(root);
  GenomicTable table;
  const H5Node obs = open_frame(root, "obs");
  table.row_ids = read_index(obs);
  table.genes = read_index(open_frame(root, "var"));
  require_unique(table);
  const H5Node x = root.child("X");
  x.is_group() ? read_sparse(x, table) : read_dense(x, table);
  require_finite_or_missing(table);
  const std::string index = index_name(obs);
  for (const std::string& name : obs.children()) {
    if (name != index && name != "__categories") read_column(obs, name, table);
  }
  table.units = read_units(root);
  return table;
}

// A hundred times what a large table needs; a damaged file may send the library in circles.
unsigned cpu_seconds_for(const std::filesystem::path& path) {
  return 20 + static_cast<unsigned>(std::filesystem::file_size(path) / (std::uintmax_t{8} << 20));
}

}  // namespace

GenomicTable read_genomic_table(const std::filesystem::path& path) {
  GenomicTable table = with_path<ModelError>(path, rewrite, [&] {
    const H5File file = H5File::open(path);
    // While the file is open no other thread is inside the library, so the child finds it in order.
    if (!survives_rehearsal([&] { read_anndata(file.root()); }, cpu_seconds_for(path))) {
      throw H5Fault("read as AnnData", "the HDF5 library crashes on it or does not come to an end, so it is damaged",
                    "fetch the file again");
    }
    return read_anndata(file.root());
  });
  table.sha256 = sha256_of_file(path);
  return table;
}

}  // namespace microtome
