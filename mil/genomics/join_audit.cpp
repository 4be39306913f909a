// SPDX-License-Identifier: Apache-2.0
// Slides are told in the order of their ids, so that neither a shuffled table nor a shuffled manifest tells another story.
#include "mil/genomics/join_audit.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>

#include "mil/genomics/join.h"
#include "mil/model_error.h"

namespace microtome {

namespace {

constexpr std::size_t examples = 20;
constexpr std::size_t few = 5;

std::vector<std::string> first(const std::set<std::string>& ids, std::size_t most) {
  std::vector<std::string> out;
  for (auto id = ids.begin(); id != ids.end() && out.size() < most; ++id) out.push_back(*id);
  return out;
}

struct Settled {
  std::set<std::string> slides, patients;
};

class Auditor {
 public:
  void add(const std::string& slide, const std::string& patient, const std::optional<RowMatch>& match, DuplicateRule duplicates) {
    patients_[patient] |= match.has_value();
    if (!match) {
      without_.insert(slide);
      return;
    }
    ++ways_[match->way];
    used_.insert(match->rows.begin(), match->rows.end());
    if (match->other_sample) other_sample_.insert(slide);
    if (match->of_patient == 1) return;
    Settled& settled = settled_[match->chosen ? word_of(duplicates) : match->way];
    settled.slides.insert(slide);
    settled.patients.insert(patient);
  }

  void tell(JoinAudit& audit, const std::vector<std::string>& ways) const {
    for (const std::string& way : ways) {
      const auto count = ways_.find(way);
      if (count == ways_.end()) continue;
      audit.matched_by.emplace_back(*count);
      audit.matched += count->second;
    }
    audit.slides_without_row = first(without_, examples);
    audit.slides_without_row_count = audit.slides - audit.matched;
    audit.patients = patients_.size();
    audit.patients_without_row =
        static_cast<std::size_t>(std::count_if(patients_.begin(), patients_.end(), [](const auto& patient) { return !patient.second; }));
    audit.rows_without_slide_count = audit.rows - used_.size();
    audit.other_sample_count = other_sample_.size();
    audit.other_sample = first(other_sample_, few);
    for (const auto& [by, settled] : settled_)
      audit.settled.push_back({by, settled.slides.size(), settled.patients.size(), first(settled.slides, few)});
  }

 private:
  std::map<std::string, bool> patients_;  // whether one of the slides has a row
  std::set<std::string> without_, other_sample_;
  std::map<std::string, std::size_t> ways_;
  std::unordered_set<std::size_t> used_;
  std::map<std::string, Settled> settled_;
};

std::string percent(double share) {
  std::string text = std::to_string(share * 100);
  text.resize(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text + " %";
}

}  // namespace

JoinAudit GenomicJoin::audit(const std::vector<SlideKeys>& slides) const {
  JoinAudit audit;
  audit.keys = rules_.keys.text();
  audit.duplicates = word_of(rules_.duplicates);
  audit.map_sha256 = rules_.map.sha256;
  audit.table_sha256 = table_->sha256;
  audit.units = table_->units;
  audit.slides = slides.size();
  audit.rows = table_->row_ids.size();
  Auditor auditor;
  for (const SlideKeys& keys : slides) auditor.add(keys.slide_id, patient_of(keys), find(keys), rules_.duplicates);
  auditor.tell(audit, ways());
  return audit;
}

void require_joined(const JoinAudit& audit) {
  if (audit.slides == 0) return;
  if (audit.matched == 0)
    throw ModelError("wanted rows for the slides: none of the " + std::to_string(audit.slides) + " slides has one, the first is '" +
                     audit.slides_without_row.front() + "': check the ids of the table, or say with --genomics.keys or --genomics.map how they meet (keys are '" +
                     audit.keys + "')");
  if (audit.share_without_row() <= audit.max_missing_patients) return;
  throw ModelError("wanted rows for all but " + percent(audit.max_missing_patients) + " of the slides' patients: " +
                   std::to_string(audit.patients_without_row) + " of " + std::to_string(audit.patients) + " have none, the first of their slides is '" +
                   audit.slides_without_row.front() + "': check the ids and --genomics.keys, or allow more with --run.max_missing_patients");
}

}  // namespace microtome
