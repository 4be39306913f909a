// SPDX-License-Identifier: Apache-2.0
#include "tests/pipeline/graph_fixture.h"

#include <nlohmann/json.hpp>

#include "mil/sha256.h"
#include "pipeline/finished_bags.h"
#include "pipeline/progress.h"
#include "pipeline/resume.h"
#include "pipeline/run_setup.h"
#include "reporting/image_file.h"

namespace microtome {
namespace {

constexpr int kTile = 32;

Config small_config(const std::filesystem::path& output) {
  Config config;
  config.run.output = output;
  config.tiling.tile_px = kTile;
  config.engine.batch = 8;
  config.engine.slides_in_flight = 4;
  config.tissue.min_speck_mm2 = 0;
  return config;
}

nlohmann::ordered_json findings(const RunParts& parts, const std::string& id) {
  return nlohmann::ordered_json::parse(read_text(parts.slide_folder(id) / "findings.json"), nullptr, false);
}

}  // namespace

SlideMaker tissue_slide(int side, std::uint64_t seed) {
  return [side, seed] {
    FakeSlideSettings settings;
    settings.size = {side * kTile, side * kTile};
    settings.tissue = {{0, 0, static_cast<double>(side * kTile), static_cast<double>(side * kTile)}};
    settings.seed = seed;
    return std::make_unique<FakeSlide>(settings);
  };
}

FakeRun::FakeRun(const FakeArchive& archive, const std::filesystem::path& output, int threads) {
  start_image_library("test", 1);
  std::filesystem::create_directories(output / "fake");
  for (const auto& id : archive.order) {
    ManifestRow row;
    row.keys.slide_id = id;
    row.path = output / "fake" / id;
    if (archive.masks.count(id)) row.mask = archive.masks.at(id);
    write_text(row.path, id);  // resume looks at the file's size, time and bytes
    rows.push_back(row);
  }
  parts.config = small_config(output);
  parts.threads = threads;
  parts.window = 3;
  parts.encoders = {std::make_shared<FakeEncoder>(6)};
  parts.bag_recipe = bag_recipe(parts.config, parts.encoders);
  set_model(nullptr);
  parts.software = {{"microtome", "test"}};
  parts.open = [makers = archive.makers](const ManifestRow& row) { return std::shared_ptr<const Slide>(makers.at(row.keys.slide_id)()); };
}

FakeRun::FakeRun(const FakeRun& earlier, std::shared_ptr<const SlideModel> model, const std::filesystem::path& output) {
  parts = earlier.parts;
  parts.config.run.bags = earlier.parts.config.run.output;
  parts.config.run.output = output;
  parts.encoders.clear();
  parts.open = nullptr;
  set_model(std::move(model));
  rows = read_finished_slides(parts.config.run.bags);
}

void FakeRun::set_model(std::shared_ptr<const SlideModel> model) {
  parts.model = std::move(model);
  parts.model_recipe = model_recipe(parts.config, parts.model ? parts.model->sha256() : "", "");
}

RunCounts FakeRun::run() {
  WorkList work = plan_work(parts, rows);
  StageClock clock;
  const auto progress = make_progress("none");
  std::size_t next = 0;
  return run_slide_graph(
      parts, [&] { return next < work.jobs.size() ? work.jobs[next++] : nullptr; }, *progress, clock);
}

std::string FakeRun::status(const std::string& id) const {
  const auto json = findings(parts, id);
  return json.is_object() ? json.value("status", "") : "no document";
}

std::string FakeRun::document(const std::string& id) const { return read_text(parts.slide_folder(id) / "findings.json"); }

std::string FakeRun::first_reason(const std::string& id) const {
  const auto json = findings(parts, id);
  return json["reasons"].empty() ? ""
                                 : json["reasons"][0]["code"].get<std::string>() + ": " + json["reasons"][0]["text"].get<std::string>();
}

std::string FakeRun::all_bytes() const {
  std::string out;
  for (const auto& row : rows) {
    auto json = findings(parts, row.keys.slide_id);
    json.erase("created");
    json.erase("runtime");
    out += row.keys.slide_id + json.dump() + read_text(parts.slide_folder(row.keys.slide_id) / "features.h5");
  }
  return out;
}

std::map<std::string, std::string> FakeRun::files(const std::string& id) const {
  std::map<std::string, std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(parts.slide_folder(id)))
    out[entry.path().filename().string()] = sha256_of_file(entry.path());
  auto json = findings(parts, id);
  json.erase("created");
  json.erase("runtime");
  out["findings.json"] = json.dump(1);
  return out;
}

}  // namespace microtome
