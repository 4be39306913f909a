// SPDX-License-Identifier: Apache-2.0
// What findings.json says, in which order, what it never says, and which documents resume believes.
#include "reporting/findings.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "reporting/uuid.h"
#include "tests/reporting/sample_findings.h"

namespace microtome {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string> keys(const Json& object) {
  std::vector<std::string> out;
  for (const auto& item : object.items()) out.push_back(item.key());
  return out;
}

TEST(Findings, KeysHaveTheContractsOrder) {
  const Json document = Json::parse(findings_json(sample_findings()));
  EXPECT_EQ(keys(document), (std::vector<std::string>{"schema_version", "document_id", "created", "status", "reasons", "recipe", "slide",
                                                      "tissue", "tiling", "quality", "inputs", "models", "results", "gene_status",
                                                      "tile_classes", "regions", "artifacts", "software", "runtime", "intended_use"}));
  EXPECT_EQ(keys(document["slide"]), (std::vector<std::string>{"id", "patient_id", "sample_id", "vendor", "width", "height", "mpp",
                                                               "mpp_source", "reader", "bytes", "identity", "sha256"}));
  EXPECT_EQ(keys(document["results"][0]),
            (std::vector<std::string>{"task", "kind", "label", "probabilities", "value", "unit", "threshold", "survival", "attention",
                                      "modalities", "features", "completeness_gap"}));
  EXPECT_EQ(keys(document["tile_classes"][0]),
            (std::vector<std::string>{"model", "name", "tiles", "share", "area_mm2", "mean_probability"}));
}

TEST(Findings, CarryEveryFieldTheyWereGiven) {
  const Json document = Json::parse(findings_json(sample_findings()));
  EXPECT_EQ(document["document_id"], uuid_v5("case-7\n" + std::string(64, 'a')));
  EXPECT_EQ(document["slide"]["mpp"], 0.499);
  EXPECT_EQ(document["slide"]["sha256"], nullptr);
  EXPECT_EQ(document["tissue"], Json::parse(R"({"area_mm2": 4.25, "tiles_planned": 70, "tiles_used": 68, "tiles_unreadable": 2})"));
  EXPECT_EQ(document["tiling"]["side_level0"], 256.51302605210421);
  EXPECT_EQ(document["quality"]["focus_p10"], 90.25);
  EXPECT_EQ(document["models"][0]["random_weights"], true);
  EXPECT_EQ(document["models"][1]["random_weights"], false);
  EXPECT_EQ(document["results"][0]["label"], "tumour");
  EXPECT_EQ(document["results"][0]["probabilities"], Json::parse(R"({"normal": 0.1, "tumour": 0.9})"));
  EXPECT_EQ(document["results"][0]["modalities"][0], Json::parse(R"({"name": "genomics", "present": true, "matched_by": "patient_id", "share": null})"));
  EXPECT_EQ(document["results"][0]["kind"], "classification");
  for (const char* key : {"value", "threshold", "survival", "completeness_gap"}) EXPECT_EQ(document["results"][0][key], nullptr) << key;
  EXPECT_EQ(document["results"][0]["features"], Json::array());
  EXPECT_EQ(document["gene_status"], Json::array());
  EXPECT_EQ(
      document["tile_classes"][1],
      Json::parse(R"({"model": "tiler", "name": "malignant", "tiles": 17, "share": 0.25, "area_mm2": 1.125, "mean_probability": 0.375})"));
  EXPECT_EQ(document["regions"][0], Json::parse(R"({"name": "Region 1", "area_mm2": 0.42, "score": 1.75})"));
  EXPECT_EQ(document["artifacts"][1]["bytes"], 12345);
  EXPECT_EQ(document["runtime"]["slide_mtime_ns"], 1700000000123456789);
  EXPECT_EQ(document["intended_use"], "Research use only. Not for diagnosis.");
}

TEST(Findings, SayOfASurvivalModelRiskGroupCurveAndShares) {
  const Json document = Json::parse(findings_json(sample_survival_findings()));
  const Json& result = document["results"][0];
  EXPECT_EQ(result.dump(), Json::parse(R"({"task": "survival", "kind": "survival", "label": "high", "probabilities": {}, "value": 1.25,
    "unit": "1", "threshold": 0.5,
    "survival": {"months": [6.0, 12.0, 24.0, 36.0, 48.0, 60.0], "survival": [0.97, 0.9, 0.78, 0.66, 0.55, 0.47], "risk": 1.25, "cut": 0.5, "group": "high"},
    "attention": {"entropy": 1.25, "effective_tiles": 37.5},
    "modalities": [{"name": "tiles", "present": true, "matched_by": null, "share": 0.5},
                   {"name": "rna", "present": true, "matched_by": "patient_id", "share": -0.125},
                   {"name": "clinical", "present": false, "matched_by": null, "share": 0.0}],
    "features": [{"modality": "rna", "feature": "MKI67", "value": 5.25, "share": 0.4375},
                 {"modality": "rna", "feature": "ESR1", "value": -2.5, "share": -0.25},
                 {"modality": "rna", "feature": "TP53", "value": null, "share": 0.0625}],
    "completeness_gap": 0.0078125})").dump());
  EXPECT_EQ(document["reasons"], Json::array()) << "a gene that the table does not have is no fault";
  EXPECT_EQ(document["gene_status"].dump(), Json::parse(R"([
    {"gene": "MKI67", "modality": "rna", "value": 5.25, "rule": ">=4", "text": "proliferation high", "status": "present"},
    {"gene": "ESR1", "modality": "rna", "value": -2.5, "rule": ">=1", "text": "oestrogen receptor expressed", "status": "absent"},
    {"gene": "ERBB2", "modality": "cnv", "value": null, "rule": ">=2", "text": "ERBB2 amplified", "status": "unknown"}])").dump());
}

TEST(Findings, SayOfARegressionModelTheNumberAndItsName) {
  const std::string text = findings_json(sample_regression_findings());
  const Json result = Json::parse(text)["results"][0];
  EXPECT_EQ(result["kind"], "regression");
  EXPECT_EQ(result["label"], "tmb");
  EXPECT_EQ(result["value"], 42.5);
  EXPECT_EQ(result["unit"], nullptr) << "the training's table names none";
  EXPECT_EQ(result["probabilities"], Json::object());
  EXPECT_EQ(findings_json(*read_findings(text)), text);
  Findings odd = sample_regression_findings();
  odd.prediction->value = std::numeric_limits<double>::infinity();
  const std::string without = findings_json(odd);
  EXPECT_EQ(Json::parse(without)["results"][0]["value"], nullptr);
  EXPECT_EQ(Json::parse(without)["reasons"][0]["text"], "results[0].value is not a finite number; null is written in its place.");
  EXPECT_EQ(findings_json(*read_findings(without)), without);
}

TEST(Findings, NameTheLabelsThatAreAYes) {
  const std::string text = findings_json(sample_multi_label_findings());
  const Json result = Json::parse(text)["results"][0];
  EXPECT_EQ(result["kind"], "multilabel");
  EXPECT_EQ(result["label"], "EGFR, TP53");
  EXPECT_EQ(result["probabilities"].dump(), R"({"EGFR":0.75,"KRAS":0.25,"TP53":0.875})");
  EXPECT_EQ(result["threshold"], 0.5);
  EXPECT_EQ(findings_json(*read_findings(text)), text);
  EXPECT_EQ(read_findings(text)->prediction->predicted, 2);
  Findings none = sample_multi_label_findings();
  none.prediction->probabilities = {0.25, 0.25, std::nextafter(0.5, 0)};
  EXPECT_EQ(Json::parse(findings_json(none))["results"][0]["label"], "none");
  none.prediction->probabilities[1] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(Json::parse(findings_json(none))["results"][0]["label"], nullptr);
}

TEST(Findings, LinesOfNumbersAndLabelsSayWhatTheyAre) {
  const Json number = Json::parse(slides_jsonl_line(marker_of(sample_regression_findings())));
  EXPECT_EQ(number["label"], "tmb");
  EXPECT_EQ(number["value"], 42.5);
  EXPECT_EQ(number["probability"], nullptr);
  const Json labels = Json::parse(slides_jsonl_line(marker_of(sample_multi_label_findings())));
  EXPECT_EQ(labels["label"], "EGFR, TP53");
  EXPECT_EQ(labels["probability"], nullptr) << "each has its own";
  EXPECT_EQ(labels["prob_KRAS"], 0.25);
  EXPECT_FALSE(labels.contains("value"));
}

TEST(Findings, TellValuesOfTablesInTheDigitsOfAFloat) {
  Findings findings = sample_survival_findings();
  findings.prediction->features[0].value = 0.7F;
  findings.gene_status[0].value = 0.1F;
  const std::string text = findings_json(findings);
  const Json document = Json::parse(text);
  EXPECT_EQ(document["results"][0]["features"][0]["value"], 0.7);
  EXPECT_EQ(document["gene_status"][0]["value"], 0.1);
  EXPECT_EQ(findings_json(*read_findings(text)), text);
}

TEST(Findings, PutTheRiskIntoTheHighGroupFromTheCutOn) {
  Findings findings = sample_survival_findings();
  const auto label = [&](double risk) {
    findings.prediction->survival->risk = risk;
    return Json::parse(findings_json(findings))["results"][0]["label"];
  };
  EXPECT_EQ(label(0.5), "high");
  EXPECT_EQ(label(std::nextafter(0.5, 0)), "low");
  EXPECT_EQ(label(std::numeric_limits<double>::quiet_NaN()), nullptr);
}

TEST(Findings, GiveReasonsForNumbersOfSurvivalThatAreNotFinite) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Findings findings = sample_survival_findings();
  Prediction& prediction = *findings.prediction;
  prediction.survival->risk = nan;
  prediction.survival->survival[1] = prediction.survival->survival[2] = nan;
  prediction.modalities[1].share = nan;
  prediction.features[0].share = nan;
  prediction.features[1].value = std::numeric_limits<double>::infinity();
  prediction.completeness_gap = nan;
  const std::string text = findings_json(findings);
  std::vector<std::string> texts, expected;
  const Json document = Json::parse(text);
  for (const Json& reason : document["reasons"]) texts.push_back(reason["text"]);
  for (const char* field : {"survival.survival", "survival.risk", "modalities.rna.share", "features.MKI67.share", "features.ESR1.value", "completeness_gap"})
    expected.push_back(std::string("results[0].") + field + " is not a finite number; null is written in its place.");
  EXPECT_EQ(texts, expected);
  const auto back = read_findings(text);
  ASSERT_TRUE(back);
  EXPECT_EQ(findings_json(*back), text);
}

TEST(Findings, DifferBetweenRunsOnlyInCreatedAndRuntime) {
  Findings later = sample_findings();
  later.created = "2026-01-01T00:00:00Z";
  later.runtime = {99, 64, "", "other", 1};
  Json first = Json::parse(findings_json(sample_findings())), second = Json::parse(findings_json(later));
  for (Json* document : {&first, &second}) {
    document->erase("created");
    document->erase("runtime");
  }
  EXPECT_EQ(first.dump(), second.dump());
}

TEST(Findings, DocumentIdFollowsSlideAndRecipe) {
  Findings other = sample_findings();
  other.recipe = std::string(64, 'b');
  EXPECT_NE(Json::parse(findings_json(other))["document_id"], Json::parse(findings_json(sample_findings()))["document_id"]);
}

TEST(Findings, NeverNameARowOfAGenomicTable) {
  for (const Findings& findings : {sample_findings(), sample_survival_findings()})
    EXPECT_EQ(findings_json(findings).find("secret-row-17"), std::string::npos);
}

TEST(Findings, WriteNullAndAReasonForEveryNumberThatIsNotFinite) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  Findings findings = sample_findings();
  findings.quality[1].second = nan;
  findings.prediction->probabilities[1] = infinity;
  findings.prediction->attention_entropy = -infinity;
  findings.prediction->effective_tiles = nan;
  findings.tile_classes[1].area_mm2 = nan;
  findings.regions[0].score = nan;
  findings.tissue.area_mm2 = nan;
  findings.slide.mpp = infinity;
  findings.tiling.side_level0 = nan;
  findings.runtime.wall_seconds = nan;
  const Json document = Json::parse(findings_json(findings));
  std::vector<std::string> texts;
  for (const Json& reason : document["reasons"]) {
    EXPECT_EQ(reason["code"], "not_finite");
    texts.push_back(reason["text"]);
  }
  std::vector<std::string> expected;
  for (const char* field : {"slide.mpp", "tissue.area_mm2", "tiling.side_level0", "quality.focus_p10", "results[0].probabilities.tumour",
                            "results[0].attention.entropy", "results[0].attention.effective_tiles", "tile_classes[1].area_mm2",
                            "regions[0].score", "runtime.wall_seconds"})
    expected.push_back(std::string(field) + " is not a finite number; null is written in its place.");
  EXPECT_EQ(texts, expected);
  EXPECT_EQ(document["quality"]["focus_p10"], nullptr);
  EXPECT_EQ(document["results"][0]["probabilities"]["tumour"], nullptr);
  EXPECT_EQ(document["results"][0]["label"], nullptr);
  EXPECT_EQ(document["tissue"]["area_mm2"], nullptr);
}

TEST(Findings, SayNullNotZeroAboutASlideThatWasNeverOpened) {
  const Json document = Json::parse(findings_json(sample_failed_findings()));
  EXPECT_EQ(document["status"], "failed");
  EXPECT_EQ(document["reasons"].size(), 1U);
  for (const char* key : {"width", "height", "mpp", "vendor", "reader", "mpp_source", "identity"})
    EXPECT_EQ(document["slide"][key], nullptr) << key;
  EXPECT_EQ(document["tissue"]["area_mm2"], nullptr);
  EXPECT_EQ(document["tiling"]["level"], nullptr);
  EXPECT_EQ(document["results"], Json::array());
  EXPECT_EQ(document["tile_classes"], Json::array());
}

TEST(Findings, SurviveANameThatIsNotUtf8) {
  Findings findings = sample_findings();
  findings.slide.id = "caf\xe9";
  EXPECT_EQ(Json::parse(findings_json(findings))["slide"]["id"], "caf\uFFFD");
}

TEST(Findings, ReadAndWrittenAgainAreTheSameText) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Findings odd = sample_findings();
  odd.quality[1].second = odd.regions[0].score = odd.tissue.area_mm2 = odd.prediction->probabilities[0] = nan;
  odd.reasons = {{"mpp_guessed", "a sentence"}};
  for (const Findings& findings : {sample_findings(), sample_survival_findings(), sample_failed_findings(), sample_tile_findings({"a", "b", "c"}), odd}) {
    const std::string text = findings_json(findings);
    const auto back = read_findings(text);
    ASSERT_TRUE(back) << text;
    EXPECT_EQ(findings_json(*back), text);
  }
}

TEST(FindingsMarker, ReadsBackWhatWasWritten) {
  const auto marker = read_marker_of(findings_json(sample_findings()));
  ASSERT_TRUE(marker);
  EXPECT_EQ(marker->slide_id, "case-7");
  EXPECT_EQ(marker->status, "ok");
  EXPECT_EQ(marker->recipe, std::string(64, 'a'));
  EXPECT_EQ(marker->identity, std::string(64, 'b'));
  EXPECT_EQ(marker->slide_bytes, 1938955);
  EXPECT_EQ(marker->slide_mtime_ns, 1700000000123456789);
  EXPECT_EQ(marker->tiles_used, 68);
  EXPECT_EQ(marker->label, "tumour");
  EXPECT_EQ(marker->probability, 0.9);
  EXPECT_EQ(marker->tissue_mm2, 4.25);
  EXPECT_EQ(marker->effective_tiles, 37.5);
  ASSERT_EQ(marker->artifacts.size(), 4U);
  EXPECT_EQ(marker->artifacts[1].path, "heatmap.tif");
  EXPECT_EQ(marker->artifacts[1].bytes, 12345);
  ASSERT_EQ(marker->tile_classes.size(), 2U);
  EXPECT_EQ(marker->tile_classes[1].model, "tiler");
  EXPECT_EQ(marker->tile_classes[1].name, "malignant");
  EXPECT_EQ(marker->tile_classes[1].tiles, 17);
  EXPECT_EQ(marker->tile_classes[1].share, 0.25);
  EXPECT_EQ(marker->tile_classes[1].area_mm2, 1.125);
  EXPECT_EQ(marker->tile_classes[1].mean_probability, 0.375);
  EXPECT_EQ(marker->probabilities, (std::vector<std::pair<std::string, double>>{{"normal", 0.1}, {"tumour", 0.9}}));
}

TEST(FindingsMarker, ReadsAFailedSlideToo) {
  const auto marker = read_marker_of(findings_json(sample_failed_findings()));
  ASSERT_TRUE(marker);
  EXPECT_EQ(marker->status, "failed");
  EXPECT_EQ(marker->label, "");
  ASSERT_EQ(marker->reasons.size(), 1U);
  EXPECT_EQ(marker->reasons[0].code, "not_a_slide");
}

TEST(FindingsMarker, RefusesAnythingThatIsNotOneOfOurDocuments) {
  const std::string good = findings_json(sample_findings());
  EXPECT_FALSE(read_marker_of(""));
  EXPECT_FALSE(read_marker_of("[]"));
  EXPECT_FALSE(read_marker_of("{}"));
  EXPECT_FALSE(read_marker_of("null"));
  for (std::size_t cut = 0; cut + 2 < good.size(); cut += 97) EXPECT_FALSE(read_marker_of(good.substr(0, cut))) << cut;
  for (const Json& version : {Json(2), Json("1"), Json(1.5), Json(nullptr)}) {
    Json document = Json::parse(good);
    document["schema_version"] = version;
    EXPECT_FALSE(read_marker_of(document.dump())) << version;
  }
}

TEST(FindingsMarker, RefusesMissingKeysAndWrongTypes) {
  const Json good = Json::parse(findings_json(sample_findings()));
  for (const char* key : {"schema_version", "status", "recipe", "slide", "tissue", "runtime", "reasons", "artifacts", "results"}) {
    Json document = good;
    document.erase(key);
    EXPECT_FALSE(read_marker_of(document.dump())) << key;
    document = good;
    document[key] = "text";
    const bool is_text = std::string(key) == "status" || std::string(key) == "recipe";
    EXPECT_EQ(read_marker_of(document.dump()).has_value(), is_text) << key;
  }
  for (const char* pointer : {"/slide/bytes", "/tissue/tiles_used", "/runtime/slide_mtime_ns", "/artifacts/0/bytes"}) {
    Json document = good;
    document[Json::json_pointer(pointer)] = 1e300;
    EXPECT_FALSE(read_marker_of(document.dump())) << pointer;
  }
}

TEST(FindingsMarker, ReadsDocumentsFromBeforeThereWereTileClasses) {
  Json document = Json::parse(findings_json(sample_findings()));
  document.erase("tile_classes");
  const auto marker = read_marker_of(document.dump());
  ASSERT_TRUE(marker);
  EXPECT_TRUE(marker->tile_classes.empty());
  for (const Json& wrong : {Json(nullptr), Json("text"), Json::array({1}), Json::array({{{"model", "tiler"}}})}) {
    document["tile_classes"] = wrong;
    EXPECT_FALSE(read_marker_of(document.dump())) << wrong;
  }
}

TEST(FindingsMarker, ReadsDocumentsFromBeforeThereWereSurvivalModels) {
  Json document = Json::parse(findings_json(sample_findings()));
  document.erase("gene_status");
  for (const char* key : {"survival", "features", "completeness_gap"}) document["results"][0].erase(key);
  document["results"][0]["modalities"][0].erase("share");
  const auto findings = read_findings(document.dump());
  ASSERT_TRUE(findings);
  EXPECT_EQ(findings->prediction->classes[1], "tumour");
  EXPECT_FALSE(findings->prediction->survival);
  EXPECT_FALSE(findings->prediction->modalities[0].share);
}

TEST(FindingsMarker, LabelsASurvivalModelsSlideWithItsRiskGroup) {
  const auto marker = read_marker_of(findings_json(sample_survival_findings()));
  ASSERT_TRUE(marker);
  EXPECT_EQ(marker->kind, AnswerKind::risk);
  EXPECT_EQ(marker->label, "high");
  EXPECT_EQ(marker->risk, 1.25);
  EXPECT_EQ(marker->risk_cut, 0.5);
  EXPECT_TRUE(marker->probabilities.empty());
  EXPECT_EQ(marker->effective_tiles, 37.5);
}

TEST(FindingsMarker, RefusesDamagedSurvival) {
  const Json good = Json::parse(findings_json(sample_survival_findings()));
  for (const char* pointer : {"/results/0/survival", "/results/0/survival/months", "/results/0/survival/survival/2", "/results/0/features", "/results/0/modalities/0/share",
                              "/results/0/completeness_gap", "/gene_status", "/gene_status/0/value", "/gene_status/0/text"}) {
    Json document = good;
    document[Json::json_pointer(pointer)] = Json::object({{"wrong", 1}});
    EXPECT_FALSE(read_marker_of(document.dump())) << pointer;
  }
  Json shorter = good;
  shorter["results"][0]["survival"]["months"].erase(0);
  EXPECT_FALSE(read_marker_of(shorter.dump())) << "a curve of five months and six values";
}

TEST(FindingsMarker, ToleratesKeysItDoesNotKnow) {
  Json document = Json::parse(findings_json(sample_findings()));
  document["from_the_future"] = 1;
  EXPECT_TRUE(read_marker_of(document.dump()));
}

TEST(SlidesJsonl, IsOneFlatLine) {
  const std::string line = slides_jsonl_line(*read_marker_of(findings_json(sample_findings())));
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const Json row = Json::parse(line);
  for (const auto& item : row.items()) EXPECT_TRUE(item.value().is_primitive() || item.key() == "tile_shares") << item.key();
  EXPECT_EQ(row["slide_id"], "case-7");
  EXPECT_EQ(row["prob_tumour"], 0.9);
  EXPECT_EQ(row["tiles_used"], 68);
  EXPECT_EQ(row["reason"], nullptr);
}

TEST(SlidesJsonl, GivesRiskAndGroupOfASurvivalModelAndOfNoOther) {
  const Json row = Json::parse(slides_jsonl_line(*read_marker_of(findings_json(sample_survival_findings()))));
  EXPECT_EQ(row["label"], "high");
  EXPECT_EQ(row["probability"], nullptr);
  EXPECT_EQ(row["risk"], 1.25);
  EXPECT_EQ(row["risk_group"], "high");
  EXPECT_EQ(row["effective_tiles"], 37.5);
  for (const auto& item : row.items()) EXPECT_FALSE(item.key().starts_with("prob_")) << item.key();
  const Json classified = Json::parse(slides_jsonl_line(*read_marker_of(findings_json(sample_findings()))));
  EXPECT_FALSE(classified.contains("risk") || classified.contains("risk_group"));
}

TEST(SlidesJsonl, GivesTheShareOfEveryTileClass) {
  const Json row = Json::parse(slides_jsonl_line(*read_marker_of(findings_json(sample_findings()))));
  EXPECT_EQ(row["tile_shares"], Json::parse(R"({"tiler/benign": 0.75, "tiler/malignant": 0.25})"));
  const Json failed = Json::parse(slides_jsonl_line(*read_marker_of(findings_json(sample_failed_findings()))));
  EXPECT_EQ(failed["tile_shares"], Json::object());
}

TEST(SlidesJsonl, GivesTheReasonOfAFailure) {
  const Json row = Json::parse(slides_jsonl_line(*read_marker_of(findings_json(sample_failed_findings()))));
  EXPECT_EQ(row["status"], "failed");
  EXPECT_EQ(row["reason_code"], "not_a_slide");
  EXPECT_EQ(row["label"], nullptr);
}

}  // namespace
}  // namespace microtome
