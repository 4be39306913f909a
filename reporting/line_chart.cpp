// SPDX-License-Identifier: Apache-2.0
#include "reporting/line_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "reporting/html_text.h"

namespace microtome {
namespace {

constexpr double kLeft = 62, kTop = 40, kSide = 376, kWidth = 460, kRow = 19;
constexpr std::array kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"};
constexpr std::array kDashes = {"none", "8 4", "3 3", "9 3 3 3"};
constexpr const char* kGrey = "#6e7781";

/// From data to the picture.
struct Frame {
  const Chart& chart;
  double x(double v) const { return kLeft + kSide * (v - chart.x_low) / (chart.x_high - chart.x_low); }
  double y(double v) const { return kTop + kSide * (chart.y_high - v) / (chart.y_high - chart.y_low); }
};

struct Pen {
  std::string colour, dash;
};

/// The largest of 1, 2, 5 times a power of ten that gives at least four steps.
double tick_step(double span) {
  const double rough = span / 4, power = std::pow(10, std::floor(std::log10(rough)));
  for (const double times : {5.0, 2.0})
    if (times * power <= rough) return times * power;
  return power;
}

std::string tick_text(double value, double step) {
  const int digits = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  return fmt::format("{:.{}f}", std::abs(value) < step / 1000 ? 0 : value, digits);
}

std::string line(double x1, double y1, double x2, double y2, const char* colour) {
  return fmt::format("<line x1=\"{:.2f}\" y1=\"{:.2f}\" x2=\"{:.2f}\" y2=\"{:.2f}\" stroke=\"{}\"/>\n", x1, y1, x2, y2, colour);
}

std::string axes(const Frame& frame) {
  const Chart& c = frame.chart;
  std::string out;
  const double x_step = tick_step(c.x_high - c.x_low), y_step = tick_step(c.y_high - c.y_low);
  for (double k = std::ceil(c.x_low / x_step - 1e-9); k * x_step <= c.x_high + x_step * 1e-9; ++k) {
    const double at = frame.x(k * x_step);
    out += line(at, kTop, at, kTop + kSide, "#e6eaee");
    out += fmt::format("<text x=\"{:.2f}\" y=\"{:.2f}\" text-anchor=\"middle\">{}</text>\n", at, kTop + kSide + 18,
                       tick_text(k * x_step, x_step));
  }
  for (double k = std::ceil(c.y_low / y_step - 1e-9); k * y_step <= c.y_high + y_step * 1e-9; ++k) {
    const double at = frame.y(k * y_step);
    out += line(kLeft, at, kLeft + kSide, at, "#e6eaee");
    out += fmt::format("<text x=\"{:.2f}\" y=\"{:.2f}\" text-anchor=\"end\">{}</text>\n", kLeft - 7, at + 4, tick_text(k * y_step, y_step));
  }
  out += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#57606a\"/>\n", kLeft, kTop, kSide, kSide);
  out +=
      fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", kLeft + kSide / 2, kTop + kSide + 40, escaped(c.x_label));
  return out + fmt::format("<text transform=\"translate(16 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n", kTop + kSide / 2,
                           escaped(c.y_label));
}

std::string polyline(const Frame& frame, const ChartSeries& series, const Pen& pen) {
  std::string path;
  for (const ChartPoint& p : series.points) {
    const double x = frame.x(p.x), y = frame.y(p.y);
    path += fmt::format("{}{:.2f},{:.2f}", path.empty() ? "" : " ", x, y);
  }
  const double width = series.mark == ChartMark::reference ? 1.2 : 2.2;
  return fmt::format(
      "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-dasharray=\"{}\" stroke-linejoin=\"round\"/>\n", path,
      pen.colour, width, pen.dash);
}

std::string dots(const Frame& frame, const ChartSeries& series, const Pen& pen) {
  std::string out;
  for (const ChartPoint& p : series.points) {
    const double x = frame.x(p.x);
    if (p.low && p.high) out += line(x, frame.y(*p.low), x, frame.y(*p.high), pen.colour.c_str());
    out += fmt::format("<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"4.5\" fill=\"{}\"/>\n", x, frame.y(p.y), pen.colour);
  }
  return out;
}

std::vector<Pen> pens(const Chart& chart) {
  std::vector<Pen> out;
  std::size_t next = 0;
  for (const ChartSeries& series : chart.series) {
    if (series.mark == ChartMark::reference) {
      out.push_back({kGrey, "6 4"});
    } else {
      out.push_back({kColours[next % kColours.size()], kDashes[next % kDashes.size()]});
      ++next;
    }
  }
  return out;
}

std::string legend(const Chart& chart, const std::vector<Pen>& pen) {
  std::string out;
  double y = kTop + kSide + 66;
  for (std::size_t i = 0; i < chart.series.size(); ++i, y += kRow) {
    if (chart.series[i].mark == ChartMark::points)
      out += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"4.5\" fill=\"{}\"/>\n", kLeft + 15, y - 4, pen[i].colour);
    else
      out += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\" stroke-width=\"2.2\" stroke-dasharray=\"{}\"/>\n",
                         kLeft, y - 4, kLeft + 30, y - 4, pen[i].colour, pen[i].dash);
    out += fmt::format("<text x=\"{}\" y=\"{}\">{}</text>\n", kLeft + 38, y, escaped(chart.series[i].name));
  }
  return out;
}

}  // namespace

std::string chart_svg(const Chart& chart) {
  const Frame frame{chart};
  const auto pen = pens(chart);
  const double height = kTop + kSide + 56 + kRow * static_cast<double>(chart.series.size());
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" aria-label=\"{2}\" "
      "font-family=\"system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', Arial, sans-serif\" font-size=\"13\" fill=\"#1b1f24\">\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n<text x=\"{3}\" y=\"24\" font-size=\"15\" font-weight=\"650\">{2}</text>\n",
      kWidth, height, escaped(chart.title), kLeft);
  out += axes(frame);
  out += fmt::format("<svg x=\"{0}\" y=\"{1}\" width=\"{2}\" height=\"{2}\" viewBox=\"{0} {1} {2} {2}\" overflow=\"hidden\">\n", kLeft,
                     kTop, kSide);
  for (std::size_t i = 0; i < chart.series.size(); ++i)
    if (chart.series[i].mark != ChartMark::points) out += polyline(frame, chart.series[i], pen[i]);
  out += "</svg>\n";
  for (std::size_t i = 0; i < chart.series.size(); ++i)
    if (chart.series[i].mark == ChartMark::points) out += dots(frame, chart.series[i], pen[i]);
  return out + legend(chart, pen) + "</svg>\n";
}

}  // namespace microtome
