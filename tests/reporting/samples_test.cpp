// SPDX-License-Identifier: Apache-2.0
// Writes samples of everything this room writes, for the Python readers beside this file to judge.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>

#include "reporting/image_file.h"
#include "reporting/regions.h"
#include "reporting/report_html.h"
#include "tests/reporting/sample_findings.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

fs::path fresh_folder(const char* name) {
  const char* given = std::getenv("MICROTOME_SAMPLES");
  const fs::path folder = (given != nullptr ? fs::path(given) : fs::path(testing::TempDir()) / "microtome_samples") / name;
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  ASSERT_TRUE(out) << path;
}

TEST(Samples, FindingsForTheSchema) {
  const fs::path folder = fresh_folder("findings");
  write_text(folder / "ok.json", findings_json(sample_findings()));
  write_text(folder / "failed.json", findings_json(sample_failed_findings()));
  Findings odd = sample_findings();
  odd.status = "partial";
  odd.reasons = {{"unreadable_tiles", "2 of 70 tiles could not be read and were left out."}};
  odd.prediction->probabilities[1] = std::numeric_limits<double>::quiet_NaN();
  odd.quality[0].second = std::numeric_limits<double>::infinity();
  odd.tissue.area_mm2 = std::numeric_limits<double>::quiet_NaN();
  odd.slide.id = "odd \xe9 \" \\ \n name";
  write_text(folder / "not_finite.json", findings_json(odd));
  Findings plain = sample_findings();
  plain.prediction.reset();
  plain.regions.clear();
  plain.inputs.clear();
  plain.status = "rejected_qc";
  plain.reasons = {{"out_of_focus", "The slide is out of focus."}};
  write_text(folder / "no_model.json", findings_json(plain));
}

// The raster's bytes lie beside each pyramid, so that the reader needs nothing of ours to know what is right.
TEST(Samples, HeatmapsForTheReaders) {
  const fs::path folder = fresh_folder("heatmaps");
  for (const Size size : {Size{1110, 1484}, {139, 186}, {2000, 70}, {70, 2000}, {1537, 1100}, {513, 257}, {64, 64}, {33, 47}, {256, 256}}) {
    const std::string name = std::to_string(size.width) + "x" + std::to_string(size.height);
    const RasterRgba raster = sample_raster(size);
    write_heatmap_tiff(folder / (name + ".tif"), raster, 7.984);
    write_text(folder / (name + ".rgba"), std::string(raster.rgba.begin(), raster.rgba.end()));
  }
}

TEST(Samples, RegionsForTheDialect) {
  const fs::path folder = fresh_folder("regions");
  std::vector<std::int64_t> coords;
  std::vector<float> attention, contribution;
  for (int row = 0; row < 20; ++row) {
    for (int column = 0; column < 30; ++column) {
      coords.insert(coords.end(), {std::llround(column * 256.513), std::llround(row * 256.513)});
      const double from_centre = std::hypot(column - 12, row - 9);
      attention.push_back(from_centre < 3.5 && from_centre > 1.2 ? 0.01F : 0.001F);
      contribution.push_back(column == 29 ? std::numeric_limits<float>::quiet_NaN() : 0.25F);
    }
  }
  const RegionRequest request{coords, 256.513, 256.513, 0.499, {}, "case-7"};
  const Prediction prediction = sample_prediction(attention, contribution);
  write_text(folder / "regions.geojson", regions_geojson(request, prediction, find_regions(request, prediction)));
}

TEST(Samples, IndexPageForABrowser) {
  const fs::path folder = fresh_folder("index");
  IndexPage page;
  page.title = "Nightly <run> & report";
  page.created = "2025-01-02T03:04:05Z";
  page.encoder = "resnet50-trunc, random weights (seed 1)";
  page.random_weights = true;
  page.model = "abmil";
  page.slides = {*read_findings_marker(findings_json(sample_findings())), *read_findings_marker(findings_json(sample_failed_findings()))};
  page.folders = {"slides/case 7", "slides/broken"};
  write_text(folder / "index.html", index_html(page));
}

}  // namespace
}  // namespace microtome
