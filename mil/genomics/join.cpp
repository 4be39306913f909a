// SPDX-License-Identifier: Apache-2.0
// Matching by id. Every way must end at exactly one row; what is left open at the end is for the rule of duplicates, which looks at ids too.
#include "mil/genomics/join.h"

#include <algorithm>
#include <cctype>
#include <unordered_map>

#include "mil/model_error.h"

namespace microtome {

namespace {

constexpr const char* map_way = "map";

/// The narrower, the smaller.
enum class Level { slide, sample, patient };

using Rows = std::unordered_map<std::string, std::vector<std::size_t>>;

void add_row(Rows& rows, const std::string& key, std::size_t row) {
  if (key.empty()) return;
  std::vector<std::size_t>& found = rows[key];
  if (found.empty() || found.back() != row) found.push_back(row);
}

std::string capitals(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// What a rule makes of the ids of a slide: the manifest's patient_id outweighs what the names of sample and slide suggest, and what they
/// say of another patient's samples is not heard.
IdParts sought_parts(const KeyRule& rule, const SlideKeys& keys) {
  const IdParts of_patient = rule.parts(keys.patient_id), of_sample = rule.parts(keys.sample_id), of_slide = rule.parts(keys.slide_id);
  IdParts sought{of_patient.patient, "", ""};
  if (sought.patient.empty() && rule.takes_plain_patients()) sought.patient = comparable_id(keys.patient_id);
  for (const IdParts* said : {&of_sample, &of_slide}) {
    if (sought.patient.empty()) sought.patient = said->patient;
    if (said->patient != sought.patient && !said->patient.empty()) continue;
    if (sought.sample.empty()) sought.sample = said->sample;
    if (sought.slide.empty()) sought.slide = said->slide;
  }
  return sought;
}

const char* subject(Level level) { return level == Level::patient ? "its patient" : level == Level::sample ? "its sample" : "it"; }

[[noreturn]] void fail_ambiguous(const std::string& slide, Level level, const std::vector<std::size_t>& rows) {
  throw ModelError("genomic table: find the row of slide " + slide + ": " + subject(level) + " has " + std::to_string(rows.size()) +
                   " rows, the first at positions " + std::to_string(rows[0]) + " and " + std::to_string(rows[1]) +
                   " (counted from 0): keep one row per patient, give the slide a sample_id, or say with --genomics.duplicates which counts");
}

}  // namespace

std::optional<DuplicateRule> duplicate_rule(const std::string& word) {
  for (const DuplicateRule rule : {DuplicateRule::refuse, DuplicateRule::first_barcode, DuplicateRule::mean}) {
    if (word == word_of(rule)) return rule;
  }
  return std::nullopt;
}

const char* word_of(DuplicateRule rule) {
  return rule == DuplicateRule::refuse ? "refuse" : rule == DuplicateRule::first_barcode ? "first-barcode" : "mean";
}

struct GenomicJoin::Index {
  struct Way {
    std::string name;
    Level level;
    const Rows* rows;
    std::string key;  // of the slide that is looked for
  };

  /// The way that ends at one row, else the narrowest that is open; null: no row.
  struct Choice {
    const Way* way = nullptr;
    bool settled = false;
    std::size_t of_patient = 1;
  };

  Rows plain;  // row ids as they are
  Rows ids;
  Rows patients;  // row id or obs column patient_id
  Rows samples_read;  // the rest: by the rule's parts
  Rows patients_read;
  Rows slides_read;

  void add(const GenomicTable& table, const KeyRule& rule, std::size_t row) {
    const auto column = table.row_columns.find("patient_id");
    const std::string& id = table.row_ids[row];
    const std::string patient = column == table.row_columns.end() ? "" : comparable_id(column->second.at(row));
    add_row(plain, trimmed_id(id), row);
    add_row(ids, comparable_id(id), row);
    add_row(patients, comparable_id(id), row);
    add_row(patients, patient, row);
    const IdParts read = rule.parts(id);
    std::string patient_read = rule.parts(patient).patient;
    if (patient_read.empty() && rule.takes_plain_patients() && patient != comparable_id(id)) patient_read = patient;
    add_row(samples_read, read.sample, row);
    add_row(slides_read, read.slide, row);
    add_row(patients_read, patient_read.empty() ? read.patient : patient_read, row);
  }

  Choice choose(const std::vector<Way>& ways) const;

  std::vector<Way> ways(const KeyRule& rule, const SlideKeys& keys, const IdParts& sought) const {
    std::vector<Way> out;
    if (rule.compares_ids()) {
      out.push_back({"sample_id", Level::sample, &ids, comparable_id(keys.sample_id)});
      out.push_back({"patient_id", Level::patient, &patients, comparable_id(keys.patient_id)});
    }
    if (!rule.family().empty()) {
      out.push_back({rule.family() + "-sample", Level::sample, &samples_read, sought.sample});
      out.push_back({rule.family() + "-patient", Level::patient, &patients_read, sought.patient});
    }
    if (rule.compares_ids()) out.push_back({"slide_id", Level::slide, &ids, comparable_id(keys.slide_id)});
    if (!rule.family().empty()) out.push_back({rule.family() + "-slide", Level::slide, &slides_read, sought.slide});
    return out;
  }
};

GenomicJoin::GenomicJoin(const GenomicTable& table, const JoinRules& rules) : table_(&table), rules_(rules) {
  auto index = std::make_shared<Index>();
  for (std::size_t row = 0; row < table.row_ids.size(); ++row) index->add(table, rules_.keys, row);
  std::size_t unknown = 0, first_line = 0;
  for (const auto* keyed : {&rules_.map.by_slide, &rules_.map.by_patient}) {
    for (const auto& [key, mapped] : *keyed) {
      if (index->plain.contains(mapped.row_id)) continue;
      first_line = unknown++ == 0 ? mapped.line : std::min(first_line, mapped.line);
    }
  }
  if (unknown > 0)
    throw ModelError(rules_.map.path.string() + ": wanted ids of rows that the table has: " + std::to_string(unknown) +
                     (unknown == 1 ? " line names another, line " : " lines name others, the first is line ") + std::to_string(first_line) +
                     ": correct the map");
  index_ = std::move(index);
}

const MappedRow* GenomicJoin::mapped(const SlideKeys& keys) const {
  const auto of_slide = rules_.map.by_slide.find(comparable_id(keys.slide_id));
  if (of_slide != rules_.map.by_slide.end()) return &of_slide->second;
  for (const std::string& patient : {comparable_id(keys.patient_id), rules_.map.by_patient.empty() ? "" : sought_parts(rules_.keys, keys).patient}) {
    const auto found = rules_.map.by_patient.find(patient);
    if (found != rules_.map.by_patient.end()) return &found->second;
  }
  return nullptr;
}

GenomicJoin::Index::Choice GenomicJoin::Index::choose(const std::vector<Way>& ways) const {
  Choice choice;
  for (const Way& way : ways) {
    const auto found = way.rows->find(way.key);
    if (found == way.rows->end()) continue;
    const std::size_t rows = found->second.size();
    if (way.level == Level::patient) choice.of_patient = std::max(choice.of_patient, rows);
    if (choice.settled) continue;
    // a shorter key cannot settle what a longer one left open
    if (choice.way != nullptr && way.level == Level::patient) continue;
    choice.settled = rows == 1;
    if (choice.settled || choice.way == nullptr || way.level < choice.way->level) choice.way = &way;
  }
  return choice;
}

std::vector<std::size_t> GenomicJoin::in_order(std::vector<std::size_t> rows) const {
  const auto order = [&](std::size_t row) { return std::pair(capitals(trimmed_id(table_->row_ids[row])), table_->row_ids[row]); };
  std::sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) { return order(a) < order(b); });
  return rows;
}

std::optional<RowMatch> GenomicJoin::find(const SlideKeys& keys) const {
  if (const MappedRow* named = mapped(keys)) {
    const std::size_t row = index_->plain.at(named->row_id).front();
    return RowMatch{row, map_way, map_way, {row}, false, 1, false};
  }
  const IdParts sought = sought_parts(rules_.keys, keys);
  const std::vector<Index::Way> ways = index_->ways(rules_.keys, keys, sought);
  const Index::Choice choice = index_->choose(ways);
  if (choice.way == nullptr) return std::nullopt;
  const Index::Way& way = *choice.way;
  const std::vector<std::size_t>& open = way.rows->at(way.key);
  if (!choice.settled && rules_.duplicates == DuplicateRule::refuse) fail_ambiguous(keys.slide_id, way.level, open);
  const std::vector<std::size_t> rows = in_order(open);
  RowMatch match{rows.front(), way.name, way.name, rows, !choice.settled, std::max(choice.of_patient, rows.size()), false};
  if (match.chosen) match.matched_by += std::string(", ") + word_of(rules_.duplicates);
  if (rules_.duplicates == DuplicateRule::first_barcode) match.rows.resize(1);
  const std::string sample = rules_.keys.parts(table_->row_ids[match.row]).sample;
  match.other_sample = way.level == Level::patient && !sought.sample.empty() && !sample.empty() && sample != sought.sample;
  return match;
}

std::vector<std::string> GenomicJoin::ways() const {
  std::vector<std::string> names{map_way};
  for (const Index::Way& way : index_->ways(rules_.keys, {}, {})) names.push_back(way.name);
  return names;
}

std::string GenomicJoin::patient_of(const SlideKeys& keys) const {
  const std::string read = sought_parts(rules_.keys, keys).patient, given = comparable_id(keys.patient_id);
  if (!read.empty()) return read;
  return given.empty() ? comparable_id(keys.slide_id) : given;
}

}  // namespace microtome
