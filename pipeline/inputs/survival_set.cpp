// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/survival_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "mil/genomics/join.h"
#include "pipeline/config.h"
#include "pipeline/inputs/follow_up_table.h"
#include "pipeline/inputs/risk_table.h"
#include "pipeline/inputs/row_identity.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void refuse(const fs::path& path, const std::string& sentence) {
  throw InputError(fmt::format("{}: {}", path.string(), sentence));
}

/// A patient's rows of the predictions and how the patient fared.
struct Patient {
  FollowedRow followed;
  std::vector<const RiskRow*> rows;
};

class Join {
 public:
  Join(const fs::path& predictions, const fs::path& labels, const RiskTable& risks, const FollowUpTable& follow_up)
      : predictions_(predictions), labels_(labels), risks_(risks), follow_up_(follow_up) {}

  std::map<std::string, Patient> patients() const {
    std::map<std::string, Patient> out;
    for (const RiskRow& row : risks_.rows) {
      const FollowedRow* of_slide = follow_up_.by_slide ? &followed(row.id, row) : nullptr;
      const std::string id = risks_.of_slides ? patient_of(row, of_slide ? of_slide->patient_id : "", labels_) : row.id;
      const FollowedRow& own = of_slide ? *of_slide : followed(id, row);
      const auto [there, fresh] = out.emplace(id, Patient{own, {}});
      if (!fresh && of_slide) merge_follow_up(labels_, id, there->second.followed, own);
      if (!fresh && there->second.rows.front()->fold != row.fold)
        refuse_row(predictions_, row, "wanted all slides of a patient in one fold, this one's lie in two: cut folds by patient");
      there->second.rows.push_back(&row);
    }
    return out;
  }

  std::string told_patients() const {
    if (!risks_.of_slides) return "rows are patients";
    if (follow_up_.has_patients || !follow_up_.by_slide) return "patient_id of the labels";
    if (risks_.has_patients) return "patient_id of the predictions";
    const bool tcga = std::any_of(risks_.rows.begin(), risks_.rows.end(), [](const auto& row) { return tcga_patient(row.id).has_value(); });
    return tcga ? "the patient in TCGA barcodes" : "no patient_id was given: each slide counts as a patient";
  }

 private:
  const FollowedRow& followed(const std::string& id, const RiskRow& row) const {
    const auto found = follow_up_.rows.find(id);
    if (found != follow_up_.rows.end()) return found->second;
    refuse(labels_,
           fmt::format("wanted time and event for every prediction: {} (row {} of {}) has none: add them, or leave the prediction out",
                       id == row.id ? id : fmt::format("the patient of {}", row.id), row.line, predictions_.filename().string()));
  }

  const fs::path &predictions_, &labels_;
  const RiskTable& risks_;
  const FollowUpTable& follow_up_;
};

/// With the means over the patient's rows.
void add_patient(SurvivalSet& set, const std::string& id, const Patient& patient) {
  const auto n = static_cast<double>(patient.rows.size());
  set.ids.push_back(id);
  set.judged.follow_up.months.push_back(patient.followed.months);
  set.judged.follow_up.event.push_back(patient.followed.event);
  double risk = 0;
  for (const RiskRow* row : patient.rows) risk += row->risk;
  set.judged.risk.push_back(risk / n);
  for (std::size_t k = 0; k < set.judged.curves.months.size(); ++k) {
    double survival = 0;
    for (const RiskRow* row : patient.rows) survival += row->survival[k];
    set.judged.curves.survival.push_back(survival / n);
  }
  for (std::size_t k = 0; k < set.judged.ladder.size(); ++k) {
    double of_rung = 0;
    for (const RiskRow* row : patient.rows) of_rung += row->ladder[k];
    set.judged.ladder[k].risk.push_back(of_rung / n);
  }
  if (patient.rows.front()->fold) set.judged.fold.push_back(*patient.rows.front()->fold);
  for (std::size_t k = 0; k < set.levels.size(); ++k) set.levels[k].push_back(patient.followed.levels[k]);
}

void require_something_to_judge(const SurvivalSet& set, const fs::path& predictions, const fs::path& labels) {
  const auto& risk = set.judged.risk;
  if (risk.size() < 2) refuse(predictions, "wanted two or more patients to put in order, got one: add predictions");
  if (std::all_of(risk.begin(), risk.end(), [&](double r) { return r == risk.front(); }))
    refuse(predictions,
           fmt::format("wanted risks that differ, the mean over the slides of every patient is {}: a model that says one thing "
                       "orders nobody",
                       risk.front()));
  if (set.judged.follow_up.events() == 0)
    refuse(labels,
           fmt::format("wanted patients with an event, all {} with a prediction are censored: without events nothing can be judged; "
                       "if 1 stands for censored, name the column with --evaluate.censorship",
                       set.ids.size()));
}

}  // namespace

SurvivalSet read_survival_set(const fs::path& predictions, const fs::path& labels, const std::vector<std::string>& subgroup_columns,
                              const std::string& censorship) {
  const RiskTable risks = read_risks(predictions);
  const FollowUpTable follow_up = read_follow_up(labels, risks.of_slides, subgroup_columns, censorship);
  const Join join(predictions, labels, risks, follow_up);
  SurvivalSet out;
  out.predictions = risks.rows.size();
  out.patients_from = join.told_patients();
  out.event_column = censorship.empty() ? "event (1 = event)" : censorship + " (1 = censored)";
  out.levels.resize(subgroup_columns.size());
  out.judged.curves.months = risks.months;
  for (const std::string& rung : risks.rungs) out.judged.ladder.push_back({rung, {}});
  const auto patients = join.patients();
  for (const auto& [id, patient] : patients) add_patient(out, id, patient);
  out.labels_without_predictions = follow_up.rows.size() - (follow_up.by_slide ? risks.rows.size() : patients.size());
  require_something_to_judge(out, predictions, labels);
  return out;
}

std::vector<SlideKeys> followed_slides(const fs::path& labels, const std::vector<std::string>& slide_ids, const std::string& censorship) {
  const FollowUpTable followed = read_follow_up(labels, true, {}, censorship);
  return keys_in(followed.rows, followed.by_slide, slide_ids);
}

std::size_t pair_up(SurvivalSet& one, SurvivalSet& other, const fs::path& path) {
  const auto [of_one, of_other] = shared_ids(one.ids, other.ids);
  if (of_one.empty())
    refuse(path, "wanted predictions for patients that the first model predicts too: there is none in both: check the ids");
  const std::size_t left_out = one.ids.size() + other.ids.size() - 2 * of_one.size();
  one = only(one, of_one);
  other = only(other, of_other);
  if (one.judged.follow_up.events() == 0)
    refuse(path, "wanted patients with an event that the first model predicts too: all in both are censored: add predictions");
  return left_out;
}

}  // namespace microtome
