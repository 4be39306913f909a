// SPDX-License-Identifier: Apache-2.0
// evaluate's task of labels that are each true or not: EGFR mutated, KRAS mutated.
#pragma once

#include "pipeline/config.h"

namespace microtome {

/// Whether prob_ columns are of labels that are each true or not, and not of classes of which one is: as --evaluate.task says. With auto by
/// the header rows: the labels have columns label_<name> and no column label, or there is one prob_ column alone, which cannot be of
/// classes. Throws InputError (tables that cannot be read), ConfigError: both may be meant.
bool predicts_labels(const EvaluateSettings& settings);

/// Reads, judges and publishes; says on stderr what came out. Throws what the tables throw, and ConfigError for options of other tasks.
void evaluate_multilabel(const EvaluateSettings& settings);

/// Throws ConfigError for options of other tasks: before bags are scored, or predictions read.
void require_multilabel_options(const EvaluateSettings& settings);

}  // namespace microtome
