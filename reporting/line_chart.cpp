// SPDX-License-Identifier: Apache-2.0
#include "reporting/line_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "reporting/html_text.h"

namespace microtome {
namespace {

constexpr double kLeft = 62, kTop = 40, kSide = 376, kWidth = 460, kRow = 19, kCountsTop = kTop + kSide + 66;
constexpr double kTickRoom = 35, kGap = 5;  // what the y axis has for its texts, and what lies between those of the x axis
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

/// After 1, 2, 5: 2, 5, 10.
double next_step(double step) {
  const double digit = step / std::pow(10, std::floor(std::log10(step) + 1e-9));
  return digit > 1.5 && digit < 4 ? 2.5 * step : 2 * step;
}

std::string tick_text(double value, double step) {
  if (step >= 1e6 || step < 1e-4) return fmt::format("{:.3g}", std::abs(value) < step / 1000 ? 0 : value);
  const int digits = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  return fmt::format("{:.{}f}", std::abs(value) < step / 1000 ? 0 : value, digits);
}

std::string line(double x1, double y1, double x2, double y2, const char* colour) {
  return fmt::format("<line x1=\"{:.2f}\" y1=\"{:.2f}\" x2=\"{:.2f}\" y2=\"{:.2f}\" stroke=\"{}\"/>\n", x1, y1, x2, y2, colour);
}

std::vector<double> ticks(double low, double high, double step) {
  std::vector<double> out;
  const double first = std::ceil(low / step - 1e-9);
  for (double k = 0; (first + k) * step <= high + step * 1e-9; ++k)
    out.push_back((first + k) * step);  // first alone may be too large to count on
  return out;
}

/// As wide fonts have it.
double width_of(const std::string& text) {
  double out = 0;
  for (const char c : text) out += c == '.' || c == '-' ? 4.7 : c == '+' ? 10.9 : 8.3;
  return out;
}

/// Of the widest tick's text.
double text_width(double low, double high, double step) {
  double widest = 0;
  for (const double tick : ticks(low, high, step)) widest = std::max(widest, width_of(tick_text(tick, step)));
  return widest;
}

/// Wide enough that texts do not meet.
double x_step(const Chart& c) {
  if (c.x_step > 0) return c.x_step;
  const double span = c.x_high - c.x_low;
  double step = tick_step(span);
  while (span / step * (text_width(c.x_low, c.x_high, step) + kGap) > kSide) step = next_step(step);
  return step;
}

double y_step(const Chart& chart) { return tick_step(chart.y_high - chart.y_low); }

/// Room on the left that texts of the y axis want beyond kLeft, so that they do not meet its label.
double more_left(const Chart& c) { return std::max(0.0, std::ceil(text_width(c.y_low, c.y_high, y_step(c)) - kTickRoom)); }

std::string axes(const Frame& frame) {
  const Chart& c = frame.chart;
  std::string out;
  for (const double tick : chart_x_ticks(c)) {
    const double at = frame.x(tick);
    out += line(at, kTop, at, kTop + kSide, "#e6eaee");
    out += fmt::format("<text x=\"{:.2f}\" y=\"{:.2f}\" text-anchor=\"middle\">{}</text>\n", at, kTop + kSide + 18,
                       tick_text(tick, x_step(c)));
  }
  for (const double tick : ticks(c.y_low, c.y_high, y_step(c))) {
    const double at = frame.y(tick);
    out += line(kLeft, at, kLeft + kSide, at, "#e6eaee");
    out += fmt::format("<text x=\"{:.2f}\" y=\"{:.2f}\" text-anchor=\"end\">{}</text>\n", kLeft - 7, at + 4, tick_text(tick, y_step(c)));
  }
  out += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#57606a\"/>\n", kLeft, kTop, kSide, kSide);
  out +=
      fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", kLeft + kSide / 2, kTop + kSide + 40, escaped(c.x_label));
  return out + fmt::format("<text transform=\"translate({} {}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n", 16 - more_left(c),
                           kTop + kSide / 2, escaped(c.y_label));
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

/// Between the points' low and high; points without them are left out.
std::string band(const Frame& frame, const ChartSeries& series, const Pen& pen) {
  std::string there, back;
  for (const ChartPoint& p : series.points) {
    if (!p.low || !p.high) continue;
    there += fmt::format("{:.2f},{:.2f} ", frame.x(p.x), frame.y(*p.high));
    back = fmt::format("{:.2f},{:.2f} ", frame.x(p.x), frame.y(*p.low)) + back;
  }
  if (there.empty()) return "";
  back.pop_back();
  return fmt::format("<polygon points=\"{}{}\" fill=\"{}\" fill-opacity=\"0.14\" stroke=\"none\"/>\n", there, back, pen.colour);
}

std::string strokes(const Frame& frame, const ChartSeries& series, const Pen& pen) {
  std::string path;
  for (const ChartPoint& p : series.strokes) path += fmt::format("M{:.2f} {:.2f}v9", frame.x(p.x), frame.y(p.y) - 4.5);
  return path.empty() ? "" : fmt::format("<path d=\"{}\" stroke=\"{}\" stroke-width=\"1.1\" fill=\"none\"/>\n", path, pen.colour);
}

std::string dots(const Frame& frame, const ChartSeries& series, const Pen& pen) {
  std::string out;
  const char* shine = series.radius < ChartSeries{}.radius ? " fill-opacity=\"0.5\"" : "";
  for (const ChartPoint& p : series.points) {
    const double x = frame.x(p.x);
    if (p.low && p.high) out += line(x, frame.y(*p.low), x, frame.y(*p.high), pen.colour.c_str());
    out += fmt::format("<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"{}\" fill=\"{}\"{}/>\n", x, frame.y(p.y), series.radius, pen.colour, shine);
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

/// Height that the counts take.
double counts_height(const Chart& chart) {
  return chart.counts.rows.empty() ? 0 : 10 + kRow * static_cast<double>(1 + 2 * chart.counts.rows.size());
}

std::string counts(const Frame& frame, const std::vector<Pen>& pen) {
  const Chart& c = frame.chart;
  if (c.counts.rows.empty()) return "";
  const std::vector<double> at = chart_x_ticks(c);
  double y = kCountsTop;
  std::string out = fmt::format("<text x=\"{}\" y=\"{}\" font-weight=\"650\">{}</text>\n", kLeft, y, escaped(c.counts.heading));
  for (const ChartCounts::Row& row : c.counts.rows) {
    std::string colour = kGrey;
    for (std::size_t i = 0; i < c.series.size(); ++i)
      if (c.series[i].name == row.name) colour = pen[i].colour;
    out += fmt::format("<text x=\"{}\" y=\"{}\" fill=\"{}\">{}</text>\n", kLeft, y += kRow, colour, escaped(row.name));
    y += kRow;
    for (std::size_t k = 0; k < at.size() && k < row.at_tick.size(); ++k)
      out += fmt::format("<text x=\"{:.2f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", frame.x(at[k]), y, row.at_tick[k]);
  }
  return out;
}

std::string legend(const Chart& chart, const std::vector<Pen>& pen) {
  std::string out;
  double y = kCountsTop + counts_height(chart);
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

std::vector<double> chart_x_ticks(const Chart& chart) { return ticks(chart.x_low, chart.x_high, x_step(chart)); }

std::string chart_svg(const Chart& chart) {
  const Frame frame{chart};
  const auto pen = pens(chart);
  const double height = kTop + kSide + 56 + counts_height(chart) + kRow * static_cast<double>(chart.series.size());
  const double more = more_left(chart), width = kWidth + more, left = more > 0 ? -more : 0;
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{3} 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" aria-label=\"{2}\" "
      "font-family=\"system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', Arial, sans-serif\" font-size=\"13\" fill=\"#1b1f24\">\n"
      "<rect{5} width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n<text x=\"{4}\" y=\"24\" font-size=\"15\" font-weight=\"650\">{2}</text>\n",
      width, height, escaped(chart.title), left, kLeft, more > 0 ? fmt::format(" x=\"{}\"", left) : "");
  out += axes(frame);
  out += fmt::format("<svg x=\"{0}\" y=\"{1}\" width=\"{2}\" height=\"{2}\" viewBox=\"{0} {1} {2} {2}\" overflow=\"hidden\">\n", kLeft,
                     kTop, kSide);
  for (std::size_t i = 0; i < chart.series.size(); ++i)
    if (chart.series[i].mark != ChartMark::points) out += band(frame, chart.series[i], pen[i]);
  for (std::size_t i = 0; i < chart.series.size(); ++i)
    if (chart.series[i].mark != ChartMark::points)
      out += polyline(frame, chart.series[i], pen[i]) + strokes(frame, chart.series[i], pen[i]);
  out += "</svg>\n";
  for (std::size_t i = 0; i < chart.series.size(); ++i)
    if (chart.series[i].mark == ChartMark::points) out += dots(frame, chart.series[i], pen[i]);
  return out + counts(frame, pen) + legend(chart, pen) + "</svg>\n";
}

}  // namespace microtome
