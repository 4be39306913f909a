// SPDX-License-Identifier: Apache-2.0
// evaluate's second task: predictions that are risks.
#pragma once

#include "pipeline/config.h"

namespace microtome {

/// Reads, judges and publishes; says on stderr what came out. Throws what the tables throw, and ConfigError for options of the other task.
void evaluate_survival(const EvaluateSettings& settings);

}  // namespace microtome
