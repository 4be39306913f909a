// SPDX-License-Identifier: Apache-2.0
// The loss that aligns slides and tables of the same patients without labels (TANGLE: Jaume et al. 2024; InfoNCE: van den Oord et al. 2018). Internal
// to mil/: torch types.
#pragma once

#include <ATen/ATen.h>

namespace microtome {

/// Symmetric InfoNCE of B pairs: rows (B, d) of `slides` and `tables` are brought to length 1; s_ij = <slide_i, table_j> / temperature; half the
/// cross-entropy of the rows of s and half that of its columns, i belonging to i, mean over pairs. Scalar with gradient; 0 for one pair. Throws
/// ModelError for other shapes or a temperature of 0 or less. Cost B^2 d.
at::Tensor contrastive_loss(const at::Tensor& slides, const at::Tensor& tables, double temperature = 0.01);

}  // namespace microtome
