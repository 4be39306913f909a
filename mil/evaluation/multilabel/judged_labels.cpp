// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/multilabel/judged_labels.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

namespace microtome {

int JudgedLabels::patients() const { return patient.empty() ? 0 : *std::max_element(patient.begin(), patient.end()) + 1; }

bool JudgedLabels::complete(std::size_t row) const {
  const auto first = known.begin() + static_cast<std::ptrdiff_t>(at(row, 0));
  return std::find(first, first + static_cast<std::ptrdiff_t>(labels()), kUnknown) == first + static_cast<std::ptrdiff_t>(labels());
}

std::vector<std::size_t> JudgedLabels::rows_known(std::size_t label) const {
  std::vector<std::size_t> out;
  for (std::size_t r = 0; r < rows(); ++r)
    if (known[at(r, label)] != kUnknown) out.push_back(r);
  return out;
}

Judged JudgedLabels::of_label(std::size_t label) const {
  Judged all;  // unknown answers too: select() leaves them out
  all.classes = {"no", "yes"};
  all.positive = 1;
  all.patient = patient;
  all.fold = fold;
  for (std::size_t r = 0; r < rows(); ++r) {
    const double p = probability[at(r, label)];
    all.label.push_back(known[at(r, label)]);
    all.probability.insert(all.probability.end(), {1 - p, p});
    if (!decision.empty()) all.decision.push_back(decision[at(r, label)]);
  }
  return all.select(rows_known(label));
}

std::vector<int> JudgedLabels::fold_numbers() const {
  const std::set<int> numbers(fold.begin(), fold.end());
  return {numbers.begin(), numbers.end()};
}

std::vector<std::size_t> JudgedLabels::rows_of_fold(int number) const {
  std::vector<std::size_t> out;
  for (std::size_t r = 0; r < fold.size(); ++r)
    if (fold[r] == number) out.push_back(r);
  return out;
}

JudgedLabels JudgedLabels::select(const std::vector<std::size_t>& chosen) const {
  JudgedLabels out;
  out.names = names;
  std::map<int, int> renumbered;
  for (const std::size_t r : chosen) {
    for (std::size_t l = 0; l < labels(); ++l) {
      out.known.push_back(known[at(r, l)]);
      out.probability.push_back(probability[at(r, l)]);
      if (!decision.empty()) out.decision.push_back(decision[at(r, l)]);
    }
    out.patient.push_back(renumbered.emplace(patient[r], static_cast<int>(renumbered.size())).first->second);
    if (!fold.empty()) out.fold.push_back(fold[r]);
  }
  return out;
}

std::string why_not_judged(const Judged& label) {
  if (label.rows() == 0) return "no row has a known answer";
  const auto yes = std::accumulate(label.label.begin(), label.label.end(), std::size_t{0});
  if (yes > 0 && yes < label.rows()) return "";
  return "every known answer is " + label.classes[yes > 0 ? 1 : 0];
}

std::vector<DecisionRule> decide_labels(JudgedLabels& judged, std::optional<double> given) {
  std::vector<int> decisions(judged.known.size(), kUnknown);
  std::vector<DecisionRule> rules;
  for (std::size_t l = 0; l < judged.labels(); ++l) {
    Judged label = judged.of_label(l);
    rules.push_back(decide(label, given));
    const auto rows = judged.rows_known(l);
    for (std::size_t k = 0; k < rows.size(); ++k) decisions[judged.at(rows[k], l)] = label.decision[k];
  }
  judged.decision = std::move(decisions);
  return rules;
}

}  // namespace microtome
