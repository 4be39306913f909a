// SPDX-License-Identifier: Apache-2.0
// The whole program on an archive beside the bare network and beside the way the published tools work. See README.md.
// Usage: bench_run [--verify-only] [--case TEXT] [--rows A,B] [--runs N] [--tiles N] [--device NAME]. JSON lines on stdout; exit code 1 where features
// differ.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <stdexcept>

#include "mil/encoders/encoder.h"
#include "tests/bench/encode_rows.h"
#include "tests/bench/encoder_models.h"
#include "tests/bench/frame.h"
#include "tests/bench/python_rival.h"
#include "tests/bench/run_archive.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

constexpr const char* kForm = "pt2";
constexpr int kTiles = 96;        // in all, where nothing is said
constexpr int kBiopsyTiles = 40;  // of a slide

const auto kAsOthers = [] { return std::string(); };  // a row of a run that another row has checked

BenchRow dataloader_row(const BenchModel& model, const RunArchive& archive, const std::string& name, const std::string& environment,
                        int tiles) {
  const std::string command = fmt::format("{}OMP_NUM_THREADS={} {} {} {} {} {} {} {} {}", environment, kBenchThreads,
                                          shell_word(bench_python()), shell_word(RUN_WITH_DATALOADER), shell_word(WORKFLOWS), model.timm,
                                          model.pool, shell_word(model.folder.string()), shell_word(archive.out().string()), kBenchThreads);
  const auto rival = std::make_shared<PythonRival>(command);
  return {name,
          kBenchThreads,
          [rival] {
            const std::string cosine = rival->ask("verify");
            return std::stod(cosine) >= 0.9999 ? "" : "cosine " + cosine + " to our features";
          },
          [rival, tiles] { return tiles / std::stod(rival->ask("run")); },
          {}};
}

bool run_archive(const std::string& name, const std::string& network, int slides, bool rivals, const BenchOptions& options) {
  const BenchModel model = bench_model(network, options.device);
  const TempDir folder;
  const RunArchive archive(folder.path(), model, kForm, slides, options.tiles.value_or(kTiles));
  const int tiles = archive.tiles();
  const bool with_rivals = rivals && model.on_cpu();  // they compute on the CPU
  BenchCase work{"run", name, "tiles/s", "floor", with_rivals ? "python-dataloader" : "", 1, {}};
  work.rows.push_back(floor_row(model, kForm, tiles));
  work.rows.push_back({"ours",
                       kBenchThreads,
                       [&archive] { return archive.verify(); },
                       [&archive, tiles] {
                         archive.run(false);
                         return tiles / archive.graph_seconds();
                       },
                       {{"tiles", std::int64_t{tiles}}, {"slides", std::int64_t{slides}}}});
  work.rows.push_back({"ours-process", kBenchThreads, kAsOthers, [&archive, tiles] { return tiles / archive.run(false); }, {}});
  if (with_rivals) {
    work.rows.push_back(dataloader_row(model, archive, "python-dataloader", "", tiles));
    work.rows.push_back(dataloader_row(model, archive, "python-dataloader-malloc", kKeptMalloc, tiles));
  }
  return run_case(work, options, std::cout, std::cerr);
}

double seconds_to_load(const BenchModel& model) {
  EncoderSettings settings;
  settings.name = model.folder.string();
  settings.device = model.device;
  settings.form = kForm;
  return seconds_of([&] { load_encoder(settings, {kBenchTilePx, model.batch(), kBenchThreads, nullptr}); });
}

/// What a run costs besides its tiles: loading the model is the floor.
bool run_start(const std::string& name, const BenchOptions& options) {
  const BenchModel model = bench_model("resnet50", options.device);
  const TempDir folder;
  const RunArchive archive(folder.path(), model, kForm, 1, kBenchBatch);
  BenchCase work{"run", name, "s", "model-load", "", 3, {}};
  work.rows.push_back({"model-load", 1, kAsOthers, [&model] { return seconds_to_load(model); }, {}});
  work.rows.push_back(
      {"all-done-rerun", kBenchThreads, [&archive] { return archive.verify(); }, [&archive] { return archive.run(true); }, {}});
  work.rows.push_back({"one-batch-but-encoding",
                       kBenchThreads,
                       kAsOthers,
                       [&archive] {
                         const double whole = archive.run(false);
                         return whole - archive.encode_seconds();
                       },
                       {}});
  return run_case(work, options, std::cout, std::cerr);
}

bool run(const BenchOptions& options) {
  bool right = true, any = false;
  const auto wanted = [&](const std::string& name) {
    any = any || is_wanted(options, name);
    return is_wanted(options, name);
  };
  const int biopsies = std::max(2, options.tiles.value_or(kTiles) / kBiopsyTiles);
  const bool longer = options.tiles.has_value();  // what does not fit into two minutes
  for (const std::string network : {"resnet50", "vit-s"}) {
    const std::string one = "one-slide " + network, many = "biopsies " + network;
    if (wanted(one)) right = run_archive(one, network, 1, true, options) && right;
    if ((network == "resnet50" || longer) && wanted(many)) right = run_archive(many, network, biopsies, longer, options) && right;
  }
  if (wanted("start resnet50")) right = run_start("start resnet50", options) && right;
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
