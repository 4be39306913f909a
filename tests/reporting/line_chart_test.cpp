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

TEST(LineChart, NumbersTooLargeToCountByOneHaveAnEnd) {
  Chart chart = sample();
  chart.x_low = chart.y_low = 1e17;
  chart.x_high = chart.y_high = 1e17 + 48;
  EXPECT_LT(chart_x_ticks(chart).size(), 12U);
}

TEST(LineChart, SmallPointsLetOthersShineThrough) {
  Chart chart = sample();
  chart.series[1] = {"rows", ChartMark::points, {{0.5, 0.5, {}, {}}}};
  EXPECT_TRUE(has(chart_svg(chart), "r=\"4.5\" fill=\"#0072b2\"/>"));
  chart.series[1].radius = 2;
  EXPECT_TRUE(has(chart_svg(chart), "<circle cx=\"250.00\" cy=\"228.00\" r=\"2\" fill=\"#0072b2\" fill-opacity=\"0.5\"/>"));
}

TEST(LineChart, LongNumbersHaveRoomAndDoNotMeet) {
  Chart chart = sample();
  EXPECT_TRUE(has(chart_svg(chart), "viewBox=\"0 0 460 ")) << "short ones ask for none";
  chart.x_high = chart.y_high = 950000;
  const std::string svg = chart_svg(chart);
  EXPECT_TRUE(has(svg, "viewBox=\"-15 0 475 ") && has(svg, "<rect x=\"-15\" width=\"475\"") && has(svg, "translate(1 228)"))
      << svg.substr(0, 600);
  EXPECT_EQ(chart_x_ticks(chart).size(), 5U);
  chart.x_low = 900001;  // ten ticks of 5000 would run into each other
  EXPECT_EQ(chart_x_ticks(chart), (std::vector<double>{910000, 920000, 930000, 940000, 950000}));
  chart.x_low = 9000001;
  chart.x_high = 9190001;  // nor would they with 20000
  EXPECT_EQ(chart_x_ticks(chart), (std::vector<double>{9050000, 9100000, 9150000}));
  for (const auto& [high, text] : {std::pair(9e9, ">8e+09<"), std::pair(9e-9, ">8e-09<")}) {
    chart.x_low = 0;
    chart.x_high = chart.y_high = high;
    EXPECT_TRUE(has(chart_svg(chart), text)) << high;
  }
}

TEST(LineChart, SeriesDifferInColourAndDash) {
  Chart chart = sample();
  chart.series.push_back({"second", ChartMark::line, {{0, 0, {}, {}}, {1, 1, {}, {}}}});
  const std::string svg = chart_svg(chart);
  for (const char* part : {"#0072b2", "#d55e00", "8 4"}) EXPECT_TRUE(has(svg, part)) << part;
}

TEST(LineChart, LimitsAlongALineAreABandThatEndsWhereTheyDo) {
  Chart chart = sample();
  chart.series[1].points = {{0, 1, 0.5, 1}, {0.5, 0.5, 0.25, 0.75}, {1, 0, {}, {}}};
  const std::string svg = chart_svg(chart);
  EXPECT_TRUE(has(svg, "<polygon points=\"62.00,40.00 250.00,134.00 250.00,322.00 62.00,228.00\" fill=\"#0072b2\""));
  EXPECT_FALSE(has(chart_svg(sample()), "<polygon"));
}

TEST(LineChart, StrokesStandAcrossTheLine) {
  Chart chart = sample();
  chart.series[1].strokes = {{0.5, 0.5, {}, {}}, {1, 1, {}, {}}};
  EXPECT_TRUE(has(chart_svg(chart), "<path d=\"M250.00 223.50v9M438.00 35.50v9\" stroke=\"#0072b2\""));
}

TEST(LineChart, CountsStandUnderTheTicksInTheColourOfTheirSeries) {
  Chart chart = sample();
  chart.x_low = 0;
  chart.x_high = 30;
  chart.x_step = 12;
  EXPECT_EQ(chart_x_ticks(chart), (std::vector<double>{0, 12, 24}));
  chart.counts = {"At risk", {{"a & b", {90, 41, 7}}}};
  const std::string svg = chart_svg(chart);
  for (const char* part : {">At risk<", "fill=\"#0072b2\">a &amp; b<", "x=\"212.40\" y=\"520\" text-anchor=\"middle\">41<", ">7<"})
    EXPECT_TRUE(has(svg, part)) << part;
  EXPECT_TRUE(has(svg, "height=\"577\"")) << svg.substr(0, 200) << "room for heading, name, numbers and legend";
}

}  // namespace
}  // namespace microtome
