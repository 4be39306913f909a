// SPDX-License-Identifier: Apache-2.0
// Work on a file of unknown origin happens in a forked child, which hands what it found through a pipe: HDF5 1.10 ends or hangs the program
// on about one in fifty files with damaged text, and no check from outside can tell. The work is done once. POSIX only.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

namespace microtome {

/// The child's end of the pipe. Small pieces are collected; a parent that is gone ends the child.
class Outlet {
 public:
  explicit Outlet(int descriptor) : descriptor_(descriptor) {}
  void send(const void* data, std::size_t bytes);
  void flush();

 private:
  void write_out(const char* data, std::size_t bytes) const;
  int descriptor_;
  std::vector<char> waiting_;
};

/// The parent's end, and the child's where it is asked.
class Inlet {
 public:
  Inlet(int descriptor, unsigned silent_seconds);
  /// Exactly so many bytes. silent_seconds 0: waits for ever. Throws WorkLost when the child ends before or says nothing for
  /// silent_seconds.
  void receive(void* data, std::size_t bytes);

 private:
  std::size_t read_some(char* to, std::size_t most) const;
  int descriptor_;
  unsigned silent_seconds_;
  std::vector<char> ahead_;  // what came with smaller pieces and has not been asked for
  std::size_t came_ = 0;
  std::size_t taken_ = 0;
};

/// Why no whole answer came.
class WorkLost : public std::runtime_error {
 public:
  WorkLost(const std::string& said, bool damage) : std::runtime_error(said), damage_(damage) {}
  bool damage() const { return damage_; }  // false: the system or the user ended it

 private:
  bool damage_;
};

struct WorkLimits {
  unsigned cpu_seconds = 20;      // of the child's processor time
  unsigned silent_seconds = 600;  // without a byte from the child
};

/// Runs produce in a child and consume here, at the same time. produce must not throw: what goes wrong is part of what it sends. What
/// consume throws ends the child and goes on. Throws WorkLost: the child crashed, or used up a limit, before consume had what it asked for.
/// The child sees memory as it is now, has this thread only and leaves nothing behind but what it sent. Thread-safe. Costs a fork, one or
/// two milliseconds, and a copy through the pipe, about a second for 2 GB.
void work_in_child(const std::function<void(Outlet&)>& produce, const std::function<void(Inlet&)>& consume, WorkLimits limits = {});

/// A child that answers one question after the other, so that a fork and what its first answer opened serve for all. Of use to one thread
/// at a time. Ends with the object, or with this process.
class AnsweringChild {
 public:
  /// answer is called in the child for each question, and must not throw but for what questions.receive() throws. limits hold for one
  /// answer.
  AnsweringChild(const std::function<void(Inlet& questions, Outlet& outlet)>& answer, WorkLimits limits);
  AnsweringChild(const AnsweringChild&) = delete;
  AnsweringChild& operator=(const AnsweringChild&) = delete;
  ~AnsweringChild();
  /// Sends the question and has consume receive the whole answer. Throws as work_in_child does; of no use after that.
  void ask(const void* question, std::size_t bytes, const std::function<void(Inlet&)>& consume);

 private:
  int process_ = -1;
  int questions_ = -1;
  int answers_ = -1;
  std::unique_ptr<Inlet> inlet_;
};

}  // namespace microtome
