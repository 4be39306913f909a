// SPDX-License-Identifier: Apache-2.0
#include "reporting/evaluation_html.h"

#include <fmt/format.h>

#include "reporting/html_text.h"
#include "reporting/report_style.h"

namespace microtome {
namespace {

constexpr const char* kPageStyle = R"css(
body { max-width: 1140px; }
h2 { margin: 30px 0 6px; font-size: 19px; font-weight: 650; }
.headline { margin: 0 0 16px; font-size: 19px; max-width: 90ch; }
.note { margin: 0 0 8px; color: var(--soft); max-width: 90ch; }
table.figures-table tbody th, table.figures-table td { padding: 7px 12px; }
table.figures-table tbody th { padding-left: 0; min-width: 0; font-weight: 600; white-space: nowrap; }
table.figures-table th.number { text-align: right; }
table.figures-table td.number { white-space: nowrap; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(400px, 1fr)); gap: 22px 30px; margin: 22px 0; }
.charts figure { break-inside: avoid; }
.charts svg { display: block; max-width: 100%; height: auto; }
.charts figcaption { margin: 4px 0 0 62px; max-width: 52ch; color: var(--soft); font-size: 13px; }
@media print {
  .charts { grid-template-columns: 1fr 1fr; gap: 10px; }
  .charts figcaption { margin-left: 0; font-size: 10px; }
  table.figures-table tbody th, table.figures-table td { padding: 3px 8px; min-width: 0; }
  h2 { break-after: avoid; }
}
)css";

std::string cell(const PageTable& table, std::size_t column, const std::string& text) {
  if (column == 0) return fmt::format("<th scope=\"row\">{}</th>", escaped(text));
  return fmt::format("<td{}>{}</td>", table.numbers.at(column) ? " class=\"number\"" : "", escaped(text));
}

std::string table_html(const PageTable& table) {
  std::string out = fmt::format("<section>\n<h2>{}</h2>\n", escaped(table.heading));
  if (!table.note.empty()) out += fmt::format("<p class=\"note\">{}</p>\n", escaped(table.note));
  out += "<table class=\"figures-table\">\n<thead><tr>";
  for (std::size_t c = 0; c < table.columns.size(); ++c)
    out += fmt::format("<th scope=\"col\"{}>{}</th>", table.numbers.at(c) ? " class=\"number\"" : "", escaped(table.columns[c]));
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    out += "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c) out += cell(table, c, row[c]);
    out += "</tr>\n";
  }
  return out + "</tbody>\n</table>\n</section>\n";
}

std::string figures_html(const std::vector<PageFigure>& figures) {
  if (figures.empty()) return "";
  std::string out = "<div class=\"charts\">\n";
  for (const PageFigure& figure : figures)
    out += fmt::format("<figure>\n{}<figcaption>{}</figcaption>\n</figure>\n", figure.svg, escaped(figure.caption));
  return out + "</div>\n";
}

std::string head_html(const EvaluationPage& page) {
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<title>{0}</title>\n<style>{1}{2}</style>\n</head>\n<body>\n"
      "<header>\n<h1>{0}</h1>\n<p class=\"headline\">{3}</p>\n<dl class=\"facts\">\n",
      escaped(page.title), kReportStyle, kPageStyle, escaped(page.headline));
  for (const auto& [name, value] : page.facts) out += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", escaped(name), escaped(value));
  return out + "</dl>\n</header>\n<main>\n";
}

}  // namespace

std::string evaluation_html(const EvaluationPage& page) {
  std::string out = head_html(page);
  for (std::size_t i = 0; i < page.tables.size(); ++i) {
    out += table_html(page.tables[i]);
    if (i == 0) out += figures_html(page.figures);
  }
  if (page.tables.empty()) out += figures_html(page.figures);
  return out + "</main>\n<footer>Research use only. Not for diagnosis.</footer>\n</body>\n</html>\n";
}

}  // namespace microtome
