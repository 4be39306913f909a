// SPDX-License-Identifier: Apache-2.0
// evaluation.html of labels that are each true or not: the numbers in a pathologist's words.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "pipeline/outputs/metric_table.h"
#include "pipeline/outputs/metric_text.h"
#include "pipeline/outputs/multilabel_result.h"
#include "reporting/evaluation_html.h"

namespace microtome {
namespace {

struct Wording {
  const char* name;
  const char* title;
  const char* meaning;
};

constexpr std::array kWordings = {
    Wording{"macro_auc", "Area under the ROC curve, mean over labels",
            "chance that a case with the label scores above one without; 0.5 is chance"},
    Wording{"macro_auprc", "Average precision, mean over labels",
            "area under the precision-recall curve; the labels' mean share is chance"},
    Wording{"macro_balanced_accuracy", "Balanced accuracy, mean over labels", "mean of sensitivity and specificity"},
    Wording{"macro_f1", "F1, mean over labels", "harmonic mean of sensitivity and positive predictive value"},
    Wording{"macro_brier", "Brier score, mean over labels", "mean squared error of the probability; 0 is best"},
    Wording{"macro_ece", "Expected calibration error, mean over labels", "how far probabilities are from what is seen"},
    Wording{"micro_auc", "Area under the ROC curve, all answers",
            "all answers in one heap: frequent labels count more, and labels are compared with each other"},
    Wording{"micro_f1", "F1, all answers", "all answers in one heap"},
    Wording{"hamming_loss", "Hamming loss", "share of the answers that were decided wrongly; 0 is best"},
    Wording{"exact_match", "Exact match", "cases with every label decided rightly, among those whose labels are all known"},
    Wording{"cardinality_known", "Labels a case, known", "mean number of labels that a case has, where all are known"},
    Wording{"cardinality_predicted", "Labels a case, called", "mean number of labels that these cases were called"},
};

std::string value_text(const Metric* m) { return m && m->value ? fmt::format("{:.3f}", *m->value) : "-"; }

PageTable overall_table(const MultilabelResult& result) {
  PageTable out{
      "All labels", "", {"Measure", "Value", "95 % interval", "What it says", "Interval by"}, {false, true, true, false, false}, {}};
  out.note = fmt::format("Intervals by BCa or percentile: patients were drawn anew {} times by fold, once for all labels.",
                         result.settings.bootstrap);
  if (!result.folds.empty()) out.note += " All rows together, each judged by the model that had not seen it; folds are below.";
  for (const Wording& w : kWordings)
    if (const Metric* m = find_metric(result.metrics, w.name))
      out.rows.push_back(
          {w.title, value_text(m), limits_text(*m), w.meaning, m->interval.low ? short_method(m->interval.method) : m->interval.reason});
  return out;
}

PageTable labels_table(const MultilabelResult& result) {
  PageTable out{"Labels",
                "Each over the cases whose answer is known, with 95 % intervals.",
                {"Label", "Cases", "With the label"},
                {false, true, true},
                {}};
  for (const char* title : {"AUC", "Average precision", "Sensitivity", "Specificity"}) {
    out.columns.push_back(title);
    out.numbers.push_back(true);
  }
  for (const JudgedLabel& label : result.labels) {
    const Metric& first = label.result.metrics.front();
    auto& row = out.rows.emplace_back(std::vector<std::string>{label.name, std::to_string(first.n), std::to_string(*first.events)});
    for (const char* name : {"auc", "auprc", "sensitivity", "specificity"})
      row.push_back(with_interval(*find_metric(label.result.metrics, name)));
    if (!label.why_not.empty()) row[3] = label.why_not;
  }
  return out;
}

std::string rule_text(const DecisionRule& rule) {
  std::vector<std::string> texts;
  for (const double t : rule.thresholds) texts.push_back(fmt::format("{:.3g}", t));
  return fmt::format("{} ({})", fmt::join(texts, ", "), rule.source);
}

PageTable decisions_table(const MultilabelResult& result) {
  PageTable out{"Decisions",
                "Cases with the label and without it, by what the model called them.",
                {"Label", "With, called so", "With, missed", "Without, called so", "Without, not called", "Called from"},
                {false, true, true, true, true, false},
                {}};
  for (const JudgedLabel& label : result.labels) {
    const Confusion c(label.result.set.judged);
    auto& row = out.rows.emplace_back(std::vector<std::string>{label.name});
    for (const std::int64_t n : {c.at(1, 1), c.at(1, 0), c.at(0, 1), c.at(0, 0)}) row.push_back(std::to_string(n));
    row.push_back(rule_text(label.result.rule));
  }
  return out;
}

std::vector<std::string> fold_row(const std::string& name, const std::vector<Metric>& metrics) {
  std::vector<std::string> row = {name, std::to_string(metrics.front().n)};
  for (const char* wanted : {"macro_auc", "macro_auprc", "micro_auc", "exact_match", "hamming_loss"})
    row.push_back(with_interval(*find_metric(metrics, wanted)));
  return row;
}

PageTable folds_table(const MultilabelResult& result) {
  PageTable out{
      "Folds",
      "The mean is that over folds; its interval comes from resampling patients inside each fold. AUC and average precision are means "
      "over the labels that the fold has both answers of.",
      {"Fold", result.set.unit + "s", "AUC", "Average precision", "AUC, all answers", "Exact match", "Hamming loss"},
      {false, true, true, true, true, true, true},
      {}};
  for (const JudgedFold& fold : result.folds) out.rows.push_back(fold_row(std::to_string(fold.number), fold.metrics));
  if (!result.fold_means.empty()) out.rows.push_back(fold_row("mean", result.fold_means));
  return out;
}

/// One column of subgroups, label by label.
PageTable levels_table(const MultilabelResult& result, std::size_t column) {
  const std::string name = column_names(result.settings.subgroups)[column];
  PageTable out{"Subgroups by " + name,
                "",
                {"Label", name, "Patients", "AUC", "Sensitivity", "Specificity", "Brier score"},
                {false, false, true, true, true, true, true},
                {}};
  for (const JudgedLabel& label : result.labels) {
    if (label.result.subgroups.empty()) continue;
    for (const SubgroupLevel& level : label.result.subgroups[column].levels) {
      auto& row = out.rows.emplace_back(std::vector<std::string>{label.name, level.name, std::to_string(level.patients)});
      for (const char* wanted : {"auc", "sensitivity", "specificity", "brier"}) {
        const Metric* m = find_metric(level.metrics, wanted);
        row.push_back(m ? with_interval(*m) : "-");
      }
      if (!level.suppressed.empty()) row[3] = level.suppressed;
    }
  }
  return out;
}

std::string gap_text(const Gap& gap) { return gap.value ? fmt::format("{:.3f} (p {:.3g})", *gap.value, gap.p.value_or(1)) : "-"; }

PageTable gaps_table(const MultilabelResult& result, std::size_t column) {
  PageTable out{"Gaps between subgroups by " + column_names(result.settings.subgroups)[column],
                "Largest difference between two levels; p by permuting the levels among patients.",
                {"Label", "Sensitivity", "Sensitivity or false alarms", "Share called", "Positive predictive value", "Calibration error"},
                {false, true, true, true, true, true},
                {}};
  for (const JudgedLabel& label : result.labels) {
    if (label.result.subgroups.empty()) continue;
    const Subgroups& groups = label.result.subgroups[column];
    auto& row = out.rows.emplace_back(std::vector<std::string>{label.name});
    for (const Gap& gap : groups.gaps) row.push_back(gap_text(gap));  // in the order of the columns
    row.resize(out.columns.size(), "-");
    if (!groups.why_no_gaps.empty()) row[1] = groups.why_no_gaps;
  }
  return out;
}

void add_difference(PageTable& table, const std::string& name, const Metric& one, const Metric& other, const Metric& difference) {
  table.rows.push_back({name, value_text(&one), value_text(&other), value_text(&difference), limits_text(difference)});
}

PageTable comparison_table(const MultilabelResult& result) {
  const ComparedLabels& compared = *result.compared;
  const MultilabelComparison& c = compared.result;
  PageTable out = comparison_of_two(fmt::format(
      "On the {} rows of {} patients that both predict; {} rows were left out. Difference is first minus second, interval by resampling "
      "patients.",
      compared.rows, compared.patients, compared.left_out));
  for (std::size_t k = 0; k < c.difference.size(); ++k)
    add_difference(out, title_of(kWordings, c.difference[k].name), c.one[k], c.other[k], c.difference[k]);
  for (const JudgedLabel& label : result.labels) {
    if (label.result.compared) {
      const Comparison& own = label.result.compared->result;
      add_difference(out, "Area under the ROC curve, " + label.name, own.one.front(), own.other.front(), own.difference.front());
    } else {
      out.rows.push_back({"Area under the ROC curve, " + label.name, "-", "-", "-", label.why_not_compared});
    }
  }
  return out;
}

std::string headline(const MultilabelResult& result) {
  const Metric& auc = result.metrics.front();
  const std::string interval =
      auc.interval.low ? fmt::format(" (95 % interval {})", limits_text(auc)) : " (no interval: " + auc.interval.reason + ")";
  return fmt::format("Area under the ROC curve {}{}, mean over labels, on {} {}s of {} patients.", value_text(&auc), interval,
                     result.set.judged.rows(), result.set.unit, result.set.judged.patients());
}

std::vector<std::pair<std::string, std::string>> facts(const MultilabelResult& result) {
  const MultilabelSet& set = result.set;
  std::vector<std::string> judged, not_judged;
  for (const JudgedLabel& label : result.labels) (label.why_not.empty() ? judged : not_judged).push_back(label.name);
  std::vector<std::pair<std::string, std::string>> out = {{"Labels", fmt::format("{}", fmt::join(judged, ", "))}};
  if (!not_judged.empty()) out.emplace_back("Not judged, one answer only", fmt::format("{}", fmt::join(not_judged, ", ")));
  if (!set.not_predicted.empty()) out.emplace_back("Not predicted", fmt::format("{}", fmt::join(set.not_predicted, ", ")));
  out.emplace_back("Patients", set.patients_from);
  if (set.averaged) out.emplace_back("Probabilities", "mean over the slides of each patient");
  if (set.labels_without_predictions > 0) out.emplace_back("Labels without a prediction", std::to_string(set.labels_without_predictions));
  if (set.predictions_without_label > 0)
    out.emplace_back("Predictions without a known label", std::to_string(set.predictions_without_label));
  out.emplace_back("Resamples", fmt::format("{} of patients, by fold; seed {}", result.settings.bootstrap, result.settings.seed));
  return out;
}

}  // namespace

std::string evaluation_page(const MultilabelResult& result, const std::vector<CurveFigure>& figures) {
  EvaluationPage page{"Evaluation of labels", headline(result), facts(result), {}, {}};
  for (const CurveFigure& figure : figures) page.figures.push_back({figure.svg, figure.caption});
  page.tables = {labels_table(result), overall_table(result), decisions_table(result)};
  if (!result.folds.empty()) page.tables.push_back(folds_table(result));
  for (std::size_t k = 0; k < result.set.levels.size(); ++k) {
    page.tables.push_back(levels_table(result, k));
    page.tables.push_back(gaps_table(result, k));
  }
  if (result.compared) page.tables.push_back(comparison_table(result));
  return evaluation_html(page);
}

}  // namespace microtome
