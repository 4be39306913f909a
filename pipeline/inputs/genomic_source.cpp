// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/genomic_source.h"

#include <fmt/format.h>

#include <limits>

#include "mil/model_error.h"

namespace microtome {

GenomicSource::GenomicSource(const std::filesystem::path& path, const std::vector<std::string>& genes, const std::string& units,
                             double max_missing_genes, const std::vector<SlideKeys>& slides) try
    : table_(std::make_unique<GenomicTable>(read_genomic_table(path))),
      join_(std::make_unique<GenomicJoin>(*table_)),
      genes_(genes.empty() ? table_->genes : genes),
      columns_(match_genes(*table_, genes_, max_missing_genes)),
      audit_(join_->audit(slides)) {
  if (!units.empty() && !table_->units.empty() && units != table_->units) {
    throw ModelError(fmt::format("wanted values in '{}' as in training: the table says '{}': convert the table", units, table_->units));
  }
  audit_.genes_required = genes_.size();
  for (std::size_t g = 0; g < genes_.size(); ++g) {
    if (columns_[g] >= 0) {
      ++audit_.genes_found;
    } else if (audit_.genes_missing.size() < 20) {
      audit_.genes_missing.push_back(genes_[g]);
    }
  }
} catch (const ModelError& e) {
  const std::string text = e.what();
  throw ModelError(text.rfind(path.string(), 0) == 0 ? text : fmt::format("{}: {}", path.string(), text));
}

GenomicInput GenomicSource::input(const SlideKeys& keys, ModalityUse* use) const {
  GenomicInput out;
  if (use) *use = ModalityUse{"genomics", false, "", ""};
  const auto match = join_->find(keys);
  if (!match) return out;
  out.present = true;
  out.values.reserve(columns_.size());
  const float* row = table_->values.data() + match->row * table_->genes.size();
  for (const auto column : columns_) out.values.push_back(column < 0 ? std::numeric_limits<float>::quiet_NaN() : row[column]);
  if (use) *use = ModalityUse{"genomics", true, match->matched_by, table_->row_ids[match->row]};
  return out;
}

}  // namespace microtome
