// SPDX-License-Identifier: Apache-2.0
// microtome plan: the dry run. Opens slides, encodes nothing.
#include <fmt/format.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "pipeline/commands.h"
#include "pipeline/machine/threads.h"
#include "pipeline/outputs/join_document.h"
#include "pipeline/outputs/publication.h"
#include "pipeline/progress.h"
#include "pipeline/run_estimate.h"
#include "pipeline/run_setup.h"
#include "pipeline/stages.h"
#include "reporting/image_file.h"

namespace microtome {
namespace {

/// Surveys every slide that a run would do; keeps what the estimate needs and lets go of the rest.
void survey_all(const RunParts& parts, const std::vector<Ref<SlideJob>>& jobs) {
  std::atomic<std::size_t> next{0};
  std::vector<std::jthread> pool;
  for (int t = 0; t < parts.threads; ++t) {
    pool.emplace_back([&] {
      for (std::size_t i = next++; i < jobs.size(); i = next++) {
        survey_slide(parts, *jobs[i]);
        jobs[i]->slide.reset();
        jobs[i]->rows = {};
        jobs[i]->overview.rgb = {};
      }
    });
  }
}

nlohmann::ordered_json plan_json(const RunParts& parts, const WorkList& work, const MemoryTerms& memory, double rate) {
  nlohmann::ordered_json slides = nlohmann::ordered_json::array();
  std::size_t tiles = 0;
  std::int64_t bytes = 0;
  for (const auto& job : work.jobs) {
    const bool failed = job->outcome.failed;
    slides.push_back({{"slide_id", job->row.keys.slide_id},
                      {"tiles", job->plan.tiles.size()},
                      {"tiles_pending", job->pending},
                      {"bytes", job->document.slide.bytes},
                      {"mpp", job->document.slide.mpp},
                      {"tissue_mm2", job->document.tissue.area_mm2},
                      {"problem", failed ? job->outcome.reasons.front().text : ""}});
    tiles += job->pending;
    bytes += job->document.slide.bytes;
  }
  return {{"slides", slides},
          {"slides_done_before", work.done_before},
          {"tiles", tiles},
          {"bytes", bytes},
          {"peak_bytes", memory.total()},
          {"memory",
           {{"program", memory.program},
            {"heap", memory.heap},
            {"pixels", memory.pixels},
            {"bags", memory.bags},
            {"overviews", memory.overviews},
            {"readers", memory.readers},
            {"pictures", memory.pictures}}},
          {"tiles_per_second", rate},
          {"seconds", rate > 0 ? static_cast<double>(tiles) / rate : 0.0},
          {"threads", parts.threads}};
}

double mib(const nlohmann::ordered_json& bytes) { return bytes.get<double>() / (1 << 20); }

void print_text(const RunParts& parts, const nlohmann::ordered_json& plan) {
  fmt::print("{:<40} {:>9} {:>10} {:>9} {:>9}\n", "slide", "tiles", "tissue mm2", "mpp", "MiB");
  for (const auto& slide : plan["slides"]) {
    const std::string problem = slide["problem"];
    fmt::print("{:<40} {:>9} {:>10.2f} {:>9.4f} {:>9.1f}{}\n", slide["slide_id"].get<std::string>(), slide["tiles"].get<std::size_t>(),
               slide["tissue_mm2"].get<double>(), slide["mpp"].get<double>(), mib(slide["bytes"]),
               problem.empty() ? "" : "  will fail: " + problem);
  }
  const auto& memory = plan["memory"];
  fmt::print("\n{} slides to do, {} done before; {} tiles to encode; {:.1f} MiB of slides\n", plan["slides"].size(),
             plan["slides_done_before"].get<std::size_t>(), plan["tiles"].get<std::size_t>(), mib(plan["bytes"]));
  fmt::print("pixels in flight: window {} x batch {} x {}^2 x 3 = {:.1f} MiB\n", parts.window, parts.config.engine.batch,
             parts.config.tiling.tile_px, static_cast<double>(pixel_bytes(parts.config, parts.window)) / (1 << 20));
  fmt::print(
      "peak memory: about {:.0f} MiB (program and network {:.0f}, its scattered heap {:.0f}, pixels {:.0f}, bags {:.0f}, overviews {:.0f}, readers {:.0f}, pictures "
      "{:.0f})\n",
      mib(plan["peak_bytes"]), mib(memory["program"]), mib(memory["heap"]), mib(memory["pixels"]), mib(memory["bags"]), mib(memory["overviews"]),
      mib(memory["readers"]), mib(memory["pictures"]));
  fmt::print("time: about {} at {:.1f} tiles/s on {} thread{} (measured on blank tiles)\n", spoken_duration(plan["seconds"].get<double>()),
             plan["tiles_per_second"].get<double>(), parts.threads, parts.threads == 1 ? "" : "s");
}

}  // namespace

ExitCode command_plan(const ParsedOptions& options, const std::vector<std::string>&) {
  Config config = options.config;
  if (!config.run.bags.empty()) throw ConfigError("--bags: wanted slides to plan for, got features that are there: microtome run scores them");
  if (config.encoder.name.empty())
    throw ConfigError(fmt::format("wanted an encoder: give --encoder DIR or one of {}", builtin_encoder_names()));
  // with an archive, --manifest is the file to write
  const std::filesystem::path to_write = config.run.archive.empty() ? std::filesystem::path() : config.run.manifest;
  if (!to_write.empty()) config.run.manifest.clear();
  const auto all_rows = read_archive(config.run.archive, config.run.manifest);
  const auto rows = task_share(all_rows, config.run.task_index, config.run.task_count);
  start_image_library("microtome", 1);
  const RunParts parts = prepare_run(config, rows, all_rows);
  fmt::print(stderr, "{}", join_summary(joined_tables(parts.modalities.get())));
  const double rate = measure_encoder(parts);
  const ProgramMemory program{resources_used().peak_rss, free_heap_bytes()};
  const WorkList work = plan_work(parts, rows);
  survey_all(parts, work.jobs);
  const MemoryTerms memory = estimate_memory(parts, work.jobs, program);
  const auto plan = plan_json(parts, work, memory, rate);
  if (options.json) {
    fmt::print("{}\n", plan.dump(2));
  } else {
    print_text(parts, plan);
  }
  if (!to_write.empty()) publish_file(to_write, manifest_csv(all_rows));
  return ExitCode::done;
}

}  // namespace microtome
