// SPDX-License-Identifier: Apache-2.0
#include "mil/genomics/join_map.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "mil/genomics/import/cells.h"
#include "mil/genomics/import/text_file.h"
#include "mil/genomics/key_rule.h"
#include "mil/genomics/table.h"
#include "mil/model_error.h"
#include "mil/sha256.h"

namespace microtome {

namespace {

struct Columns {
  std::size_t row;
  std::optional<std::size_t> slide, patient;
};

std::optional<std::size_t> column_of(const CellReader& reader, std::string_view name) {
  const auto found = std::find(reader.cells().begin(), reader.cells().end(), name);
  if (found == reader.cells().end()) return std::nullopt;
  return static_cast<std::size_t>(found - reader.cells().begin());
}

Columns columns_of(CellReader& reader) {
  if (reader.next()) {
    const auto row = column_of(reader, "row_id"), slide = column_of(reader, "slide_id"), patient = column_of(reader, "patient_id");
    if (row && (slide || patient)) return {*row, slide, patient};
  }
  throw ModelError(reader.path() + ": wanted the columns row_id and slide_id or patient_id in the header row: add what is missing");
}

std::string cell(const CellReader& reader, std::optional<std::size_t> column) {
  return column ? comparable_id(std::string(reader.cell(*column))) : "";
}

}  // namespace

JoinMap read_join_map(const std::filesystem::path& path) {
  const TextFile file = TextFile::read(path);
  CellReader reader(file.text(), path.string());
  const Columns columns = columns_of(reader);
  JoinMap map{path, sha256_of_file(path), {}, {}};
  while (reader.next()) {
    const std::string slide = cell(reader, columns.slide), patient = cell(reader, columns.patient);
    const MappedRow mapped{trimmed_id(std::string(reader.cell(columns.row))), reader.line()};
    if (mapped.row_id.empty()) reader.refuse("row_id", "wanted the id of a row, got nothing", "fill it in or leave the line out");
    if (slide.empty() && patient.empty())
      reader.refuse(columns.slide ? "slide_id" : "patient_id", "wanted an id, got nothing", "fill it in or leave the line out");
    auto& keyed = slide.empty() ? map.by_patient : map.by_slide;
    const auto [there, fresh] = keyed.emplace(slide.empty() ? patient : slide, mapped);
    if (!fresh)
      reader.refuse(slide.empty() ? "patient_id" : "slide_id",
                    std::string("wanted each ") + (slide.empty() ? "patient" : "slide") + " once, this one is on line " +
                        std::to_string(there->second.line) + " too",
                    "leave one out");
  }
  if (map.by_slide.empty() && map.by_patient.empty())
    throw ModelError(path.string() + ": wanted slides or patients and their rows: there is only a header: add them");
  return map;
}

}  // namespace microtome
