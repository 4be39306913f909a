// SPDX-License-Identifier: Apache-2.0
#include "reporting/interval_chart.h"

#include <fmt/format.h>

#include <cmath>

#include "reporting/html_text.h"

namespace microtome {
namespace {

constexpr double kWidth = 580, kLeft = 158, kSide = 254, kTop = 44, kRow = 26;
constexpr double kMargin = 8;
constexpr std::size_t kNameRoom = 21, kTextRoom = 22;  // characters
constexpr const char *kChief = "#d55e00", *kOther = "#0072b2", *kGrey = "#6e7781";

/// Cut between characters.
std::string fitted(const std::string& text, std::size_t room) {
  std::size_t characters = 0, end = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    if (++characters == room) end = i;
  }
  return escaped(characters <= room ? text : text.substr(0, end) + "\u2026");
}

struct IntervalFrame {
  const IntervalChart& chart;
  double x(double v) const { return kLeft + kSide * (v - chart.x_low) / (chart.x_high - chart.x_low); }
  double y(std::size_t row) const { return kTop + kRow * (static_cast<double>(row) + 0.5); }
  double bottom() const { return kTop + kRow * static_cast<double>(chart.rows.size()); }
};

std::string stroke(double x1, double y1, double x2, double y2, const std::string& rest) {
  return fmt::format("<line x1=\"{:.2f}\" y1=\"{:.2f}\" x2=\"{:.2f}\" y2=\"{:.2f}\" {}/>\n", x1, y1, x2, y2, rest);
}

std::string scale(const IntervalFrame& frame) {
  const IntervalChart& c = frame.chart;
  const double step = c.x_high - c.x_low > 0.55 ? 0.2 : 0.1;
  std::string out;
  for (double k = std::ceil(c.x_low / step - 1e-9); k * step <= c.x_high + 1e-9; ++k) {
    out += stroke(frame.x(k * step), kTop, frame.x(k * step), frame.bottom(), "stroke=\"#e6eaee\"");
    out += fmt::format("<text x=\"{:.2f}\" y=\"{:.2f}\" text-anchor=\"middle\">{:.1f}</text>\n", frame.x(k * step), frame.bottom() + 18, k * step);
  }
  out += stroke(frame.x(c.reference), kTop, frame.x(c.reference), frame.bottom(), fmt::format("stroke=\"{}\" stroke-dasharray=\"5 4\"", kGrey));
  for (const IntervalRow& row : c.rows)
    if (row.chief && row.value)
      out += stroke(frame.x(*row.value), kTop, frame.x(*row.value), frame.bottom(), fmt::format("stroke=\"{}\" stroke-opacity=\"0.35\"", kChief));
  return out + fmt::format("<text x=\"{}\" y=\"{:.2f}\" text-anchor=\"middle\">{}</text>\n", kLeft + kSide / 2, frame.bottom() + 40, escaped(c.x_label));
}

std::string drawn(const IntervalFrame& frame, std::size_t at) {
  const IntervalRow& row = frame.chart.rows[at];
  const double y = frame.y(at);
  const char* colour = row.chief ? kChief : kOther;
  std::string out = fmt::format("<text x=\"{}\" y=\"{:.2f}\" text-anchor=\"end\"{}>{}</text>\n", kLeft - kMargin, y + 4, row.chief ? " font-weight=\"650\"" : "",
                                fitted(row.name, kNameRoom));
  out += fmt::format("<text x=\"{}\" y=\"{:.2f}\">{}</text>\n", kLeft + kSide + kMargin, y + 4, fitted(row.text, kTextRoom));
  if (row.low && row.high) out += stroke(frame.x(*row.low), y, frame.x(*row.high), y, fmt::format("stroke=\"{}\" stroke-width=\"2\"", colour));
  if (row.value) out += fmt::format("<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"4.5\" fill=\"{}\"/>\n", frame.x(*row.value), y, colour);
  return out;
}

}  // namespace

std::string interval_chart_svg(const IntervalChart& chart) {
  const IntervalFrame frame{chart};
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" aria-label=\"{2}\" "
      "font-family=\"system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', Arial, sans-serif\" font-size=\"13\" fill=\"#1b1f24\">\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n<text x=\"{3}\" y=\"24\" font-size=\"15\" font-weight=\"650\">{2}</text>\n",
      kWidth, frame.bottom() + 54, escaped(chart.title), kMargin);
  out += scale(frame);
  for (std::size_t row = 0; row < chart.rows.size(); ++row) out += drawn(frame, row);
  return out + "</svg>\n";
}

}  // namespace microtome
