// SPDX-License-Identifier: Apache-2.0
// How long each node of the graph worked and how long its messages waited for it. Waiting is timed like working.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace microtome {

enum class Node { archive, survey, pack, fetch, read, encode, gather, conclude, publish };
inline constexpr std::size_t kNodes = 9;
const char* node_name(Node node);

/// Thread-safe; adding costs two atomic additions.
class StageClock {
 public:
  using Clock = std::chrono::steady_clock;

  /// Times its own life as work of `node`; `ready` is when the message left the node before.
  class Scope {
   public:
    Scope(StageClock& clock, Node node, Clock::time_point ready);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    StageClock& clock_;
    Node node_;
    Clock::time_point start_;
  };

  struct Row {
    std::int64_t calls = 0;
    double worked_seconds = 0;  // summed over threads
    double waited_seconds = 0;  // summed over messages: ready, but the node was busy or no thread was free
  };
  Row row(Node node) const;

  /// The closing table: calls, work, share of all threads' time that the node worked, mean wait of a message; names the node that bounds
  /// the run.
  std::string table(double wall_seconds, int threads) const;
  Node bound() const;  // the node that worked longest

 private:
  struct Counter {
    std::atomic<std::int64_t> calls{0}, worked_ns{0}, waited_ns{0};
  };
  std::array<Counter, kNodes> counters_;
};

}  // namespace microtome
