// SPDX-License-Identifier: Apache-2.0
// Reading tables: a child opens the file and says what it finds, this process believes nothing that has not come through the pipe.
#include <new>
#include <numeric>

#include "mil/genomics/stored/layouts.h"
#include "mil/genomics/stored/wire.h"
#include "mil/genomics/table.h"
#include "mil/genomics/table_check.h"
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

/// Calls answer(outlet, root) in the child; a fault of its goes through the pipe.
template <class Answer>
void answer_from(const std::filesystem::path& path, Outlet& outlet, const Answer& answer) {
  try {
    const H5File file = H5File::open(path);
    answer(outlet, file.root());
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
      answer_from(path, outlet, answer);
    };
    const auto consume = [&](Inlet& inlet) {
      library.unlock();
      receive(inlet);
    };
    try {
      work_in_child(produce, consume, {cpu_seconds_for(path), 600});
    } catch (const WorkLost& lost) {
      if (!lost.damage()) throw H5Fault("read", "the reading " + std::string(lost.what()), "try again");
      throw H5Fault("read as AnnData", "the HDF5 library " + std::string(lost.what()) + " on it, so it is damaged", "fetch the file again");
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
    send_rows(stored.matrix, all_rows(stored.matrix.rows), outlet);
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

std::vector<float> read_genomic_rows(const std::filesystem::path& path, const GenomicTable& index, const std::vector<std::size_t>& rows,
                                     const TableChoice& choice) {
  std::vector<float> values;
  const auto answer = [&](Outlet& outlet, const H5Node& root) {
    const StoredMatrix matrix = open_table_matrix(root, choice);
    if (matrix.rows != index.row_ids.size() || matrix.columns != index.genes.size()) {
      throw H5Fault("read " + matrix.node.name(), "its shape is no longer what it was", "do not write tables while they are read");
    }
    require_room(matrix, rows.size());
    send_texts(outlet, {});
    send_rows(matrix, {rows.begin(), rows.end()}, outlet);
  };
  ask(path, answer, [&](Inlet& inlet) {
    receive_texts(inlet);
    if (!receive_rows(inlet, index.genes.size(), rows.size(), PossibleRange(index.units), values)) require_possible(index, values, rows);
  });
  return values;
}

std::vector<std::string> list_genomic_modalities(const std::filesystem::path& path) {
  std::vector<std::string> names;
  ask(
      path, [&](Outlet& outlet, const H5Node& root) { send_texts(outlet, modalities_of(root)); },
      [&](Inlet& inlet) { names = receive_texts(inlet); });
  return names;
}

}  // namespace microtome
