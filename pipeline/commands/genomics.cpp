// SPDX-License-Identifier: Apache-2.0
// microtome genomics import | inspect: tables of other tools in, .h5ad out; and what a table holds.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "mil/genomics/import/import.h"
#include "mil/genomics/units.h"
#include "pipeline/commands.h"
#include "pipeline/nearest_word.h"
#include "pipeline/outputs/publication.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

std::size_t missing_values(const GenomicTable& table) {
  return static_cast<std::size_t>(std::count_if(table.values.begin(), table.values.end(), [](float v) { return std::isnan(v); }));
}

void require_one_of(const std::string& option, const std::string& value, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), value) != known.end()) return;
  const std::string nearest = nearest_word(value, known);
  throw ConfigError(fmt::format("--{}: wanted {}, got '{}'{}", option, fmt::join(known, ", "), value,
                                nearest.empty() ? "" : fmt::format(": did you mean {}?", nearest)));
}

ImportRequest checked_request(const Config& config) {
  ImportRequest request = config.import.request;
  request.inputs.assign(config.import.input.begin(), config.import.input.end());
  request.choice = {config.genomics.modality, config.genomics.layer};
  request.aliases = config.genomics.aliases;
  require_one_of("import.from", request.from, import_kinds());
  require_one_of("import.orientation", request.orientation, {"auto", "genes-in-rows", "samples-in-rows"});
  require_one_of("import.duplicate_genes", request.duplicate_genes, {"refuse", "first", "sum", "mean"});
  require_one_of("import.value", request.value, {"binary", "burden"});
  if (!request.units.empty()) require_one_of("import.units", request.units, known_units());
  if (request.inputs.empty()) throw ConfigError("--import.input: wanted a file to import, got none");
  if (config.import.output.extension() != ".h5ad")
    throw ConfigError(fmt::format("--import.output: wanted a name that ends in .h5ad, got '{}'", config.import.output.string()));
  return request;
}

/// luad.h5ad for one table, luad.rnaseq.h5ad and so on for several.
std::string file_name(const fs::path& output, const GenomicTable& table, bool several) {
  return several ? fmt::format("{}.{}.h5ad", output.stem().string(), table.modality) : output.filename().string();
}

void print_summary(const std::string& name, const ImportedTable& imported) {
  const GenomicTable& table = imported.table;
  const auto& patients = table.row_columns.at("patient_id");
  const std::size_t different = std::set<std::string>(patients.begin(), patients.end()).size();
  fmt::print(stderr, "{}: {}{}{} rows of {} patients, {} features, {}, {} values missing\n", name, table.modality,
             table.modality.empty() ? "" : ": ", table.row_ids.size(), different, table.genes.size(), table.units, missing_values(table));
  for (const auto& remark : imported.remarks) fmt::print(stderr, "  {}\n", remark);
  const auto event = table.row_numbers.find("event");
  if (event != table.row_numbers.end()) {
    fmt::print(stderr, "  {} events; {}\n", std::count(event->second.begin(), event->second.end(), 1.0), table.notes.at("event"));
  }
  for (const auto& problem : table_problems(table)) fmt::print(stderr, "  look at this: {}\n", problem);
}

ExitCode import_tables(const Config& config) {
  const ImportRequest request = checked_request(config);
  const std::vector<ImportedTable> tables = import_genomics(request);
  const fs::path& output = config.import.output;
  Publication publication(output.has_parent_path() ? output.parent_path() : fs::path("."));
  std::vector<std::string> names;
  for (const ImportedTable& imported : tables) {
    names.push_back(file_name(output, imported.table, tables.size() > 1));
    write_genomic_table(publication.beside(names.back()), imported.table, MatrixEncoding::smaller);
  }
  publication.publish();
  for (std::size_t i = 0; i < tables.size(); ++i) print_summary(names[i], tables[i]);
  return ExitCode::done;
}

/// What `inspect` says of a file, over all tables that it holds.
struct Inspection {
  std::set<std::string> rows;
  std::vector<std::string> first_rows;
  std::size_t genes = 0;
  std::size_t missing = 0;
  std::vector<std::string> modalities;
  std::vector<std::string> units;
  std::vector<std::string> problems;
};

void add_table(Inspection& all, const GenomicTable& table) {
  for (const auto& id : table.row_ids) {
    if (all.rows.insert(id).second && all.first_rows.size() < 5) all.first_rows.push_back(id);
  }
  all.genes += table.genes.size();
  all.missing += missing_values(table);
  if (!table.modality.empty()) all.modalities.push_back(table.modality);
  if (std::find(all.units.begin(), all.units.end(), table.units) == all.units.end()) all.units.push_back(table.units);
  for (const auto& problem : table_problems(table)) {
    all.problems.push_back(table.modality.empty() ? problem : table.modality + ": " + problem);
  }
}

Inspection inspect_file(const fs::path& path, const TableChoice& choice) {
  Inspection all;
  const auto modalities = choice.modality.empty() ? list_genomic_modalities(path) : std::vector<std::string>{choice.modality};
  for (const auto& modality : modalities) add_table(all, read_genomic_table(path, {modality, choice.layer}));
  return all;
}

std::string inspection_json(const Inspection& all) {
  nlohmann::ordered_json out;
  out["n_obs"] = all.rows.size();
  out["n_var"] = all.genes;
  out["obs_names"] = all.first_rows;
  out["modalities"] = all.modalities;
  out["units"] = fmt::format("{}", fmt::join(all.units, "; "));
  out["missing"] = all.missing;
  out["problems"] = all.problems;
  return out.dump() + "\n";
}

std::string inspection_text(const Inspection& all) {
  const std::string units = fmt::format("{}", fmt::join(all.units, "; "));
  std::string out =
      fmt::format("rows: {}\nfeatures: {}\nfirst rows: {}\nmodalities: {}\nunits: {}\nmissing values: {}\n", all.rows.size(), all.genes,
                  fmt::join(all.first_rows, ", "), fmt::join(all.modalities, ", "), units.empty() ? "not stated" : units, all.missing);
  for (const auto& problem : all.problems) out += fmt::format("problem: {}\n", problem);
  return out;
}

}  // namespace

ExitCode command_genomics(const ParsedOptions& options, const std::vector<std::string>& words) {
  const std::string what = words.empty() ? "" : words.front();
  if (what == "import" && words.size() == 1) return import_tables(options.config);
  if (what != "inspect" || words.size() != 2)
    throw ConfigError("genomics: wanted 'import' and options, or 'inspect FILE': see microtome genomics --help");
  const GenomicsSettings& settings = options.config.genomics;
  const Inspection all = inspect_file(words[1], {settings.modality, settings.layer});
  fmt::print("{}", options.json ? inspection_json(all) : inspection_text(all));
  return ExitCode::done;
}

}  // namespace microtome
