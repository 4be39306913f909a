// SPDX-License-Identifier: Apache-2.0
// A list that says outright which row belongs to which slide or patient.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>

namespace microtome {

struct MappedRow {
  std::string row_id;
  std::size_t line = 0;  // of the file, from 1
};

/// Keys are comparable ids. Empty: no map.
struct JoinMap {
  std::filesystem::path path;
  std::string sha256;
  std::map<std::string, MappedRow> by_slide;
  std::map<std::string, MappedRow> by_patient;
};

/// CSV or TSV with the columns row_id and slide_id or patient_id in any order; of a line that has both the slide counts. Throws ModelError:
/// cannot be read, no such columns, an empty cell, a slide or patient that is named twice (lines, no ids: they are a hospital's).
JoinMap read_join_map(const std::filesystem::path& path);

}  // namespace microtome
