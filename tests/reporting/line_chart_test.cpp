// SPDX-License-Identifier: Apache-2.0
#include "reporting/line_chart.h"

#include <gtest/gtest.h>

namespace microtome {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Chart sample() {
  return {"ROC",
          "1 - specificity",
          "sensitivity",
          0,
          1,
          0,
          1,
          {{"no skill", ChartMark::reference, {{0, 0, {}, {}}, {1, 1, {}, {}}}},
           {"a & b", ChartMark::line, {{0, 0, {}, {}}, {0, 0.5, {}, {}}, {1, 1, {}, {}}}}}};
}

TEST(LineChart, AxesHaveLabelsAndTicksAndTheLegendNamesEverySeries) {
  const std::string svg = chart_svg(sample());
  for (const char* part : {">1 - specificity<", ">sensitivity<", ">0.2<", ">1.0<", ">no skill<", ">a &amp; b<", ">ROC<"})
    EXPECT_TRUE(has(svg, part)) << part;
}

TEST(LineChart, DataComeToTheirPlaces) {
  const std::string svg = chart_svg(sample());
  EXPECT_TRUE(has(svg, "points=\"62.00,416.00 62.00,228.00 438.00,40.00\""));
}

TEST(LineChart, PointsCarryTheirIntervals) {
  Chart chart = sample();
  chart.series[1] = {"bins", ChartMark::points, {{0.5, 0.5, 0.25, 0.75}}};
  const std::string svg = chart_svg(chart);
  EXPECT_TRUE(has(svg, "<circle cx=\"250.00\" cy=\"228.00\""));
  EXPECT_TRUE(has(svg, "y1=\"322.00\" x2=\"250.00\" y2=\"134.00\""));
}

TEST(LineChart, SeriesDifferInColourAndDash) {
  Chart chart = sample();
  chart.series.push_back({"second", ChartMark::line, {{0, 0, {}, {}}, {1, 1, {}, {}}}});
  const std::string svg = chart_svg(chart);
  for (const char* part : {"#0072b2", "#d55e00", "8 4"}) EXPECT_TRUE(has(svg, part)) << part;
}

}  // namespace
}  // namespace microtome
