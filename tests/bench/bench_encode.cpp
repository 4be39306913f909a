// SPDX-License-Identifier: Apache-2.0
// How fast tiles that are decoded already become features: ours beside the bare network and beside Python's torch. See README.md.
// Usage: bench_encode [--verify-only] [--case TEXT] [--runs N] [--tiles N]. JSON lines on stdout; exit code 1 where features differ.
#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <thread>

#include "mil/encoders/encoder.h"
#include "tests/mil/bare_network.h"
#include "tests/bench/encoder_models.h"
#include "tests/bench/frame.h"
#include "tests/bench/python_rival.h"

namespace microtome {
namespace {

constexpr int kThreads = 2;

/// Our encoder on batches of bytes, a lane a thread.
class OurEncoder {
 public:
  OurEncoder(const BenchModel& model, const std::string& form) {
    EncoderSettings settings;
    settings.name = model.folder.string();
    settings.device = "cpu";
    settings.form = form;
    golden_ = *golden_tiles(settings);
    encoder_ = load_encoder(settings, {kBenchTilePx, kBenchBatch, kThreads, nullptr});
    const std::size_t tile = golden_.rgb.size() / static_cast<std::size_t>(golden_.tiles);
    for (int i = 0; i < kBenchBatch; ++i) {
      const auto from = golden_.rgb.begin() + static_cast<std::ptrdiff_t>(tile * static_cast<std::size_t>(i % golden_.tiles));
      batch_.insert(batch_.end(), from, from + static_cast<std::ptrdiff_t>(tile));
    }
  }

  double run(int tiles) const {
    const int batches = (tiles + kBenchBatch - 1) / kBenchBatch;
    std::atomic<int> next{0};
    const double seconds = seconds_of([&] {
      std::vector<std::jthread> lanes;
      for (int lane = 0; lane < kThreads; ++lane) {
        lanes.emplace_back([&] {
          while (next++ < batches) encode();
        });
      }
    });
    return batches * kBenchBatch / seconds;
  }

  std::string verify() const {
    const std::vector<float> rows = encode();
    for (std::size_t i = 0; i < golden_.rows.size(); ++i) {
      if (!(std::abs(rows[i] - golden_.rows[i]) <= 1e-3 * (1 + std::abs(golden_.rows[i]))))
        return fmt::format("number {} is {}, the golden one {}", i, rows[i], golden_.rows[i]);
    }
    return "";
  }

 private:
  std::vector<float> encode() const {
    std::vector<float> rows(static_cast<std::size_t>(kBenchBatch * encoder_->facts().feature_dim));
    encoder_->encode(batch_, kBenchBatch, kBenchTilePx, rows);
    return rows;
  }

  GoldenTiles golden_;
  std::shared_ptr<const Encoder> encoder_;
  std::vector<std::uint8_t> batch_;
};

BenchRow python_row(const BenchModel& model, const std::string& name, const std::string& environment, const std::string& mode, int tiles) {
  const std::string command =
      fmt::format("{}OMP_NUM_THREADS={} {} {} {} {} {} {} {} {} {}", environment, kThreads, shell_word(bench_python()), shell_word(ENCODE_WITH_TORCH),
                  shell_word(WORKFLOWS), model.timm, model.pool, shell_word(model.folder.string()), kBenchBatch, kThreads, mode);
  const auto rival = std::make_shared<PythonRival>(command);
  return {name, kThreads,
          [rival] {
            const std::string cosine = rival->ask("verify");
            return std::stod(cosine) >= 0.9999 ? "" : "cosine " + cosine + " to the golden outputs";
          },
          [rival, tiles] { return tiles / std::stod(rival->ask(std::to_string(tiles))); },
          {}};
}

bool run_form(const BenchModel& model, const std::string& form, const BenchOptions& options) {
  const int tiles = options.tiles.value_or(2 * kThreads * kBenchBatch);
  const auto bare = std::make_shared<BareNetwork>(model.folder, form, kThreads);
  const auto ours = std::make_shared<OurEncoder>(model, form);
  BenchCase work{"encode", model.name + "-" + form, "tiles/s", "floor", "torch-eager-malloc", 3, {}};
  work.rows.push_back({"floor", kThreads, [bare] { return bare->verify(); }, [bare, tiles] { return bare->run(tiles); }, {}});
  work.rows.push_back({"ours", kThreads, [ours] { return ours->verify(); }, [ours, tiles] { return ours->run(tiles); }, {}});
  work.rows.push_back(python_row(model, "torch-eager", "", "eager", tiles));
  work.rows.push_back(python_row(model, "torch-eager-malloc", kKeptMalloc, "eager", tiles));
  // its compilation takes a minute: only where there is time for longer rounds
  if (form == "pt2" && options.tiles) work.rows.push_back(python_row(model, "torch-compile-malloc", kKeptMalloc, "compile", tiles));
  return run_case(work, options, std::cout, std::cerr);
}

bool run(const BenchOptions& options) {
  bool right = true, any = false;
  for (const char* name : {"resnet50", "vit-s"}) {
    for (const char* form : {"torchscript", "pt2"}) {
      if (!is_wanted(options, std::string(name) + "-" + form)) continue;
      any = true;
      right = run_form(bench_model(name), form, options) && right;
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
