// SPDX-License-Identifier: Apache-2.0
// microtome run: the main job.
#include <fmt/format.h>
#include <signal.h>

#include <set>

#include "pipeline/commands.h"
#include "pipeline/finished_bags.h"
#include "pipeline/machine/interrupt.h"
#include "pipeline/machine/threads.h"
#include "pipeline/outputs/join_document.h"
#include "pipeline/outputs/publication.h"
#include "pipeline/outputs/run_files.h"
#include "pipeline/progress.h"
#include "pipeline/run_setup.h"
#include "pipeline/slide_graph.h"
#include "reporting/image_file.h"

namespace microtome {
namespace {

std::function<Ref<SlideJob>()> in_order(WorkList& work) {
  return [&work, next = std::size_t{0}]() mutable -> Ref<SlideJob> {
    if (next == work.jobs.size()) return nullptr;
    return std::move(work.jobs[next++]);  // the graph alone keeps it from here on
  };
}

ExitCode exit_code(const RunSummary& summary) {
  if (summary.stopped) return stop_signal() == SIGINT ? ExitCode::user_stop : ExitCode::interrupted;
  return summary.counts.failed > 0 ? ExitCode::slides_failed : ExitCode::done;
}

void print_closing(const RunParts& parts, const RunSummary& summary, const StageClock& clock) {
  const double graph_seconds = summary.graph_seconds;
  const Resources used = resources_used();
  const RunCounts& c = summary.counts;
  if (summary.stopped) fmt::print(stderr, "stopped by a signal: finished tiles are kept; run the same command again to go on\n");
  if (c.ok + c.partial + c.failed > 0) fmt::print(stderr, "{}", clock.table(graph_seconds, parts.threads));
  if (c.ok + c.partial + c.failed == 0 && !summary.stopped) fmt::print(stderr, "everything is done already\n");
  fmt::print(stderr, "slides: {} done, {} skipped (done before), {} failed; tiles: {}, {:.1f} tiles/s\n", c.ok + c.partial,
             summary.done_before, c.failed, c.tiles, graph_seconds > 0 ? static_cast<double>(c.tiles) / graph_seconds : 0.0);
  if (c.rescored > 0) fmt::print(stderr, "{} of them from features that were there\n", c.rescored);
  fmt::print(stderr, "wall {:.1f} s, cpu {:.1f} s, peak memory {:.0f} MiB\n", used.wall_seconds, used.cpu_seconds,
             static_cast<double>(used.peak_rss) / (1 << 20));
}

/// Of an archive, or of an earlier run whose features are scored.
std::vector<ManifestRow> slides_of(const Config& config) {
  const RunSettings& run = config.run;
  if (run.bags.empty()) {
    if (config.encoder.name.empty())
      throw ConfigError(fmt::format("wanted an encoder: give --encoder DIR or one of {}", builtin_encoder_names()));
    return read_archive(run.archive, run.manifest);
  }
  if (!run.archive.empty() || !run.manifest.empty())
    throw ConfigError("--bags: wanted either slides or an earlier run's features, got both: leave --archive and --manifest out");
  if (!config.encoder.name.empty()) throw ConfigError("--bags: the features are there: leave --encoder out, or give --archive to encode slides");
  if (run.model.empty()) throw ConfigError("--bags: wanted a model to score the features with: give --model DIR");
  return read_finished_slides(run.bags);
}

/// Features that are there were made with settings of their own.
std::set<std::string> sections_without_say(const Config& config) {
  return config.run.bags.empty() ? std::set<std::string>{} : std::set<std::string>{"tiling", "tissue", "encoder"};
}

}  // namespace

ExitCode command_run(const ParsedOptions& options, const std::vector<std::string>&) {
  const Config& config = options.config;
  if (config.run.output.empty()) throw ConfigError("wanted a place for the results: give --output DIR");
  const auto archive = slides_of(config);
  const auto rows = task_share(archive, config.run.task_index, config.run.task_count);
  start_image_library("microtome", 1);
  const RunParts parts = prepare_run(config, rows, archive);
  fmt::print(stderr, "{}", join_summary(joined_tables(parts.modalities.get())));
  require_writable(config.run.output);
  remove_leftovers(config.run.output);
  publish_file(config.run.output / "effective.ini", effective_ini(parts.config, sections_without_say(config)));
  for (const auto& encoder : parts.encoders) {
    if (!encoder->facts().note.empty()) fmt::print(stderr, "encoder {}: {}\n", encoder->facts().name, encoder->facts().note);
  }

  WorkList work = plan_work(parts, rows);
  const auto progress = tell_both(make_progress(config.engine.progress), make_event_log((config.run.output / "events.jsonl").string()));
  progress->run_started(work.jobs.size(), work.done_before);
  StageClock clock;
  RunSummary summary;
  summary.done_before = work.done_before;
  const auto start = Clock::now();
  summary.counts = run_slide_graph(parts, in_order(work), *progress, clock);
  summary.graph_seconds = std::chrono::duration<double>(Clock::now() - start).count();
  summary.stopped = stop_signal() != 0;
  progress->run_finished();
  // the tasks of an array share the folder: their run-level files are made from all of it, once, afterwards
  if (config.run.task_count == 1) write_run_files(parts, rows, summary, clock);
  print_closing(parts, summary, clock);
  return exit_code(summary);
}

}  // namespace microtome
