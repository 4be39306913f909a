// SPDX-License-Identifier: Apache-2.0
#include "pipeline/outputs/metric_table.h"

#include "pipeline/outputs/metric_text.h"

namespace microtome {

PageTable ShortTable::table(const std::string& heading, const std::string& note, const std::vector<std::string>& first) const {
  PageTable out{heading, note, first, std::vector<bool>(first.size(), true), {}};
  out.numbers.front() = false;
  for (const auto& [name, title] : measures_) {
    out.columns.push_back(title);
    out.numbers.push_back(true);
  }
  return out;
}

std::vector<std::string> ShortTable::row(std::vector<std::string> first, const std::vector<Metric>& metrics) const {
  for (const auto& [name, title] : measures_) {
    const Metric* m = find_metric(metrics, name);
    first.push_back(m ? text_(*m) : "-");
  }
  return first;
}

PageTable comparison_of_two(const std::string& note) {
  return {"Comparison with the second model", note, {"Measure", "First", "Second", "Difference", "95 % interval"}, {false, true, true, true, true}, {}};
}

}  // namespace microtome
