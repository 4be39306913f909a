// SPDX-License-Identifier: Apache-2.0
// Matching by id. Every way must end at exactly one row; what is left ambiguous at the end is an error, never a choice.
#include "mil/genomics/join.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <unordered_map>
#include <unordered_set>

#include "mil/model_error.h"

namespace microtome {

namespace {

constexpr std::array<const char*, 5> ways{"sample_id", "patient_id", "tcga-sample", "tcga-patient", "slide_id"};
constexpr std::size_t tcga_patient_way = 3;
constexpr std::size_t examples = 20;
constexpr std::size_t patient_length = 12;
constexpr std::size_t sample_length = 15;

bool alphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool ends_at(const std::string& text, std::size_t i) { return i >= text.size() || !alphanumeric(text[i]); }

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

using Rows = std::unordered_map<std::string, std::vector<std::size_t>>;

void add_row(Rows& rows, const std::string& key, std::size_t row) {
  if (key.empty()) return;
  std::vector<std::size_t>& found = rows[key];
  if (found.empty() || found.back() != row) found.push_back(row);
}

void add_row(Rows& rows, const std::optional<std::string>& key, std::size_t row) {
  if (key) add_row(rows, *key, row);
}

struct Barcodes {
  std::string patient12;
  std::string sample15;
};

// What the manifest says of the patient outweighs what the names of sample and slide suggest.
Barcodes barcodes_of(const std::string& patient, const std::string& sample, const std::string& slide) {
  Barcodes codes;
  for (const std::string& id : {patient, sample, slide}) {
    if (codes.patient12.empty()) codes.patient12 = tcga_patient(id).value_or("");
  }
  for (const std::string& id : {sample, slide}) {
    if (codes.sample15.empty() && tcga_patient(id) == codes.patient12) codes.sample15 = tcga_sample(id).value_or("");
  }
  return codes;
}

[[noreturn]] void fail_ambiguous(const std::string& slide, const std::vector<std::size_t>& rows) {
  throw ModelError("genomic table: find the row of slide " + slide + ": its patient has " + std::to_string(rows.size()) +
                   " rows, the first at positions " + std::to_string(rows[0]) + " and " + std::to_string(rows[1]) +
                   " (counted from 0): keep one row per patient or give the slide a sample_id");
}

}  // namespace

struct GenomicJoin::Index {
  Rows ids;
  Rows patients;  // row id or obs column patient_id
  Rows samples15;
  Rows patients12;
};

GenomicJoin::GenomicJoin(const GenomicTable& table) : table_(&table) {
  auto index = std::make_shared<Index>();
  const auto column = table.row_columns.find("patient_id");
  for (std::size_t row = 0; row < table.row_ids.size(); ++row) {
    const std::string id = trimmed_id(table.row_ids[row]);
    const std::string patient = column == table.row_columns.end() ? "" : trimmed_id(column->second.at(row));
    add_row(index->ids, id, row);
    add_row(index->patients, id, row);
    add_row(index->patients, patient, row);
    add_row(index->samples15, tcga_sample(id), row);
    add_row(index->patients12, tcga_patient(id), row);
    add_row(index->patients12, tcga_patient(patient), row);
  }
  index_ = std::move(index);
}

std::optional<RowMatch> GenomicJoin::find(const SlideKeys& keys) const {
  const std::string slide = trimmed_id(keys.slide_id);
  const std::string patient = trimmed_id(keys.patient_id);
  const std::string sample = trimmed_id(keys.sample_id);
  const Barcodes codes = barcodes_of(patient, sample, slide);
  const std::array<std::pair<const Rows*, std::string>, 5> keyed{{{&index_->ids, sample},
                                                                  {&index_->patients, patient},
                                                                  {&index_->samples15, codes.sample15},
                                                                  {&index_->patients12, codes.patient12},
                                                                  {&index_->ids, slide}}};
  const std::vector<std::size_t>* ambiguous = nullptr;
  for (std::size_t way = 0; way < ways.size(); ++way) {
    // a shorter key cannot settle what a longer one left open
    if (ambiguous != nullptr && way == tcga_patient_way) continue;
    const auto rows = keyed[way].first->find(keyed[way].second);
    if (rows == keyed[way].first->end()) continue;
    if (rows->second.size() == 1) return RowMatch{rows->second.front(), ways[way]};
    if (ambiguous == nullptr) ambiguous = &rows->second;
  }
  if (ambiguous != nullptr) fail_ambiguous(keys.slide_id, *ambiguous);
  return std::nullopt;
}

JoinAudit GenomicJoin::audit(const std::vector<SlideKeys>& slides) const {
  JoinAudit audit;
  audit.slides = slides.size();
  audit.table_sha256 = table_->sha256;
  std::array<std::size_t, ways.size()> counts{};
  std::unordered_set<std::size_t> used;
  for (const SlideKeys& keys : slides) {
    const std::optional<RowMatch> match = find(keys);
    if (!match) {
      ++audit.slides_without_row_count;
      if (audit.slides_without_row.size() < examples) audit.slides_without_row.push_back(keys.slide_id);
      continue;
    }
    ++audit.matched;
    used.insert(match->row);
    ++counts[static_cast<std::size_t>(std::find(ways.begin(), ways.end(), match->matched_by) - ways.begin())];
  }
  for (std::size_t way = 0; way < ways.size(); ++way) {
    if (counts[way] > 0) audit.matched_by.emplace_back(ways[way], counts[way]);
  }
  audit.rows_without_slide_count = table_->row_ids.size() - used.size();
  return audit;
}

std::optional<std::string> tcga_patient(const std::string& id) {
  const std::string barcode = upper(id.substr(0, patient_length));
  if (barcode.size() != patient_length || barcode.compare(0, 5, "TCGA-") != 0 || barcode[7] != '-') return std::nullopt;
  for (const std::size_t i : {5, 6, 8, 9, 10, 11}) {
    if (!alphanumeric(barcode[i])) return std::nullopt;
  }
  return ends_at(id, patient_length) ? std::optional(barcode) : std::nullopt;
}

std::optional<std::string> tcga_sample(const std::string& id) {
  const auto patient = tcga_patient(id);
  if (!patient || id.size() < sample_length || id[12] != '-' || !digit(id[13]) || !digit(id[14])) return std::nullopt;
  // one vial letter may follow the sample type
  const bool whole = ends_at(id, sample_length) || (!digit(id[sample_length]) && ends_at(id, sample_length + 1));
  return whole ? std::optional(upper(id.substr(0, sample_length))) : std::nullopt;
}

}  // namespace microtome
