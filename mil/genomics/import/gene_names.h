// SPDX-License-Identifier: Apache-2.0
// Names of genes that a spreadsheet took for dates. Source: Ziemann, Eren and El-Osta 2016, "Gene name errors are widespread in the
// scientific literature"; formats.md 1.6. Internal to mil/genomics/import.
#pragma once

#include <optional>
#include <string>

namespace microtome {

struct DateName {
  std::string symbol;  // what was typed, where only one gene makes this date: SEPT2 for 2-Sep; else ""
};

/// 2-Sep, Sep-02, 2-SEP, 2023-09-02, 02/09/2023 is not (day or month first?). nullopt for names that are no dates. 1-Mar and 2-Mar may be
/// MARC1 or MARCH1 and have no symbol.
std::optional<DateName> date_name(const std::string& name);

}  // namespace microtome
