// SPDX-License-Identifier: Apache-2.0
#include "pipeline/machine/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

#include "pipeline/exit_code.h"

namespace microtome {
namespace {

std::atomic<int> asked{0};

void on_signal(int signal) {
  if (asked.exchange(signal) != 0) _exit(static_cast<int>(signal == SIGINT ? ExitCode::user_stop : ExitCode::interrupted));
}

}  // namespace

void watch_signals() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  for (const int signal : {SIGTERM, SIGUSR1, SIGINT}) sigaction(signal, &action, nullptr);
  action.sa_handler = SIG_IGN;  // a closed pipe or a full disk is an error code, not a death
  for (const int signal : {SIGPIPE, SIGXFSZ}) sigaction(signal, &action, nullptr);
}

int stop_signal() { return asked.load(std::memory_order_relaxed); }

void pretend_signal(int signal) { asked = signal; }

}  // namespace microtome
