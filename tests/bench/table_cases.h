// SPDX-License-Identifier: Apache-2.0
// Genomic tables beside pandas and anndata: importing a cohort, and rows of some patients out of a large file. See README.md.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "mil/genomics/table.h"
#include "tests/bench/frame.h"
#include "tests/bench/python_rival.h"

namespace microtome {

/// python: an interpreter with anndata that runs tables_with_anndata.py; outlives the cases, as the folder does.
BenchCase import_case(PythonRival& python, const std::filesystem::path& table, const std::filesystem::path& folder);

/// 10,000 x 20,000 values, a tenth of them not 0, 160 MB.
struct RowsFile {
  std::filesystem::path path;
  std::shared_ptr<const GenomicTable> index;
};

/// Made through the rival, which keeps it open.
RowsFile make_rows_file(PythonRival& python, const std::filesystem::path& folder);

/// 500 random patients' rows in one request, in either program.
BenchCase rows_case(PythonRival& python, const RowsFile& file);

/// The same number of rows one after the other, out of a file that either program keeps open; and ours where it opens the file for each.
BenchCase single_rows_case(PythonRival& python, const RowsFile& file);

}  // namespace microtome
