// SPDX-License-Identifier: Apache-2.0
// A chart as SVG: lines, points with intervals, a reference line. No script, no font of its own, the same bytes for the same data.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace microtome {

struct ChartPoint {
  double x = 0, y = 0;
  std::optional<double> low, high;  // drawn as a bar through the point
};

enum class ChartMark { line, points, reference };  // reference: dashed grey

struct ChartSeries {
  std::string name;
  ChartMark mark = ChartMark::line;
  std::vector<ChartPoint> points;
};

struct Chart {
  std::string title, x_label, y_label;
  double x_low = 0, x_high = 1, y_low = 0, y_high = 1;  // lines are cut off there; points lie inside
  std::vector<ChartSeries> series;
};

/// One <svg> element, 460 wide, with title, labelled axes with ticks, and a legend below. Colours are Okabe and Ito's (2008), which
/// colour-blind eyes tell apart; series differ in their dashes too. All text is escaped.
std::string chart_svg(const Chart& chart);

}  // namespace microtome
