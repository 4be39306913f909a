// SPDX-License-Identifier: Apache-2.0
// How fast genomic tables are imported and read. See README.md.
// Usage: bench_genomics_tables [--verify-only] [--case TEXT] [--rows A,B] [--runs N]. JSON lines on stdout; exit code 1 where values
// differ.
#include <fmt/format.h>

#include <iostream>
#include <stdexcept>

#include "tests/bench/table_cases.h"
#include "tests/support/temp_dir.h"

int main(int argc, char** argv) {
  using namespace microtome;
  try {
    const BenchOptions options = parse_bench_options(argc, argv);
    const TempDir folder;
    PythonRival python(fmt::format("{} {}", MICROTOME_PYTHON, TABLES_WITH_ANNDATA));
    bool right = true;
    if (is_wanted(options, "import luad"))
      right = run_case(import_case(python, MICROTOME_SHARED "/genomics/tcga_luad_all_clean.csv.zip", folder.path()), options, std::cout,
                       std::cerr) &&
              right;
    const bool rows = is_wanted(options, "rows csr"), single = is_wanted(options, "single rows csr");
    const RowsFile file = rows || single ? make_rows_file(python, folder.path()) : RowsFile{};
    if (rows) right = run_case(rows_case(python, file), options, std::cout, std::cerr) && right;
    if (single) right = run_case(single_rows_case(python, file), options, std::cout, std::cerr) && right;
    return right ? 0 : 1;
  } catch (const std::exception& e) {
    std::cerr << "bench_genomics_tables: " << e.what() << "\n";
    return 2;
  }
}
