// SPDX-License-Identifier: Apache-2.0
// evaluation.html: how good a model is, on one page. One file without script; nothing is fetched; it opens from file:// and prints.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace microtome {

/// All cells are text; the first of a row names it. Columns from the second on are set as numbers where `numbers` says so.
struct PageTable {
  std::string heading;
  std::string note;  // under the heading; "" without
  std::vector<std::string> columns;
  std::vector<bool> numbers;  // one a column
  std::vector<std::vector<std::string>> rows;
};

struct PageFigure {
  std::string svg;      // as chart_svg() makes it; put in as it is
  std::string caption;  // how to read it
};

struct EvaluationPage {
  std::string title;
  std::string headline;  // the result in a sentence
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<PageFigure> figures;
  std::vector<PageTable> tables;
};

/// Text is escaped. Says "research use only". The first table stands above the figures, the others below.
std::string evaluation_html(const EvaluationPage& page);

}  // namespace microtome
