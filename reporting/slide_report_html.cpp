// SPDX-License-Identifier: Apache-2.0
// The answer and the pictures; what the answer rests on is in slide_report_sections.cpp.
#include "reporting/slide_report_html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reporting/heatmap_previews.h"
#include "reporting/html_text.h"
#include "reporting/line_chart.h"
#include "reporting/regions.h"
#include "reporting/report_style.h"
#include "reporting/slide_report_sections.h"
#include "reporting/slide_report_style.h"

namespace microtome {
namespace {

constexpr double kMostTicks = 8;
constexpr double kMostMonths = 120;  // of the chart: the last interval of discrete hazards reaches to the longest follow-up

std::string status_words(const std::string& status) { return status == "rejected_qc" ? "rejected by quality control" : status; }

std::string fact(const char* name, const std::string& value) {
  return value.empty() ? "" : fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", name, escaped(value));
}

std::string model_names(const Findings& findings, const std::string& role) {
  std::string out;
  for (const FindingsModel& model : findings.models)
    if (model.role == role) out += (out.empty() ? "" : ", ") + model.name;
  return out;
}

std::string head(const Findings& findings) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n<style>{}{}</style>\n</head>\n<body>\n",
      escaped(findings.slide.id), kReportStyle, kSlideReportStyle);
}

std::string header(const Findings& findings) {
  std::string out = fmt::format("<header>\n<h1>{}<span class=\"badge {}\">{}</span></h1>\n<dl class=\"facts\">\n", escaped(findings.slide.id),
                                escaped(findings.status), escaped(status_words(findings.status)));
  out += fact("Model", model_names(findings, "aggregator")) + fact("Encoder", model_names(findings, "encoder")) +
         fact("Tile classifier", model_names(findings, "tile_classifier"));
  if (std::isfinite(findings.tissue.area_mm2) && findings.slide.width > 0) out += fact("Tissue", fmt::format("{:.1f} mm²", findings.tissue.area_mm2));
  out += fact("Tiles", grouped(findings.tissue.tiles_used)) + fact("Use", "research only, not for diagnosis") + "</dl>\n";
  if (std::any_of(findings.models.begin(), findings.models.end(), [](const FindingsModel& model) { return model.random_weights; }))
    out += "<p class=\"banner\" role=\"alert\">Encoder weights are random numbers: results mean nothing.</p>\n";
  for (const Reason& reason : findings.reasons) out += fmt::format("<p class=\"reason\">{}</p>\n", escaped(reason.text));
  return out + "</header>\n";
}

double month_step(double months) {
  for (const double step : {1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 36.0, 60.0})
    if (months / step <= kMostTicks) return step;
  return 0;
}

bool drawable(const SurvivalAnswer& survival) {
  const auto finite = [](double value) { return std::isfinite(value); };
  return !survival.months.empty() && survival.months.back() > 0 && std::all_of(survival.months.begin(), survival.months.end(), finite) &&
         std::all_of(survival.survival.begin(), survival.survival.end(), finite);
}

std::string survival_figure(const SurvivalAnswer& survival) {
  if (!drawable(survival)) return "";
  ChartSeries curve{"as the model predicts", ChartMark::line, {{0, 1, {}, {}}}};
  for (std::size_t i = 0; i < survival.months.size(); ++i) curve.points.push_back({survival.months[i], survival.survival[i], {}, {}});
  const double months = std::min(survival.months.back(), kMostMonths);
  const Chart chart{"Predicted survival", "Months from the start of follow-up", "Survival", 0, months, 0, 1, {curve}, month_step(months)};
  return fmt::format(
      "<figure>\n{}<figcaption>Survival that the model predicts from this slide and its tables. There is no interval: it is no forecast for "
      "one person.</figcaption>\n</figure>\n",
      chart_svg(chart));
}

std::string survival_table(const SurvivalAnswer& survival) {
  std::string rows;
  if (!drawable(survival)) return "";
  for (const double wanted : {12.0, 36.0, 60.0})
    if (wanted <= survival.months.back())
      rows += fmt::format("<tr><th scope=\"row\">{:g} months</th><td class=\"number\">{:.0f}&nbsp;%</td></tr>\n", wanted,
                          100 * survival_at(survival, wanted));
  return rows.empty() ? "" : "<table>\n<thead><tr><th scope=\"col\">Predicted survival</th><th scope=\"col\"></th></tr></thead>\n<tbody>\n" + rows + "</tbody>\n</table>\n";
}

std::string group_words(const SurvivalAnswer& survival) {
  if (!std::isfinite(survival.risk) || !std::isfinite(survival.cut)) return "<p class=\"group\">No risk group: the risk is not a finite number.</p>\n";
  return fmt::format(
      "<p class=\"group {}\">{} risk group</p>\n<p>The risk is {:.3g}, {} {:.3g}, the median risk of the training patients. Higher is "
      "worse; the number can be compared within this model only.</p>\n",
      survival.high() ? "high" : "low", survival.high() ? "High" : "Low", survival.risk,
      survival.high() ? "at or above" : "below", survival.cut);
}

std::string value_words(const FindingsMarker& slide) {
  if (!slide.value) return fmt::format("<p class=\"group\">No finite {}.</p>\n", escaped(slide.label));
  return fmt::format("<p class=\"group\">{}: {}</p>\n<p>Predicted from this slide, in the units in which the training patients were measured. There is no interval: it is "
                     "no measurement.</p>\n", escaped(slide.label), number_words(*slide.value));
}

bool stressed(const FindingsMarker& slide, const std::string& name, double probability) {
  return slide.kind == AnswerKind::labels ? probability >= kLabelThreshold : name == slide.label;
}

std::string class_bars(const FindingsMarker& slide) {
  auto classes = slide.probabilities;
  if (slide.kind != AnswerKind::labels)  // which keep their order: slides below one another compare at a glance
    std::stable_sort(classes.begin(), classes.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string out = "<div class=\"prediction\"><dl>\n";
  for (const auto& [name, probability] : classes)
    out += fmt::format(
        "<div{}><dt>{}</dt><dd>{:.1f}&nbsp;%</dd><span class=\"bar\" aria-hidden=\"true\"><span style=\"width:{:.1f}%\"></span></span></div>\n",
        stressed(slide, name, probability) ? " class=\"first\"" : "", escaped(name), 100 * probability, 100 * std::clamp(probability, 0.0, 1.0));
  return out + "</dl></div>\n";
}

/// Of several labels "none" alone would not say of what.
std::string headline(const FindingsMarker& slide) { return slide.kind == AnswerKind::labels && slide.label == "none" ? "None of the labels" : slide.label; }

std::string answer(const Findings& findings, const FindingsMarker& slide) {
  if (!findings.prediction) return "<p>No slide-level model was asked.</p>\n";
  const auto& survival = findings.prediction->survival;
  std::string words = survival ? group_words(*survival) + survival_table(*survival)
                      : findings.prediction->value ? value_words(slide)
                      : slide.label.empty() ? "<p class=\"group\">No finite probabilities.</p>\n"
                                            : fmt::format("<p class=\"group\">{}</p>\n", escaped(headline(slide))) + class_bars(slide);
  words += fmt::format("<p class=\"small\">Attention rests on about {} of {} tiles.</p>\n",
                       grouped(static_cast<std::int64_t>(slide.effective_tiles + 0.5)), grouped(slide.tiles_used));
  return "<section class=\"answer\">\n<div>\n" + words + "</div>\n" + (survival ? survival_figure(*survival) : "") + "</section>\n";
}

std::string picture(const std::string& path, const std::string& what, const std::string& caption) {
  return fmt::format("<figure><a href=\"{0}\"><img src=\"{0}\" alt=\"{1}\"></a><figcaption>{2}</figcaption></figure>\n", relative_link(path),
                     escaped(what), escaped(caption));
}

std::string pictures(const FindingsMarker& slide) {
  std::string out;
  for (const FindingsArtifact& artifact : slide.artifacts)
    if (artifact.role == "thumbnail") out += picture(artifact.path, "Thumbnail of the slide", "The slide.");
  for (const HeatmapPreview& preview : heatmap_previews(slide)) {
    const bool attention = preview.of_class.empty();
    out += picture(preview.path, attention ? "Attention heatmap" : "Heatmap of the probability of " + preview.of_class,
                   attention ? "Where the model looked: percentile of attention within this slide, dark low, bright high. Not comparable between slides."
                             : "Probability of " + preview.of_class + ", 0 to 1: the same scale on every slide.");
  }
  return out.empty() ? "" : "<section>\n<h2>Pictures</h2>\n<div class=\"pictures\">\n" + out + "</div>\n</section>\n";
}

std::string regions(const Findings& findings) {
  if (findings.regions.empty()) return "";
  const bool of_classes = !findings.prediction || findings.prediction->kind() == AnswerKind::classes;
  std::string out = fmt::format(
      "<section>\n<h2>Regions</h2>\n<p class=\"note\">High attention, and tiles that speak for {}; outlines are in regions.geojson.</p>\n"
      "<table class=\"explained narrow\">\n<thead><tr><th scope=\"col\">Region</th><th scope=\"col\" class=\"number\">mm²</th><th scope=\"col\" "
      "class=\"number\">Score</th></tr></thead>\n<tbody>\n",
      of_classes ? "the predicted class" : escaped(spoken_for(*findings.prediction)));
  for (const FindingsRegion& region : findings.regions)
    out += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"number\">{:.2f}</td><td class=\"number\">{:.3g}</td></tr>\n", escaped(region.name),
                       region.area_mm2, region.score);
  return out + "</tbody>\n</table>\n</section>\n";
}

// What other programs open.
std::string files(const FindingsMarker& slide) {
  std::string out = "<section>\n<h2>Files</h2>\n<p class=\"list\"><a href=\"./findings.json\">findings.json</a>\n";
  for (const FindingsArtifact& artifact : slide.artifacts)
    if (artifact.media_type == "image/tiff" || artifact.media_type == "application/geo+json" || artifact.media_type == "text/csv")
      out += fmt::format("<a href=\"{}\">{}</a>\n", relative_link(artifact.path), escaped(artifact.path));
  return out + "</p>\n</section>\n";
}

}  // namespace

std::string slide_report_html(const Findings& findings) {
  const FindingsMarker slide = marker_of(findings);
  return head(findings) + header(findings) + "<main>\n" + answer(findings, slide) + pictures(slide) + inputs_section(findings) +
         features_section(findings) + gene_status_section(findings) + regions(findings) + files(slide) +
         "</main>\n<footer>Research use only. Not for diagnosis.</footer>\n</body>\n</html>\n";
}

}  // namespace microtome
