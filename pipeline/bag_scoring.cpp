// SPDX-License-Identifier: Apache-2.0
#include "pipeline/bag_scoring.h"

#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "mil/bag_file.h"
#include "mil/model_error.h"
#include "pipeline/machine/interrupt.h"

namespace microtome {
namespace {

constexpr std::size_t kAhead = 2;  // bags read before a thread asks for them

/// A bag as it came from the disk, or why it did not.
struct ReadBag {
  std::size_t index = 0;
  Bag bag;
  std::exception_ptr failure;
};

/// Read bags in their order, no more in hand than there is room for.
class BagsAhead {
 public:
  BagsAhead(const std::vector<BagToScore>& bags, const ScoringRoom& room)
      : bags_(bags), room_(room), reader_([this] { read_all(); }) {}
  ~BagsAhead() {
    close();
    reader_.join();
  }
  BagsAhead(const BagsAhead&) = delete;
  BagsAhead& operator=(const BagsAhead&) = delete;

  /// The next one, when it is there; none after the last, and after close().
  std::optional<ReadBag> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || at_end_ || !ready_.empty(); });
    if (closed_ || ready_.empty()) return std::nullopt;
    std::optional<ReadBag> next(std::move(ready_.front()));
    ready_.pop_front();
    return next;
  }
  /// The bag's memory is free again.
  void release(std::size_t index) {
    {
      const std::lock_guard lock(mutex_);
      --in_hand_;
      bytes_ -= bags_[index].bytes();
    }
    changed_.notify_all();
  }
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }

 private:
  bool has_room(std::int64_t bytes) const {
    if (in_hand_ == 0) return true;
    return in_hand_ < static_cast<std::size_t>(room_.threads) + kAhead && (room_.bytes == 0 || bytes_ + bytes <= room_.bytes);
  }

  bool wait_for_room(std::int64_t bytes) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || has_room(bytes); });
    if (closed_) return false;
    ++in_hand_;
    bytes_ += bytes;
    return true;
  }

  void read_all() {
    bool whole = true;
    for (std::size_t i = 0; i < bags_.size() && whole && stop_signal() == 0 && wait_for_room(bags_[i].bytes()); ++i) {
      ReadBag next{i, {}, {}};
      try {
        next.bag = read_bag_file(bags_[i].path).bag;
      } catch (...) {
        next.failure = std::current_exception();
      }
      whole = !next.failure;
      {
        const std::lock_guard lock(mutex_);
        ready_.push_back(std::move(next));
      }
      changed_.notify_all();
    }
    {
      const std::lock_guard lock(mutex_);
      at_end_ = true;
    }
    changed_.notify_all();
  }

  const std::vector<BagToScore>& bags_;
  const ScoringRoom room_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<ReadBag> ready_;
  std::size_t in_hand_ = 0;
  std::int64_t bytes_ = 0;
  bool closed_ = false, at_end_ = false;
  std::thread reader_;  // last: it uses the others
};

/// Bags are taken in order, and those in work are finished after a failure: so the earliest failure is always met.
class FirstFailure {
 public:
  void meet(std::size_t index, std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    if (failure_ && index_ < index) return;
    index_ = index;
    failure_ = std::move(failure);
  }
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::mutex mutex_;
  std::size_t index_ = 0;
  std::exception_ptr failure_;
};

struct Scoring {
  const SlideModel& model;
  const Modalities* modalities;
  const std::vector<BagToScore>& bags;
  Progress& progress;
  const AskedLadder* ladder;
  BagsAhead ahead;
  FirstFailure failure;
  BagScores scores;

  void score(const ReadBag& read) {
    if (read.failure) std::rethrow_exception(read.failure);
    const BagToScore& bag = bags[read.index];
    try {
      const auto rows = modalities ? modalities->rows(bag.keys) : std::vector<TableRow>{};
      Prediction answer = model.answer(read.bag, rows);
      scores.probabilities[read.index] = std::move(answer.probabilities);
      scores.survival[read.index] = std::move(answer.survival);
      scores.values[read.index] = answer.value;
      if (ladder) scores.ladder[read.index] = ladder->risks(read.bag, rows);
    } catch (const BagError& e) {
      throw BagError(fmt::format("{}: {}", bag.path.string(), e.what()));
    }
  }

  void work() {
    while (auto read = ahead.take()) {
      const std::size_t index = read->index;
      try {
        score(*read);
        progress.tiles_done(static_cast<std::size_t>(bags[index].tiles));
        progress.slide_done(bags[index].keys.slide_id, "ok", static_cast<std::size_t>(bags[index].tiles), "");
      } catch (...) {
        failure.meet(index, std::current_exception());
        ahead.close();
      }
      read.reset();  // before its room is given to another
      ahead.release(index);
      if (stop_signal() != 0) ahead.close();
    }
  }
};

}  // namespace

std::int64_t BagToScore::bytes() const {
  // features, coordinates, tissue_fraction and focus
  return tiles * (feature_dim * static_cast<std::int64_t>(sizeof(float)) + 2 * static_cast<std::int64_t>(sizeof(std::int64_t)) +
                  2 * static_cast<std::int64_t>(sizeof(float)));
}

BagScores score_bags(const SlideModel& model, const Modalities* modalities, const std::vector<BagToScore>& bags, const ScoringRoom& room,
                     Progress& progress, const AskedLadder* ladder) {
  progress.run_started(bags.size(), 0);
  for (const BagToScore& bag : bags) progress.slide_planned(bag.keys.slide_id, static_cast<std::size_t>(bag.tiles));
  Scoring scoring{model, modalities, bags, progress, ladder, {bags, room}, {}, {}};
  scoring.scores.probabilities.resize(bags.size());
  scoring.scores.survival.resize(bags.size());
  scoring.scores.values.resize(bags.size());
  scoring.scores.ladder.resize(bags.size());
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < room.threads; ++t) threads.emplace_back([&] { scoring.work(); });
  }
  scoring.failure.rethrow();
  progress.run_finished();
  scoring.scores.stopped = stop_signal() != 0;
  return std::move(scoring.scores);
}

}  // namespace microtome
