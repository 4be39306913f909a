// SPDX-License-Identifier: Apache-2.0
// SIGTERM, SIGUSR1 and SIGINT ask a run to stop; a second signal ends it at once. The handler only sets a flag.
#pragma once

namespace microtome {

/// Installs the handlers; once, on the main thread.
void watch_signals();

/// 0, or the signal that asked to stop.
int stop_signal();

/// For tests: as if `signal` had arrived (0 clears).
void pretend_signal(int signal);

}  // namespace microtome
