// SPDX-License-Identifier: Apache-2.0
// MAF: a row a variant, and no row for a sample without one, so the list of sequenced samples decides between 0 and unknown. Source: GDC
// docs, "MAF format"; formats.md 1.5.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <unordered_map>

#include "mil/genomics/import/finish.h"
#include "mil/genomics/import/importers.h"
#include "mil/genomics/import/variant_burden.h"
#include "mil/genomics/join.h"
#include "mil/model_error.h"

namespace microtome {

namespace {

constexpr std::array<std::string_view, 9> changing{"Missense_Mutation", "Nonsense_Mutation",      "Frame_Shift_Del",
                                                   "Frame_Shift_Ins",   "In_Frame_Del",           "In_Frame_Ins",
                                                   "Splice_Site",       "Translation_Start_Site", "Nonstop_Mutation"};
constexpr std::array<std::string_view, 3> not_somatic{"None", "LOH", "Wildtype"};

template <class Names>
bool among(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string build_named(std::string_view text) {
  if (text == "37" || text == "hg19" || text == "GRCh37") return "GRCh37";
  if (text == "38" || text == "hg38" || text == "GRCh38") return "GRCh38";
  return std::string(text);
}

struct Build {
  std::string name;
  std::string where;
};

void check_build(const CellReader& reader, std::size_t column, Build& build) {
  if (column == no_column || reader.cell(column).empty()) return;
  const std::string found = build_named(reader.cell(column));
  const std::string where = reader.path() + ": line " + std::to_string(reader.line());
  if (build.name.empty()) build = {found, where};
  if (found == build.name) return;
  throw ModelError(where + ": wanted one genome build: it is " + found + ", but " + build.name + " in " + build.where +
                   ": import each build by itself");
}

/// Rows of the sequenced samples: by their id, or by TCGA's 15 characters where one sample alone has them.
class Samples {
 public:
  explicit Samples(const std::vector<std::string>& ids) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      rows_.emplace(ids[i], i);
      if (const auto sample = tcga_sample(ids[i])) rows_.emplace(*sample, i);
    }
  }
  std::size_t row_of(const CellReader& reader, std::size_t column) const {
    const std::string id(reader.cell(column));
    auto found = rows_.find(id);
    if (found == rows_.end()) found = rows_.find(tcga_sample(id).value_or(""));
    if (found != rows_.end()) return found->second;
    reader.refuse("Tumor_Sample_Barcode", "a mutated sample is not in the list of sequenced samples",
                  "give the list that belongs to this MAF");
  }

 private:
  std::unordered_map<std::string, std::size_t> rows_;
};

struct Hits {
  std::map<std::string, std::map<std::size_t, VariantBurden>> rows;  // gene -> mutated rows
  std::size_t variants = 0;
  std::size_t left_out = 0;  // without weight, or no somatic mutations
  std::size_t doubled = 0;
  std::size_t uncounted = 0;  // their allele fraction is not known
  Build build;
};

/// What a variant weighs: 0 or 1 where mutations are told, else its part of a burden.
class Weigher {
 public:
  Weigher(const CellReader& header, const ImportRequest& request) : splice_region_(request.splice_region) {
    if (request.value == "burden") burden_.emplace(header);
  }
  double weight(const CellReader& reader, std::string_view kind) const {
    if (burden_) return burden_->weight(reader, kind);
    return among(changing, kind) || (splice_region_ && kind == "Splice_Region") ? 1 : 0;
  }
  /// A sample that has a mutation has it once.
  std::string variant(const CellReader& reader) const { return burden_ ? burden_->variant(reader) : ""; }

 private:
  bool splice_region_;
  std::optional<BurdenColumns> burden_;
};

void read_variants(const std::filesystem::path& path, const Samples& samples, const ImportRequest& request, Hits& hits) {
  const TextFile file = TextFile::read(path);
  CellReader reader(file.text(), path.string(), '#');
  if (!reader.next()) throw ModelError(path.string() + ": wanted a header with Hugo_Symbol: the file is empty: check the path");
  const std::size_t gene = require_column(reader, "Hugo_Symbol");
  const std::size_t kind = require_column(reader, "Variant_Classification");
  const std::size_t sample = require_column(reader, "Tumor_Sample_Barcode");
  const std::size_t build = find_column(reader, "NCBI_Build");
  const std::size_t status = find_column(reader, "Mutation_Status");
  const Weigher weigher(reader, request);
  while (reader.next()) {
    check_build(reader, build, hits.build);
    ++hits.variants;
    const std::string symbol(reader.cell(gene));
    const bool somatic = status == no_column || !among(not_somatic, reader.cell(status));
    const double weight = somatic && !symbol.empty() && symbol != "Unknown" ? weigher.weight(reader, reader.cell(kind)) : 0;
    if (weight == 0) {
      ++hits.left_out;
      continue;
    }
    hits.uncounted += std::isnan(weight) ? 1 : 0;
    hits.doubled += hits.rows[symbol][samples.row_of(reader, sample)].add(weigher.variant(reader), weight) ? 0 : 1;
  }
}

}  // namespace

std::vector<std::string> read_sample_list(const std::filesystem::path& path) {
  const TextFile file = TextFile::read(path);
  std::string_view text = file.text();
  std::vector<std::string> ids;
  // cBioPortal: key: value lines, of which one holds the ids
  const std::size_t listed = text.find("case_list_ids:");
  if (listed != std::string_view::npos) {
    text = text.substr(listed + 14);
    text = text.substr(0, text.find('\n'));
  }
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\t\r\n, "), text.size());
    if (end > 0) ids.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (ids.empty()) throw ModelError(path.string() + ": wanted the ids of the sequenced samples: there are none: give one a line");
  return ids;
}

ImportedTable read_maf(const std::vector<std::filesystem::path>& files, const std::vector<std::string>& sequenced,
                       const ImportRequest& request) {
  const Samples samples(sequenced);
  Hits hits;
  const bool burden = request.value == "burden";
  for (const std::filesystem::path& file : files) read_variants(file, samples, request, hits);
  ImportedTable imported;
  GenomicTable& table = imported.table;
  table.row_ids = sequenced;
  table.modality = "mut";
  table.units = burden ? "burden" : "binary";
  if (!hits.build.name.empty()) table.notes["genome_build"] = hits.build.name;
  table.values.assign(sequenced.size() * hits.rows.size(), 0.0F);
  for (const auto& [gene, rows] : hits.rows) {
    for (const auto& [row, variants] : rows) table.values[row * hits.rows.size() + table.genes.size()] = static_cast<float>(variants.sum());
    table.genes.push_back(gene);
  }
  table.notes["mutations"] = burden ? "sum of impact (HIGH 1, MODERATE 0.5, LOW 0.1, MODIFIER 0) x allele fraction; 0: sequenced, none found"
                                    : "1: a variant that changes the protein" + std::string(request.splice_region ? ", or in a splice region" : "") +
                                          "; 0: sequenced, none found";
  imported.remarks.push_back(std::to_string(hits.variants) + " variants, " + std::to_string(hits.left_out) +
                             (burden ? " of them without weight, not somatic or without a gene" : " of them silent, not somatic or without a gene"));
  if (burden && hits.doubled > 0) imported.remarks.push_back(counted(hits.doubled, "variant") + " of a sample there again: each counts once, by its largest fraction");
  if (hits.uncounted > 0)
    imported.remarks.push_back(counted(hits.uncounted, "variant") + " without read counts: the burden of their genes is missing in these samples");
  return imported;
}

std::vector<ImportedTable> import_maf(const ImportRequest& request) {
  if (request.inputs.empty()) throw ModelError("import maf: wanted --input: there is none: name a MAF");
  if (request.sequenced.empty()) {
    throw ModelError(request.inputs.front().string() +
                     ": wanted the list of sequenced samples: a MAF has no row for a sample without mutations, so 0 "
                     "and unknown cannot be told apart: give --import.sequenced");
  }
  ImportedTable imported = read_maf(request.inputs, read_sample_list(request.sequenced), request);
  finish_import(imported, request, request.inputs.front());
  return {std::move(imported)};
}

}  // namespace microtome
