// SPDX-License-Identifier: Apache-2.0
// The made-up documents themselves.
#include "tests/reporting/sample_findings.h"

#include <cmath>
#include <limits>
#include <utility>

#include "reporting/tile_classes.h"

namespace microtome {

Prediction sample_prediction(std::span<const float> attention, std::span<const float> contribution) {
  Prediction prediction;
  prediction.task = "label";
  prediction.classes = {"normal", "tumour"};
  prediction.probabilities = {0.1, 0.9};
  prediction.logits = {-1.1, 1.1};
  prediction.predicted = 1;
  prediction.attention.assign(attention.begin(), attention.end());
  for (const float c : contribution) prediction.contribution.insert(prediction.contribution.end(), {-c, c});
  prediction.offset = {0, 0};
  prediction.attention_entropy = 1.25;
  prediction.effective_tiles = 37.5;
  prediction.modalities = {{"genomics", true, "patient_id", "secret-row-17", {}}};
  prediction.aggregator = {"abmil", std::string(64, 'e')};
  prediction.encoder = {"resnet50-trunc", std::string(64, 'd')};
  return prediction;
}

Findings sample_findings() {
  Findings findings;
  findings.status = "ok";
  findings.recipe = std::string(64, 'a');
  findings.created = "2025-01-02T03:04:05Z";
  findings.slide = {"case-7", "patient-7", "",   "aperio", "openslide 3.4.1", std::string(64, 'b'),
                    "",       2220,        2967, 0.499,    "aperio.MPP",      1938955};
  findings.tissue = {4.25, 70, 68, 2};
  findings.tiling = {256, 0, 0, 0.5, 256.51302605210421, "triangle-antialiased"};
  findings.quality = {{"focus_median", 312.5}, {"focus_p10", 90.25}};
  findings.inputs = {{"genomics", std::string(64, 'c'), "log2(TPM+1)", "patient_id", true}};
  findings.models = {{"encoder", "resnet50-trunc", std::string(64, 'd'), "safetensors", "cpu", "fp32", true},
                     {"aggregator", "abmil", std::string(64, 'e'), "safetensors", "cpu", "fp32", false}};
  findings.prediction = sample_prediction({}, {});
  findings.tile_classes = {{"tiler", "benign", 51, 0.75, 3.5, 0.625}, {"tiler", "malignant", 17, 0.25, 1.125, 0.375}};
  findings.regions = {{"Region 1", 0.42, 1.75}};
  findings.artifacts = {{"thumbnail", "thumbnail.jpg", "image/jpeg", std::string(64, 'f'), 1234},
                        {"heatmap", "heatmap.tif", "image/tiff", std::string(64, '0'), 12345},
                        {"heatmap_preview", "heatmap.png", "image/png", std::string(64, '1'), 4321},
                        {"regions", "regions.geojson", "application/geo+json", std::string(64, '2'), 999}};
  findings.software = {{"microtome", "0.1.0"}, {"openslide", "3.4.1"}};
  findings.runtime = {12.5, 2, "4711_3", "x86_64 2 cores", 1700000000123456789};
  return findings;
}

Findings sample_survival_findings() {
  Findings findings = sample_findings();
  findings.slide.id = "case-9";
  findings.tile_classes.clear();
  findings.inputs = {{"rna", std::string(64, 'c'), "log2(TPM+1)", "patient_id", true}, {"clinical", std::string(64, '7'), "", "", false}};
  Prediction& prediction = *findings.prediction;
  prediction.task = "survival";
  prediction.classes = {"risk"};
  prediction.probabilities.clear();
  prediction.logits = {1.25};
  prediction.predicted = 0;
  prediction.survival = SurvivalAnswer{1.25, 0.5, {6, 12, 24, 36, 48, 60}, {0.97, 0.9, 0.78, 0.66, 0.55, 0.47}};
  prediction.modalities = {{"tiles", true, "", "", 0.5}, {"rna", true, "patient_id", "secret-row-17", -0.125}, {"clinical", false, "", "", 0.0}};
  prediction.features = {{"rna", "MKI67", 5.25, 0.4375}, {"rna", "ESR1", -2.5, -0.25}, {"rna", "TP53", std::numeric_limits<double>::quiet_NaN(), 0.0625}};
  prediction.completeness_gap = 0.0078125;
  findings.gene_status = {{"MKI67", "rna", 5.25, ">=4", "proliferation high", "present"},
                          {"ESR1", "rna", -2.5, ">=1", "oestrogen receptor expressed", "absent"},
                          {"ERBB2", "cnv", std::numeric_limits<double>::quiet_NaN(), ">=2", "ERBB2 amplified", "unknown"}};
  findings.artifacts.push_back({"report", "report.html", "text/html", std::string(64, '8'), 5555});
  return findings;
}

Findings sample_regression_findings() {
  Findings findings = sample_findings();
  findings.slide.id = "case-10";
  Prediction& prediction = *findings.prediction;
  prediction.task = "regression";
  prediction.classes = {"tmb"};
  prediction.probabilities.clear();
  prediction.logits = {42.5};
  prediction.predicted = 0;
  prediction.value = 42.5;
  return findings;
}

Findings sample_multi_label_findings() {
  Findings findings = sample_findings();
  findings.slide.id = "case-11";
  Prediction& prediction = *findings.prediction;
  prediction.task = "multilabel";
  prediction.classes = {"EGFR", "KRAS", "TP53"};
  prediction.probabilities = {0.75, 0.25, 0.875};
  prediction.logits = {1.0986, -1.0986, 1.9459};
  prediction.offset = {0, 0, 0};
  prediction.contribution.clear();
  prediction.predicted = 2;
  prediction.multi_label = true;
  return findings;
}

Findings sample_tile_findings(const std::vector<std::string>& classes) {
  Findings findings = sample_findings();
  findings.slide.id = "case-8";
  findings.prediction.reset();
  findings.regions.clear();
  findings.inputs.clear();
  findings.models = {{"tile_classifier", "tiler", std::string(64, 'd'), "torchscript", "cpu", "fp32", false}};
  findings.tile_classes.clear();
  findings.artifacts.resize(1);  // the thumbnail
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const double share = (c + 1.0) / (static_cast<double>(classes.size() * (classes.size() + 1)) / 2);
    findings.tile_classes.push_back({"tiler", classes[c], std::llround(68 * share), share, 4.25 * share, share});
    if (classes.size() <= 2 && c + 1 < classes.size()) continue;
    const std::string stem = classes.size() > 2 ? heatmap_stem(classes[c]) : "heatmap";
    findings.artifacts.push_back({"heatmap", stem + ".tif", "image/tiff", std::string(64, '6'), 54321});
    findings.artifacts.push_back({"heatmap_preview", stem + ".png", "image/png", std::string(64, '3'), 4321});
  }
  findings.artifacts.push_back({"tile_table", "tiles.csv", "text/csv", std::string(64, '4'), 777});
  findings.artifacts.push_back({"tiles", "tiles.geojson", "application/geo+json", std::string(64, '5'), 888});
  return findings;
}

TileClasses sample_tile_classes(const std::vector<std::string>& classes, std::vector<float> probabilities) {
  return {"tiler", std::string(64, 'd'), false, classes, std::move(probabilities)};
}

std::optional<FindingsMarker> read_marker_of(const std::string& json) {
  const auto findings = read_findings(json);
  return findings ? std::optional(marker_of(*findings)) : std::nullopt;
}

Findings sample_failed_findings() {
  Findings findings;
  findings.status = "failed";
  findings.reasons = {{"not_a_slide", "open the slide: not a file that OpenSlide can recognize: check the file or leave it out"}};
  findings.recipe = std::string(64, '9');
  findings.created = "2025-01-02T03:04:05Z";
  findings.slide.id = "broken";
  findings.slide.bytes = 1001;
  findings.tiling.tile_px = 256;
  findings.tiling.target_mpp = 0.5;
  findings.software = {{"microtome", "0.1.0"}};
  return findings;
}

RasterRgba sample_raster(Size size) {
  RasterRgba raster{size, std::vector<std::uint8_t>(static_cast<std::size_t>(size.width * size.height * 4), 0)};
  std::uint32_t noise = 12345;
  for (std::int64_t y = 0; y < size.height; ++y) {
    for (std::int64_t x = 0; x < size.width; ++x) {
      noise = noise * 1664525U + 1013904223U;
      if ((x / 7 + y / 5) % 3 == 0) continue;
      std::uint8_t* pixel = raster.rgba.data() + (y * size.width + x) * 4;
      for (int channel = 0; channel < 3; ++channel) pixel[channel] = static_cast<std::uint8_t>(noise >> (8 * channel));
      pixel[3] = (x / 7) % 4 == 3 ? 128 : 255;
    }
  }
  return raster;
}

}  // namespace microtome
