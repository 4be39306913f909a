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

constexpr std::size_t rows_wanted = 500;

std::string digest(const std::vector<float>& values) {
  return sha256_of_text({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
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

RowsFile make_rows_file(PythonRival& python, const fs::path& folder) {
  RowsFile out{folder / "large.h5ad", {}};
  python.ask(fmt::format("make {}", out.path.string()));
  out.index = std::make_shared<GenomicTable>(read_genomic_index(out.path));
  return out;
}

BenchCase rows_case(PythonRival& python, const RowsFile& file) {
  auto engine = std::make_shared<std::mt19937_64>(1);
  const auto drawn = [=] { return draw(*engine, rows_wanted, file.index->row_ids.size()); };
  BenchCase out{"genomics", "rows csr", "rows/s", "", "anndata-backed", 7, {}};
  BenchRow ours{"ours", 1, {}, {}, {}};
  ours.verify = [=, &python] {
    const std::vector<std::size_t> rows = drawn();
    return python.ask("digest" + joined(rows)) == digest(read_genomic_rows(file.path, *file.index, rows))
               ? ""
               : "the rows differ from anndata's";
  };
  ours.run = [=] {
    const std::vector<std::size_t> rows = drawn();
    return rows_wanted / seconds_of([&] { read_genomic_rows(file.path, *file.index, rows); });
  };
  BenchRow rival{"anndata-backed", 1, [] { return std::string(); }, {}, {}};
  rival.run = [=, &python] { return rows_wanted / number_in(python.ask("rows" + joined(drawn()))); };
  out.rows = {ours, rival};
  return out;
}

BenchCase single_rows_case(PythonRival& python, const RowsFile& file) {
  auto engine = std::make_shared<std::mt19937_64>(2);
  const auto drawn = [=] { return draw(*engine, rows_wanted, file.index->row_ids.size()); };
  auto reader = std::make_shared<GenomicRowReader>(file.path, *file.index);
  BenchCase out{"genomics", "single rows csr", "rows/s", "", "anndata-backed", 7, {}};
  BenchRow ours{"ours", 1, {}, {}, {}};
  ours.verify = [=, &python] {
    const std::vector<std::size_t> rows = drawn();
    std::vector<float> values;
    for (const std::size_t row : rows) {
      const std::vector<float> of_row = reader->read({row});
      values.insert(values.end(), of_row.begin(), of_row.end());
    }
    return python.ask("digest" + joined(rows)) == digest(values) ? "" : "the rows differ from anndata's";
  };
  ours.run = [=] {
    const std::vector<std::size_t> rows = drawn();
    return rows_wanted / seconds_of([&] {
             for (const std::size_t row : rows) reader->read({row});
           });
  };
  BenchRow anew{"ours-opened-anew", 1, [] { return std::string(); }, {}, {}};
  anew.run = [=] {
    std::vector<std::size_t> rows = drawn();
    rows.resize(rows_wanted / 10);
    return static_cast<double>(rows.size()) / seconds_of([&] {
             for (const std::size_t row : rows) read_genomic_rows(file.path, *file.index, {row});
           });
  };
  BenchRow rival{"anndata-backed", 1, [] { return std::string(); }, {}, {}};
  rival.run = [=, &python] { return rows_wanted / number_in(python.ask("single" + joined(drawn()))); };
  out.rows = {ours, anew, rival};
  return out;
}

}  // namespace microtome
