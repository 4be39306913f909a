// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/run_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "mil/bag_file.h"
#include "mil/encoders/encoder.h"
#include "tests/bench/encode_ours.h"
#include "tests/bench/frame.h"
#include "tests/bench/read_slides.h"
#include "tests/support/temp_dir.h"
#include "tiling/readers.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCheckedTiles = 32;  // of the archive, and at least one of each slide
constexpr double kWantedCosine = 0.9999;

std::string program() {
  const char* chosen = std::getenv("MICROTOME");
  return chosen ? chosen : MICROTOME_PROGRAM;
}

nlohmann::json document(const fs::path& out) { return nlohmann::json::parse(read_text(out / "run.json")); }

}  // namespace

/// Tiles as OpenSlide reads them, and what the run says of them.
struct RunArchive::Sample {
  std::size_t dim = 0;
  std::vector<std::uint8_t> rgb;
  std::vector<float> features;
};

RunArchive::RunArchive(const fs::path& folder, const BenchModel& model, const std::string& form, int slides, int tiles)
    : folder_(folder), model_(model), form_(form) {
  fs::create_directories(folder_ / "archive");
  const char* shared = std::getenv("MICROTOME_SHARED");
  const Texture texture = read_texture(fs::path(shared ? shared : MICROTOME_SHARED) / "slides/CMU-1-Small-Region.svs");
  const double each = static_cast<double>(tiles) / slides;
  const auto side = static_cast<std::int64_t>(std::ceil(std::sqrt(each) * kBenchTilePx / texture.tile_px));
  for (int i = 0; i < slides; ++i) {
    slides_.push_back(fmt::format("slide{:03}", i));
    make_slide_as_scanned(folder_ / "archive" / (slides_.back() + ".svs"), texture, side);
  }
  run(false);
}

double RunArchive::run(bool again) const {
  if (!again) fs::remove_all(out());
  const fs::path log = folder_ / "log";
  // every tile of the texture shall count as tissue, whatever its colour
  const std::string command = fmt::format(
      "{} run --archive {} --output {} --encoder {} --encoder.form {} --device {} --threads {} --mpp 0.5 --tiling.min_tissue 0 "
      "--tissue.min_saturation 0 --tissue.max_saturation 0 --progress none >{} 2>&1",
      shell_word(program()), shell_word((folder_ / "archive").string()), shell_word(out().string()), shell_word(model_.folder.string()),
      form_, model_.device, kBenchThreads, shell_word(log.string()));
  return seconds_of([&] {
    if (std::system(command.c_str()) != 0) throw std::runtime_error("microtome run failed: " + read_text(log));
  });
}

int RunArchive::tiles() const { return document(out())["tiles"].get<int>(); }

double RunArchive::graph_seconds() const { return document(out())["runtime"]["graph_seconds"].get<double>(); }

double RunArchive::encode_seconds() const {
  const nlohmann::json run = document(out());
  for (const auto& node : run["runtime"]["nodes"]) {
    if (node["node"] != "encode") continue;
    // fewer batches than lanes: the others had nothing to do
    const int lanes = std::clamp(node["calls"].get<int>(), 1, kBenchThreads);
    return node["worked_seconds"].get<double>() / lanes;
  }
  throw std::runtime_error("run.json: wanted the node 'encode': it is missing");
}

void RunArchive::add_sample(const std::string& slide, std::size_t most, Sample& sample) const {
  const BagFile file = read_bag_file(out() / "slides" / slide / "features.h5");
  if (file.facts.tile_px != kBenchTilePx || std::abs(file.facts.side_level0 - kBenchTilePx) > 0.01)
    throw std::runtime_error(fmt::format("{}: wanted tiles at the slide's own scale: one is {} pixels", slide, file.facts.side_level0));
  sample.dim = static_cast<std::size_t>(file.bag.feature_dim);
  const auto opened = open_with_openslide(folder_ / "archive" / (slide + ".svs"));
  const auto tiles = static_cast<std::size_t>(file.bag.tiles());
  const std::size_t count = std::min(tiles, most);
  std::vector<std::uint8_t> rgb(std::size_t{3} * kBenchTilePx * kBenchTilePx);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t tile = i * tiles / count;
    read_window(*opened, 0, file.bag.coords[2 * tile], file.bag.coords[2 * tile + 1], {kBenchTilePx, kBenchTilePx}, rgb);
    sample.rgb.insert(sample.rgb.end(), rgb.begin(), rgb.end());
    const auto row = file.bag.features.begin() + static_cast<std::ptrdiff_t>(tile * sample.dim);
    sample.features.insert(sample.features.end(), row, row + static_cast<std::ptrdiff_t>(sample.dim));
  }
}

std::string RunArchive::verify() const {
  const auto counts = document(out())["slides"];
  if (counts["ok"].get<std::size_t>() != slides_.size()) return "not every slide is ok: " + counts.dump();
  Sample sample;
  for (const std::string& slide : slides_) add_sample(slide, std::max<std::size_t>(1, kCheckedTiles / slides_.size()), sample);
  if (sample.features.empty()) return "it gave no tiles";

  EncoderSettings settings;
  settings.name = model_.folder.string();
  settings.device = model_.device;
  settings.form = form_;
  const auto batch = static_cast<std::size_t>(model_.batch());
  const auto encoder = load_encoder(settings, {kBenchTilePx, model_.batch(), 1, nullptr});
  const std::size_t tile = std::size_t{3} * kBenchTilePx * kBenchTilePx, tiles = sample.rgb.size() / tile;
  std::vector<float> wanted, rows(batch * sample.dim);
  for (std::size_t first = 0; first < tiles; first += batch) {
    std::vector<std::uint8_t> rgb(batch * tile);
    const std::size_t count = std::min(batch, tiles - first);
    std::copy_n(sample.rgb.begin() + static_cast<std::ptrdiff_t>(first * tile), count * tile, rgb.begin());
    encoder->encode(rgb, model_.batch(), kBenchTilePx, rows);
    wanted.insert(wanted.end(), rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count * sample.dim));
  }
  const double cosine = least_cosine(sample.features, wanted, sample.dim);
  return cosine >= kWantedCosine ? "" : fmt::format("cosine {} to the network's features of the same tiles", cosine);
}

}  // namespace microtome
