// SPDX-License-Identifier: Apache-2.0
// What a genomic table must satisfy in either direction. Throws H5Fault.
#pragma once

#include "mil/genomics/table.h"

namespace microtome {

/// No row id and no gene name twice. Row ids are not repeated in the message: they may be patients.
void require_unique(const GenomicTable& table);

}  // namespace microtome
