// SPDX-License-Identifier: Apache-2.0
// Writes samples of everything this room writes, for the Python readers beside this file to judge.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>

#include "reporting/image_file.h"
#include "reporting/regions.h"
#include "reporting/report_html.h"
#include "reporting/slide_report_html.h"
#include "reporting/tile_classes.h"
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
  write_text(folder / "survival.json", findings_json(sample_survival_findings()));
  write_text(folder / "regression.json", findings_json(sample_regression_findings()));
  write_text(folder / "multilabel.json", findings_json(sample_multi_label_findings()));
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
  plain.tile_classes.clear();
  write_text(folder / "no_model.json", findings_json(plain));
  write_text(folder / "tiles_only.json", findings_json(sample_tile_findings({"grade 3", "grade 4/5", "benign"})));
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

// What went in lies beside what came out, as bare little-endian numbers: the reader needs nothing of ours to know what is right.
void write_tiles(const fs::path& folder, const std::string& name, const std::vector<std::string>& classes, Level0Point origin) {
  std::vector<std::int64_t> coords;
  for (int i = 0; i < 600; ++i) coords.insert(coords.end(), {1000 + std::llround(i % 30 * 256.513), 700 + std::llround(i / 30 * 256.513)});
  std::mt19937 random(7);
  std::vector<float> p(600 * classes.size());
  for (float& value : p) value = std::pow(static_cast<float>(random()) / 4294967296.0F, 9.0F);  // down to 1e-20, where text gets difficult
  p.front() = 0;
  p.back() = 1;
  const auto bytes = [](const auto& numbers) {
    return std::string(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(numbers[0]));
  };
  write_text(folder / (name + ".coords"), bytes(coords));
  write_text(folder / (name + ".probabilities"), bytes(p));
  const TileClasses tiles = sample_tile_classes(classes, p);
  write_text(folder / (name + ".csv"), tile_csv(coords, 256.513, tiles));
  write_text(folder / (name + ".geojson"), tile_geojson({coords, 256.513, 256.513, 0.499, origin, "case-7"}, tiles));
}

TEST(Samples, TilesForTheReaders) {
  const fs::path folder = fresh_folder("tiles");
  write_tiles(folder, "one", {"mitosis"}, {});
  write_tiles(folder, "two", {"notumor", "tumor"}, {});
  write_tiles(folder, "odd",
              {"a,b", "say \"x\"",
               "gr\xc3\xb6\xc3\x9f"
               "e",
               "two\nlines", " "},
              {300, 500});
}

TEST(Samples, IndexPageForABrowser) {
  const fs::path folder = fresh_folder("index");
  IndexPage page;
  page.title = "Nightly <run> & report";
  page.created = "2025-01-02T03:04:05Z";
  page.encoder = "resnet50-trunc, random weights (seed 1)";
  page.random_weights = true;
  page.model = "abmil";
  page.slides = {*read_marker_of(findings_json(sample_findings())), *read_marker_of(findings_json(sample_failed_findings()))};
  page.slides.push_back(*read_marker_of(findings_json(sample_tile_findings({"benign", "malignant"}))));
  page.slides.push_back(*read_marker_of(findings_json(sample_tile_findings({"grade 3", "grade 4/5", "benign"}))));
  page.slides.push_back(*read_marker_of(findings_json(sample_survival_findings())));
  page.folders = {"slides/case 7", "slides/broken", "slides/two", "slides/many", "slides/case-9"};
  write_text(folder / "index.html", index_html(page));
}

TEST(Samples, SlideReportsForABrowser) {
  const fs::path folder = fresh_folder("reports");
  write_text(folder / "survival.html", slide_report_html(sample_survival_findings()));
  write_text(folder / "classes.html", slide_report_html(sample_findings()));
}

}  // namespace
}  // namespace microtome
