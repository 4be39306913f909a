// SPDX-License-Identifier: Apache-2.0
// Writing AnnData files in the subset that anndata 0.8 reads as well as a current one.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "mil/genomics/table.h"
#include "mil/genomics/table_check.h"
#include "mil/h5_file.h"
#include "mil/model_error.h"

namespace microtome {

namespace {

constexpr std::uint64_t chunk_values = 1 << 18;  // 1 MiB of float32

template <class Column>
void validate_columns(const std::string& frame, const std::map<std::string, std::vector<Column>>& columns, std::size_t length) {
  for (const auto& [name, values] : columns) {
    const std::string wanted = "write the " + frame + " column " + name;
    if (name.empty() || name == "_index" || name.find('/') != std::string::npos) throw H5Fault(wanted, "anndata does not accept this name");
    if (values.size() != length) throw H5Fault(wanted, "its length is not the number of " + std::string(frame == "obs" ? "rows" : "genes"));
  }
}

void validate_reference(const std::vector<double>& numbers, const GenomicTable& table) {
  if (!numbers.empty() && numbers.size() != table.genes.size()) throw H5Fault("write the reference", "it has not a number for each gene");
}

void validate(const GenomicTable& table) {
  require_unique(table);
  if (table.values.size() != table.row_ids.size() * table.genes.size()) {
    throw H5Fault("write /X", "there are " + std::to_string(table.values.size()) + " values for " + std::to_string(table.row_ids.size()) +
                                  " rows and " + std::to_string(table.genes.size()) + " genes");
  }
  validate_columns("obs", table.row_columns, table.row_ids.size());
  validate_columns("obs", table.row_numbers, table.row_ids.size());
  validate_columns("var", table.gene_columns, table.genes.size());
  validate_reference(table.reference_mean, table);
  validate_reference(table.reference_sd, table);
  for (const auto& [name, numbers] : table.row_numbers) {
    if (table.row_columns.contains(name)) throw H5Fault("write the obs column " + name, "there are two of this name");
  }
}

void mark(const H5Node& node, const std::string& type, const std::string& version) {
  node.set_attribute("encoding-type", type);
  node.set_attribute("encoding-version", version);
}

void write_texts(const H5Node& group, const std::string& name, const std::vector<std::string>& texts) {
  mark(group.write(name, texts), "string-array", "0.2.0");
}

void write_numbers(const H5Node& group, const std::string& name, const std::vector<double>& numbers) {
  mark(group.write(name, std::span<const double>(numbers), {numbers.size()}), "array", "0.2.0");
}

void write_frame(const H5Node& root, const std::string& name, const std::vector<std::string>& index,
                 const std::map<std::string, std::vector<std::string>>& texts, const std::map<std::string, std::vector<double>>& numbers) {
  const H5Node frame = root.create_group(name);
  mark(frame, "dataframe", "0.2.0");
  frame.set_attribute("_index", std::string("_index"));
  std::vector<std::string> order;
  write_texts(frame, "_index", index);
  for (const auto& [column, values] : texts) {
    order.push_back(column);
    write_texts(frame, column, values);
  }
  for (const auto& [column, values] : numbers) {
    order.push_back(column);
    write_numbers(frame, column, values);
  }
  frame.set_attribute("column-order", order);
}

H5Storage packed(std::uint64_t rows, std::uint64_t columns) {
  if (rows == 0 || columns == 0) return {};
  return {std::min(rows, std::max<std::uint64_t>(1, chunk_values / columns)), true};
}

/// Measurements hardly shrink (by a sixth, z-scores) and take ten times as long to write; counts and calls do.
bool deflate_pays(const std::vector<float>& values) {
  constexpr std::size_t block = 1 << 16;
  std::size_t whole = 0;
  for (std::size_t first = 0; first < values.size(); first += block) {
    std::uint32_t of_block = 0;  // as wide as a value, so that the compiler looks at several values at once
    for (std::size_t i = first; i < std::min(first + block, values.size()); ++i) {
      const float value = std::abs(values[i]) < 16777216.0F ? values[i] : 0.5F;
      of_block += value == static_cast<float>(static_cast<std::int32_t>(value)) ? 1 : 0;
    }
    whole += of_block;
  }
  return whole * 2 > values.size();
}

void write_dense(const H5Node& root, const GenomicTable& table) {
  const std::uint64_t rows = table.row_ids.size();
  const std::uint64_t columns = table.genes.size();
  const H5Storage storage = deflate_pays(table.values) ? packed(rows, columns) : H5Storage{};
  mark(root.write("X", std::span<const float>(table.values), {rows, columns}, storage), "array", "0.2.0");
}

template <class Integer>
void write_csr_as(const H5Node& root, const GenomicTable& table) {
  const std::size_t columns = table.genes.size();
  std::vector<float> data;
  std::vector<Integer> indices;
  std::vector<Integer> starts{0};
  for (std::size_t row = 0; row < table.row_ids.size(); ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      const float value = table.values[row * columns + column];
      if (value == 0.0F) continue;
      data.push_back(value);
      indices.push_back(static_cast<Integer>(column));
    }
    starts.push_back(static_cast<Integer>(data.size()));
  }
  const H5Node x = root.create_group("X");
  mark(x, "csr_matrix", "0.1.0");
  x.set_attribute("shape", std::vector<std::int64_t>{static_cast<std::int64_t>(table.row_ids.size()), static_cast<std::int64_t>(columns)});
  x.write("data", std::span<const float>(data), {data.size()}, packed(data.size(), 1));
  x.write("indices", std::span<const Integer>(indices), {indices.size()}, packed(indices.size(), 1));
  x.write("indptr", std::span<const Integer>(starts), {starts.size()}, packed(starts.size(), 1));
}

void write_csr(const H5Node& root, const GenomicTable& table) {
  if (table.values.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    return write_csr_as<std::int64_t>(root, table);
  write_csr_as<std::int32_t>(root, table);
}

void write_mappings(const H5Node& root, const GenomicTable& table) {
  for (const char* name : {"layers", "obsm", "obsp", "varm", "varp", "uns"}) mark(root.create_group(name), "dict", "0.1.0");
  const H5Node uns = root.child("uns");
  std::map<std::string, std::string> texts = table.notes;
  if (!table.units.empty()) texts["units"] = table.units;
  if (!table.modality.empty()) texts["modality"] = table.modality;
  for (const auto& [name, text] : texts) mark(uns.write(name, text), "string", "0.2.0");
  if (!table.reference_mean.empty()) write_numbers(uns, "reference_mean", table.reference_mean);
  if (!table.reference_sd.empty()) write_numbers(uns, "reference_sd", table.reference_sd);
}

bool sparse_pays(const GenomicTable& table) {
  const auto zeros = static_cast<std::size_t>(std::count(table.values.begin(), table.values.end(), 0.0F));
  return (table.values.size() - zeros) * 10 < table.values.size() * 3;
}

void write_file(const std::filesystem::path& path, const GenomicTable& table, bool csr) {
  H5File file = H5File::create(path);
  {
    const H5Node root = file.root();
    mark(root, "anndata", "0.1.0");
    csr ? write_csr(root, table) : write_dense(root, table);
    write_frame(root, "obs", table.row_ids, table.row_columns, table.row_numbers);
    write_frame(root, "var", table.genes, table.gene_columns, {});
    write_mappings(root, table);
  }
  file.finish();
}

/// Gone when nobody renamed it.
class BesideFile {
 public:
  explicit BesideFile(const std::filesystem::path& path)
      : final_(path), beside_(path.parent_path() / ("." + path.filename().string() + ".tmp." + std::to_string(getpid()))) {}
  BesideFile(const BesideFile&) = delete;
  BesideFile& operator=(const BesideFile&) = delete;
  ~BesideFile() {
    std::error_code ignored;
    std::filesystem::remove(beside_, ignored);
  }
  const std::filesystem::path& path() const { return beside_; }
  void rename() const {
    std::error_code failure;
    std::filesystem::rename(beside_, final_, failure);
    if (failure) throw H5Fault("put the file in its place", failure.message());
  }

 private:
  std::filesystem::path final_;
  std::filesystem::path beside_;
};

}  // namespace

void write_genomic_table(const std::filesystem::path& path, const GenomicTable& table, MatrixEncoding encoding) {
  with_path<ModelError>(path, "check the table, the folder and the space on its disk", [&] {
    validate(table);
    const BesideFile file(path);
    write_file(file.path(), table, encoding == MatrixEncoding::csr || (encoding == MatrixEncoding::smaller && sparse_pays(table)));
    file.rename();
  });
}

}  // namespace microtome
