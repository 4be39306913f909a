// SPDX-License-Identifier: Apache-2.0
// What a reader learns: where values, limits and the line of nothing come to lie, and what becomes of long names and of values that do not exist.
#include "reporting/interval_chart.h"

#include <gtest/gtest.h>

namespace microtome {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

IntervalChart sample() {
  return {"Ladder", "c-index", 0.4, 0.9, 0.5, {{"fusion", "0.800", 0.8, 0.7, 0.9, true}, {"a < b", "0.600", 0.6, 0.5, 0.65, false}}};
}

TEST(IntervalChart, ValuesAndLimitsComeToTheirPlaces) {
  const std::string svg = interval_chart_svg(sample());
  // 254 for 0.5 from 158 on; rows are 26 high, the first is in the middle of 44 and 70
  EXPECT_TRUE(has(svg, "<circle cx=\"361.20\" cy=\"57.00\"")) << svg;
  EXPECT_TRUE(has(svg, "<line x1=\"310.40\" y1=\"57.00\" x2=\"412.00\" y2=\"57.00\" stroke=\"#d55e00\" stroke-width=\"2\"/>"));
  EXPECT_TRUE(has(svg, "<circle cx=\"259.60\" cy=\"83.00\" r=\"4.5\" fill=\"#0072b2\"/>"));
  EXPECT_TRUE(has(svg, "<line x1=\"208.80\" y1=\"44.00\" x2=\"208.80\" y2=\"96.00\" stroke=\"#6e7781\" stroke-dasharray")) << "the line of nothing";
  EXPECT_TRUE(has(svg, "<line x1=\"361.20\" y1=\"44.00\" x2=\"361.20\" y2=\"96.00\" stroke=\"#d55e00\" stroke-opacity")) << "down from the chief value";
  for (const char* part : {">Ladder<", ">c-index<", ">0.4<", ">0.9<", ">fusion<", ">a &lt; b<", ">0.600<"}) EXPECT_TRUE(has(svg, part)) << part;
}

TEST(IntervalChart, ALongNameIsCutBetweenCharacters) {
  IntervalChart chart = sample();
  chart.rows[1].name = "without-\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4";
  EXPECT_TRUE(has(interval_chart_svg(chart), ">without-\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u2026<"));
}

TEST(IntervalChart, WhatDoesNotExistIsNotDrawn) {
  IntervalChart chart = sample();
  chart.rows = {{"nobody", "-", {}, {}, {}, true}, {"one risk for all", "0.500", 0.5, {}, {}, false}};
  const std::string svg = interval_chart_svg(chart);
  EXPECT_EQ(svg.find("<circle"), svg.rfind("<circle")) << "one dot";
  EXPECT_FALSE(has(svg, "stroke-width=\"2\"")) << "no interval";
  EXPECT_TRUE(has(svg, ">nobody<"));
}

}  // namespace
}  // namespace microtome
