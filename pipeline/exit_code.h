// SPDX-License-Identifier: Apache-2.0
// The whole contract with a scheduler in one enum.
#pragma once

namespace microtome {

enum class ExitCode : int {
  done = 0,           // all done
  internal = 1,       // our own mistake: do not retry, report it
  usage = 2,          // usage or configuration
  slides_failed = 3,  // finished, some slides failed; the failures are recorded
  unusable = 4,       // model or output unusable: every task would fail the same way
  interrupted = 75,   // interrupted or transient (EX_TEMPFAIL): run again
  user_stop = 130,    // interrupted by the user (SIGINT)
};

inline constexpr const char* kExitCodesHelp =
    "Exit codes: 0 all done; 1 internal; 2 usage or configuration; 3 finished, some slides failed;\n"
    "            4 model or output unusable; 75 interrupted or transient, run again; 130 interrupted by the user.\n";

}  // namespace microtome
