// SPDX-License-Identifier: Apache-2.0
// The index page: what a pathologist opens in the morning. One file, no script, nothing fetched from elsewhere.
#include "reporting/report_html.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "reporting/heatmap.h"
#include "reporting/heatmap_previews.h"
#include "reporting/html_text.h"
#include "reporting/report_style.h"

namespace microtome {
namespace {

std::string link(const std::string& folder, const std::string& file) { return relative_link(folder + "/" + file); }

bool has(const FindingsMarker& slide, const std::string& file) {
  return std::any_of(slide.artifacts.begin(), slide.artifacts.end(),
                     [&](const FindingsArtifact& artifact) { return artifact.path == file; });
}

std::string status_words(const std::string& status) { return status == "rejected_qc" ? "rejected by quality control" : status; }

std::string reasons_html(const FindingsMarker& slide) {
  std::string out;
  for (const Reason& reason : slide.reasons) out += fmt::format("<p class=\"reason\">{}</p>\n", escaped(reason.text));
  return out;
}

bool has_pictures(const FindingsMarker& slide) { return has(slide, "thumbnail.jpg") || !heatmap_previews(slide).empty(); }

std::string slide_cell(const FindingsMarker& slide, const std::string& folder) {
  std::string id = escaped(slide.slide_id);
  if (has(slide, "report.html")) id = fmt::format("<a href=\"{}\">{}</a>", link(folder, "report.html"), id);
  std::string out = fmt::format("<th scope=\"row\"><span class=\"id\">{}</span>\n<span class=\"badge {}\">{}</span>\n", id,
                                escaped(slide.status), escaped(status_words(slide.status)));
  if (has_pictures(slide)) out += reasons_html(slide);
  return out + "</th>\n";
}

std::string attention_line(const FindingsMarker& slide) {
  return fmt::format("<p class=\"small\">attention rests on about {} tiles</p>\n",
                     grouped(static_cast<std::int64_t>(slide.effective_tiles + 0.5)));
}

std::string prediction_list(const FindingsMarker& slide) {
  auto classes = slide.probabilities;
  if (slide.kind != AnswerKind::labels)  // which keep their order: slides below one another compare at a glance
    std::stable_sort(classes.begin(), classes.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string out = "<dl>\n";
  for (const auto& [name, probability] : classes)
    out += fmt::format(
        "<div{}><dt>{}</dt><dd>{:.1f}&nbsp;%</dd><span class=\"bar\" aria-hidden=\"true\"><span "
        "style=\"width:{:.1f}%\"></span></span></div>\n",
        (slide.kind == AnswerKind::labels ? probability >= kLabelThreshold : name == slide.label) ? " class=\"first\"" : "", escaped(name), 100 * probability, 100 * std::clamp(probability, 0.0, 1.0));
  return out + "</dl>" + attention_line(slide);
}

std::string risk_list(const FindingsMarker& slide) {
  if (slide.label.empty()) return "<p class=\"small\">no finite risk</p>" + attention_line(slide);
  return fmt::format("<p class=\"group {}\">{} risk group</p><p class=\"small\">risk {:.3g}; high from {:.3g} on</p>\n", slide.label,
                     slide.label == "high" ? "High" : "Low", *slide.risk, *slide.risk_cut) +
         attention_line(slide);
}

std::string value_list(const FindingsMarker& slide) {
  return (slide.value ? fmt::format("<p class=\"group\">{} {}</p>", escaped(slide.label), number_words(*slide.value)) : "<p class=\"small\">no finite number</p>") +
         attention_line(slide);
}

std::string answer_list(const FindingsMarker& slide) {
  if (!slide.predicted()) return "";
  if (slide.kind == AnswerKind::risk) return risk_list(slide);
  return slide.kind == AnswerKind::value ? value_list(slide) : prediction_list(slide);
}

// The card's order, not the largest first: rows of slides below one another compare at a glance.
std::string tile_classes_table(const FindingsMarker& slide) {
  std::string out =
      "<table class=\"shares\">\n<thead><tr><th scope=\"col\">Tiles of class</th><th scope=\"col\" class=\"number\">Share</th>"
      "<th scope=\"col\" class=\"number\">mm²</th></tr></thead>\n<tbody>\n";
  for (const FindingsTileClass& row : slide.tile_classes)
    out += fmt::format(
        "<tr><th scope=\"row\">{}<span class=\"bar\" aria-hidden=\"true\"><span style=\"width:{:.1f}%\"></span></span></th>"
        "<td class=\"number\">{:.1f}&nbsp;%</td><td class=\"number\">{:.2f}</td></tr>\n",
        escaped(row.name), 100 * std::clamp(row.share, 0.0, 1.0), 100 * row.share, row.area_mm2);
  return out + "</tbody>\n</table>\n";
}

std::string prediction_cell(const FindingsMarker& slide) {
  if (!slide.predicted() && slide.tile_classes.empty()) return "<td><span class=\"none\">no prediction</span></td>\n";
  const char* kind = slide.tile_classes.empty() ? "prediction" : "prediction classes";
  return fmt::format("<td class=\"{}\">", kind) + answer_list(slide) +
         (slide.tile_classes.empty() ? "" : tile_classes_table(slide)) + "</td>\n";
}

std::string image(const FindingsMarker& slide, const std::string& folder, const std::string& file, const std::string& what) {
  return fmt::format("<a href=\"{0}\"><img src=\"{0}\" alt=\"{1} of slide {2}\" loading=\"lazy\"></a>", link(folder, file), escaped(what),
                     escaped(slide.slide_id));
}

std::string thumbnail_cell(const FindingsMarker& slide, const std::string& folder) {
  const bool there = has(slide, "thumbnail.jpg");
  return "<td class=\"picture\">" +
         (there ? image(slide, folder, "thumbnail.jpg", "Thumbnail") : std::string("<span class=\"none\">no thumbnail</span>")) + "</td>\n";
}

// The pyramid of a picture, where several have one: its link then stands beside the picture's name, a list of them would say less.
std::string pyramid_of(const FindingsMarker& slide, const std::string& preview) {
  const std::string pyramid = preview.substr(0, preview.rfind('.')) + ".tif";
  return heatmap_previews(slide).size() > 1 && has(slide, pyramid) ? pyramid : "";
}

std::string preview_figure(const FindingsMarker& slide, const std::string& folder, const HeatmapPreview& preview) {
  const std::string pyramid = pyramid_of(slide, preview.path);
  const bool attention = preview.of_class.empty();
  std::string picture =
      image(slide, folder, preview.path, attention ? "Attention heatmap" : "Heatmap of the probability of " + preview.of_class);
  if (attention && slide.tile_classes.empty()) return picture;  // the column's name says it
  std::string caption = attention ? "attention" : escaped(preview.of_class);
  if (!pyramid.empty()) caption += fmt::format(" <a class=\"pyramid\" href=\"{}\">tif</a>", link(folder, pyramid));
  return "<figure>" + picture + "<figcaption>" + caption + "</figcaption></figure>\n";
}

std::string heatmaps_cell(const FindingsMarker& slide, const std::string& folder) {
  const std::vector<HeatmapPreview> shown = heatmap_previews(slide);
  std::string out = shown.size() > 1 ? "<td class=\"picture several\"><div>\n" : "<td class=\"picture\"><div>";
  if (shown.empty()) out += "<span class=\"none\">no heatmap</span>";
  for (const HeatmapPreview& preview : shown) out += preview_figure(slide, folder, preview);
  return out + "</div></td>\n";
}

std::string pictures_cells(const FindingsMarker& slide, const std::string& folder) {
  if (has_pictures(slide)) return thumbnail_cell(slide, folder) + heatmaps_cell(slide, folder);
  const std::string text = slide.reasons.empty() ? "<p class=\"reason\">no pictures</p>\n" : reasons_html(slide);
  return "<td class=\"why\" colspan=\"2\">" + text + "</td>\n";
}

// What people and other programs open; what only this program reads back is left out.
bool for_other_programs(const FindingsArtifact& artifact) {
  return artifact.media_type == "image/tiff" || artifact.media_type == "application/geo+json" || artifact.media_type == "text/csv" ||
         artifact.media_type == "text/html";
}

std::string files_cell(const FindingsMarker& slide, const std::string& folder) {
  std::string out = fmt::format("<td class=\"files\"><a href=\"{}\">findings.json</a>\n", link(folder, "findings.json"));
  std::set<std::string> shown;
  for (const HeatmapPreview& preview : heatmap_previews(slide)) shown.insert(pyramid_of(slide, preview.path));
  for (const FindingsArtifact& artifact : slide.artifacts)
    if (for_other_programs(artifact) && !shown.contains(artifact.path))
      out += fmt::format("<a href=\"{}\">{}</a>\n", link(folder, artifact.path), escaped(artifact.path));
  return out + "</td>\n";
}

std::string row(const FindingsMarker& slide, const std::string& folder) {
  const bool measured = slide.tissue_mm2 > 0 || slide.tiles_used > 0;
  return fmt::format("<tr class=\"{}\">\n", escaped(slide.status)) + slide_cell(slide, folder) + prediction_cell(slide) +
         (measured
              ? fmt::format("<td class=\"number\">{:.1f}</td>\n<td class=\"number\">{}</td>\n", slide.tissue_mm2, grouped(slide.tiles_used))
              : std::string("<td class=\"number\">–</td>\n<td class=\"number\">–</td>\n")) +
         pictures_cells(slide, folder) + files_cell(slide, folder) + "</tr>\n";
}

std::string legend(const std::string& low, const std::string& high, const std::string& meaning) {
  std::string colours;
  for (int i = 0; i <= 16; ++i) {
    const Rgb colour = heat_colour(i / 16.0);
    colours += fmt::format(",#{:02x}{:02x}{:02x}", colour.r, colour.g, colour.b);
  }
  return fmt::format(
      "<figure class=\"legend\"><span>{}</span><span class=\"ramp\" style=\"background:linear-gradient(to right{})\" "
      "aria-hidden=\"true\"></span>"
      "<span>{}</span>\n<figcaption>{} Grey was not analysed.</figcaption></figure>\n",
      low, colours, high, meaning);
}

// One legend for each meaning that colours have on this page.
std::string legends(const std::vector<FindingsMarker>& slides) {
  bool attention = false;
  std::set<std::string> classes;
  for (const FindingsMarker& slide : slides)
    for (const HeatmapPreview& preview : heatmap_previews(slide)) {
      attention |= preview.of_class.empty();
      if (!preview.of_class.empty()) classes.insert(preview.of_class);
    }
  std::string out;
  if (attention) out += legend("low", "high attention", "Percentile of attention within this slide; not comparable between slides.");
  if (classes.empty()) return out;
  const std::string what = classes.size() == 1 ? escaped(*classes.begin()) : "the class under the picture";
  return out + legend("0", "1", "Probability of " + what + ", 0 to 1: the same scale on every slide.");
}

std::string counts(const std::vector<FindingsMarker>& slides) {
  std::string out =
      fmt::format("<li><b>{}</b> {}</li>\n", grouped(static_cast<std::int64_t>(slides.size())), slides.size() == 1 ? "slide" : "slides");
  for (const char* status : {"ok", "partial", "rejected_qc", "failed"}) {
    const auto number = std::count_if(slides.begin(), slides.end(), [&](const FindingsMarker& slide) { return slide.status == status; });
    if (number > 0)
      out += fmt::format("<li><span class=\"badge {}\">{}</span> <b>{}</b></li>\n", status, status_words(status), grouped(number));
  }
  double tissue = 0;
  std::int64_t tiles = 0;
  for (const FindingsMarker& slide : slides) {
    tissue += slide.tissue_mm2;
    tiles += slide.tiles_used;
  }
  return out + fmt::format("<li><b>{:.1f}</b> mm² tissue</li>\n<li><b>{}</b> tiles</li>\n", tissue, grouped(tiles));
}

std::string fact(const char* name, const std::string& value) {
  return value.empty() ? "" : fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", name, escaped(value));
}

std::string classifier_names(const std::vector<FindingsMarker>& slides) {
  std::set<std::string> names;
  for (const FindingsMarker& slide : slides)
    for (const FindingsTileClass& row : slide.tile_classes) names.insert(row.model);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string head(const IndexPage& page) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n",
      escaped(page.title), kReportStyle);
}

std::string header(const IndexPage& page) {
  std::string out = fmt::format("<header>\n<h1>{}</h1>\n<dl class=\"facts\">\n", escaped(page.title));
  const std::string classifiers = classifier_names(page.slides);
  const std::string model = page.model.empty() && classifiers.empty() ? "none: features only" : page.model;
  out += fact("Finished", page.created) + fact("Encoder", page.encoder) + fact("Tile classifier", classifiers) + fact("Model", model);
  out += "</dl>\n<ul class=\"counts\">\n" + counts(page.slides) + "</ul>\n";
  if (page.random_weights) out += "<p class=\"banner\" role=\"alert\">Encoder weights are random numbers: results mean nothing.</p>\n";
  return out + legends(page.slides) + "</header>\n";
}

// Columns are named after what is in them.
std::string table_head(const std::vector<FindingsMarker>& slides) {
  const bool predicted =
      std::any_of(slides.begin(), slides.end(), [](const FindingsMarker& slide) { return slide.predicted(); });
  const bool classified = !classifier_names(slides).empty();
  return fmt::format(
      "<thead><tr><th scope=\"col\">Slide</th><th scope=\"col\">{}</th><th scope=\"col\" class=\"number\">Tissue&nbsp;mm²</th>"
      "<th scope=\"col\" class=\"number\">Tiles</th><th scope=\"col\">Slide image</th><th scope=\"col\">{}</th>"
      "<th scope=\"col\">Files</th></tr></thead>\n",
      classified && !predicted ? "Tile classes" : "Prediction", classified ? "Heatmap" : "Attention");
}

}  // namespace

std::string index_html(const IndexPage& page) {
  std::string out = head(page) + header(page) + "<main>\n";
  if (page.slides.empty()) {
    out += "<p>No slide has been finished.</p>\n";
  } else {
    out += "<table>\n" + table_head(page.slides) + "<tbody>\n";
    for (std::size_t i = 0; i < page.slides.size(); ++i) out += row(page.slides[i], page.folders.at(i));
    out += "</tbody>\n</table>\n";
  }
  return out + "</main>\n<footer>Research use only. Not for diagnosis.</footer>\n</body>\n</html>\n";
}

}  // namespace microtome
