// SPDX-License-Identifier: Apache-2.0
// What the oracles in Python talk to: reads tables and prints them as JSON, writes bags and tables whose contents the oracles know,
// joins slides to a table. Prints one JSON document; an error is its "error" member.
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "mil/bag_file.h"
#include "mil/genomics/join.h"
#include "mil/genomics/table.h"
#include "mil/model_error.h"
#include "mil/prediction_file.h"

namespace microtome {
namespace {

using nlohmann::json;

/// NaN as null
json numbers_document(const std::map<std::string, std::vector<double>>& columns) {
  json document = json::object();
  for (const auto& [name, numbers] : columns) {
    for (const double number : numbers) document[name].push_back(std::isnan(number) ? json() : json(number));
  }
  return document;
}

/// "file.h5mu#modality#layer"
GenomicTable read_named(const std::string& name) {
  const std::size_t first = name.find('#');
  if (first == std::string::npos) return read_genomic_table(name);
  const std::size_t second = name.find('#', first + 1);
  return read_genomic_table(name.substr(0, first), {name.substr(first + 1, second - first - 1), name.substr(second + 1)});
}

json table_document(const std::string& path) {
  try {
    const GenomicTable table = read_named(path);
    json values = json::array();
    // float32 values are exact in a double; JSON has no NaN
    for (const float value : table.values) values.push_back(std::isnan(value) ? json() : json(static_cast<double>(value)));
    return {{"row_ids", table.row_ids},
            {"genes", table.genes},
            {"values", values},
            {"row_columns", table.row_columns},
            {"units", table.units},
            {"sha256", table.sha256},
            {"encoding", table.encoding},
            {"row_numbers", numbers_document(table.row_numbers)},
            {"gene_columns", table.gene_columns},
            {"notes", table.notes},
            {"modality", table.modality},
            {"modalities", list_genomic_modalities(path.substr(0, path.find('#')))}};
  } catch (const ModelError& error) {
    return {{"error", error.what()}};
  }
}

json read_tables(const std::vector<std::string>& paths) {
  json documents = json::array();
  for (const std::string& path : paths) documents.push_back(table_document(path));
  return documents;
}

json read_rows(const std::string& path, const std::vector<std::string>& rows) {
  std::vector<std::size_t> positions;
  for (const std::string& row : rows) positions.push_back(std::stoul(row));
  json values = json::array();
  for (const float value : read_genomic_rows(path, read_genomic_index(path), positions)) values.push_back(static_cast<double>(value));
  return values;
}

// Slides by name, as a folder without a manifest gives them.
json join_slides(const std::string& path, const std::vector<std::string>& slides) {
  const GenomicTable table = read_genomic_table(path);
  const GenomicJoin join(table);
  json matches = json::array();
  for (const std::string& slide : slides) {
    const auto match = join.find({slide, "", ""});
    matches.push_back(match ? json{{"row_id", table.row_ids[match->row]},
                                   {"by", match->matched_by},
                                   {"first_value", static_cast<double>(table.values[match->row * table.genes.size()])}}
                            : json());
  }
  return {{"matches", matches}, {"rows", table.row_ids.size()}, {"genes", table.genes.size()}};
}

// Value (i, j) of every written table is i * 10 + j / 4, with holes: h5ad_oracle.py repeats the rule.
GenomicTable written_table() {
  GenomicTable table;
  table.row_ids = {"p1", "p2", "p\u00e4tient 3"};
  table.genes = {"TP53", "KRAS", "a/b (c)", "EGFR"};
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 4; ++j) table.values.push_back((i + j) % 3 == 0 ? 0.0F : static_cast<float>(i * 10) + static_cast<float>(j) / 4);
  }
  table.values[5] = std::nanf("");
  table.row_columns["patient_id"] = {"a", "", "c"};
  table.row_columns["site"] = {"05", "05", "2F"};
  table.row_numbers["survival_months"] = {1.5, std::nan(""), 12};
  table.gene_columns["symbol"] = {"TP53", "KRAS", "", "EGFR"};
  table.notes = {{"genome_build", "GRCh38"}, {"source_sha256", "00ff"}};
  table.reference_mean = {0, 1, 2, 3};
  table.reference_sd = {1, 1, 0.5, 1};
  table.modality = "rnaseq";
  table.units = "log2_tpm";
  return table;
}

Bag written_bag(std::int64_t tiles) {
  Bag bag;
  bag.slide_id = "slide_\u00e4";
  bag.feature_dim = 5;
  for (std::int64_t i = 0; i < tiles * 5; ++i) bag.features.push_back(static_cast<float>(i) * 0.1F - 7.0F);
  for (std::int64_t i = 0; i < tiles; ++i) {
    bag.coords.insert(bag.coords.end(), {i * 517, i * 3});
    bag.tissue_fraction.push_back(static_cast<float>(i) / 512);
    bag.focus.push_back(static_cast<float>(i) * 2);
  }
  if (tiles > 0) bag.unreadable = {8, 9};
  return bag;
}

json write_files(const std::filesystem::path& folder) {
  const BagFacts facts{"recipe0", "identity0", "resnet18", "sha0", true, 256, 16, 1, 517.25, 0.2475, 0.5, 40000, 30000, Level0Rect{64, 32, 39904.5, 29904.25}};
  for (const std::int64_t tiles : {0, 300}) {
    const std::string count = std::to_string(tiles);
    write_bag_file(folder / ("f16_" + count + ".h5"), written_bag(tiles), facts, FeatureType::float16);
    write_bag_file(folder / ("f32_" + count + ".h5"), written_bag(tiles), facts, FeatureType::float32);
  }
  Prediction prediction;
  prediction.task = "label";
  prediction.classes = {"normal", "t\u00fcmour"};
  prediction.attention.assign(300, 1.0F / 300);
  prediction.contribution.assign(600, 0.25F);
  write_prediction_file(folder / "prediction.h5", written_bag(300), prediction);
  write_genomic_table(folder / "dense.h5ad", written_table(), MatrixEncoding::dense);
  write_genomic_table(folder / "csr.h5ad", written_table(), MatrixEncoding::csr);
  GenomicTable empty;
  empty.genes = {"TP53"};
  write_genomic_table(folder / "empty.h5ad", empty, MatrixEncoding::dense);
  return json::object();
}

}  // namespace
}  // namespace microtome

int main(int argc, char** argv) {
  const std::string what = argc > 2 ? argv[1] : "";
  const std::vector<std::string> arguments(argv + (argc > 2 ? 2 : argc), argv + argc);
  nlohmann::json document;
  if (what == "read") document = microtome::read_tables(arguments);
  if (what == "rows") document = microtome::read_rows(arguments.front(), {arguments.begin() + 1, arguments.end()});
  if (what == "write") document = microtome::write_files(arguments.front());
  if (what == "join") document = microtome::join_slides(arguments.front(), {arguments.begin() + 1, arguments.end()});
  std::puts(document.dump().c_str());
  return document.is_null() ? 2 : 0;
}
