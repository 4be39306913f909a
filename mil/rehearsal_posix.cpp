// SPDX-License-Identifier: Apache-2.0
// A forked child with default signals, no core file and a limit on processor time.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "mil/rehearsal.h"

namespace microtome {

namespace {

constexpr std::array crashes{SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU};

[[noreturn]] void rehearse(const std::function<void()>& work, unsigned cpu_seconds) {
  sigset_t unblocked;
  sigemptyset(&unblocked);
  for (const int signal : crashes) {
    std::signal(signal, SIG_DFL);
    sigaddset(&unblocked, signal);
  }
  sigprocmask(SIG_UNBLOCK, &unblocked, nullptr);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const rlimit processor{cpu_seconds, cpu_seconds + 1};
  setrlimit(RLIMIT_CPU, &processor);
  // glibc complains on stderr before it aborts on a damaged heap
  close(STDERR_FILENO);
  try {
    work();
  } catch (...) {
    _exit(0);
  }
  _exit(0);
}

}  // namespace

bool survives_rehearsal(const std::function<void()>& work, unsigned cpu_seconds) {
  const pid_t child = fork();
  if (child == 0) rehearse(work, cpu_seconds);
  if (child < 0) return true;
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return true;
  }
  // a sanitizer ends the child by an exit code of its own
  if (WIFEXITED(status)) return WEXITSTATUS(status) == 0;
  for (const int signal : crashes) {
    if (WTERMSIG(status) == signal) return false;
  }
  return true;
}

}  // namespace microtome
