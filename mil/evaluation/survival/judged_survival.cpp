// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/survival/judged_survival.h"

#include <algorithm>
#include <set>

namespace microtome {
namespace {

double median_risk(const JudgedSurvival& judged, const std::vector<std::size_t>& rows) {
  std::vector<double> risks;
  for (const std::size_t r : rows) risks.push_back(judged.risk[r]);
  std::sort(risks.begin(), risks.end());
  return quantile_of(risks, 0.5);
}

void split_at(JudgedSurvival& judged, const std::vector<std::size_t>& rows, double cut) {
  for (const std::size_t r : rows) judged.high_risk[r] = judged.risk[r] >= cut;
}

}  // namespace

std::vector<int> JudgedSurvival::fold_numbers() const {
  const std::set<int> numbers(fold.begin(), fold.end());
  return {numbers.begin(), numbers.end()};
}

std::vector<std::size_t> JudgedSurvival::rows_of_fold(int number, bool others) const {
  std::vector<std::size_t> out;
  for (std::size_t r = 0; r < fold.size(); ++r)
    if ((fold[r] == number) != others) out.push_back(r);
  return out;
}

JudgedSurvival JudgedSurvival::select(const std::vector<std::size_t>& rows) const {
  JudgedSurvival out;
  out.follow_up = follow_up.select(rows);
  out.curves = curves.select(rows);
  for (const std::size_t r : rows) {
    out.risk.push_back(risk[r]);
    if (!fold.empty()) out.fold.push_back(fold[r]);
    if (!high_risk.empty()) out.high_risk.push_back(high_risk[r]);
  }
  for (const Rung& rung : ladder) {
    out.ladder.push_back({rung.name, {}});
    for (const std::size_t r : rows) out.ladder.back().risk.push_back(rung.risk[r]);
  }
  return out;
}

RiskCut split_risks(JudgedSurvival& judged, std::optional<double> given) {
  std::vector<std::size_t> all(judged.rows());
  for (std::size_t r = 0; r < all.size(); ++r) all[r] = r;
  judged.high_risk.assign(judged.rows(), 0);
  const std::vector<int> folds = judged.fold_numbers();
  if (given || folds.size() < 2) {
    const double cut = given ? *given : median_risk(judged, all);
    split_at(judged, all, cut);
    return {given ? "given" : "median risk of the patients themselves", {}, {cut}};
  }
  RiskCut out{"median risk of the other folds' patients", folds, {}};
  for (const int number : folds) {
    out.cuts.push_back(median_risk(judged, judged.rows_of_fold(number, true)));
    split_at(judged, judged.rows_of_fold(number), out.cuts.back());
  }
  return out;
}

}  // namespace microtome
