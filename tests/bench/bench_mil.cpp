// SPDX-License-Identifier: Apache-2.0
// How fast bags become logits, in memory and from disk, and how fast a step of training is: ours beside the same modules in Python's torch. See
// README.md. Usage: bench_mil [--verify-only] [--case TEXT] [--rows A,B] [--runs N] [--tiles N] [--bags N]. JSON lines on stdout; exit code 1 where logits differ.
#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <stdexcept>

#include "mil/encoders/encoder.h"
#include "tests/bench/frame.h"
#include "tests/mil/mil_ours.h"
#include "tests/bench/python_rival.h"
#include "tests/bench/score_cases.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

constexpr int kRuns = 3;
constexpr const char* kHuge = "100k";
constexpr double kAllowed = 1e-4;  // of logits of order 1

BenchRow python_row(const OurMil& ours, const std::string& name, const std::string& environment, const std::string& what) {
  const std::string command = fmt::format("{}OMP_NUM_THREADS=1 {} {} {} {} {}", environment, MICROTOME_PYTHON, MIL_WITH_TORCH, ours.aggregator(),
                                          ours.folder().string(), ours.tiles());
  const auto rival = std::make_shared<PythonRival>(command);
  const std::vector<double> logits = ours.logits();
  const int tiles = ours.tiles();
  return {name,
          1,
          [rival, logits] { return differences(logits, rival->ask("verify"), kAllowed); },
          [rival, what, tiles] { return tiles / std::stod(rival->ask(what)); },
          {}};
}

/// The matrix product that embeds the tiles, which every one of them begins with; training needs it twice more, for its gradients.
bool run_one(const std::string& aggregator, int tiles, bool training, const BenchOptions& options) {
  const std::string what = training ? "train" : "forward", name = fmt::format("{} {} {}", what, aggregator, tiles == 100000 ? kHuge : std::to_string(tiles));
  if (!is_wanted(options, name)) return true;
  const TempDir folder;
  const auto ours = std::make_shared<OurMil>(aggregator, tiles, folder.path());
  BenchCase work{"mil", name, "tiles/s", "embedding", "torch", kRuns, {}};
  work.rows.push_back({"embedding", 1, [] { return std::string(); }, [ours, tiles, training] { return tiles / ours->embed(training ? 3 : 1); }, {}});
  work.rows.push_back({"ours",
                       1,
                       [ours] { return ours->verify(); },
                       [ours, tiles, training] { return tiles / (training ? ours->train() : ours->forward()); },
                       {}});
  if (!training) work.rows.push_back({"ours-shares", 1, [] { return std::string(); }, [ours, tiles] { return tiles / ours->predict(); }, {}});
  work.rows.push_back(python_row(*ours, "torch", "", what));
  work.rows.push_back(python_row(*ours, "torch-malloc", kKeptMalloc, what));
  return run_case(std::move(work), options, std::cout, std::cerr);
}

/// 100,000 tiles take minutes and gigabytes: only where the options name them. So does TransMIL with 10,000, whose size by default is the smaller one.
std::vector<int> sizes_of(const std::string& aggregator, const BenchOptions& options) {
  if (options.only.find(kHuge) != std::string::npos) return {100000};
  if (options.tiles) return {*options.tiles};
  return aggregator == "transmil" ? std::vector<int>{1000} : std::vector<int>{1000, 10000};
}

bool run(const BenchOptions& options) {
  bool right = true;
  for (const char* aggregator : {"abmil-gated", "clam-sb", "transmil"})
    for (const int tiles : sizes_of(aggregator, options))
      for (const bool training : {false, true}) right = run_one(aggregator, tiles, training, options) && right;
  return run_score_cases(options) && right;
}

}  // namespace
}  // namespace microtome

int main(int argc, char** argv) try {
  microtome::keep_freed_memory();  // as the program does
  return microtome::run(microtome::parse_bench_options(argc, argv)) ? 0 : 1;
} catch (const std::invalid_argument& error) {
  std::cerr << "bench_mil: " << error.what() << '\n';
  return 2;
} catch (const std::exception& error) {
  std::cerr << "bench_mil: " << error.what() << '\n';
  return 1;
}
