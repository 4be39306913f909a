// SPDX-License-Identifier: Apache-2.0
// Values with their intervals, one below the other, as SVG (a forest plot). No script, no font of its own, the same bytes for the same data.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace microtome {

struct IntervalRow {
  std::string name, text;        // left and right of the picture
  std::optional<double> value;   // none: the text alone
  std::optional<double> low, high;
  bool chief = false;            // what the others are compared with
};

struct IntervalChart {
  std::string title, x_label;
  double x_low = 0, x_high = 1;  // all values and limits lie inside
  double reference = 0;          // a dashed upright line, of what is nothing
  std::vector<IntervalRow> rows;
};

/// One <svg> element, 580 wide, with title, axis and a line down from each chief value. Names and texts are escaped and cut with dots where they have no
/// room.
std::string interval_chart_svg(const IntervalChart& chart);

}  // namespace microtome
