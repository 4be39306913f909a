// SPDX-License-Identifier: Apache-2.0
// The whole program on an archive beside the bare network and beside the way the published tools work. See README.md.
// Usage: bench_run [--verify-only] [--case TEXT] [--runs N] [--tiles N]. JSON lines on stdout; exit code 1 where features differ.
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "mil/encoders/encoder.h"
#include "tests/mil/bare_network.h"
#include "tests/bench/encoder_models.h"
#include "tests/bench/frame.h"
#include "tests/bench/python_rival.h"
#include "tests/bench/read_slides.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

constexpr int kThreads = 2;

std::string program() {
  const char* chosen = std::getenv("MICROTOME");
  return chosen ? chosen : MICROTOME_PROGRAM;
}

/// Slides of real texture, so many tiles or a few more in all, and what our program makes of them.
class Archive {
 public:
  Archive(const fs::path& folder, const BenchModel& model, int slides, int tiles) : folder_(folder), model_(model), slides_(slides) {
    fs::create_directories(folder_ / "archive");
    const char* shared = std::getenv("MICROTOME_SHARED");
    const Texture texture = read_texture(fs::path(shared ? shared : MICROTOME_SHARED) / "slides/CMU-1-Small-Region.svs");
    const double each = static_cast<double>(tiles) / slides;
    const auto side = static_cast<std::int64_t>(std::ceil(std::sqrt(each) * kBenchTilePx / texture.tile_px));
    for (int i = 0; i < slides_; ++i) make_slide_as_scanned(folder_ / "archive" / fmt::format("slide{:03}.svs", i), texture, side);
  }

  /// A run into an empty folder, or again into the one of the last. Whole process, seconds.
  double run(bool again) const {
    if (!again) fs::remove_all(out());
    const std::string command = fmt::format("{} run --archive {} --output {} --encoder {} --device cpu --threads {} --mpp 0.5 --tiling.min_tissue 0 "
                                            "--tissue.min_saturation 0 --tissue.max_saturation 0 --progress none 2>{}",
                                            shell_word(program()), shell_word((folder_ / "archive").string()), shell_word(out().string()),
                                            shell_word(model_.folder.string()), kThreads, shell_word((folder_ / "log").string()));
    return seconds_of([&] {
      if (std::system(command.c_str()) != 0) throw std::runtime_error("microtome run failed: " + read_text(folder_ / "log"));
    });
  }

  nlohmann::json document() const { return nlohmann::json::parse(read_text(out() / "run.json")); }
  int tiles() const { return document()["tiles"].get<int>(); }

  /// Every slide done.
  std::string verify() const {
    run(false);
    const auto slides = document()["slides"];
    return slides["ok"].get<int>() == slides_ ? "" : "not every slide is ok: " + slides.dump();
  }

  fs::path out() const { return folder_ / "out"; }

 private:
  fs::path folder_;
  BenchModel model_;
  int slides_;
};

BenchRow python_row(const BenchModel& model, const Archive& archive, const std::string& name, const std::string& environment, int tiles) {
  const std::string command = fmt::format("{}OMP_NUM_THREADS={} {} {} {} {} {} {} {} {}", environment, kThreads, shell_word(bench_python()),
                                          shell_word(RUN_WITH_DATALOADER), shell_word(WORKFLOWS), model.timm, model.pool,
                                          shell_word(model.folder.string()), shell_word(archive.out().string()), kThreads);
  const auto rival = std::make_shared<PythonRival>(command);
  return {name, kThreads,
          [rival] {
            const std::string cosine = rival->ask("verify");
            return std::stod(cosine) >= 0.9999 ? "" : "cosine " + cosine + " to our features";
          },
          [rival, tiles] { return tiles / std::stod(rival->ask("run")); },
          {}};
}

bool run_archive(const std::string& name, int slides, const BenchOptions& options, bool rivals) {
  const std::string model_name = name.substr(name.find(' ') + 1);
  const BenchModel model = bench_model(model_name);
  const TempDir folder;
  const Archive archive(folder.path(), model, slides, options.tiles.value_or(96));
  archive.run(false);
  const int tiles = archive.tiles();
  const auto bare = std::make_shared<BareNetwork>(model.folder, "pt2", kThreads);
  BenchCase work{"run", name, "tiles/s", "floor", "python-dataloader", 1, {}};
  work.rows.push_back({"floor", kThreads, [bare] { return bare->verify(); }, [bare, tiles] { return bare->run(tiles); }, {}});
  work.rows.push_back({"ours", kThreads, [&] { return archive.verify(); },
                       [&] {
                         archive.run(false);
                         return tiles / archive.document()["runtime"]["graph_seconds"].get<double>();
                       },
                       {{"tiles", std::int64_t{tiles}}, {"slides", std::int64_t{slides}}}});
  work.rows.push_back({"ours-process", kThreads, [] { return std::string(); }, [&] { return tiles / archive.run(false); }, {}});
  if (rivals) {
    work.rows.push_back(python_row(model, archive, "python-dataloader", "", tiles));
    work.rows.push_back(python_row(model, archive, "python-dataloader-malloc", kKeptMalloc, tiles));
  }
  return run_case(work, options, std::cout, std::cerr);
}

/// What a run costs besides its tiles: loading the model is the floor.
bool run_start(const BenchOptions& options) {
  const BenchModel model = bench_model("resnet50");
  const TempDir folder;
  const Archive archive(folder.path(), model, 1, kBenchBatch);
  archive.run(false);
  BenchCase work{"run", "start resnet50", "s", "model-load", "", 3, {}};
  work.rows.push_back({"model-load", 1, [] { return std::string(); },
                       [&] {
                         EncoderSettings settings;
                         settings.name = model.folder.string();
                         settings.device = "cpu";
                         return seconds_of([&] { load_encoder(settings, {kBenchTilePx, kBenchBatch, kThreads, nullptr}); });
                       },
                       {}});
  work.rows.push_back({"all-done-rerun", kThreads, [&] { return archive.verify(); }, [&] { return archive.run(true); }, {}});
  work.rows.push_back({"to-first-batch", kThreads, [] { return std::string(); },
                       [&] {
                         const double whole = archive.run(false);
                         double encode = 0;  // of the few batches, which the program's own clock knows
                         for (const auto& node : archive.document()["runtime"]["nodes"])
                           if (node["node"] == "encode") encode = node["worked_seconds"].get<double>() / kThreads;
                         return whole - encode;
                       },
                       {}});
  return run_case(work, options, std::cout, std::cerr);
}

bool run(const BenchOptions& options) {
  bool right = true, any = false;
  const auto wanted = [&](const std::string& name) { return is_wanted(options, name) ? any = true : false; };
  if (wanted("one-slide resnet50")) right = run_archive("one-slide resnet50", 1, options, true) && right;
  if (wanted("one-slide vit-s")) right = run_archive("one-slide vit-s", 1, options, true) && right;
  if (wanted("biopsies resnet50")) right = run_archive("biopsies resnet50", std::max(2, options.tiles.value_or(96) / 40), options, false) && right;
  if (wanted("start resnet50")) right = run_start(options) && right;
  if (!any) throw std::invalid_argument("--case: no case has '" + options.only + "' in its name");
  return right;
}

}  // namespace
}  // namespace microtome

int main(int argc, char** argv) try {
  microtome::keep_freed_memory();  // as the program does
  return microtome::run(microtome::parse_bench_options(argc, argv)) ? 0 : 1;
} catch (const std::invalid_argument& error) {
  std::cerr << "bench_run: " << error.what() << '\n';
  return 2;
} catch (const std::exception& error) {
  std::cerr << "bench_run: " << error.what() << '\n';
  return 1;
}
