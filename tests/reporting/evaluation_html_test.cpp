// SPDX-License-Identifier: Apache-2.0
#include "reporting/evaluation_html.h"

#include <gtest/gtest.h>

namespace microtome {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(EvaluationHtml, TextIsEscapedAndNothingIsFetched) {
  const EvaluationPage page{
      "<b>", "a < b", {{"rows", "<3"}}, {{"<svg></svg>", "x & y"}}, {{"t", "n", {"", "v"}, {false, true}, {{"r", "1<2"}}}}};
  const std::string html = evaluation_html(page);
  for (const char* part : {"<h1>&lt;b&gt;</h1>", "a &lt; b", "&lt;3", "<svg></svg>", "x &amp; y", "<td class=\"number\">1&lt;2</td>",
                           "Research use only", "default-src 'none'"})
    EXPECT_TRUE(has(html, part)) << part;
  EXPECT_FALSE(has(html, "<script"));
  EXPECT_FALSE(has(html, "href="));
}

TEST(EvaluationHtml, FiguresComeAfterTheFirstTable) {
  const EvaluationPage page{
      "t", "", {}, {{"<svg id='f'></svg>", ""}}, {{"first", "", {""}, {false}, {}}, {"second", "", {""}, {false}, {}}}};
  const std::string html = evaluation_html(page);
  EXPECT_LT(html.find(">first<"), html.find("id='f'"));
  EXPECT_LT(html.find("id='f'"), html.find(">second<"));
}

}  // namespace
}  // namespace microtome
