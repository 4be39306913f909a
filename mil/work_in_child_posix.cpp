// SPDX-License-Identifier: Apache-2.0
// A forked child with default signals, no core file and a limit on processor time, and the pipe between it and us.
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>

#include "mil/work_in_child.h"

namespace microtome {

namespace {

constexpr std::array crashes{SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
constexpr std::size_t waiting_bytes = 1 << 16;
constexpr int pipe_bytes = 1 << 20;  // what a user may ask for without rights
constexpr const char* endless = "does not come to an end";

// The pipe ended, or nothing came for too long: the child's own end says more.
struct NoMore {
  bool silent;
};

/// So much more of the processor's time for this process.
void allow_processor(unsigned seconds) {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  rlimit processor{};
  getrlimit(RLIMIT_CPU, &processor);
  const auto microseconds = used.ru_utime.tv_usec + used.ru_stime.tv_usec;
  const auto used_seconds = used.ru_utime.tv_sec + used.ru_stime.tv_sec + (microseconds + 999'999) / 1'000'000;
  // only the soft limit, as the hard one cannot be raised again
  processor.rlim_cur = std::min<rlim_t>(processor.rlim_max, static_cast<rlim_t>(used_seconds) + seconds);
  setrlimit(RLIMIT_CPU, &processor);
}

[[noreturn]] void be_the_child(const std::function<void(Outlet&)>& produce, int descriptor, unsigned cpu_seconds) {
  sigset_t unblocked;
  sigemptyset(&unblocked);
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU, SIGPIPE}) {
    std::signal(signal, SIG_DFL);
    sigaddset(&unblocked, signal);
  }
  sigprocmask(SIG_UNBLOCK, &unblocked, nullptr);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  allow_processor(cpu_seconds);
  // glibc complains on stderr before it aborts on a damaged heap
  close(STDERR_FILENO);
  try {
    Outlet outlet(descriptor);
    produce(outlet);
    outlet.flush();
  } catch (...) {
    _exit(1);
  }
  _exit(0);
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(number_); }
  int number() const { return number_; }

 private:
  int number_;
};

struct Child {
  pid_t process;
  int answers;
};

[[noreturn]] void fail_to_start() {
  throw WorkLost(std::string("the system makes no child process to read it in (") + std::strerror(errno) + ")", false);
}

// Two threads at once would each inherit the other's end of the pipe, and no end of a child would be seen.
Child start(const std::function<void(Outlet&)>& produce, unsigned cpu_seconds, int not_for_child = -1) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) fail_to_start();
  fcntl(ends[1], F_SETPIPE_SZ, pipe_bytes);
  const pid_t process = fork();
  if (process == 0) {
    // what it holds itself would never end for it
    close(ends[0]);
    if (not_for_child >= 0) close(not_for_child);
    be_the_child(produce, ends[1], cpu_seconds);
  }
  close(ends[1]);
  if (process < 0) {
    close(ends[0]);
    fail_to_start();
  }
  return {process, ends[0]};
}

int end_of(pid_t process) {
  int status = 0;
  while (waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) return 0;
  }
  return status;
}

[[noreturn]] void fail_by(int status, bool silent) {
  if (silent || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)) throw WorkLost(endless, true);
  if (WIFSIGNALED(status)) {
    for (const int signal : crashes) {
      if (WTERMSIG(status) == signal) throw WorkLost("crashes", true);
    }
    if (WTERMSIG(status) == SIGKILL) throw WorkLost("was killed, as the system does when memory runs out", false);
    throw WorkLost("was ended by signal " + std::to_string(WTERMSIG(status)), false);
  }
  // a sanitizer ends the child by an exit code of its own
  throw WorkLost("crashes", true);
}

}  // namespace

void Outlet::write_out(const char* data, std::size_t bytes) const {
  while (bytes > 0) {
    const ssize_t written = write(descriptor_, data, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) _exit(0);
    data += written;
    bytes -= static_cast<std::size_t>(written);
  }
}

void Outlet::send(const void* data, std::size_t bytes) {
  const auto* from = static_cast<const char*>(data);
  if (waiting_.size() + bytes > waiting_bytes) flush();
  if (bytes >= waiting_bytes) return write_out(from, bytes);
  waiting_.insert(waiting_.end(), from, from + bytes);
}

void Outlet::flush() {
  write_out(waiting_.data(), waiting_.size());
  waiting_.clear();
}

Inlet::Inlet(int descriptor, unsigned silent_seconds) : descriptor_(descriptor), silent_seconds_(silent_seconds), ahead_(waiting_bytes) {}

std::size_t Inlet::read_some(char* to, std::size_t most) const {
  for (;;) {
    pollfd ready{descriptor_, POLLIN, 0};
    const int events = poll(&ready, 1, silent_seconds_ == 0 ? -1 : static_cast<int>(silent_seconds_ * 1000));
    if (events < 0 && errno == EINTR) continue;
    if (events == 0) throw NoMore{true};
    const ssize_t got = read(descriptor_, to, most);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw NoMore{false};
    return static_cast<std::size_t>(got);
  }
}

void Inlet::receive(void* data, std::size_t bytes) {
  auto* to = static_cast<char*>(data);
  while (bytes > 0) {
    std::size_t got = std::min(bytes, came_ - taken_);
    if (got > 0) {
      std::memcpy(to, ahead_.data() + taken_, got);
      taken_ += got;
    } else if (bytes >= waiting_bytes) {
      got = read_some(to, bytes);
    } else {
      taken_ = came_ = 0;
      came_ = read_some(ahead_.data(), ahead_.size());
    }
    to += got;
    bytes -= got;
  }
}

void work_in_child(const std::function<void(Outlet&)>& produce, const std::function<void(Inlet&)>& consume, WorkLimits limits) {
  const Child child = start(produce, limits.cpu_seconds);
  const Descriptor answers(child.answers);
  try {
    Inlet inlet(answers.number(), limits.silent_seconds);
    consume(inlet);
  } catch (const NoMore& lost) {
    if (lost.silent) kill(child.process, SIGKILL);
    fail_by(end_of(child.process), lost.silent);
  } catch (...) {
    kill(child.process, SIGKILL);
    end_of(child.process);
    throw;
  }
  // what was asked for is here: how the child ends is of no interest
  kill(child.process, SIGKILL);
  end_of(child.process);
}

AnsweringChild::AnsweringChild(const std::function<void(Inlet& questions, Outlet& outlet)>& answer, WorkLimits limits) {
  std::array<int, 2> ends{};
  // a socket, as a write to a pipe that nobody reads would end this process
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) fail_to_start();
  questions_ = ends[0];
  const Descriptor of_child(ends[1]);
  const auto produce = [&](Outlet& outlet) {
    Inlet questions(of_child.number(), 0);
    for (;;) {
      allow_processor(limits.cpu_seconds);
      answer(questions, outlet);
      outlet.flush();
    }
  };
  try {
    const Child child = start(produce, limits.cpu_seconds, questions_);
    process_ = child.process;
    answers_ = child.answers;
  } catch (...) {
    close(questions_);
    throw;
  }
  inlet_ = std::make_unique<Inlet>(answers_, limits.silent_seconds);
}

AnsweringChild::~AnsweringChild() {
  if (process_ > 0) {
    kill(process_, SIGKILL);
    end_of(process_);
  }
  close(questions_);
  close(answers_);
}

void AnsweringChild::ask(const void* question, std::size_t bytes, const std::function<void(Inlet&)>& consume) {
  if (process_ <= 0) throw WorkLost("crashes", true);
  try {
    for (const auto* from = static_cast<const char*>(question); bytes > 0;) {
      const ssize_t sent = send(questions_, from, bytes, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) throw NoMore{false};
      from += sent;
      bytes -= static_cast<std::size_t>(sent);
    }
    consume(*inlet_);
  } catch (const NoMore& lost) {
    if (lost.silent) kill(process_, SIGKILL);
    fail_by(end_of(std::exchange(process_, -1)), lost.silent);
  } catch (...) {
    kill(process_, SIGKILL);
    end_of(std::exchange(process_, -1));
    throw;
  }
}

}  // namespace microtome
