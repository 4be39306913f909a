// SPDX-License-Identifier: Apache-2.0
// The index page: what a pathologist opens in the morning. One file, no script, nothing fetched from elsewhere.
#include "reporting/report_html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "reporting/heatmap.h"
#include "reporting/report_style.h"

namespace microtome {
namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// A relative link: every byte that means something in a URL or in HTML is percent-encoded, and "./" keeps a colon from naming a scheme.
std::string link(const std::string& folder, const std::string& file) {
  std::string out = "./";
  for (const unsigned char c : folder + "/" + file) {
    if (std::isalnum(c) != 0 || std::string_view("-._~/").find(static_cast<char>(c)) != std::string_view::npos)
      out += static_cast<char>(c);
    else
      out += fmt::format("%{:02X}", c);
  }
  return out;
}

std::string grouped(std::int64_t count) {
  std::string out = std::to_string(count);
  for (auto place = static_cast<std::int64_t>(out.size()) - 3; place > 0; place -= 3) out.insert(static_cast<std::size_t>(place), "\u202f");
  return out;
}

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

bool has_pictures(const FindingsMarker& slide) { return has(slide, "thumbnail.jpg") || has(slide, "heatmap.png"); }

std::string slide_cell(const FindingsMarker& slide) {
  std::string out = fmt::format("<th scope=\"row\"><span class=\"id\">{}</span>\n<span class=\"badge {}\">{}</span>\n",
                                escaped(slide.slide_id), escaped(slide.status), escaped(status_words(slide.status)));
  if (has_pictures(slide)) out += reasons_html(slide);
  return out + "</th>\n";
}

std::string prediction_cell(const FindingsMarker& slide) {
  if (slide.probabilities.empty()) return "<td><span class=\"none\">no prediction</span></td>\n";
  auto classes = slide.probabilities;
  std::stable_sort(classes.begin(), classes.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string out = "<td class=\"prediction\"><dl>\n";
  for (const auto& [name, probability] : classes)
    out += fmt::format(
        "<div{}><dt>{}</dt><dd>{:.1f}&nbsp;%</dd><span class=\"bar\" aria-hidden=\"true\"><span "
        "style=\"width:{:.1f}%\"></span></span></div>\n",
        name == slide.label ? " class=\"first\"" : "", escaped(name), 100 * probability, 100 * std::clamp(probability, 0.0, 1.0));
  return out + fmt::format("</dl><p class=\"small\">attention rests on about {} tiles</p></td>\n",
                           grouped(static_cast<std::int64_t>(slide.effective_tiles + 0.5)));
}

std::string picture(const FindingsMarker& slide, const std::string& folder, const std::string& file, const std::string& what,
                    const std::string& missing) {
  if (!has(slide, file)) return fmt::format("<td class=\"picture\"><span class=\"none\">{}</span></td>\n", missing);
  const std::string target = link(folder, file);
  return fmt::format("<td class=\"picture\"><a href=\"{0}\"><img src=\"{0}\" alt=\"{1} of slide {2}\" loading=\"lazy\"></a></td>\n", target,
                     what, escaped(slide.slide_id));
}

std::string pictures_cells(const FindingsMarker& slide, const std::string& folder) {
  if (has_pictures(slide))
    return picture(slide, folder, "thumbnail.jpg", "Thumbnail", "no thumbnail") +
           picture(slide, folder, "heatmap.png", "Attention heatmap", "no heatmap");
  const std::string text = slide.reasons.empty() ? "<p class=\"reason\">no pictures</p>\n" : reasons_html(slide);
  return "<td class=\"why\" colspan=\"2\">" + text + "</td>\n";
}

std::string files_cell(const FindingsMarker& slide, const std::string& folder) {
  std::string out = fmt::format("<td class=\"files\"><a href=\"{}\">findings.json</a>\n", link(folder, "findings.json"));
  for (const char* file : {"heatmap.tif", "regions.geojson"})
    if (has(slide, file)) out += fmt::format("<a href=\"{}\">{}</a>\n", link(folder, file), file);
  return out + "</td>\n";
}

std::string row(const FindingsMarker& slide, const std::string& folder) {
  const bool measured = slide.tissue_mm2 > 0 || slide.tiles_used > 0;
  return fmt::format("<tr class=\"{}\">\n", escaped(slide.status)) + slide_cell(slide) + prediction_cell(slide) +
         (measured
              ? fmt::format("<td class=\"number\">{:.1f}</td>\n<td class=\"number\">{}</td>\n", slide.tissue_mm2, grouped(slide.tiles_used))
              : std::string("<td class=\"number\">–</td>\n<td class=\"number\">–</td>\n")) +
         pictures_cells(slide, folder) + files_cell(slide, folder) + "</tr>\n";
}

std::string legend() {
  std::string colours;
  for (int i = 0; i <= 16; ++i) {
    const Rgb colour = heat_colour(i / 16.0);
    colours += fmt::format(",#{:02x}{:02x}{:02x}", colour.r, colour.g, colour.b);
  }
  return fmt::format(
      "<figure class=\"legend\"><span>low</span><span class=\"ramp\" style=\"background:linear-gradient(to right{})\" "
      "aria-hidden=\"true\"></span>"
      "<span>high attention</span>\n<figcaption>Percentile of attention within this slide; not comparable between slides. "
      "Grey was not analysed.</figcaption></figure>\n",
      colours);
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

std::string head(const IndexPage& page) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n",
      escaped(page.title), kReportStyle);
}

std::string header(const IndexPage& page) {
  std::string out = fmt::format("<header>\n<h1>{}</h1>\n<dl class=\"facts\">\n", escaped(page.title));
  out += fact("Finished", page.created) + fact("Encoder", page.encoder) +
         fact("Model", page.model.empty() ? "none: features only" : page.model);
  out += "</dl>\n<ul class=\"counts\">\n" + counts(page.slides) + "</ul>\n";
  if (page.random_weights) out += "<p class=\"banner\" role=\"alert\">Encoder weights are random numbers: results mean nothing.</p>\n";
  return out + legend() + "</header>\n";
}

}  // namespace

std::string index_html(const IndexPage& page) {
  std::string out = head(page) + header(page) + "<main>\n";
  if (page.slides.empty()) {
    out += "<p>No slide has been finished.</p>\n";
  } else {
    out +=
        "<table>\n<thead><tr><th scope=\"col\">Slide</th><th scope=\"col\">Prediction</th><th scope=\"col\" "
        "class=\"number\">Tissue&nbsp;mm²</th>"
        "<th scope=\"col\" class=\"number\">Tiles</th><th scope=\"col\">Slide image</th><th scope=\"col\">Attention</th><th "
        "scope=\"col\">Files</th>"
        "</tr></thead>\n<tbody>\n";
    for (std::size_t i = 0; i < page.slides.size(); ++i) out += row(page.slides[i], page.folders.at(i));
    out += "</tbody>\n</table>\n";
  }
  return out + "</main>\n<footer>Research use only. Not for diagnosis.</footer>\n</body>\n</html>\n";
}

}  // namespace microtome
