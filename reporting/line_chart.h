// SPDX-License-Identifier: Apache-2.0
// A chart as SVG: lines with bands, points with intervals, a reference line, counts under the axis. No script, no font of its own, the same
// bytes for the same data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace microtome {

struct ChartPoint {
  double x = 0, y = 0;
  std::optional<double> low, high;  // drawn as a bar through the point, or as the edges of a band along a line
};

enum class ChartMark { line, points, reference };  // reference: dashed grey

struct ChartSeries {
  std::string name;
  ChartMark mark = ChartMark::line;
  std::vector<ChartPoint> points;
  std::vector<ChartPoint> strokes = {};  // short upright strokes across the line, as for the censored on a survival curve
  double radius = 4.5;                   // of points; smaller ones let others shine through, as in a cloud
};

/// Whole numbers under the ticks of the x axis, as of patients at risk. Rows have the colours of the series that is named alike.
struct ChartCounts {
  struct Row {
    std::string name;
    std::vector<std::int64_t> at_tick;  // one a tick; see chart_x_ticks()
  };
  std::string heading;
  std::vector<Row> rows;
};

struct Chart {
  std::string title, x_label, y_label;
  double x_low = 0, x_high = 1, y_low = 0, y_high = 1;  // lines are cut off there; points lie inside
  std::vector<ChartSeries> series;
  double x_step = 0;        // between ticks of the x axis; 0: chosen
  ChartCounts counts = {};  // none without rows
};

/// Where the x axis has its ticks.
std::vector<double> chart_x_ticks(const Chart& chart);

/// One <svg> element, 460 wide, or more where the numbers of the y axis are long, with title, labelled axes with ticks, counts and a legend below. Colours are Okabe and Ito's (2008), which
/// colour-blind eyes tell apart; series differ in their dashes too. All text is escaped.
std::string chart_svg(const Chart& chart);

}  // namespace microtome
