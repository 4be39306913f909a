// SPDX-License-Identifier: Apache-2.0
#include "pipeline/outputs/run_files.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "mil/sha256.h"
#include "pipeline/options.h"
#include "pipeline/outputs/join_document.h"
#include "pipeline/outputs/publication.h"
#include "pipeline/outputs/slide_documents.h"
#include "pipeline/resume.h"
#include "pipeline/version.h"
#include "reporting/report_html.h"

namespace microtome {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string> first(const std::vector<std::string>& names, std::size_t most) {
  return {names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), most))};
}

Json audit_json(const JoinAudit& audit) {
  Json by = Json::object();
  for (const auto& [way, count] : audit.matched_by) by[way] = count;
  return {{"table_sha256", audit.table_sha256},
          {"slides", audit.slides},
          {"matched", audit.matched},
          {"matched_by", by},
          {"slides_without_row", audit.slides_without_row_count},
          {"slides_without_row_first", audit.slides_without_row},
          {"rows_without_slide", audit.rows_without_slide_count},
          {"genes_required", audit.genes_required},
          {"genes_found", audit.genes_found},
          {"genes_missing_first", first(audit.genes_missing, 20)}};
}

Json encoder_json(const EncoderFacts& e) {
  return {{"name", e.name},
          {"format", e.format},
          {"sha256", e.sha256},
          {"random_weights", e.random_weights},
          {"feature_dim", e.feature_dim},
          {"device", e.device},
          {"precision", e.precision},
          {"classes", e.classes},
          {"preprocessing", e.preprocessing},
          {"note", e.note}};
}

/// What devices did, and whether one ran out of memory: of all encoders.
void add_devices(const RunParts& parts, Json& runtime) {
  Json devices = Json::array(), limits = Json::object();
  for (const auto& encoder : parts.encoders) {
    const EncoderRecord record = encoder->record();
    for (const auto& device : record.devices)
      devices.push_back({{"encoder", encoder->facts().name}, {"name", device.name}, {"batches", device.batches}, {"busy_seconds", device.busy_seconds}});
    if (record.batch_limit != 0) limits[encoder->facts().name] = record.batch_limit;
  }
  runtime["devices"] = devices;
  runtime["batch_limits"] = limits;  // tiles per pass after a device ran out of memory
}

Json nodes_json(const StageClock& clock) {
  Json nodes = Json::array();
  for (std::size_t n = 0; n < kNodes; ++n) {
    const auto row = clock.row(static_cast<Node>(n));
    nodes.push_back({{"node", node_name(static_cast<Node>(n))},
                     {"calls", row.calls},
                     {"worked_seconds", row.worked_seconds},
                     {"waited_seconds", row.waited_seconds}});
  }
  return nodes;
}

std::string run_json(const RunParts& parts, const RunSummary& summary, const StageClock& clock) {
  Json run = {{"schema_version", 1}, {"created", timestamp_now()}, {"recipe", sha256_of_text(parts.bag_recipe + parts.model_recipe)}, {"stopped", summary.stopped}};
  run["slides"] = {{"ok", summary.counts.ok},
                   {"partial", summary.counts.partial},
                   {"failed", summary.counts.failed},
                   {"done_before", summary.done_before}};
  run["slides"]["scored_from_features"] = summary.counts.rescored;
  run["tiles"] = summary.counts.tiles;
  run["encoders"] = Json::array();
  for (const auto& encoder : parts.encoders) run["encoders"].push_back(encoder_json(encoder->facts()));
  if (parts.model) run["model"] = {{"name", parts.model->name()}, {"sha256", parts.model->sha256()}};
  if (parts.modalities)
    for (const auto& table : parts.modalities->tables())
      if (table.source) run["tables"][table.name] = audit_json(table.source->audit());
  const bool reads_slides = parts.config.run.bags.empty();
  run["settings"] = result_settings(parts.config, reads_slides ? std::set<std::string>{"run", "tiling", "tissue"} : std::set<std::string>{"run"});
  Json software = Json::object();
  for (const auto& [name, version] : parts.software) software[name] = version;
  run["software"] = software;
  const Resources used = resources_used();
  run["runtime"] = {{"threads", parts.threads},        {"wall_seconds", used.wall_seconds},    {"cpu_seconds", used.cpu_seconds},
                    {"peak_rss_bytes", used.peak_rss}, {"bound_by", node_name(clock.bound())}, {"nodes", nodes_json(clock)}};
  run["runtime"]["graph_seconds"] = summary.graph_seconds;
  run["runtime"]["batch"] = parts.config.engine.batch;
  add_devices(parts, run["runtime"]);
  return run.dump(2) + "\n";
}

IndexPage index_page(const RunParts& parts, const std::vector<ManifestRow>& rows) {
  IndexPage page;
  page.created = timestamp_now();
  for (const auto& encoder : parts.encoders) {
    page.encoder += (page.encoder.empty() ? "" : ", ") + encoder->facts().name;
    page.random_weights = page.random_weights || encoder->facts().random_weights;
  }
  if (parts.encoders.empty()) {  // an earlier run's: the model's card says which
    page.encoder = parts.model->card().encoder;
    page.random_weights = parts.model->card().encoder_random_weights;
  }
  page.model = parts.model ? parts.model->name() : "";
  for (const auto& row : rows) {
    auto marker = read_marker(parts.slide_folder(row.keys.slide_id));
    if (!marker) continue;
    page.slides.push_back(std::move(*marker));
    page.folders.push_back("slides/" + row.keys.slide_id);
  }
  return page;
}

}  // namespace

void write_run_files(const RunParts& parts, const std::vector<ManifestRow>& rows, const RunSummary& summary, const StageClock& clock) {
  const IndexPage page = index_page(parts, rows);
  std::string lines;
  for (const auto& slide : page.slides) lines += slides_jsonl_line(slide) + "\n";
  Publication publication(parts.config.run.output);
  publication.write("run.json", run_json(parts, summary, clock));
  publication.write("slides.jsonl", lines);
  publication.write("index.html", index_html(page));
  const auto joined = joined_tables(parts.modalities.get());
  if (!joined.empty()) publication.write("join.json", join_json(joined));
  publication.publish(stale_join(joined));
}

}  // namespace microtome
