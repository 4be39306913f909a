// SPDX-License-Identifier: Apache-2.0
// report.html of a slide: the answer in words, what it rests on, what was missing, and no claim beyond what was measured.
#include "reporting/slide_report_html.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/reporting/sample_findings.h"

namespace microtome {
namespace {

bool says(const std::string& page, const std::string& part) { return page.find(part) != std::string::npos; }

TEST(SlideReport, SaysTheRiskGroupAndItsCutInWords) {
  const std::string page = slide_report_html(sample_survival_findings());
  EXPECT_TRUE(says(page, "<p class=\"group high\">High risk group</p>"));
  EXPECT_TRUE(says(page, "The risk is 1.25, at or above 0.5, the median risk of the training patients."));
  Findings low = sample_survival_findings();
  low.prediction->survival->risk = -0.75;
  EXPECT_TRUE(says(slide_report_html(low), "<p class=\"group low\">Low risk group</p>"));
  EXPECT_TRUE(says(slide_report_html(low), "The risk is -0.75, below 0.5, the median risk of the training patients."));
}

TEST(SlideReport, DrawsTheCurveFromWholeSurvivalAtMonthZero) {
  const std::string page = slide_report_html(sample_survival_findings());
  EXPECT_TRUE(says(page, "aria-label=\"Predicted survival\""));
  EXPECT_TRUE(says(page, "<polyline points=\"62.00,40.00 99.60,51.28 ")) << "month 0: 1; month 6 of 60: 0.97";
  EXPECT_TRUE(says(page, "Months from the start of follow-up"));
  EXPECT_TRUE(says(page, "<th scope=\"row\">36 months</th><td class=\"number\">66&nbsp;%</td>"));
  EXPECT_TRUE(says(page, "it is no forecast for one person"));
}

TEST(SlideReport, ReadsTheCurveBetweenItsMonthsAndNotBeyondThem) {
  Findings findings = sample_survival_findings();
  findings.prediction->survival->months = {10, 40};
  findings.prediction->survival->survival = {0.9, 0.6};
  const std::string page = slide_report_html(findings);
  EXPECT_TRUE(says(page, "<th scope=\"row\">12 months</th><td class=\"number\">88&nbsp;%</td>"));
  EXPECT_TRUE(says(page, "<th scope=\"row\">36 months</th><td class=\"number\">64&nbsp;%</td>"));
  EXPECT_FALSE(says(page, "60 months"));
  findings.prediction->survival->months = {60, 300};  // discrete hazards: the last interval ends with the longest follow-up
  EXPECT_TRUE(says(slide_report_html(findings), "points=\"62.00,40.00 250.00,77.60 1002.00,190.40\"")) << "120 months wide, cut off there";
}

TEST(SlideReport, DrawsNoCurveOfNumbersThatAreNotFinite) {
  Findings findings = sample_survival_findings();
  findings.prediction->survival->survival[2] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(says(slide_report_html(findings), "<svg"));
  findings.prediction->survival->risk = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(says(slide_report_html(findings), "No risk group: the risk is not a finite number."));
}

TEST(SlideReport, SaysANumberWithItsNameAndThatItIsNoMeasurement) {
  const std::string page = slide_report_html(sample_regression_findings());
  EXPECT_TRUE(says(page, "<p class=\"group\">tmb: 42.5</p>"));
  EXPECT_TRUE(says(page, "in the units in which the training patients were measured. There is no interval: it is no measurement."));
  EXPECT_TRUE(says(page, "tiles that speak for higher tmb; outlines"));
  EXPECT_FALSE(says(page, "%</dd>")) << "no probabilities";
  Findings odd = sample_regression_findings();
  odd.prediction->value = -std::numeric_limits<double>::infinity();
  EXPECT_TRUE(says(slide_report_html(odd), "<p class=\"group\">No finite tmb.</p>"));
}

TEST(SlideReport, NamesTheLabelsThatAreAYesAndShowsAll) {
  const std::string page = slide_report_html(sample_multi_label_findings());
  EXPECT_TRUE(says(page, "<p class=\"group\">EGFR, TP53</p>"));
  EXPECT_TRUE(says(page, "<div class=\"first\"><dt>TP53</dt><dd>87.5&nbsp;%</dd>"));
  EXPECT_TRUE(says(page, "<div class=\"first\"><dt>EGFR</dt><dd>75.0&nbsp;%</dd>"));
  EXPECT_TRUE(says(page, "<div><dt>KRAS</dt><dd>25.0&nbsp;%</dd>"));
  EXPECT_TRUE(says(page, "tiles that speak for TP53; outlines"));
  Findings none = sample_multi_label_findings();
  none.prediction->probabilities = {0.1, 0.2, 0.3};
  EXPECT_TRUE(says(slide_report_html(none), "<p class=\"group\">None of the labels</p>"));
}

TEST(SlideReport, SaysWhichInputsWereThereAndWhichWereMissing) {
  const std::string page = slide_report_html(sample_survival_findings());
  EXPECT_TRUE(says(page, "Missing for this slide: clinical. The answer rests on the other inputs alone."));
  EXPECT_TRUE(says(page, "<tr><th scope=\"row\">slide image</th><td><span class=\"badge ok\">present</span></td>"));
  EXPECT_TRUE(says(page, "<tr><th scope=\"row\">rna</th><td><span class=\"badge ok\">present</span>, found by patient id</td>"));
  EXPECT_TRUE(says(page, "<tr><th scope=\"row\">clinical</th><td><span class=\"badge partial\">missing</span>"));
  EXPECT_FALSE(says(page, "secret-row-17"));
}

TEST(SlideReport, ShowsSharesWithSignAndDirection) {
  const std::string page = slide_report_html(sample_survival_findings());
  EXPECT_TRUE(says(page, "<td class=\"number\">+0.500</td><td><span class=\"signed\" aria-hidden=\"true\"><span class=\"up\" style=\"left:50.0%;width:50.0%\">"));
  EXPECT_TRUE(says(page, "<td class=\"number\">\u22120.125</td><td><span class=\"signed\" aria-hidden=\"true\"><span class=\"down\" style=\"left:37.5%;width:12.5%\">"));
  EXPECT_TRUE(says(page, "<span>\u2190 lower risk</span><span>higher risk \u2192</span>"));
  Findings without = sample_survival_findings();
  for (ModalityUse& use : without.prediction->modalities) use.share.reset();
  EXPECT_TRUE(says(slide_report_html(without), "What the answer rests on"));
  EXPECT_FALSE(says(slide_report_html(without), "Shapley"));
}

TEST(SlideReport, ListsGenesWithValueUnitsShareAndTheGap) {
  const std::string page = slide_report_html(sample_survival_findings());
  EXPECT_TRUE(says(page, "<h2>Genes associated with the risk</h2>"));
  EXPECT_TRUE(says(page, "not a cause"));
  EXPECT_TRUE(says(page, "to within 0.0078 (completeness gap)"));
  EXPECT_TRUE(says(page, "<th scope=\"row\">ESR1</th><td>rna</td><td class=\"number\">\u22122.5&nbsp;<span class=\"units\">log2(TPM+1)</span></td><td class=\"number\">\u22120.250</td>"));
  EXPECT_TRUE(says(page, "<th scope=\"row\">TP53</th><td>rna</td><td class=\"number\">not known</td>"));
  EXPECT_LT(page.find(">MKI67</th><td>rna"), page.find(">ESR1</th><td>rna"));
  Findings classified = sample_findings();
  classified.prediction->features = {{"clinical", "age", 71, 0.25}};
  EXPECT_TRUE(says(slide_report_html(classified), "<h2>Genes and clinical data associated with the score of tumour</h2>"));
  EXPECT_TRUE(says(slide_report_html(classified), "towards tumour \u2192"));
}

TEST(SlideReport, ListsTheCuratedGenes) {
  const std::string page = slide_report_html(sample_survival_findings());
  EXPECT_TRUE(says(page, "<tr class=\"present\"><th scope=\"row\">MKI67</th><td>proliferation high: <b>present</b></td>"));
  EXPECT_TRUE(says(page, "<tr class=\"absent\"><th scope=\"row\">ESR1</th><td>oestrogen receptor expressed: <b>absent</b></td>"));
  EXPECT_TRUE(says(page, "<tr class=\"unknown\"><th scope=\"row\">ERBB2</th><td>ERBB2 amplified: <b>unknown</b></td><td>cnv</td><td class=\"number\">not known</td><td>&gt;=2</td>"));
  EXPECT_FALSE(says(slide_report_html(sample_findings()), "curated list"));
}

TEST(SlideReport, ShowsClassesPicturesRegionsAndFilesOfAClassification) {
  const std::string page = slide_report_html(sample_findings());
  EXPECT_TRUE(says(page, "<p class=\"group\">tumour</p>"));
  EXPECT_TRUE(says(page, "<dt>tumour</dt><dd>90.0&nbsp;%</dd>"));
  EXPECT_TRUE(says(page, "<img src=\"./thumbnail.jpg\" alt=\"Thumbnail of the slide\">"));
  EXPECT_TRUE(says(page, "<img src=\"./heatmap.png\" alt=\"Attention heatmap\">"));
  EXPECT_TRUE(says(page, "<th scope=\"row\">Region 1</th><td class=\"number\">0.42</td><td class=\"number\">1.75</td>"));
  EXPECT_TRUE(says(page, "<a href=\"./regions.geojson\">regions.geojson</a>"));
  EXPECT_TRUE(says(page, "Encoder weights are random numbers: results mean nothing."));
  EXPECT_TRUE(says(slide_report_html(sample_tile_findings({"a", "b"})), "No slide-level model was asked."));
}

TEST(SlideReport, HasEqualBytesInEqualRuns) {
  Findings later = sample_survival_findings();
  later.created = "2026-01-01T00:00:00Z";
  later.runtime = {99, 64, "", "other", 1};
  EXPECT_EQ(slide_report_html(later), slide_report_html(sample_survival_findings()));
}

TEST(SlideReport, EscapesEveryTextItDidNotWriteItself) {
  const std::string evil = "<script>alert('\"&')</script>";
  Findings findings = sample_survival_findings();
  findings.slide.id = findings.status = findings.inputs[0].role = findings.inputs[0].units = evil;
  findings.reasons = {{evil, evil}};
  for (FindingsModel& model : findings.models) model.name = evil;
  for (ModalityUse& use : findings.prediction->modalities) use.name = use.matched_by = evil;
  for (FeatureShare& row : findings.prediction->features) row.modality = row.feature = evil;
  for (FindingsGeneStatus& line : findings.gene_status) line = {evil, evil, 1, evil, evil, evil};
  findings.regions[0].name = evil;
  for (FindingsArtifact& artifact : findings.artifacts) artifact.path = evil;
  const std::string page = slide_report_html(findings);
  EXPECT_FALSE(says(page, "<script"));
  EXPECT_FALSE(says(page, "'\"&'"));
  Findings classified = sample_findings();
  classified.prediction->classes = {evil, evil};
  classified.prediction->features = {{"rna", "A", 1, 1}};
  EXPECT_FALSE(says(slide_report_html(classified), "<script"));
}

TEST(SlideReport, FetchesNothingAndClaimsNothing) {
  std::string page = slide_report_html(sample_survival_findings());
  const std::string name_of_svg = "xmlns=\"http://www.w3.org/2000/svg\"";  // a name, not an address
  page.replace(page.find(name_of_svg), name_of_svg.size(), "");
  for (const char* part : {"http:", "https:", "url(", "iagnosis:", "prognosis", "treatment", "therapy"}) EXPECT_FALSE(says(page, part)) << part;
  EXPECT_TRUE(says(page, "Content-Security-Policy"));
  EXPECT_TRUE(says(page, "Research use only. Not for diagnosis."));
}

}  // namespace
}  // namespace microtome
