// SPDX-License-Identifier: Apache-2.0
// A reader learns which .h5ad files are read and how each damaged or foreign one is refused. Files made by anndata itself are read, and
// ours are given to anndata, in h5ad_oracle.py.
#include "mil/genomics/table.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cmath>
#include <functional>
#include <limits>

#include "mil/h5_file.h"
#include "mil/model_error.h"
#include "mil/sha256.h"
#include "scratch_folder.h"

namespace microtome {
namespace {

GenomicTable small_table() {
  GenomicTable table;
  table.row_ids = {"p1", "p2", "p3"};
  table.genes = {"TP53", "KRAS"};
  table.values = {0, 1.5F, std::nanf(""), -2, 0, 0};
  table.row_columns["patient_id"] = {"a", "", "ä"};
  table.row_numbers["survival_months"] = {1.5, std::nan(""), 0.1};
  table.gene_columns["symbol"] = {"TP53", "KRAS"};
  table.notes = {{"genome_build", "GRCh38"}, {"source_sha256", "00ff"}};
  table.reference_mean = {0.5, 2};
  table.reference_sd = {1, 0.25};
  table.modality = "rnaseq";
  table.units = "log2_tpm";
  return table;
}

void expect_equal(const GenomicTable& a, const GenomicTable& b) {
  EXPECT_EQ(a.row_ids, b.row_ids);
  EXPECT_EQ(a.genes, b.genes);
  EXPECT_EQ(a.row_columns, b.row_columns);
  EXPECT_EQ(a.gene_columns, b.gene_columns);
  EXPECT_EQ(a.notes, b.notes);
  EXPECT_EQ(a.reference_mean, b.reference_mean);
  EXPECT_EQ(a.reference_sd, b.reference_sd);
  EXPECT_EQ(a.units, b.units);
  EXPECT_EQ(a.modality, b.modality);
  ASSERT_EQ(a.row_numbers.size(), b.row_numbers.size());
  for (const auto& [name, numbers] : a.row_numbers) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const double other = b.row_numbers.at(name).at(i);
      EXPECT_TRUE(numbers[i] == other || (std::isnan(numbers[i]) && std::isnan(other))) << name << " " << i;
    }
  }
  ASSERT_EQ(a.values.size(), b.values.size());
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    EXPECT_TRUE(a.values[i] == b.values[i] || (std::isnan(a.values[i]) && std::isnan(b.values[i]))) << i;
  }
}

using Edit = std::function<void(const H5Node& root)>;

void mark(const H5Node& node, const std::string& type, const std::string& version) {
  node.set_attribute("encoding-type", type);
  node.set_attribute("encoding-version", version);
}

void write_frame(const H5Node& root, const std::string& name, const std::vector<std::string>& index) {
  root.create_group(name).write("_index", index);
}

std::string refusal_of(const Edit& content) {
  const ScratchFolder folder;
  {
    H5File file = H5File::create(folder / "t.h5ad");
    content(file.root());
    file.finish();
  }
  const std::string sentence = sentence_of<ModelError>([&] { read_genomic_table(folder / "t.h5ad"); });
  return sentence.substr(sentence.find("t.h5ad: ") + 8);
}

GenomicTable table_with(const Edit& content) {
  const ScratchFolder folder;
  {
    H5File file = H5File::create(folder / "t.h5ad");
    content(file.root());
    file.finish();
  }
  return read_genomic_table(folder / "t.h5ad");
}

void write_dense(const H5Node& root, const std::vector<float>& values, const std::vector<std::uint64_t>& shape) {
  root.write("X", std::span<const float>(values), shape);
}

struct Csr {
  std::vector<float> data{1, 2, 3};
  std::vector<std::int64_t> indices{1, 0, 1};
  std::vector<std::int64_t> indptr{0, 1, 1, 3};
  std::vector<std::int64_t> shape{3, 2};
  std::string type = "csr_matrix";
  std::string version = "0.1.0";
};

// A table of three patients and two genes around a sparse matrix of choice.
Edit with_matrix(const Csr& m) {
  return [m](const H5Node& root) {
    write_frame(root, "obs", {"a", "b", "c"});
    write_frame(root, "var", {"g", "h"});
    const H5Node x = root.create_group("X");
    mark(x, m.type, m.version);
    x.set_attribute("shape", m.shape);
    x.write("data", std::span<const float>(m.data), {m.data.size()});
    x.write("indices", std::span<const std::int64_t>(m.indices), {m.indices.size()});
    x.write("indptr", std::span<const std::int64_t>(m.indptr), {m.indptr.size()});
  };
}

Edit with_dense(const std::vector<std::string>& rows, const std::vector<std::string>& genes) {
  return [=](const H5Node& root) {
    write_frame(root, "obs", rows);
    write_frame(root, "var", genes);
    write_dense(root, std::vector<float>(rows.size() * genes.size(), 1), {rows.size(), genes.size()});
  };
}

TEST(GenomicTable, WhatIsWrittenComesBack) {
  const ScratchFolder folder;
  for (const auto& [encoding, name] : {std::pair(MatrixEncoding::dense, "array"), std::pair(MatrixEncoding::csr, "csr_matrix")}) {
    write_genomic_table(folder / "t.h5ad", small_table(), encoding);
    const GenomicTable back = read_genomic_table(folder / "t.h5ad");
    expect_equal(back, small_table());
    EXPECT_EQ(back.encoding, name);
    EXPECT_EQ(back.sha256, sha256_of_file(folder / "t.h5ad"));
  }
}

TEST(GenomicTable, TheSameTableGivesTheSameBytesWhateverMemoryHeldBefore) {
  const ScratchFolder folder;
  for (const MatrixEncoding encoding : {MatrixEncoding::dense, MatrixEncoding::csr}) {
    write_genomic_table(folder / "a.h5ad", small_table(), encoding);
    mallopt(M_PERTURB, 0x5a);
    write_genomic_table(folder / "b.h5ad", small_table(), encoding);
    mallopt(M_PERTURB, 0);
    EXPECT_EQ(bytes_of(folder / "a.h5ad"), bytes_of(folder / "b.h5ad"));
  }
}

TEST(GenomicTable, ATableWithoutRowsOrGenesIsATable) {
  const ScratchFolder folder;
  GenomicTable empty;
  empty.genes = {"g"};
  for (const MatrixEncoding encoding : {MatrixEncoding::dense, MatrixEncoding::csr}) {
    write_genomic_table(folder / "t.h5ad", empty, encoding);
    expect_equal(read_genomic_table(folder / "t.h5ad"), empty);
  }
}

TEST(GenomicTable, RepeatedAndUnsortedIndicesAddUp) {
  Csr m;
  m.data = {1, 2, 4};
  m.indices = {1, 0, 1};
  m.indptr = {0, 3, 3, 3};
  EXPECT_EQ(table_with(with_matrix(m)).values, (std::vector<float>{2, 5, 0, 0, 0, 0}));
  m.type = "csc_matrix";
  m.indices = {2, 0, 2};
  m.indptr = {0, 3, 3};
  EXPECT_EQ(table_with(with_matrix(m)).values, (std::vector<float>{2, 0, 0, 0, 5, 0}));
}

TEST(GenomicTable, FilesFromBeforeEncodingsWereWrittenAreRead) {
  const GenomicTable table = table_with([](const H5Node& root) {
    const H5Node obs = root.create_group("obs");
    obs.write("index", std::vector<std::string>{" a ", "b"});
    const std::vector<std::int64_t> codes{1, -1};
    obs.write("patient_id", std::span<const std::int64_t>(codes), {2});
    obs.create_group("__categories").write("patient_id", std::vector<std::string>{"p0", "p1"});
    write_frame(root, "var", {"g"});
    const H5Node x = root.create_group("X");
    x.set_attribute("h5sparse_format", std::string("csr"));
    x.set_attribute("h5sparse_shape", std::vector<std::int64_t>{2, 1});
    const std::vector<float> data{7};
    const std::vector<std::int64_t> indices{0};
    const std::vector<std::int64_t> starts{0, 0, 1};
    x.write("data", std::span<const float>(data), {1});
    x.write("indices", std::span<const std::int64_t>(indices), {1});
    x.write("indptr", std::span<const std::int64_t>(starts), {3});
  });
  EXPECT_EQ(table.row_ids, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(table.row_columns.at("patient_id"), (std::vector<std::string>{"p1", ""}));
  EXPECT_EQ(table.values, (std::vector<float>{0, 7}));
}

TEST(GenomicTable, RepeatedPatientsAndGenesAreRefusedWithBothPositions) {
  EXPECT_EQ(refusal_of(with_dense({"a", "b", "c", "b "}, {"g"})),
            "tell the rows apart (obs index): positions 1 and 3 (counted from 0) have the same name: give every row an id of its own");
  EXPECT_EQ(refusal_of(with_dense({"a"}, {"g", "h", "g"})),
            "tell the genes apart (var index): positions 0 and 2 (counted from 0) have the same name g: give every gene a name of its own");
}

TEST(GenomicTable, OtherKindsOfFilesAreNamed) {
  EXPECT_EQ(refusal_of([](const H5Node& root) { root.create_group("mod"); }),
            "read as MuData: it holds no table: write the table again with anndata");
  EXPECT_EQ(refusal_of([](const H5Node& root) { root.create_group("matrix"); }),
            "read /matrix/shape: it is not in the file: write the table again with anndata");
  EXPECT_EQ(refusal_of([](const H5Node& root) {
              root.create_group("col_attrs");
              root.create_group("row_attrs");
            }),
            "read as AnnData: it is a loom file: convert it to .h5ad with scanpy");
  EXPECT_EQ(refusal_of([](const H5Node& root) { root.create_group("df").set_attribute("pandas_type", std::string("frame")); }),
            "read as AnnData: it is a pandas HDFStore: write its frame as CSV and import that");
  EXPECT_EQ(refusal_of([](const H5Node&) {}), "read as AnnData: it has no obs and var: write the table again with anndata");
  EXPECT_EQ(refusal_of([](const H5Node& root) {
              write_frame(root, "obs", {"a"});
              write_frame(root, "var", {"g"});
            }),
            "read as AnnData: it has no X: copy the layer to use into X, or name it with --genomics.layer");
  EXPECT_EQ(refusal_of([](const H5Node& root) {
              root.write("obs", std::vector<std::string>{"a"});
              write_frame(root, "var", {"g"});
              write_dense(root, {1}, {1, 1});
            }),
            "read /obs: it is neither a group of columns nor a data set of records: open it with a current anndata and write it again");
}

TEST(GenomicTable, UnknownEncodingsAndVersionsAreRefused) {
  Csr m;
  m.version = "9.0.0";
  EXPECT_EQ(refusal_of(with_matrix(m)),
            "read /X: its encoding is csr_matrix version 9.0.0, which this program does not know: write the table again with anndata");
  m.type = "awkward-array";
  EXPECT_NE(refusal_of(with_matrix(m)).find("its encoding is awkward-array version 9.0.0"), std::string::npos);
  EXPECT_NE(refusal_of([](const H5Node& root) {
              with_dense({"a"}, {"g"})(root);
              mark(root.child("obs").child("_index"), "string-array", "7");
            }).find("read /obs/_index: its encoding is string-array version 7"),
            std::string::npos);
  EXPECT_NE(refusal_of([](const H5Node& root) {
              with_dense({"a"}, {"g"})(root);
              mark(root.child("var"), "dataframe", "7");
            }).find("read /var: its encoding is dataframe version 7"),
            std::string::npos);
}

TEST(GenomicTable, AnIndexOfNumbersIsRefused) {
  EXPECT_EQ(refusal_of([](const H5Node& root) {
              const std::vector<std::int64_t> ids{1};
              root.create_group("obs").write("_index", std::span<const std::int64_t>(ids), {1});
              write_frame(root, "var", {"g"});
              write_dense(root, {1}, {1, 1});
            }),
            "read /obs/_index: it holds no text, so its ids are not ids: write the ids as text");
}

TEST(GenomicTable, AShapeThatContradictsTheIndexIsRefused) {
  EXPECT_EQ(refusal_of([](const H5Node& root) {
              write_frame(root, "obs", {"a", "b"});
              write_frame(root, "var", {"g"});
              write_dense(root, {1, 2}, {1, 2});
            }),
            "read /X: its shape 1 x 2 contradicts the index of 2 rows and 1 genes: write the table again with anndata");
  EXPECT_NE(refusal_of([](const H5Node& root) {
              write_frame(root, "obs", {"a", "b"});
              write_frame(root, "var", {"g"});
              write_dense(root, {1, 2}, {2});
            }).find("read /X: it has 1 dimensions, not 2"),
            std::string::npos);
  Csr m;
  m.shape = {2, 3};
  EXPECT_NE(refusal_of(with_matrix(m)).find("read /X: its shape 2 x 3 contradicts the index of 3 rows and 2 genes"), std::string::npos);
}

TEST(GenomicTable, DamagedSparseMatricesAreSentences) {
  const auto said = [](const Csr& m) { return refusal_of(with_matrix(m)); };
  Csr m;
  m.indices[1] = 2;
  EXPECT_EQ(said(m), "read /X: index 2 at position 1 lies outside the shape: write the table again with anndata");
  m.indices[1] = -1;
  EXPECT_NE(said(m).find("index -1 at position 1 lies outside the shape"), std::string::npos);
  m = {};
  m.indptr = {0, 2, 1, 3};
  EXPECT_NE(said(m).find("indptr decreases at position 2"), std::string::npos);
  m.indptr = {0, 1, 1, 4};
  EXPECT_NE(said(m).find("indptr points beyond the data"), std::string::npos);
  m.indptr = {1, 1, 1, 3};
  EXPECT_NE(said(m).find("indptr does not fit the shape"), std::string::npos);
  m.indptr = {0, 3};
  EXPECT_NE(said(m).find("indptr does not fit the shape"), std::string::npos);
  m = {};
  m.data.pop_back();
  EXPECT_NE(said(m).find("data and indices differ in length"), std::string::npos);
}

TEST(GenomicTable, DamagedTextColumnsAreSentences) {
  EXPECT_NE(refusal_of([](const H5Node& root) {
              with_dense({"a", "b"}, {"g"})(root);
              root.child("obs").write("short", std::vector<std::string>{"x"});
            }).find("read /obs/short: it has 1 values for 2 rows"),
            std::string::npos);
  EXPECT_NE(refusal_of([](const H5Node& root) {
              with_dense({"a", "b"}, {"g"})(root);
              const H5Node column = root.child("obs").create_group("c");
              mark(column, "categorical", "0.2.0");
              column.write("categories", std::vector<std::string>{"x"});
              const std::vector<std::int64_t> codes{0, 1};
              column.write("codes", std::span<const std::int64_t>(codes), {2});
            }).find("read /obs/c/codes: a code points beyond the categories"),
            std::string::npos);
}

TEST(GenomicTable, InfiniteValuesAreRefusedByGene) {
  EXPECT_EQ(refusal_of([](const H5Node& root) {
              write_frame(root, "obs", {"a", "b"});
              write_frame(root, "var", {"g", "h"});
              write_dense(root, {1, 2, 3, -std::numeric_limits<float>::infinity()}, {2, 2});
            }),
            "read /X: the value in row 1 of gene h is infinite or beyond float32: write missing values as NaN");
}

TEST(GenomicTable, ValuesThatTheUnitsCannotHaveAreRefused) {
  const auto with_units = [](const std::string& units, float value) {
    return [=](const H5Node& root) {
      write_frame(root, "obs", {"a", "b"});
      write_frame(root, "var", {"g", "h"});
      write_dense(root, {0, 1, 0, value}, {2, 2});
      root.create_group("uns").write("units", units);
    };
  };
  EXPECT_EQ(refusal_of(with_units("tpm", -0.5F)),
            "read /X as tpm: the value in row 1 of gene h is -0.5, which tpm cannot be: state the units that the values have");
  EXPECT_NE(refusal_of(with_units("beta", 1.5F)).find("is 1.5, which beta cannot be"), std::string::npos);
  EXPECT_NE(refusal_of(with_units("cn_gistic", 3)).find("is 3, which cn_gistic cannot be"), std::string::npos);
  EXPECT_EQ(table_with(with_units("log2_tpm_p0.001", -9.965784F)).units, "log2_tpm_p0.001") << "the floor log2(0.001) is not negative TPM";
  EXPECT_EQ(table_with(with_units("zscore", -3)).values[3], -3);
}

TEST(GenomicTable, RowsAreReadAloneAndEqualThoseOfTheWholeTable) {
  const ScratchFolder folder;
  GenomicTable table;
  for (int i = 0; i < 300; ++i) table.row_ids.push_back("p" + std::to_string(i));
  for (int j = 0; j < 40; ++j) table.genes.push_back("g" + std::to_string(j));
  for (int i = 0; i < 300 * 40; ++i) table.values.push_back(i % 7 == 0 ? static_cast<float>(i) : 0.0F);
  for (const MatrixEncoding encoding : {MatrixEncoding::dense, MatrixEncoding::csr}) {
    write_genomic_table(folder / "t.h5ad", table, encoding);
    const GenomicTable index = read_genomic_index(folder / "t.h5ad");
    EXPECT_TRUE(index.values.empty());
    EXPECT_EQ(index.row_ids, table.row_ids);
    const std::vector<std::size_t> rows{0, 1, 17, 18, 20, 250, 299};
    const std::vector<float> values = read_genomic_rows(folder / "t.h5ad", index, rows);
    ASSERT_EQ(values.size(), rows.size() * 40);
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i], table.values[rows[i / 40] * 40 + i % 40]);
    EXPECT_TRUE(read_genomic_rows(folder / "t.h5ad", index, {}).empty());
  }
}

/// A csr matrix whose rows have from none to 90 values, stored in chunks of so many.
GenomicTable write_chunked_rows(const std::filesystem::path& path, H5Storage storage) {
  GenomicTable table;
  std::vector<float> data;
  std::vector<std::int32_t> indices;
  std::vector<std::int64_t> starts{0};
  for (int j = 0; j < 90; ++j) table.genes.push_back("g" + std::to_string(j));
  for (int i = 0; i < 200; ++i) {
    table.row_ids.push_back("p" + std::to_string(i));
    for (int j = 0; j < 90; ++j) {
      table.values.push_back(j < i * 37 % 91 ? static_cast<float>(i * 100 + j) - 5000.5F : 0);
      if (j >= i * 37 % 91) continue;
      indices.insert(indices.end(), 1, j);
      data.push_back(table.values.back());
    }
    starts.push_back(static_cast<std::int64_t>(data.size()));
  }
  H5File file = H5File::create(path);
  {
    const H5Node root = file.root();
    write_frame(root, "obs", table.row_ids);
    write_frame(root, "var", table.genes);
    const H5Node x = root.create_group("X");
    mark(x, "csr_matrix", "0.1.0");
    x.set_attribute("shape", std::vector<std::int64_t>{200, 90});
    x.write("data", std::span<const float>(data), {data.size()}, storage);
    x.write("indices", std::span<const std::int32_t>(indices), {indices.size()}, storage);
    x.write("indptr", std::span<const std::int64_t>(starts), {starts.size()});
  }
  file.finish();
  return table;
}

TEST(GenomicTable, SparseRowsAreTheSameHoweverTheFileIsCutIntoChunks) {
  const ScratchFolder folder;
  const std::vector<std::vector<std::size_t>> requests{{0}, {199}, {7, 9, 150}, {0, 1, 2, 3, 90, 91, 92, 198, 199}};
  for (const H5Storage storage :
       {H5Storage{}, H5Storage{7, false}, H5Storage{7, true}, H5Storage{1000, false}, H5Storage{1000, true}, H5Storage{1 << 20, true}}) {
    const GenomicTable table = write_chunked_rows(folder / "t.h5ad", storage);
    const GenomicTable index = read_genomic_index(folder / "t.h5ad");
    for (const std::vector<std::size_t>& rows : requests) {
      const std::vector<float> values = read_genomic_rows(folder / "t.h5ad", index, rows);
      ASSERT_EQ(values.size(), rows.size() * 90);
      for (std::size_t i = 0; i < values.size(); ++i) {
        ASSERT_EQ(values[i], table.values[rows[i / 90] * 90 + i % 90]) << storage.chunk_rows << " row " << rows[i / 90];
      }
    }
    EXPECT_EQ(read_genomic_table(folder / "t.h5ad").values, table.values) << storage.chunk_rows;
  }
}

TEST(GenomicTable, OneReaderAnswersManyRequestsInAnyOrder) {
  const ScratchFolder folder;
  for (const H5Storage storage : {H5Storage{}, H5Storage{300, true}}) {
    const GenomicTable table = write_chunked_rows(folder / "t.h5ad", storage);
    const GenomicTable index = read_genomic_index(folder / "t.h5ad");
    GenomicRowReader reader(folder / "t.h5ad", index);
    const std::vector<std::vector<std::size_t>> requests{{5}, {}, {5}, {1, 5, 3}, {9, 9, 9}, {199, 0, 100, 0}, {4, 4, 5}};
    for (const std::vector<std::size_t>& rows : requests) {
      const std::vector<float> values = reader.read(rows);
      ASSERT_EQ(values.size(), rows.size() * 90);
      for (std::size_t i = 0; i < values.size(); ++i) ASSERT_EQ(values[i], table.values[rows[i / 90] * 90 + i % 90]) << rows[i / 90];
    }
    EXPECT_THROW(reader.read({200}), std::out_of_range);
    EXPECT_EQ(reader.read({3}), std::vector<float>(table.values.begin() + 270, table.values.begin() + 360)) << "and goes on";
  }
}

TEST(GenomicTable, AReaderGoesOnAfterDamagedRowsAndReadsAFileThatWasReplaced) {
  const ScratchFolder folder;
  GenomicTable table = write_chunked_rows(folder / "t.h5ad", {});
  GenomicTable index = read_genomic_index(folder / "t.h5ad");
  index.units = "tpm";
  GenomicRowReader reader(folder / "t.h5ad", index);
  EXPECT_NE(sentence_of<ModelError>([&] { reader.read({41}); }).find("row 41 of gene g0 is -900.5"), std::string::npos);
  EXPECT_EQ(reader.read({60}), std::vector<float>(table.values.begin() + 60 * 90, table.values.begin() + 61 * 90));
  std::filesystem::remove(folder / "t.h5ad");
  EXPECT_EQ(reader.read({60}).size(), 90U) << "it is open";
  EXPECT_THROW(reader.read({41}), ModelError);
  EXPECT_NE(sentence_of<ModelError>([&] { reader.read({60}); }).find("open as HDF5: there is no such file"), std::string::npos);
}

TEST(GenomicTable, AnImpossibleValueAmongTheRowsAskedForIsNamedByItsRowInTheFile) {
  const ScratchFolder folder;
  write_chunked_rows(folder / "t.h5ad", {50, true});
  GenomicTable index = read_genomic_index(folder / "t.h5ad");
  index.units = "tpm";
  EXPECT_EQ(sentence_of<ModelError>([&] {
              read_genomic_rows(folder / "t.h5ad", index, {41, 60, 70});
            }),
            (folder / "t.h5ad").string() +
                ": read /X as tpm: the value in row 41 of gene g0 is -900.5, which tpm cannot be: state the units "
                "that the values have");
  EXPECT_EQ(read_genomic_rows(folder / "t.h5ad", index, {60, 70}).size(), 180U);
}

TEST(GenomicTable, PackedTablesOfEveryShapeComeBack) {
  const ScratchFolder folder;
  std::uint32_t noise = 1;
  for (const std::size_t rows : {1, 3, 700}) {
    for (const std::size_t genes : {1, 7, 1000}) {
      GenomicTable table;
      for (std::size_t i = 0; i < rows; ++i) table.row_ids.push_back("p" + std::to_string(i));
      for (std::size_t j = 0; j < genes; ++j) table.genes.push_back("g" + std::to_string(j));
      // whole numbers are packed; large ones that look like noise do not shrink
      for (std::size_t i = 0; i < rows * genes; ++i)
        table.values.push_back(static_cast<float>((noise = noise * 1664525 + 1013904223) >> (i < 64 ? 8 : 28)));
      for (const MatrixEncoding encoding : {MatrixEncoding::dense, MatrixEncoding::csr}) {
        write_genomic_table(folder / "t.h5ad", table, encoding);
        EXPECT_EQ(read_genomic_table(folder / "t.h5ad").values, table.values) << rows << " x " << genes;
      }
    }
  }
}

TEST(GenomicTable, SparseIsWrittenWhereItPays) {
  const ScratchFolder folder;
  GenomicTable table = small_table();
  write_genomic_table(folder / "t.h5ad", table, MatrixEncoding::smaller);
  EXPECT_EQ(read_genomic_table(folder / "t.h5ad").encoding, "array") << "half of it is not zero";
  table.values = {0, 1, 0, 0, 0, 0};
  write_genomic_table(folder / "t.h5ad", table, MatrixEncoding::smaller);
  EXPECT_EQ(read_genomic_table(folder / "t.h5ad").encoding, "csr_matrix");
}

TEST(GenomicTable, AFailedWriteLeavesTheOldFileAndNothingElse) {
  const ScratchFolder folder;
  write_genomic_table(folder / "t.h5ad", small_table(), MatrixEncoding::dense);
  const std::string before = bytes_of(folder / "t.h5ad");
  GenomicTable broken = small_table();
  broken.notes["a/b/c"] = "no group is called so";
  EXPECT_THROW(write_genomic_table(folder / "t.h5ad", broken, MatrixEncoding::dense), ModelError);
  EXPECT_EQ(bytes_of(folder / "t.h5ad"), before);
  const std::filesystem::directory_iterator files((folder / "t.h5ad").parent_path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST(GenomicTable, AHeaderOfABillionGenesIsRefusedBeforeMemoryIsAskedFor) {
  EXPECT_NE(refusal_of([](const H5Node& root) {
              write_frame(root, "obs", {"a"});
              write_frame(root, "var", {"g"});
              const H5Node x = root.create_group("X");
              mark(x, "csr_matrix", "0.1.0");
              x.set_attribute("shape", std::vector<std::int64_t>{1, 1'000'000'000});
            }).find("read /X: its shape 1 x 1000000000 contradicts the index of 1 rows and 1 genes"),
            std::string::npos);
}

TEST(GenomicTable, AMatrixBeyondMemoryIsRefusedBeforeItIsMade) {
  std::vector<std::string> names;
  for (int i = 0; i < 65537; ++i) names.push_back(std::to_string(i));
  EXPECT_EQ(
      refusal_of([&](const H5Node& root) {
        write_frame(root, "obs", names);
        write_frame(root, "var", names);
        const H5Node x = root.create_group("X");
        mark(x, "csr_matrix", "0.1.0");
        x.set_attribute("shape", std::vector<std::int64_t>{65537, 65537});
      }),
      "read /X: it holds 65537 x 65537 values, more than this program takes into memory: keep the patients and genes that the study needs");
}

TEST(GenomicTable, TextThatIsNotUtf8IsRefused) {
  for (const std::string id : {"\xff", "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe0\x80\x80"}) {
    EXPECT_EQ(refusal_of(with_dense({"a", id}, {"g"})),
              "read /obs/_index: the text at position 1 is not UTF-8: write the file again with UTF-8 texts");
  }
  EXPECT_EQ(table_with(with_dense({"\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}, {"g"})).row_ids.size(), 3U);
}

TEST(GenomicTable, FilesThatAreNotHdf5AreRefused) {
  const ScratchFolder folder;
  write_bytes(folder / "t.h5ad", "gene,value\nTP53,1\n");
  EXPECT_EQ(sentence_of<ModelError>([&] { read_genomic_table(folder / "t.h5ad"); }),
            (folder / "t.h5ad").string() + ": open as HDF5: file signature not found: write the table again with anndata");
}

TEST(GenomicTable, NoDamagedByteEndsTheProgram) {
  const ScratchFolder folder;
  for (const MatrixEncoding encoding : {MatrixEncoding::dense, MatrixEncoding::csr}) {
    write_genomic_table(folder / "t.h5ad", small_table(), encoding);
    const std::string whole = bytes_of(folder / "t.h5ad");
    int refused = 0;
    for (std::size_t i = 0; i < whole.size(); i += 499) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ 1);
      write_bytes(folder / "d.h5ad", damaged);
      try {
        read_genomic_table(folder / "d.h5ad");
      } catch (const ModelError&) {
        ++refused;
      }
    }
    EXPECT_GT(refused, 0);
  }
}

TEST(GenomicTable, ATextHeapThatCrashesTheLibraryIsASentence) {
  const ScratchFolder folder;
  write_genomic_table(folder / "t.h5ad", small_table(), MatrixEncoding::dense);
  std::string bytes = bytes_of(folder / "t.h5ad");
  const std::size_t heap = bytes.find("GCOL");
  ASSERT_NE(heap, std::string::npos);
  // The size of the heap's first text, which the library takes on trust: it copies that many bytes. Two gigabytes run past any memory that
  // a process has in one piece; a few megabytes may stay within it.
  bytes[heap + 16 + 8 + 3] = 0x7f;
  write_bytes(folder / "d.h5ad", bytes);
  EXPECT_EQ(sentence_of<ModelError>([&] { read_genomic_table(folder / "d.h5ad"); }),
            (folder / "d.h5ad").string() + ": read as AnnData: the HDF5 library crashes on it, so it is damaged: fetch the file again");
}

TEST(GenomicTable, TablesThatCannotBeReadBackAreNotWritten) {
  const ScratchFolder folder;
  const auto said = [&](const GenomicTable& table) {
    return sentence_of<ModelError>([&] { write_genomic_table(folder / "t.h5ad", table, MatrixEncoding::dense); });
  };
  GenomicTable table = small_table();
  table.values.pop_back();
  EXPECT_NE(said(table).find("write /X: there are 5 values for 3 rows and 2 genes"), std::string::npos);
  table = small_table();
  table.row_ids[2] = "p1";
  EXPECT_NE(said(table).find("positions 0 and 2 (counted from 0) have the same name"), std::string::npos);
  table = small_table();
  table.row_columns["a/b"] = {"", "", ""};
  EXPECT_NE(said(table).find("write the obs column a/b: anndata does not accept this name"), std::string::npos);
  table = small_table();
  table.row_columns["c"] = {""};
  EXPECT_NE(said(table).find("write the obs column c: its length is not the number of rows"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder / "t.h5ad"));
}

}  // namespace
}  // namespace microtome
