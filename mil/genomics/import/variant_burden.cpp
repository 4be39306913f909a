// SPDX-License-Identifier: Apache-2.0
#include "mil/genomics/import/variant_burden.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "mil/genomics/import/importers.h"
#include "mil/model_error.h"

namespace microtome {

namespace {

constexpr double high = 1;
constexpr double moderate = 0.5;
constexpr double low = 0.1;
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

struct Weighted {
  std::string_view name;
  double weight;
};

constexpr std::array<Weighted, 4> impacts{{{"HIGH", high}, {"MODERATE", moderate}, {"LOW", low}, {"MODIFIER", 0}}};
constexpr std::array<Weighted, 11> classifications{{{"Nonsense_Mutation", high},
                                                    {"Frame_Shift_Del", high},
                                                    {"Frame_Shift_Ins", high},
                                                    {"Splice_Site", high},
                                                    {"Translation_Start_Site", high},
                                                    {"Nonstop_Mutation", high},
                                                    {"Missense_Mutation", moderate},
                                                    {"In_Frame_Del", moderate},
                                                    {"In_Frame_Ins", moderate},
                                                    {"Silent", low},
                                                    {"Splice_Region", low}}};
constexpr std::array<std::string_view, 5> places{"Chromosome", "Start_Position", "End_Position", "Reference_Allele", "Tumor_Seq_Allele2"};

template <class Names>
const Weighted* find(const Names& names, std::string_view name) {
  const auto found = std::find_if(names.begin(), names.end(), [&](const Weighted& one) { return one.name == name; });
  return found == names.end() ? nullptr : &*found;
}

std::size_t read_count_column(const CellReader& header, std::string_view name) {
  const std::size_t column = find_column(header, name);
  if (column != no_column) return column;
  throw ModelError(header.path() + ": wanted the columns t_alt_count and t_ref_count for allele fractions: there is no " + std::string(name) +
                   ": import with --import.value binary, or ask for a MAF with read counts");
}

}  // namespace

double impact_weight(std::string_view impact, std::string_view classification) {
  if (const Weighted* found = find(impacts, impact)) return found->weight;
  const Weighted* found = find(classifications, classification);
  return found == nullptr ? 0 : found->weight;
}

double allele_fraction(double alternative, double reference) {
  const double reads = alternative + reference;
  return reads > 0 ? alternative / reads : unknown;
}

bool VariantBurden::add(const std::string& variant, double weight) {
  const auto [found, fresh] = weights_.emplace(variant, weight);
  if (!fresh) found->second = std::fmax(found->second, weight);
  return fresh;
}

double VariantBurden::sum() const {
  std::vector<double> weights;
  for (const auto& [variant, weight] : weights_) weights.push_back(weight);
  if (std::any_of(weights.begin(), weights.end(), [](double weight) { return std::isnan(weight); })) return unknown;
  std::sort(weights.begin(), weights.end());
  double sum = 0;
  for (const double weight : weights) sum += weight;
  return sum;
}

BurdenColumns::BurdenColumns(const CellReader& header)
    : alternative_(read_count_column(header, "t_alt_count")),
      reference_(read_count_column(header, "t_ref_count")),
      impact_(find_column(header, "IMPACT")) {
  for (std::size_t i = 0; i < places.size(); ++i) place_[i] = find_column(header, places[i]);
}

double BurdenColumns::weight(const CellReader& reader, std::string_view classification) const {
  const double impact = impact_weight(impact_ == no_column ? "" : reader.cell(impact_), classification);
  if (impact == 0) return 0;
  return impact * allele_fraction(reads(reader, alternative_, "t_alt_count"), reads(reader, reference_, "t_ref_count"));
}

std::string BurdenColumns::variant(const CellReader& reader) const {
  std::string name;
  for (const std::size_t column : place_) {
    if (column == no_column) return reader.path() + ":" + std::to_string(reader.line());
    name += std::string(reader.cell(column)) + "\t";
  }
  return name;
}

double BurdenColumns::reads(const CellReader& reader, std::size_t column, std::string_view name) const {
  double count = 0;
  if (!parse_cell(reader.cell(column), count) || count < 0)
    reader.refuse(name, "wanted a count of reads, got '" + std::string(reader.cell(column)) + "'", "write NA where it is not known");
  return count;
}

}  // namespace microtome
