// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stage_clock.h"

#include <fmt/format.h>

#include <algorithm>

namespace microtome {
namespace {

std::int64_t nanoseconds(StageClock::Clock::duration d) { return std::chrono::duration_cast<std::chrono::nanoseconds>(d).count(); }

}  // namespace

const char* node_name(Node node) {
  constexpr const char* names[kNodes] = {"archive", "survey", "pack", "fetch", "read", "encode", "gather", "conclude", "publish"};
  return names[static_cast<std::size_t>(node)];
}

StageClock::Scope::Scope(StageClock& clock, Node node, Clock::time_point ready) : clock_(clock), node_(node), start_(Clock::now()) {
  const auto waited = ready == Clock::time_point() ? Clock::duration::zero() : start_ - ready;
  clock_.counters_[static_cast<std::size_t>(node)].waited_ns += nanoseconds(waited);
}

StageClock::Scope::~Scope() {
  auto& counter = clock_.counters_[static_cast<std::size_t>(node_)];
  counter.worked_ns += nanoseconds(Clock::now() - start_);
  ++counter.calls;
}

StageClock::Row StageClock::row(Node node) const {
  const auto& counter = counters_[static_cast<std::size_t>(node)];
  return {counter.calls, static_cast<double>(counter.worked_ns) * 1e-9, static_cast<double>(counter.waited_ns) * 1e-9};
}

Node StageClock::bound() const {
  Node most = Node::archive;
  for (std::size_t n = 0; n < kNodes; ++n) {
    if (row(static_cast<Node>(n)).worked_seconds > row(most).worked_seconds) most = static_cast<Node>(n);
  }
  return most;
}

std::string StageClock::table(double wall_seconds, int threads) const {
  const double capacity = std::max(wall_seconds, 1e-9) * threads;
  std::string out =
      fmt::format("{:<10} {:>8} {:>10} {:>8} {:>8} {:>14}\n", "node", "calls", "worked s", "worked", "waited", "wait/message");
  for (std::size_t n = 0; n < kNodes; ++n) {
    const Row r = row(static_cast<Node>(n));
    const double share = std::min(1.0, r.worked_seconds / capacity);
    out +=
        fmt::format("{:<10} {:>8} {:>10.2f} {:>7.1f}% {:>7.1f}% {:>11.3f} s\n", node_name(static_cast<Node>(n)), r.calls, r.worked_seconds,
                    100 * share, 100 * (1 - share), r.calls > 0 ? r.waited_seconds / static_cast<double>(r.calls) : 0.0);
  }
  const double share = std::min(1.0, row(bound()).worked_seconds / capacity);
  return out + fmt::format("bound by {}: it worked {:.0f} % of the time of {} thread{}\n", node_name(bound()), 100 * share, threads,
                           threads == 1 ? "" : "s");
}

}  // namespace microtome
