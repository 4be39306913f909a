// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/table_cases.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <memory>
#include <random>
#include <set>

#include "mil/genomics/import/import.h"
#include "mil/genomics/table.h"
#include "mil/sha256.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

double number_in(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::vector<GenomicTable> import_ours(const fs::path& source, const fs::path& folder) {
  ImportRequest request;
  request.from = "mcat";
  request.inputs = {source};
  std::vector<GenomicTable> tables;
  for (ImportedTable& imported : import_genomics(request)) {
    write_genomic_table(folder / ("ours." + imported.table.modality + ".h5ad"), imported.table, MatrixEncoding::smaller);
    tables.push_back(std::move(imported.table));
  }
  return tables;
}

/// What pandas and anndata wrote, read by us: the same names and the same floats, to the bit.
std::string compare_imports(const std::vector<GenomicTable>& ours, const fs::path& folder) {
  for (const GenomicTable& table : ours) {
    const GenomicTable theirs = read_genomic_table(folder / ("theirs." + table.modality + ".h5ad"));
    if (theirs.row_ids != table.row_ids || theirs.genes != table.genes) return table.modality + ": names differ";
    if (theirs.row_numbers.at("event") != table.row_numbers.at("event")) return table.modality + ": events differ";
    if (theirs.values != table.values) return table.modality + ": values differ";
  }
  return "";
}

std::string joined(const std::vector<std::size_t>& rows) {
  std::string text;
  for (const std::size_t row : rows) text += fmt::format(" {}", row);
  return text;
}

/// Rows of the file for each call, sorted, without repeats, other rows each time.
std::vector<std::size_t> draw(std::mt19937_64& engine, std::size_t count, std::size_t of) {
  std::set<std::size_t> rows;
  while (rows.size() < count) rows.insert(engine() % of);
  return {rows.begin(), rows.end()};
}

}  // namespace

BenchCase import_case(PythonRival& python, const fs::path& table, const fs::path& folder) {
  BenchCase out{
      "genomics", "import luad", "imports/s", "", "pandas+anndata", 7, {},
  };
  const auto theirs = [&python, table, folder] {
    return number_in(python.ask(fmt::format("import {} {}", table.string(), folder.string())));
  };
  BenchRow ours{"ours", 1, {}, {}, {}};
  ours.verify = [=] {
    theirs();
    return compare_imports(import_ours(table, folder), folder);
  };
  ours.run = [=] { return 1 / seconds_of([&] { import_ours(table, folder); }); };
  BenchRow rival{"pandas+anndata", 1, [] { return std::string(); }, [theirs] { return 1 / theirs(); }, {}};
  out.rows = {ours, rival};
  return out;
}

BenchCase rows_case(PythonRival& python, const fs::path& folder) {
  constexpr std::size_t wanted = 500;
  constexpr std::size_t patients = 10000;
  const fs::path file = folder / "large.h5ad";
  python.ask(fmt::format("make {}", file.string()));
  auto index = std::make_shared<GenomicTable>(read_genomic_index(file));
  auto engine = std::make_shared<std::mt19937_64>(1);
  BenchCase out{"genomics", "rows csr", "rows/s", "", "anndata-backed", 7, {}};
  BenchRow ours{"ours", 1, {}, {}, {}};
  ours.verify = [=, &python] {
    const std::vector<std::size_t> rows = draw(*engine, wanted, patients);
    const std::vector<float> values = read_genomic_rows(file, *index, rows);
    const std::string bytes(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
    const std::string theirs = python.ask("digest" + joined(rows));
    return theirs == sha256_of_text(bytes) ? "" : "the rows differ from anndata's";
  };
  ours.run = [=] {
    const std::vector<std::size_t> rows = draw(*engine, wanted, patients);
    return wanted / seconds_of([&] { read_genomic_rows(file, *index, rows); });
  };
  BenchRow rival{"anndata-backed", 1, [] { return std::string(); }, {}, {}};
  rival.run = [=, &python] { return wanted / number_in(python.ask("rows" + joined(draw(*engine, wanted, patients)))); };
  BenchRow one_by_one{"anndata-backed-one-by-one", 1, [] { return std::string(); }, {}, {}};
  one_by_one.run = [=, &python] { return wanted / number_in(python.ask("single" + joined(draw(*engine, wanted, patients)))); };
  out.rows = {ours, rival, one_by_one};
  return out;
}

}  // namespace microtome
