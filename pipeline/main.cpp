// SPDX-License-Identifier: Apache-2.0
// argv -> command -> exit code.
#include <string>
#include <vector>

#include "mil/encoders/encoder.h"
#include "pipeline/commands.h"
#include "pipeline/machine/interrupt.h"

int main(int argc, char** argv) {
  microtome::keep_freed_memory();  // before the first large allocation
  microtome::watch_signals();
  return static_cast<int>(microtome::run_command(std::vector<std::string>(argv + 1, argv + argc)));
}
