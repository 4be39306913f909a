// SPDX-License-Identifier: Apache-2.0
// Reading tables: a child opens the file and says what it finds, this process believes nothing that has not come through the pipe.
#include <algorithm>
#include <functional>
#include <new>
#include <numeric>
#include <stdexcept>

#include "mil/genomics/stored/layouts.h"
#include "mil/genomics/stored/wire.h"
#include "mil/genomics/table.h"
#include "mil/genomics/table_check.h"
#include "mil/large_memory.h"
#include "mil/model_error.h"
#include "mil/sha256.h"
#include "mil/work_in_child.h"

namespace microtome {

namespace {

constexpr std::uint64_t most_values = std::uint64_t{1} << 32;  // 16 GiB of float32
const std::string rewrite = "write the table again with anndata";

// A hundred times what a large table needs; a damaged file may send the library in circles.
unsigned cpu_seconds_for(const std::filesystem::path& path) {
  std::error_code unknown;
  const std::uintmax_t bytes = std::filesystem::file_size(path, unknown);
  return 20 + (unknown ? 0 : static_cast<unsigned>(bytes / (std::uintmax_t{8} << 20)));
}

H5Fault fault_of(const WorkLost& lost) {
  if (!lost.damage()) return {"read", "the reading " + std::string(lost.what()), "try again"};
  return {"read as AnnData", "the HDF5 library " + std::string(lost.what()) + " on it, so it is damaged", "fetch the file again"};
}

/// Calls answer() in the child; a fault of its goes through the pipe.
template <class Answer>
void or_send_fault(Outlet& outlet, const Answer& answer) {
  try {
    answer();
  } catch (const H5Fault& fault) {
    send_fault(outlet, fault);
  } catch (const std::bad_alloc&) {
    send_fault(outlet, H5Fault("read into memory", "there is not enough of it", "keep the patients and genes that the study needs"));
  }
}

template <class Answer, class Receive>
void ask(const std::filesystem::path& path, const Answer& answer, const Receive& receive) {
  with_path<ModelError>(path, rewrite, [&] {
    // While we hold the library no other thread is inside, so the child finds it in order.
    std::unique_lock<std::mutex> library = hold_h5_library();
    const auto produce = [&](Outlet& outlet) {
      library.unlock();
      or_send_fault(outlet, [&] {
        const H5File file = H5File::open(path);
        answer(outlet, file.root());
      });
    };
    const auto consume = [&](Inlet& inlet) {
      library.unlock();
      receive(inlet);
    };
    try {
      work_in_child(produce, consume, {cpu_seconds_for(path), 600});
    } catch (const WorkLost& lost) {
      throw fault_of(lost);
    }
  });
}

void require_room(const StoredMatrix& matrix, std::uint64_t rows) {
  if (matrix.columns == 0 || rows <= most_values / matrix.columns) return;
  throw H5Fault(
      "read " + matrix.node.name(),
      "it holds " + std::to_string(rows) + " x " + std::to_string(matrix.columns) + " values, more than this program takes into memory",
      "keep the patients and genes that the study needs");
}

std::vector<std::uint64_t> all_rows(std::uint64_t count) {
  std::vector<std::uint64_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

}  // namespace

GenomicTable read_genomic_table(const std::filesystem::path& path, const TableChoice& choice) {
  GenomicTable table;
  const auto answer = [&](Outlet& outlet, const H5Node& root) {
    const StoredTable stored = open_table(root, choice);
    require_room(stored.matrix, stored.matrix.rows);
    send_index(outlet, stored.index);
    MatrixRows(stored.matrix).send(all_rows(stored.matrix.rows), outlet);
  };
  ask(path, answer, [&](Inlet& inlet) {
    table = receive_index(inlet);
    if (!receive_rows(inlet, table.genes.size(), table.row_ids.size(), PossibleRange(table.units), table.values))
      require_possible(table, table.values, {});
  });
  table.sha256 = sha256_of_file(path);
  return table;
}

GenomicTable read_genomic_index(const std::filesystem::path& path, const TableChoice& choice) {
  GenomicTable table;
  const auto answer = [&](Outlet& outlet, const H5Node& root) { send_index(outlet, open_table(root, choice).index); };
  ask(path, answer, [&](Inlet& inlet) { table = receive_index(inlet); });
  table.sha256 = sha256_of_file(path);
  return table;
}

namespace {

/// What the child of a row reader keeps between requests.
struct OpenedRows {
  H5File file;
  StoredMatrix matrix;
  MatrixRows rows;
};

std::unique_ptr<OpenedRows> open_rows(const std::filesystem::path& path, const TableChoice& choice, std::size_t rows, std::size_t columns) {
  H5File file = H5File::open(path);
  StoredMatrix matrix = open_table_matrix(file.root(), choice);
  if (matrix.rows != rows || matrix.columns != columns) {
    throw H5Fault("read " + matrix.node.name(), "its shape is no longer what it was", "do not write tables while they are read");
  }
  MatrixRows opened(matrix);
  return std::make_unique<OpenedRows>(OpenedRows{std::move(file), std::move(matrix), std::move(opened)});
}

std::vector<std::uint64_t> receive_question(Inlet& questions) {
  std::uint64_t count = 0;
  questions.receive(&count, sizeof count);
  std::vector<std::uint64_t> rows(count);
  questions.receive(rows.data(), count * sizeof(std::uint64_t));
  return rows;
}

}  // namespace

GenomicRowReader::GenomicRowReader(std::filesystem::path path, const GenomicTable& index, TableChoice choice)
    : path_(std::move(path)), index_(index), choice_(std::move(choice)) {}

GenomicRowReader::~GenomicRowReader() = default;

void GenomicRowReader::start() {
  // While we hold the library no other thread is inside, so the child finds it in order.
  std::unique_lock<std::mutex> library = hold_h5_library();
  std::unique_ptr<OpenedRows> opened;
  const auto answer = [&](Inlet& questions, Outlet& outlet) {
    const std::vector<std::uint64_t> rows = receive_question(questions);
    if (library.owns_lock()) library.unlock();
    or_send_fault(outlet, [&] {
      if (!opened) opened = open_rows(path_, choice_, index_.row_ids.size(), index_.genes.size());
      require_room(opened->matrix, rows.size());
      send_texts(outlet, {});
      opened->rows.send(rows, outlet);
    });
  };
  child_ = std::make_unique<AnsweringChild>(answer, WorkLimits{cpu_seconds_for(path_), 600});
}

std::vector<float> GenomicRowReader::read(const std::vector<std::size_t>& rows) {
  if (std::adjacent_find(rows.begin(), rows.end(), std::greater_equal<>()) == rows.end()) return read_increasing(rows);
  std::vector<std::size_t> sorted = rows;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  const std::vector<float> found = read_increasing(sorted);
  const auto columns = static_cast<std::ptrdiff_t>(index_.genes.size());
  std::vector<float> values;
  reserve_large(values, rows.size() * index_.genes.size());
  for (const std::size_t row : rows) {
    const auto from = found.begin() + (std::lower_bound(sorted.begin(), sorted.end(), row) - sorted.begin()) * columns;
    values.insert(values.end(), from, from + columns);
  }
  return values;
}

std::vector<float> GenomicRowReader::read_increasing(const std::vector<std::size_t>& rows) {
  if (!rows.empty() && rows.back() >= index_.row_ids.size()) throw std::out_of_range("a row beyond the table's end is asked for");
  std::vector<float> values;
  std::vector<std::uint64_t> question{rows.size()};
  question.insert(question.end(), rows.begin(), rows.end());
  const auto consume = [&](Inlet& inlet) {
    receive_texts(inlet);
    if (!receive_rows(inlet, index_.genes.size(), rows.size(), PossibleRange(index_.units), values)) require_possible(index_, values, rows);
  };
  with_path<ModelError>(path_, rewrite, [&] {
    try {
      if (!child_) start();
      child_->ask(question.data(), question.size() * sizeof(std::uint64_t), consume);
    } catch (const WorkLost& lost) {
      child_.reset();
      throw fault_of(lost);
    } catch (...) {
      child_.reset();
      throw;
    }
  });
  return values;
}

std::vector<float> read_genomic_rows(const std::filesystem::path& path, const GenomicTable& index, const std::vector<std::size_t>& rows,
                                     const TableChoice& choice) {
  return GenomicRowReader(path, index, choice).read(rows);
}

std::vector<std::string> list_genomic_modalities(const std::filesystem::path& path) {
  std::vector<std::string> names;
  ask(
      path, [&](Outlet& outlet, const H5Node& root) { send_texts(outlet, modalities_of(root)); },
      [&](Inlet& inlet) { names = receive_texts(inlet); });
  return names;
}

}  // namespace microtome
