// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/score_cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <memory>
#include <thread>

#include "mil/bag_file.h"
#include "pipeline/bag_scoring.h"
#include "pipeline/machine/threads.h"
#include "tests/bench/python_rival.h"
#include "tests/mil/mil_ours.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

constexpr int kDistinct = 16;  // files; the others are links to them
constexpr int kRuns = 3;
constexpr std::int64_t kDim = 1024;
constexpr double kAllowed = 1e-4;

Bag made_up(int tiles, int number) {
  Bag bag;
  bag.slide_id = fmt::format("slide{}", number);
  bag.feature_dim = kDim;
  for (int i = 0; i < tiles; ++i) bag.coords.insert(bag.coords.end(), {i % 300 * 256, i / 300 * 256});
  bag.features.resize(static_cast<std::size_t>(tiles * kDim));
  auto state = static_cast<std::uint32_t>(number + 1);
  for (float& value : bag.features) {
    state = state * 1664525 + 1013904223;
    value = static_cast<float>(state >> 8) / 8388608.0F - 1.0F;
  }
  return bag;
}

/// A folder of bags as `run` leaves them, and some of them in memory.
class Bags {
 public:
  Bags(const fs::path& folder, int tiles, int bags) {
    BagFacts facts;
    facts.tile_px = 256;
    facts.mpp = facts.target_mpp = 0.5;
    facts.side_level0 = 256;
    for (int i = 0; i < bags; ++i) {
      const fs::path path = folder / "bags" / fmt::format("{:06}", i) / "features.h5";
      fs::create_directories(path.parent_path());
      if (i < kDistinct) {
        in_memory_.push_back(made_up(tiles, i));
        write_bag_file(path, in_memory_.back(), facts, FeatureType::float32);
      } else {
        fs::create_hard_link(on_disk_[static_cast<std::size_t>(i % kDistinct)].path, path);
      }
      on_disk_.push_back({{fmt::format("slide{}", i), "", ""}, path, tiles, kDim});
    }
  }
  const std::vector<BagToScore>& on_disk() const { return on_disk_; }
  const Bag& in_memory(std::size_t i) const { return in_memory_[i % in_memory_.size()]; }
  std::size_t distinct() const { return in_memory_.size(); }
  double tiles() const { return static_cast<double>(on_disk_.size()) * static_cast<double>(on_disk_.front().tiles); }

 private:
  std::vector<BagToScore> on_disk_;
  std::vector<Bag> in_memory_;
};

struct Work {
  TempDir folder;
  std::shared_ptr<const SlideModel> model;
  std::unique_ptr<Bags> bags;
  int threads = allowed_threads();

  Work(const std::string& aggregator, int tiles, int count) {
    const OurMil weights(aggregator, 1, folder.path());
    model = load_slide_model(folder.path());
    bags = std::make_unique<Bags>(folder.path(), tiles, count);
  }
  std::vector<double> expected(std::size_t i) const { return model->predict(bags->in_memory(i), {}).probabilities; }
  std::vector<std::vector<double>> scored() const {
    return score_bags(*model, nullptr, bags->on_disk(), {threads, 0}, *make_progress("none")).probabilities;
  }
  /// The model alone: every thread takes the next bag, which is in memory.
  void forward() const {
    std::atomic<std::size_t> next{0};
    std::vector<std::jthread> all;
    for (int t = 0; t < threads; ++t)
      all.emplace_back([&] {
        for (std::size_t i = next++; i < bags->on_disk().size(); i = next++) model->predict(bags->in_memory(i), {});
      });
  }
  void read() const {
    for (const BagToScore& bag : bags->on_disk()) read_bag_file(bag.path);
  }
};

/// Bit for bit: the bags are the same.
std::string verify_ours(const Work& work) {
  std::vector<std::vector<double>> expected;
  for (std::size_t i = 0; i < work.bags->distinct(); ++i) expected.push_back(work.expected(i));
  const auto scores = work.scored();
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (scores[i] != expected[i % expected.size()]) return fmt::format("bag {} has other probabilities than from memory", i);
  return "";
}

BenchRow python_row(const std::shared_ptr<const Work>& work, const std::string& aggregator, const std::string& name, const std::string& environment) {
  const auto rival = std::make_shared<PythonRival>(fmt::format("{}OMP_NUM_THREADS={} {} {} {} {} {}", environment, work->threads, MICROTOME_PYTHON,
                                                               SCORE_WITH_H5PY, aggregator, work->folder.path().string(), work->threads));
  const auto verify = [work, rival] {
    std::vector<double> ours;
    for (std::size_t i = 0; i < work->bags->distinct(); ++i)
      for (const double probability : work->expected(i)) ours.push_back(probability);
    return differences(ours, rival->ask("verify"), kAllowed);
  };
  return {name, work->threads, verify, [work, rival] { return work->bags->tiles() / std::stod(rival->ask("score")); }, {}};
}

bool run_one(const std::string& aggregator, int tiles, int count, const BenchOptions& options) {
  BenchCase bench{"mil", fmt::format("score {} {}x{}", aggregator, count, tiles), "tiles/s", "forward", "h5py", kRuns, {}};
  if (!is_wanted(options, bench.name)) return true;
  const auto work = std::make_shared<const Work>(aggregator, tiles, count);
  const auto right = [] { return std::string(); };
  const auto rate = [work](auto body) { return [work, body] { return work->bags->tiles() / seconds_of([&] { body(*work); }); }; };
  bench.rows.push_back({"forward", work->threads, right, rate([](const Work& w) { w.forward(); }), {}});
  bench.rows.push_back({"read", 1, right, rate([](const Work& w) { w.read(); }), {}});
  bench.rows.push_back({"ours", work->threads, [work] { return verify_ours(*work); }, rate([](const Work& w) { w.scored(); }), {}});
  bench.rows.push_back(python_row(work, aggregator, "h5py", ""));
  if (options.bags) bench.rows.push_back(python_row(work, aggregator, "h5py-malloc", kKeptMalloc));
  return run_case(std::move(bench), options, std::cout, std::cerr);
}

}  // namespace

bool run_score_cases(const BenchOptions& options) {
  bool right = true;
  for (const char* aggregator : {"abmil-gated", "clam-sb"})
    right = run_one(aggregator, options.tiles.value_or(2000), options.bags.value_or(32), options) && right;
  return right;
}

}  // namespace microtome
