// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/encode_rows.h"

#include <fmt/format.h>

#include <memory>

#include "tests/bench/python_rival.h"
#include "tests/mil/bare_network.h"

namespace microtome {

BenchRow floor_row(const BenchModel& model, const std::string& form, int tiles) {
  if (!model.on_cpu()) return torch_row(model, "floor", "", form, tiles);
  const auto bare = std::make_shared<BareNetwork>(model.folder, form, kBenchThreads);
  return {"floor", kBenchThreads, [bare] { return bare->verify(); }, [bare, tiles] { return bare->run(tiles); }, {}};
}

BenchRow torch_row(const BenchModel& model, const std::string& name, const std::string& environment, const std::string& mode, int tiles) {
  const std::string command =
      fmt::format("{}OMP_NUM_THREADS={} {} {} {} {} {} {} {} {} {} {} {}", environment, kBenchThreads, shell_word(bench_python()),
                  shell_word(ENCODE_WITH_TORCH), shell_word(WORKFLOWS), model.timm, model.pool, shell_word(model.folder.string()),
                  shell_word(model.weights), model.batch(), kBenchThreads, mode, model.device);
  const auto rival = std::make_shared<PythonRival>(command);
  return {name,
          kBenchThreads,
          [rival] {
            const std::string cosine = rival->ask("verify");
            return std::stod(cosine) >= 0.9999 ? "" : "cosine " + cosine + " to the golden outputs";
          },
          [rival, tiles] { return tiles / std::stod(rival->ask(std::to_string(tiles))); },
          {}};
}

}  // namespace microtome
