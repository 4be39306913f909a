// SPDX-License-Identifier: Apache-2.0
// Genomic tables beside pandas and anndata: importing a cohort, and rows of some patients out of a large file. See README.md.
#pragma once

#include <filesystem>
#include <string>

#include "tests/bench/frame.h"
#include "tests/bench/python_rival.h"

namespace microtome {

/// python: an interpreter with anndata that runs tables_with_anndata.py; outlives the cases, as the folder does.
BenchCase import_case(PythonRival& python, const std::filesystem::path& table, const std::filesystem::path& folder);

/// 500 random patients' rows of 10,000 x 20,000 values, a tenth of them not 0. Makes the file, 160 MB, through the rival.
BenchCase rows_case(PythonRival& python, const std::filesystem::path& folder);

}  // namespace microtome
