// SPDX-License-Identifier: Apache-2.0
// What a gene's variants weigh together in one sample: consequence times allele fraction, summed. Internal to mil/genomics/import.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "mil/genomics/import/cells.h"

namespace microtome {

/// By the impact class that Ensembl's VEP gives a consequence (GDC's column IMPACT), else by the class that VEP gives the consequence behind
/// the Variant_Classification:
///   HIGH      1    nonsense, frame shifts, splice sites, lost starts and stops: protein is lost or cut
///   MODERATE  0.5  missense, indels in frame
///   LOW       0.1  silent, splice region
///   MODIFIER  0    introns, untranslated and flanking regions, RNA
/// The order is VEP's, the numbers are ours. Sources: Ensembl, "Calculated variant consequences"; GDC docs, "MAF format".
double impact_weight(std::string_view impact, std::string_view classification);

/// t_alt_count / (t_alt_count + t_ref_count), 0..1; NaN: not known, no read.
double allele_fraction(double alternative, double reference);

/// Of one gene in one sample. The order of variants does not matter.
class VariantBurden {
 public:
  /// A variant that is there twice (two aliquots or callers) counts once, by its larger fraction. False: it was there.
  bool add(const std::string& variant, double weight);
  /// NaN when the fraction of a variant is not known.
  double sum() const;

 private:
  std::map<std::string, double> weights_;
};

/// Columns of a MAF that a burden needs.
class BurdenColumns {
 public:
  /// Throws ModelError: no t_alt_count or t_ref_count.
  explicit BurdenColumns(const CellReader& header);
  /// 0: left out whatever its fraction. NaN: its fraction is not known. Throws ModelError for what is no count of reads.
  double weight(const CellReader& reader, std::string_view classification) const;
  /// Place and alleles; of a file without them a name of its own.
  std::string variant(const CellReader& reader) const;

 private:
  double reads(const CellReader& reader, std::size_t column, std::string_view name) const;
  std::size_t alternative_, reference_, impact_;
  std::size_t place_[5];
};

}  // namespace microtome
