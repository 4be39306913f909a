// SPDX-License-Identifier: Apache-2.0
// How fast tiles that are decoded already become features: ours beside the bare network and beside Python's torch. See README.md.
// Usage: bench_encode [--verify-only] [--case TEXT] [--rows A,B] [--runs N] [--tiles N] [--device NAME]. JSON lines on stdout; exit code 1 where
// features differ.
#include <iostream>
#include <memory>
#include <stdexcept>
#include <utility>

#include "mil/encoders/encoder.h"
#include "tests/bench/encode_ours.h"
#include "tests/bench/encode_rows.h"
#include "tests/bench/encoder_models.h"
#include "tests/bench/frame.h"
#include "tests/bench/python_rival.h"

namespace microtome {
namespace {

constexpr int kRuns = 3;
constexpr const char* kBuiltin = "builtin-resnet50";

/// Of a round: one batch a caller where nothing is said.
int tiles_of(const BenchModel& model, const BenchOptions& options) { return options.tiles.value_or(kBenchThreads * model.batch()); }

EncoderSettings settings_of(const BenchModel& model, const std::string& form) {
  EncoderSettings settings;
  settings.name = model.folder.string();
  settings.device = model.device;
  settings.form = form;
  return settings;
}

BenchRow our_row(const BenchModel& model, const std::string& name, const EncoderSettings& settings, int tiles) {
  GoldenTiles golden = golden_tiles(settings_of(model, "auto")).value();
  const auto ours = std::make_shared<OurEncoder>(settings, std::move(golden), model.batch());
  return {name, kBenchThreads, [ours] { return ours->verify(); }, [ours, tiles] { return ours->run(tiles); }, {}};
}

bool run_form(const std::string& name, const std::string& form, const BenchOptions& options) {
  const BenchModel model = bench_model(name, options.device);
  const int tiles = tiles_of(model, options);
  BenchCase work{"encode", name + "-" + form, "tiles/s", "floor", model.on_cpu() ? "torch-eager-malloc" : "torch-eager", kRuns, {}};
  work.rows.push_back(floor_row(model, form, tiles));
  work.rows.push_back(our_row(model, "ours", settings_of(model, form), tiles));
  // the forms of a network share these rivals: in a short run once is enough
  if (!model.on_cpu() || form == "pt2" || options.tiles) work.rows.push_back(torch_row(model, "torch-eager", "", "eager", tiles));
  if (model.on_cpu()) work.rows.push_back(torch_row(model, "torch-eager-malloc", kKeptMalloc, "eager", tiles));
  // its compilation takes a minute: only where there is time for longer rounds
  if (form == "pt2" && options.tiles)
    work.rows.push_back(
        torch_row(model, model.on_cpu() ? "torch-compile-malloc" : "torch-compile", model.on_cpu() ? kKeptMalloc : "", "compile", tiles));
  return run_case(work, options, std::cout, std::cerr);
}

/// The network that we have built in: with weights made up from a seed, and with the same ones from a file. Its reference is Python's.
bool run_builtin(const BenchOptions& options) {
  const BenchModel model = builtin_model(options.device);
  const int tiles = tiles_of(model, options);
  EncoderSettings made_up;
  made_up.name = "resnet50";
  made_up.random_weights = true;
  made_up.device = model.device;
  BenchCase work{"encode", kBuiltin, "tiles/s", model.on_cpu() ? "floor" : "", model.on_cpu() ? "torch-eager-malloc" : "torch-eager", kRuns, {}};
  // Python has no such form to be the floor of a device
  if (model.on_cpu()) work.rows.push_back(floor_row(model, "safetensors", tiles));
  work.rows.push_back(our_row(model, "ours", made_up, tiles));
  work.rows.push_back(our_row(model, "ours-safetensors", settings_of(model, "safetensors"), tiles));
  work.rows.push_back(torch_row(model, work.rival, model.on_cpu() ? kKeptMalloc : "", "eager", tiles));
  return run_case(work, options, std::cout, std::cerr);
}

bool run(const BenchOptions& options) {
  bool right = true, any = false;
  const auto wanted = [&](const std::string& name) {
    any = any || is_wanted(options, name);
    return is_wanted(options, name);
  };
  if (wanted(kBuiltin)) right = run_builtin(options) && right;
  for (const std::string name : {"resnet50", "vit-s"}) {
    for (const std::string form : {"torchscript", "pt2"}) {
      if (wanted(name + "-" + form)) right = run_form(name, form, options) && right;
    }
  }
  if (!any) throw std::invalid_argument("--case: no case has '" + options.only + "' in its name");
  return right;
}

}  // namespace
}  // namespace microtome

int main(int argc, char** argv) try {
  microtome::keep_freed_memory();  // as the program does
  return microtome::run(microtome::parse_bench_options(argc, argv)) ? 0 : 1;
} catch (const std::invalid_argument& error) {
  std::cerr << "bench_encode: " << error.what() << '\n';
  return 2;
} catch (const std::exception& error) {
  std::cerr << "bench_encode: " << error.what() << '\n';
  return 1;
}
