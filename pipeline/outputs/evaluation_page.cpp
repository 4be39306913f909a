// SPDX-License-Identifier: Apache-2.0
// evaluation.html: the numbers in a pathologist's words.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "pipeline/outputs/evaluation_result.h"
#include "pipeline/outputs/metric_table.h"
#include "pipeline/outputs/metric_text.h"
#include "reporting/evaluation_html.h"

namespace microtome {
namespace {

struct Wording {
  const char* name;
  const char* title;
  const char* meaning;          // for two classes
  const char* meaning_classes;  // for several
};

constexpr std::array kWordings = {
    Wording{"auc", "Area under the ROC curve", "chance that a positive case scores above a negative one; 0.5 is chance",
            "each class against the rest, mean over classes; 0.5 is chance"},
    Wording{"auc_bootstrap", "- interval by resampling", "the same area, interval from resampled patients", ""},
    Wording{"auc_hand_till", "- between pairs of classes", "", "mean over pairs of classes (Hand and Till)"},
    Wording{"auprc", "Average precision", "area under the precision-recall curve; the share of positive cases is chance",
            "mean over classes"},
    Wording{"sensitivity", "Sensitivity", "positive cases that were called positive", "mean over classes"},
    Wording{"specificity", "Specificity", "negative cases that were called negative", "mean over classes"},
    Wording{"ppv", "Positive predictive value", "of those called positive, how many are", ""},
    Wording{"npv", "Negative predictive value", "of those called negative, how many are", ""},
    Wording{"accuracy", "Accuracy", "decisions that are right", "decisions that are right"},
    Wording{"balanced_accuracy", "Balanced accuracy", "mean of sensitivity and specificity", "mean sensitivity over classes"},
    Wording{"f1", "F1", "harmonic mean of sensitivity and positive predictive value", "mean over classes"},
    Wording{"mcc", "Matthews correlation", "-1 to 1; 0 is chance", "-1 to 1; 0 is chance"},
    Wording{"kappa", "Cohen's kappa", "agreement beyond chance",
            "agreement beyond chance, with quadratic weights: the order of the classes counts"},
    Wording{"brier", "Brier score", "mean squared error of the probability; 0 is best", "summed over classes, 0 to 2; 0 is best"},
    Wording{"ece", "Expected calibration error", "how far probabilities are from what is seen", "of the most probable class"},
    Wording{"ece_equal_mass", "- in bins of equal numbers", "the same, in bins with equally many cases", "of the most probable class"},
    Wording{"calibration_slope", "Calibration slope", "1 is ideal; below it probabilities are too extreme", ""},
    Wording{"calibration_intercept", "Calibration in the large", "0 is ideal; above it probabilities are too low", ""},
    Wording{"temperature", "Temperature", "1 is ideal; above it probabilities are too extreme",
            "1 is ideal; above it probabilities are too extreme"},
};

PageTable metrics_table(const EvaluationResult& result) {
  PageTable out{"Results", "", {"Measure", "Value", "95 % interval", "What it says", "Interval by"}, {false, true, true, false, false}, {}};
  out.note =
      fmt::format("Intervals by BCa or percentile: patients were drawn anew {} times, by class and fold.", result.settings.bootstrap);
  if (!result.folds.empty()) out.note += " All rows together, each judged by the model that had not seen it; folds are below.";
  for (const Wording& w : kWordings) {
    const Metric* m = find_metric(result.metrics, w.name);
    if (!m) continue;
    out.rows.push_back({w.title, m->value ? fmt::format("{:.3f}", *m->value) : "-", limits_text(*m),
                        result.set.judged.binary() ? w.meaning : w.meaning_classes,
                        m->interval.low ? short_method(m->interval.method) : m->interval.reason});
  }
  return out;
}

PageTable confusion_table(const Judged& judged) {
  const Confusion c(judged);
  PageTable out{"Decisions", "Rows are what the case is, columns what the model called it.", {"Label"}, {false}, {}};
  for (const std::string& name : judged.classes) {
    out.columns.push_back("called " + name);
    out.numbers.push_back(true);
  }
  for (int l = 0; l < c.classes(); ++l) {
    out.rows.push_back({judged.classes[static_cast<std::size_t>(l)]});
    for (int d = 0; d < c.classes(); ++d) out.rows.back().push_back(std::to_string(c.at(l, d)));
  }
  return out;
}

constexpr std::array kShort = {"auc", "sensitivity", "specificity", "balanced_accuracy", "brier"};

ShortTable shown() { return short_table(kShort, kWordings, with_interval); }

PageTable folds_table(const EvaluationResult& result) {
  PageTable out = shown().table("Folds", "The mean is that over folds; its interval comes from resampling patients inside each fold.", {"Fold", result.set.unit + "s"});
  for (const JudgedFold& fold : result.folds)
    out.rows.push_back(shown().row({std::to_string(fold.number), std::to_string(fold.metrics.front().n)}, fold.metrics));
  if (!result.fold_means.empty()) out.rows.push_back(shown().row({"mean", std::to_string(result.set.judged.rows())}, result.fold_means));
  return out;
}

std::string gap_words(const std::string& name) {
  if (name == "equal_opportunity") return "sensitivity (equal opportunity)";
  if (name == "equalised_odds") return "sensitivity or false alarms (equalised odds)";
  if (name == "demographic_parity") return "share called positive (demographic parity)";
  if (name == "predictive_parity") return "positive predictive value (predictive parity)";
  return "calibration error";
}

PageTable levels_table(const Subgroups& groups) {
  PageTable out =
      shown().table("Subgroups by " + groups.column,
                  groups.worst_level.empty() ? "" : fmt::format("The lowest area under the ROC curve is that of {}.", groups.worst_level),
                  {groups.column, "patients"});
  for (const SubgroupLevel& level : groups.levels) {
    out.rows.push_back(shown().row({level.name, std::to_string(level.patients)}, level.metrics));
    if (!level.suppressed.empty()) out.rows.back()[2] = level.suppressed;
  }
  return out;
}

PageTable gaps_table(const Subgroups& groups) {
  PageTable out{"Gaps between subgroups by " + groups.column,
                groups.why_no_gaps.empty() ? "Largest difference between two levels; p by permuting the levels among patients."
                                           : "Not given: " + groups.why_no_gaps + ".",
                {"Gap in", "Value", "p"},
                {false, true, true},
                {}};
  for (const Gap& gap : groups.gaps)
    out.rows.push_back(
        {gap_words(gap.name), gap.value ? fmt::format("{:.3f}", *gap.value) : "-", gap.p ? fmt::format("{:.3g}", *gap.p) : "-"});
  return out;
}

PageTable comparison_table(const ComparedModels& compared) {
  const Comparison& c = compared.result;
  const auto delong = p_text(c.delong ? c.delong->p : std::nullopt, c.delong ? "the variance of the difference is 0" : c.why_no_delong);
  PageTable out = comparison_of_two(fmt::format(
      "On the {} rows of {} patients that both predict; {} rows were left out. Difference is first minus second, interval by resampling "
      "patients. "
      "Areas (DeLong): {}. Decisions (McNemar, exact): only the first is right {} times, only the second {} times, {}.",
      compared.rows, compared.patients, compared.left_out, delong, c.mcnemar.only_one, c.mcnemar.only_other,
      p_text(c.mcnemar.p, c.mcnemar.reason)));
  for (std::size_t k = 0; k < c.difference.size(); ++k) {
    auto text = [](const Metric& m) { return m.value ? fmt::format("{:.3f}", *m.value) : "-"; };
    out.rows.push_back(
        {title_of(kWordings, c.difference[k].name), text(c.one[k]), text(c.other[k]), text(c.difference[k]), limits_text(c.difference[k])});
  }
  return out;
}

std::string rule_words(const DecisionRule& rule, const Judged& judged) {
  if (rule.thresholds.empty()) return rule.source;
  const std::string& positive = judged.classes[static_cast<std::size_t>(judged.positive)];
  std::vector<std::string> texts;
  for (const double t : rule.thresholds) texts.push_back(fmt::format("{:.3g}", t));
  return fmt::format("{} from {} on ({})", positive, fmt::join(texts, ", "), rule.source);
}

std::string headline(const EvaluationResult& result) {
  const Metric& auc = result.metrics.front();
  if (!auc.value) return "The area under the ROC curve does not exist: " + auc.interval.reason + ".";
  const std::string interval =
      auc.interval.low ? fmt::format(" (95 % interval {})", limits_text(auc)) : " (no interval: " + auc.interval.reason + ")";
  return fmt::format("Area under the ROC curve {:.3f}{}, on {} {}s of {} patients.", *auc.value, interval, result.set.judged.rows(),
                     result.set.unit, result.set.judged.patients());
}

std::vector<std::pair<std::string, std::string>> facts(const EvaluationResult& result) {
  const Judged& judged = result.set.judged;
  std::vector<std::string> classes;
  for (int c = 0; c < static_cast<int>(judged.classes.size()); ++c)
    classes.push_back(
        fmt::format("{} ({})", judged.classes[static_cast<std::size_t>(c)], std::count(judged.label.begin(), judged.label.end(), c)));
  std::vector<std::pair<std::string, std::string>> out = {{"Classes", fmt::format("{}", fmt::join(classes, ", "))}};
  if (judged.binary()) out.emplace_back("Positive", judged.classes[static_cast<std::size_t>(judged.positive)]);
  out.emplace_back("Decision", rule_words(result.rule, judged));
  out.emplace_back("Patients", result.set.patients_from);
  if (result.set.averaged) out.emplace_back("Probabilities", "mean over the slides of each patient");
  if (result.set.labels_without_predictions > 0)
    out.emplace_back("Labels without a prediction", std::to_string(result.set.labels_without_predictions));
  out.emplace_back("Resamples", fmt::format("{} of patients, by class and fold; seed {}", result.settings.bootstrap, result.settings.seed));
  return out;
}

}  // namespace

std::string evaluation_page(const EvaluationResult& result, const std::vector<CurveFigure>& figures) {
  EvaluationPage page{"Evaluation of a classifier", headline(result), facts(result), {}, {}};
  for (const CurveFigure& figure : figures) page.figures.push_back({figure.svg, figure.caption});
  page.tables = {metrics_table(result), confusion_table(result.set.judged)};
  if (!result.folds.empty()) page.tables.push_back(folds_table(result));
  for (const Subgroups& groups : result.subgroups) {
    page.tables.push_back(levels_table(groups));
    page.tables.push_back(gaps_table(groups));
  }
  if (result.compared) page.tables.push_back(comparison_table(*result.compared));
  return evaluation_html(page);
}

}  // namespace microtome
