// SPDX-License-Identifier: Apache-2.0
// The matrix of a stored table, a slab of rows at a time: from the child that has the file open to the process that asked. Internal to
// mil/genomics.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mil/h5_file.h"
#include "mil/work_in_child.h"

namespace microtome {

class PossibleRange;

enum class MatrixLayout { dense, by_row, by_column };

/// rows x columns as the table means it, whatever the file calls them.
struct StoredMatrix {
  H5Node node;
  MatrixLayout layout = MatrixLayout::dense;
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
  std::string encoding() const;
};

/// X or a layer of an AnnData group: dense, csr, csc, or h5sparse of before 0.7. Throws H5Fault: unknown encoding, not two dimensions.
StoredMatrix open_matrix(const H5Node& x);

/// The rows of a matrix, opened once for any number of requests.
class MatrixRows {
 public:
  /// Throws H5Fault for what is no matrix of numbers, and for damaged starts of rows.
  explicit MatrixRows(const StoredMatrix& matrix);
  MatrixRows(MatrixRows&& other) noexcept;
  ~MatrixRows();
  /// Sends these rows (strictly increasing), in order, as blocks for receive_rows. Dense and by_row: reads the rows and the chunks they lie
  /// in, a slab of some 16 MB at a time; by_column reads everything and holds the rows asked for. Throws H5Fault for damaged indices.
  void send(const std::vector<std::uint64_t>& rows, Outlet& outlet) const;

 private:
  struct Opened;
  std::unique_ptr<const Opened> opened_;
};

/// Adds `rows` rows of `columns` values to out. Values that meet in one place are added, as scipy does. False where one lies outside the
/// range.
bool receive_rows(Inlet& inlet, std::uint64_t columns, std::uint64_t rows, const PossibleRange& range, std::vector<float>& out);

}  // namespace microtome
