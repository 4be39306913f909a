// SPDX-License-Identifier: Apache-2.0
// The index page: one row a slide, nothing unescaped, nothing fetched, warnings where a reader cannot miss them.
#include "reporting/report_html.h"

#include <gtest/gtest.h>

#include "reporting/tile_classes.h"
#include "tests/reporting/sample_findings.h"

namespace microtome {
namespace {

IndexPage sample_page() {
  IndexPage page;
  page.created = "2025-01-02T03:04:05Z";
  page.encoder = "resnet50-trunc";
  page.model = "abmil";
  page.slides = {*read_marker_of(findings_json(sample_findings())), *read_marker_of(findings_json(sample_failed_findings()))};
  page.folders = {"slides/case-7", "slides/broken"};
  return page;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

IndexPage tile_page(const std::vector<std::string>& classes) {
  IndexPage page;
  page.slides = {*read_marker_of(findings_json(sample_tile_findings(classes)))};
  page.folders = {"slides/case-8"};
  return page;
}

bool says(const std::string& page, const std::string& part) { return page.find(part) != std::string::npos; }

TEST(ReportHtml, ShowsOneRowPerSlideWithPicturesAndLinks) {
  const std::string page = index_html(sample_page());
  EXPECT_EQ(count(page, "<tr class="), 2U);
  EXPECT_TRUE(says(page, R"(src="./slides/case-7/thumbnail.jpg" alt="Thumbnail of slide case-7")"));
  EXPECT_TRUE(says(page, R"(src="./slides/case-7/heatmap.png" alt="Attention heatmap of slide case-7")"));
  for (const char* file : {"findings.json", "heatmap.tif", "regions.geojson"})
    EXPECT_TRUE(says(page, "<a href=\"./slides/case-7/" + std::string(file) + "\">" + file + "</a>")) << file;
  EXPECT_TRUE(says(page, "<dt>tumour</dt><dd>90.0&nbsp;%</dd>"));
  EXPECT_TRUE(says(page, "width:90.0%"));
  EXPECT_TRUE(says(page, "<td class=\"number\">4.2</td>"));
  EXPECT_TRUE(says(page, ">68<"));
}

TEST(ReportHtml, GivesTheSentenceOfAFailedSlideInThePlaceOfPictures) {
  const std::string page = index_html(sample_page());
  EXPECT_TRUE(says(page, "<td class=\"why\" colspan=\"2\"><p class=\"reason\">open the slide: not a file that OpenSlide can recognize"));
  EXPECT_FALSE(says(page, "slides/broken/thumbnail.jpg"));
  EXPECT_FALSE(says(page, "slides/broken/heatmap.tif"));
  EXPECT_TRUE(says(page, "./slides/broken/findings.json"));
}

TEST(ReportHtml, SaysThatColoursAreNotComparableBetweenSlides) {
  EXPECT_TRUE(says(index_html(sample_page()), "Percentile of attention within this slide; not comparable between slides."));
}

TEST(ReportHtml, SaysResearchUseOnly) { EXPECT_TRUE(says(index_html(sample_page()), "Research use only. Not for diagnosis.")); }

TEST(ReportHtml, WarnsOfRandomWeightsAndOnlyThen) {
  IndexPage page = sample_page();
  const std::string warning = "Encoder weights are random numbers: results mean nothing.";
  EXPECT_FALSE(says(index_html(page), warning));
  page.random_weights = true;
  EXPECT_TRUE(says(index_html(page), warning));
}

TEST(ReportHtml, EscapesEveryTextItDidNotWriteItself) {
  const std::string evil = "<script>alert('\"&')</script>";
  IndexPage page = sample_page();
  page.title = page.created = page.encoder = page.model = evil;
  FindingsMarker& slide = page.slides[0];
  slide.slide_id = slide.status = slide.label = evil;
  slide.reasons = {{evil, evil}};
  slide.probabilities = {{evil, 0.5}};
  slide.tile_classes = {{evil, evil, 1, 0.5, 1, 0.5}};
  slide.artifacts.push_back({"heatmap_preview", heatmap_stem(evil) + ".png", "image/png", "", 1});
  slide.artifacts.push_back({evil, evil, "text/csv", "", 1});
  page.slides[1].reasons = {{evil, evil}};
  page.folders[0] = "slides/" + evil;
  const std::string html = index_html(page);
  EXPECT_FALSE(says(html, "<script"));
  EXPECT_FALSE(says(html, "'\"&'"));
  EXPECT_TRUE(says(html, "&lt;script&gt;alert(&#39;&quot;&amp;&#39;)&lt;/script&gt;"));
}

TEST(ReportHtml, EncodesLinksToFoldersWithOddNames) {
  IndexPage page = sample_page();
  page.folders[0] = "slides/a b#1?%\xc3\xa9";
  EXPECT_TRUE(says(index_html(page), "./slides/a%20b%231%3F%25%C3%A9/findings.json"));
  page.folders[0] = "javascript:alert";
  EXPECT_TRUE(says(index_html(page), "href=\"./javascript%3Aalert/findings.json\""));
}

TEST(ReportHtml, FetchesNothingFromElsewhere) {
  const std::string page = index_html(sample_page());
  EXPECT_FALSE(says(page, "http:"));
  EXPECT_FALSE(says(page, "https:"));
  EXPECT_FALSE(says(page, "url("));
  EXPECT_TRUE(says(page, "Content-Security-Policy"));
  EXPECT_TRUE(says(page, "<meta charset=\"utf-8\">"));
}

TEST(ReportHtml, CountsSlidesByStatus) {
  const std::string page = index_html(sample_page());
  EXPECT_TRUE(says(page, "<b>2</b> slides"));
  EXPECT_TRUE(says(page, "<span class=\"badge ok\">ok</span> <b>1</b>"));
  EXPECT_TRUE(says(page, "<span class=\"badge failed\">failed</span> <b>1</b>"));
}

TEST(ReportHtml, AnEmptyRunIsStillAPage) {
  EXPECT_TRUE(says(index_html({}), "No slide has been finished."));
  EXPECT_TRUE(says(index_html({}), "none: features only"));
}

TEST(ReportHtml, ShowsASlideWithoutModelAsSuch) {
  IndexPage page = sample_page();
  page.slides[0].probabilities.clear();
  page.slides[0].tile_classes.clear();
  page.slides[0].artifacts.resize(1);
  const std::string html = index_html(page);
  EXPECT_TRUE(says(html, "no prediction"));
  EXPECT_TRUE(says(html, "no heatmap"));
  EXPECT_FALSE(says(html, "class=\"legend\"")) << "a legend without a picture";
}

TEST(ReportHtml, ShowsTheRiskGroupOfASurvivalModelAndLinksItsReport) {
  IndexPage page;
  page.slides = {*read_marker_of(findings_json(sample_survival_findings()))};
  page.folders = {"slides/case-9"};
  std::string html = index_html(page);
  EXPECT_TRUE(says(html, "<p class=\"group high\">High risk group</p><p class=\"small\">risk 1.25; high from 0.5 on</p>"));
  EXPECT_TRUE(says(html, "<span class=\"id\"><a href=\"./slides/case-9/report.html\">case-9</a></span>"));
  EXPECT_TRUE(says(html, "alt=\"Attention heatmap of slide case-9\""));
  EXPECT_FALSE(says(html, "no prediction"));
  page.slides[0].risk.reset();
  page.slides[0].label.clear();
  EXPECT_TRUE(says(index_html(page), "no finite risk"));
}

TEST(ReportHtml, ShowsClassesOfTilesWhereThereIsNoPrediction) {
  const std::string html = index_html(tile_page({"benign", "malignant"}));
  EXPECT_TRUE(says(html, "<th scope=\"col\">Tile classes</th>"));
  EXPECT_TRUE(says(html, "<dt>Tile classifier</dt><dd>tiler</dd>"));
  EXPECT_TRUE(says(html, "<th scope=\"row\">malignant<span"));
  EXPECT_TRUE(says(html, "<td class=\"number\">66.7&nbsp;%</td><td class=\"number\">2.83</td>"));
  EXPECT_FALSE(says(html, "ttention")) << "nothing here has attention";
  EXPECT_FALSE(says(html, "features only"));
  for (const char* file : {"tiles.csv", "tiles.geojson"})
    EXPECT_TRUE(says(html, "<a href=\"./slides/case-8/" + std::string(file) + "\">" + file + "</a>")) << file;
}

TEST(ReportHtml, NamesTheClassOfAHeatmapAndItsScale) {
  const std::string two = index_html(tile_page({"benign", "malignant"}));
  EXPECT_TRUE(says(two, "src=\"./slides/case-8/heatmap.png\" alt=\"Heatmap of the probability of malignant of slide case-8\""));
  EXPECT_TRUE(says(two, "<figcaption>malignant</figcaption>"));
  EXPECT_TRUE(says(two, "Probability of malignant, 0 to 1: the same scale on every slide."));
  EXPECT_TRUE(says(index_html(tile_page({"mitosis"})), "Probability of mitosis, 0 to 1"));
}

TEST(ReportHtml, ShowsThePictureOfEveryClassWithItsName) {
  const std::string html = index_html(tile_page({"grade 3", "grade 4/5", "benign"}));
  EXPECT_TRUE(says(html, "src=\"./slides/case-8/heatmap_grade%25203.png\""));
  EXPECT_TRUE(says(html, "src=\"./slides/case-8/heatmap_grade%25204%252F5.png\""));
  for (const char* name : {"grade 3", "grade 4/5", "benign"})
    EXPECT_TRUE(says(html, "<figcaption>" + std::string(name) + " <a class=\"pyramid\"")) << name;
  EXPECT_EQ(count(html, "heatmap_benign.tif"), 1U) << "the pyramid is linked once, beside the picture's name";
  EXPECT_TRUE(says(html, "Probability of the class under the picture, 0 to 1"));
}

TEST(ReportHtml, AttentionAndTileClassesEachHaveTheirLegend) {
  IndexPage page = sample_page();
  page.slides.push_back(tile_page({"benign", "malignant"}).slides[0]);
  page.folders.emplace_back("slides/case-8");
  const std::string html = index_html(page);
  EXPECT_EQ(count(html, "class=\"legend\""), 2U);
  EXPECT_TRUE(says(html, "alt=\"Attention heatmap of slide case-7\"")) << "a slide with a prediction shows attention in heatmap.png";
  EXPECT_TRUE(says(html, "<th scope=\"col\">Prediction</th>"));
  EXPECT_TRUE(says(html, "<th scope=\"col\">Heatmap</th>"));
}

}  // namespace
}  // namespace microtome
