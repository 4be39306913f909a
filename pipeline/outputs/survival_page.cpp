// SPDX-License-Identifier: Apache-2.0
// evaluation.html of risks: the numbers in a pathologist's words.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "pipeline/outputs/metric_table.h"
#include "pipeline/outputs/metric_text.h"
#include "pipeline/outputs/survival_ladder.h"
#include "pipeline/outputs/survival_result.h"
#include "reporting/evaluation_html.h"

namespace microtome {
namespace {

constexpr double kTooManyMonths = 600;

struct Wording {
  const char* name;
  const char* title;
  const char* meaning;
};

constexpr std::array kWordings = {
    Wording{"c_harrell", "c-index (Harrell)", "of two patients, how often the one with the higher risk has the event first; 0.5 is chance"},
    Wording{"c_uno", "c-index (Uno)", "the same, weighted so that the length of follow-up does not matter; 0.5 is chance"},
    Wording{"auc_t", "Time-dependent AUC", "how well patients with an event by a time are told from those without; mean over time"},
    Wording{"ibs", "Integrated Brier score", "mean squared error of predicted survival over time; 0 is best"},
    Wording{"ibs_kaplan_meier", "- of one curve for everybody", "what the model has to beat"},
    Wording{"hazard_ratio", "Hazard ratio, high against low risk",
            "how many times faster events come to patients of high risk; 1 is no difference"},
    Wording{"hazard_ratio_per_sd", "Hazard ratio per standard deviation", "of the risk itself, without a cut"},
    Wording{"logrank_p", "Log-rank test, p", "small: survival of high and low risk differs by more than chance"},
    Wording{"calibration_error", "Calibration error at the horizon", "how far predicted survival is from what is seen; 0 is best"},
    Wording{"d_calibration_p", "D-calibration, p", "small: the predicted curves are not what they say"},
};

std::string value_text(const Metric& m) {
  if (!m.value) return "-";
  if (!m.name.ends_with("_p")) return fmt::format("{:.3f}", *m.value);
  return *m.value < 1e-4 ? "< 0.0001" : fmt::format("{:.3g}", *m.value);
}

PageTable metrics_table(const SurvivalResult& result) {
  PageTable out{"Results", "", {"Measure", "Value", "95 % interval", "What it says", "Interval by"}, {false, true, true, false, false}, {}};
  out.note = fmt::format("Intervals by BCa or percentile: patients were drawn anew {} times, by fold.", result.settings.bootstrap);
  if (!result.folds.empty())
    out.note +=
        " All patients together, each judged by the model that had not seen the patient: their risks must be on one scale. Folds are "
        "below.";
  for (const Wording& w : kWordings)
    if (const Metric* m = find_metric(result.metrics, w.name))
      out.rows.push_back(
          {w.title, value_text(*m), limits_text(*m), w.meaning, m->interval.low ? short_method(m->interval.method) : m->interval.reason});
  return out;
}

PageTable groups_table(const SurvivalResult& result) {
  PageTable out{"Risk groups", "", {"Group", "Patients", "Events", "Median months", "95 % interval"}, {false, true, true, true, true}, {}};
  std::vector<std::string> cuts;
  for (const double cut : result.cut.cuts) cuts.push_back(fmt::format("{:.4g}", cut));
  out.note = fmt::format("High risk is a risk at or above the cut: {} ({}).", fmt::join(cuts, ", "), result.cut.source);
  for (const RiskGroup& group : result.over_time.groups) {
    auto text = [](std::optional<double> months) { return months ? fmt::format("{:.1f}", *months) : "not reached"; };
    out.rows.push_back({group.name, std::to_string(group.n), std::to_string(group.events), text(group.median.months),
                        group.median.low ? text(group.median.low) + " to " + text(group.median.high) : "-"});
  }
  return out;
}

constexpr std::array kShort = {"c_harrell", "c_uno", "auc_t", "hazard_ratio"};

ShortTable shown() { return short_table(kShort, kWordings, with_interval); }

PageTable folds_table(const SurvivalResult& result) {
  PageTable out =
      shown().table("Folds",
                  "The mean is that over folds; its interval comes from resampling patients inside each fold. With fewer than ten "
                  "events a fold's numbers are little more than noise.",
                  {"Fold", "patients", "events"});
  for (const JudgedFold& fold : result.folds) {
    const Metric& first = fold.metrics.front();
    out.rows.push_back(shown().row({std::to_string(fold.number), std::to_string(first.n), std::to_string(first.events.value_or(0))}, fold.metrics));
  }
  const Metric& mean = result.fold_means.front();
  out.rows.push_back(shown().row({"mean", std::to_string(mean.n), std::to_string(mean.events.value_or(0))}, result.fold_means));
  return out;
}

PageTable levels_table(const SurvivalSubgroups& groups) {
  std::string note = groups.worst_level.empty() ? "" : fmt::format("The lowest c-index is that of {}. ", groups.worst_level);
  note += groups.gap.value ? fmt::format("Largest difference of c-indices {:.3f}, {} by permuting the levels among patients.",
                                         *groups.gap.value, p_text(groups.gap.p, ""))
                           : fmt::format("No difference is given: {}.", groups.gap.reason);
  PageTable out = shown().table("Subgroups by " + groups.column, note, {groups.column, "patients", "events"});
  for (const SurvivalLevel& level : groups.levels) {
    out.rows.push_back(shown().row({level.name, std::to_string(level.patients), std::to_string(level.events)}, level.metrics));
    if (!level.suppressed.empty()) out.rows.back()[3] = level.suppressed;
  }
  return out;
}

PageTable comparison_table(const ComparedRisks& compared) {
  PageTable out = comparison_of_two(fmt::format(
      "On the {} patients with {} events that both predict; {} were left out. Difference is first minus second; both saw the same "
      "resamples of "
      "patients. An interval that holds 0 speaks for no difference.",
      compared.patients, compared.events, compared.left_out));
  const SurvivalComparison& c = compared.result;
  for (std::size_t k = 0; k < c.difference.size(); ++k)
    out.rows.push_back({title_of(kWordings, c.difference[k].name), value_text(c.one[k]), value_text(c.other[k]), value_text(c.difference[k]),
                        limits_text(c.difference[k])});
  return out;
}

std::string headline(const SurvivalResult& result) {
  const Metric& c = result.metrics.front();
  const auto patients = fmt::format("on {} patients with {} events", result.set.judged.rows(), result.set.judged.follow_up.events());
  if (!c.value) return fmt::format("There is no c-index {}: {}.", patients, c.interval.reason);
  const std::string interval =
      c.interval.low ? fmt::format(" (95 % interval {})", limits_text(c)) : " (no interval: " + c.interval.reason + ")";
  std::string out = fmt::format("c-index {:.3f}{}, {}", *c.value, interval, patients);
  if (!result.fold_means.empty() && result.fold_means.front().value)
    out += fmt::format("; mean over folds {}", with_interval(result.fold_means.front()));
  return out + ".";
}

std::vector<std::pair<std::string, std::string>> facts(const SurvivalResult& result) {
  const SurvivalSet& set = result.set;
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& caution : cautions(result)) out.emplace_back("Caution", caution);
  out.emplace_back("Follow-up", fmt::format("median {}, longest {:.4g} months (times are taken as months)",
                                            result.median_follow_up ? fmt::format("{:.1f}", *result.median_follow_up) : "not reached",
                                            result.longest_follow_up));
  out.emplace_back("Event", set.event_column);
  out.emplace_back("Risk", "higher is worse");
  out.emplace_back("Patients", set.patients_from);
  if (set.averaged()) out.emplace_back("Risks", fmt::format("means over the slides of each patient ({} slides)", set.predictions));
  out.emplace_back("Simpler models", result.ladder.empty()
                                         ? "the predictions have no columns ladder_<rung>: what a simpler model reaches is not known"
                                         : ladder_verdict(result.ladder));
  out.emplace_back("Tau", fmt::format("{:.4g} months: later events do not count in Uno's c and the AUC", result.times.tau));
  if (set.labels_without_predictions > 0) out.emplace_back("Labels without a prediction", std::to_string(set.labels_without_predictions));
  out.emplace_back("Resamples", fmt::format("{} of patients, by fold; seed {}", result.settings.bootstrap, result.settings.seed));
  return out;
}

}  // namespace

std::vector<std::string> cautions(const SurvivalResult& result) {
  std::vector<std::string> out;
  const Metric& c = result.metrics.front();
  if (result.longest_follow_up > kTooManyMonths)
    out.push_back(fmt::format("the longest time is {:.4g} months, that is {:.0f} years: are these days?", result.longest_follow_up,
                              result.longest_follow_up / 12));
  if (c.interval.high && *c.interval.high < 0.5)
    out.push_back("patients with a higher risk fared better: does a higher number mean a lower risk here, or is event turned round?");
  if (result.set.judged.follow_up.events() < kFewestEvents)
    out.push_back(fmt::format("fewer than {} events: these numbers are little more than noise", kFewestEvents));
  return out;
}

std::string evaluation_page(const SurvivalResult& result, const std::vector<CurveFigure>& figures) {
  EvaluationPage page{"Evaluation of predicted survival", headline(result), facts(result), {}, {}};
  for (const CurveFigure& figure : figures) page.figures.push_back({figure.svg, figure.caption});
  page.tables = {metrics_table(result), groups_table(result)};
  if (!result.ladder.empty()) page.tables.push_back(ladder_table(result));
  if (!result.folds.empty()) page.tables.push_back(folds_table(result));
  for (const SurvivalSubgroups& groups : result.subgroups) page.tables.push_back(levels_table(groups));
  if (result.compared) page.tables.push_back(comparison_table(*result.compared));
  return evaluation_html(page);
}

}  // namespace microtome
