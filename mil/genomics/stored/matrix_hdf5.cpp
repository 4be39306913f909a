// SPDX-License-Identifier: Apache-2.0
// Rows are read in runs: neighbours, and rows so near that one call of the library is cheaper than two.
#include "mil/genomics/stored/matrix.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "mil/genomics/stored/elements.h"
#include "mil/genomics/stored/wire.h"
#include "mil/h5_rows.h"

namespace microtome {

namespace {

constexpr std::uint64_t slab_values = 4 << 20;
constexpr std::uint64_t near_values = 8192;  // reading so many more costs less than another call

/// Positions first to last of the rows asked for, which one read covers.
struct Run {
  std::size_t first;
  std::size_t last;  // one behind
};

using Joined = std::function<bool(std::uint64_t run_begin, std::uint64_t previous, std::uint64_t next)>;

void for_each_run(const std::vector<std::uint64_t>& rows, const Joined& joined, const std::function<void(Run)>& visit) {
  for (std::size_t first = 0; first < rows.size();) {
    std::size_t last = first + 1;
    while (last < rows.size() && joined(rows[first], rows[last - 1], rows[last])) ++last;
    visit({first, last});
    first = last;
  }
}

void send_dense(const StoredMatrix& m, const H5Rows& x, const std::vector<std::uint64_t>& rows, Outlet& outlet) {
  const std::uint64_t most = std::max<std::uint64_t>(1, slab_values / std::max<std::uint64_t>(1, m.columns));
  const std::uint64_t band = x.chunk_rows();
  const auto joined = [&](std::uint64_t begin, std::uint64_t previous, std::uint64_t next) {
    return next - begin < std::max(most, std::min(band, 2 * most)) && (next == previous + 1 || next / band == previous / band);
  };
  std::vector<float> slab;
  for_each_run(rows, joined, [&](Run run) {
    const std::uint64_t begin = rows[run.first];
    const std::uint64_t count = rows[run.last - 1] - begin + 1;
    slab.resize(count * m.columns);
    x.read(begin, count, slab.data());
    send_dense_block(outlet, run.last - run.first);
    for (std::size_t i = run.first; i < run.last; ++i) {
      outlet.send(slab.data() + (rows[i] - begin) * m.columns, m.columns * sizeof(float));
    }
  });
}

struct Compressed {
  H5Rows data;
  H5Rows indices;
  std::vector<std::int64_t> starts;  // indptr
};

Compressed open_compressed(const H5Node& x, std::uint64_t major) {
  Compressed c{H5Rows(x.child("data"), true), H5Rows(x.child("indices"), false), x.child("indptr").integers()};
  if (c.data.columns() != 1 || c.indices.columns() != 1) refuse(x, "data or indices have two dimensions");
  if (c.data.rows() != c.indices.rows()) refuse(x, "data and indices differ in length");
  if (c.starts.size() != major + 1 || c.starts.front() != 0) refuse(x, "indptr does not fit the shape");
  for (std::size_t i = 0; i < major; ++i) {
    if (c.starts[i + 1] < c.starts[i]) refuse(x, "indptr decreases at position " + std::to_string(i + 1));
  }
  if (c.starts.back() > static_cast<std::int64_t>(c.data.rows())) refuse(x, "indptr points beyond the data");
  return c;
}

struct Slab {
  std::uint64_t begin = 0;
  std::vector<float> data;
  std::vector<std::int32_t> indices;
};

void read_slab(const H5Node& x, const Compressed& c, std::uint64_t begin, std::uint64_t end, std::uint64_t minor, Slab& slab) {
  slab.begin = begin;
  slab.data.resize(end - begin);
  slab.indices.resize(end - begin);
  c.data.read(begin, end - begin, slab.data.data());
  c.indices.read(begin, end - begin, slab.indices.data());
  for (std::size_t i = 0; i < slab.indices.size(); ++i) {
    if (slab.indices[i] >= 0 && static_cast<std::uint64_t>(slab.indices[i]) < minor) continue;
    refuse(x, "index " + std::to_string(slab.indices[i]) + " at position " + std::to_string(begin + i) + " lies outside the shape");
  }
}

/// What ends at one place and what begins at the other lie in one chunk, which two reads would unpack twice.
bool share_packed_chunk(const H5Rows& values, std::uint64_t end, std::uint64_t begin) {
  return values.is_packed() && end > 0 && (end - 1) / values.chunk_rows() == begin / values.chunk_rows();
}

void send_by_row(const StoredMatrix& m, const Compressed& c, const std::vector<std::uint64_t>& rows, Outlet& outlet) {
  const auto start = [&](std::uint64_t row) { return static_cast<std::uint64_t>(c.starts[row]); };
  const auto joined = [&](std::uint64_t begin, std::uint64_t previous, std::uint64_t next) {
    const std::uint64_t gap_begin = start(previous + 1), gap_end = start(next);  // rows increase
    return start(next + 1) - start(begin) <= slab_values &&
           (gap_end - gap_begin <= near_values || share_packed_chunk(c.data, gap_begin, gap_end) ||
            share_packed_chunk(c.indices, gap_begin, gap_end));
  };
  Slab slab;
  for_each_run(rows, joined, [&](Run run) {
    read_slab(m.node, c, start(rows[run.first]), start(rows[run.last - 1] + 1), m.columns, slab);
    for (std::size_t i = run.first; i < run.last; ++i) {
      const std::uint64_t offset = start(rows[i]) - slab.begin;
      send_sparse_row(outlet, {slab.indices.data() + offset, slab.data.data() + offset, start(rows[i] + 1) - start(rows[i])});
    }
  });
}

void add_columns(const Slab& slab, const Compressed& c, std::uint64_t first, std::uint64_t last, const std::vector<std::int64_t>& place,
                 std::uint64_t columns, std::vector<float>& values) {
  for (std::uint64_t column = first; column < last; ++column) {
    for (auto k = static_cast<std::uint64_t>(c.starts[column]); k < static_cast<std::uint64_t>(c.starts[column + 1]); ++k) {
      const std::int64_t at = place[static_cast<std::size_t>(slab.indices[k - slab.begin])];
      if (at >= 0) values[static_cast<std::size_t>(at) * columns + column] += slab.data[k - slab.begin];
    }
  }
}

void send_by_column(const StoredMatrix& m, const Compressed& c, const std::vector<std::uint64_t>& rows, Outlet& outlet) {
  std::vector<std::int64_t> place(m.rows, -1);
  for (std::size_t i = 0; i < rows.size(); ++i) place[rows[i]] = static_cast<std::int64_t>(i);
  std::vector<float> values(rows.size() * m.columns, 0.0F);
  Slab slab;
  for (std::uint64_t first = 0; first < m.columns;) {
    std::uint64_t last = first + 1;
    while (last < m.columns && static_cast<std::uint64_t>(c.starts[last + 1] - c.starts[first]) <= slab_values) ++last;
    read_slab(m.node, c, static_cast<std::uint64_t>(c.starts[first]), static_cast<std::uint64_t>(c.starts[last]), m.rows, slab);
    add_columns(slab, c, first, last, place, m.columns, values);
    first = last;
  }
  send_dense_block(outlet, rows.size());
  outlet.send(values.data(), values.size() * sizeof(float));
}

MatrixLayout sparse_layout(const H5Node& x) {
  const Encoding encoding = encoding_of(x);
  if (encoding == Encoding{"csr_matrix", "0.1.0"}) return MatrixLayout::by_row;
  if (encoding == Encoding{"csc_matrix", "0.1.0"}) return MatrixLayout::by_column;
  if (encoding.first.empty() && x.has_attribute("h5sparse_format")) {  // before anndata 0.7
    const std::string format = x.text_attribute("h5sparse_format");
    if (format == "csr") return MatrixLayout::by_row;
    if (format == "csc") return MatrixLayout::by_column;
  }
  refuse_encoding(x, encoding);
}

}  // namespace

std::string StoredMatrix::encoding() const {
  if (layout == MatrixLayout::dense) return "array";
  return layout == MatrixLayout::by_row ? "csr_matrix" : "csc_matrix";
}

StoredMatrix open_matrix(const H5Node& x) {
  MatrixLayout layout = MatrixLayout::dense;
  std::vector<std::uint64_t> shape;
  if (x.is_group()) {
    layout = sparse_layout(x);
    for (const std::int64_t side : x.integers_attribute(x.has_attribute("shape") ? "shape" : "h5sparse_shape")) {
      if (side < 0) refuse(x, "a side of its shape is negative");
      shape.push_back(static_cast<std::uint64_t>(side));
    }
  } else {
    const Encoding encoding = encoding_of(x);
    if (!encoding.first.empty() && encoding != Encoding{"array", "0.2.0"}) refuse_encoding(x, encoding);
    shape = x.shape();
  }
  if (shape.size() != 2) refuse(x, "it has " + std::to_string(shape.size()) + " dimensions, not 2");
  return {x.again(), layout, shape[0], shape[1]};
}

struct MatrixRows::Opened {
  StoredMatrix matrix;
  std::optional<H5Rows> dense;
  std::optional<Compressed> compressed;
};

MatrixRows::MatrixRows(const StoredMatrix& matrix) {
  Opened opened{{matrix.node.again(), matrix.layout, matrix.rows, matrix.columns}, {}, {}};
  if (matrix.layout == MatrixLayout::dense) {
    opened.dense.emplace(matrix.node, true);
  } else {
    opened.compressed = open_compressed(matrix.node, matrix.layout == MatrixLayout::by_row ? matrix.rows : matrix.columns);
  }
  opened_ = std::make_unique<const Opened>(std::move(opened));
}

MatrixRows::MatrixRows(MatrixRows&& other) noexcept = default;
MatrixRows::~MatrixRows() = default;

void MatrixRows::send(const std::vector<std::uint64_t>& rows, Outlet& outlet) const {
  const StoredMatrix& matrix = opened_->matrix;
  if (matrix.layout == MatrixLayout::dense) return send_dense(matrix, *opened_->dense, rows, outlet);
  if (matrix.layout == MatrixLayout::by_row) return send_by_row(matrix, *opened_->compressed, rows, outlet);
  send_by_column(matrix, *opened_->compressed, rows, outlet);
}

}  // namespace microtome
