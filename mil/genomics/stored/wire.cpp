// SPDX-License-Identifier: Apache-2.0
// One byte of kind before each message; numbers as they lie in memory, as both ends are one program.
#include "mil/genomics/stored/wire.h"

#include <algorithm>
#include <numeric>
#include <span>

#include "mil/genomics/stored/matrix.h"
#include "mil/genomics/table_check.h"
#include "mil/large_memory.h"

namespace microtome {

namespace {

enum class Kind : char { index = 'i', texts = 't', dense = 'd', sparse = 's', fault = 'f' };

void put(Outlet& outlet, Kind kind) { outlet.send(&kind, 1); }
void put(Outlet& outlet, std::uint64_t number) { outlet.send(&number, sizeof number); }

void put(Outlet& outlet, const std::string& text) {
  put(outlet, text.size());
  outlet.send(text.data(), text.size());
}

void put(Outlet& outlet, const std::vector<std::string>& texts) {
  put(outlet, texts.size());
  for (const std::string& text : texts) put(outlet, text);
}

void put(Outlet& outlet, const std::vector<double>& numbers) {
  put(outlet, numbers.size());
  outlet.send(numbers.data(), numbers.size() * sizeof(double));
}

template <class Value>
void put(Outlet& outlet, const std::map<std::string, Value>& named) {
  put(outlet, named.size());
  for (const auto& [name, value] : named) {
    put(outlet, name);
    put(outlet, value);
  }
}

std::uint64_t take_number(Inlet& inlet) {
  std::uint64_t number = 0;
  inlet.receive(&number, sizeof number);
  return number;
}

void take(Inlet& inlet, std::string& text) {
  text.resize(take_number(inlet));
  inlet.receive(text.data(), text.size());
}

void take(Inlet& inlet, std::vector<std::string>& texts) {
  texts.resize(take_number(inlet));
  for (std::string& text : texts) take(inlet, text);
}

void take(Inlet& inlet, std::vector<double>& numbers) {
  numbers.resize(take_number(inlet));
  inlet.receive(numbers.data(), numbers.size() * sizeof(double));
}

template <class Value>
void take(Inlet& inlet, std::map<std::string, Value>& named) {
  for (std::uint64_t left = take_number(inlet); left > 0; --left) {
    std::string name;
    take(inlet, name);
    take(inlet, named[name]);
  }
}

[[noreturn]] void fail(Inlet& inlet) {
  std::string wanted, said, advice;
  take(inlet, wanted);
  take(inlet, said);
  take(inlet, advice);
  throw H5Fault(wanted, said, advice);
}

Kind take_kind(Inlet& inlet) {
  Kind kind{};
  inlet.receive(&kind, 1);
  if (kind == Kind::fault) fail(inlet);
  return kind;
}

// The fields in the order in which they travel, for both directions.
template <class Table, class Visit>
void for_each_field(Table& table, Visit visit) {
  visit(table.row_ids);
  visit(table.genes);
  visit(table.row_columns);
  visit(table.row_numbers);
  visit(table.gene_columns);
  visit(table.notes);
  visit(table.reference_mean);
  visit(table.reference_sd);
  visit(table.units);
  visit(table.modality);
  visit(table.encoding);
}

void receive_sparse(Inlet& inlet, std::span<float> row, std::vector<std::int32_t>& indices, std::vector<float>& data) {
  const std::uint64_t count = take_number(inlet);
  indices.resize(count);
  data.resize(count);
  inlet.receive(indices.data(), count * sizeof(std::int32_t));
  inlet.receive(data.data(), count * sizeof(float));
  for (std::size_t k = 0; k < count; ++k) row[static_cast<std::size_t>(indices[k])] += data[k];
}

}  // namespace

void send_index(Outlet& outlet, const GenomicTable& table) {
  put(outlet, Kind::index);
  for_each_field(table, [&](const auto& field) { put(outlet, field); });
}

GenomicTable receive_index(Inlet& inlet) {
  take_kind(inlet);
  GenomicTable table;
  for_each_field(table, [&](auto& field) { take(inlet, field); });
  return table;
}

void send_dense_block(Outlet& outlet, std::uint64_t rows) {
  put(outlet, Kind::dense);
  put(outlet, rows);
}

void send_sparse_row(Outlet& outlet, SparseRow row) {
  put(outlet, Kind::sparse);
  put(outlet, row.count);
  outlet.send(row.indices, row.count * sizeof(std::int32_t));
  outlet.send(row.data, row.count * sizeof(float));
}

bool receive_rows(Inlet& inlet, std::uint64_t columns, std::uint64_t rows, const PossibleRange& range, std::vector<float>& out) {
  std::vector<std::int32_t> indices;
  std::vector<float> data;
  bool possible = true;
  reserve_large(out, rows * columns);
  // a row at a time, so that it is made, filled and checked while it lies in the processor's cache
  const auto add_row = [&](const auto& fill) {
    out.resize(out.size() + columns);
    const std::span<float> row = std::span(out).last(columns);
    fill(row);
    possible = range.holds(row) && possible;
  };
  for (std::uint64_t left = columns == 0 ? 0 : rows; left > 0;) {
    if (take_kind(inlet) == Kind::sparse) {
      add_row([&](std::span<float> row) { receive_sparse(inlet, row, indices, data); });
      --left;
      continue;
    }
    const std::uint64_t block = std::min(take_number(inlet), left);
    for (std::uint64_t i = 0; i < block; ++i) add_row([&](std::span<float> row) { inlet.receive(row.data(), row.size_bytes()); });
    left -= block;
  }
  return possible;
}

void send_texts(Outlet& outlet, const std::vector<std::string>& texts) {
  put(outlet, Kind::texts);
  put(outlet, texts);
}

std::vector<std::string> receive_texts(Inlet& inlet) {
  take_kind(inlet);
  std::vector<std::string> texts;
  take(inlet, texts);
  return texts;
}

void send_fault(Outlet& outlet, const H5Fault& fault) {
  put(outlet, Kind::fault);
  put(outlet, fault.wanted());
  put(outlet, fault.said());
  put(outlet, fault.advice());
}

}  // namespace microtome
