// SPDX-License-Identifier: Apache-2.0
#include "pipeline/progress.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <mutex>
#include <nlohmann/json.hpp>

#include "pipeline/config.h"

namespace microtome {
namespace {

using Clock = std::chrono::steady_clock;

/// The counts that every kind of line needs, and the estimate made of them.
class Tally {
 public:
  void start(std::size_t slides) {
    slides_ = slides;
    start_ = Clock::now();
  }
  void plan(std::size_t tiles) { ++planned_slides_, planned_tiles_ += tiles; }
  void encode(std::size_t tiles) { tiles_ += tiles; }
  void finish() { ++finished_; }

  double elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  double rate() const { return elapsed() > 0 ? static_cast<double>(tiles_) / elapsed() : 0; }

  /// Tiles of slides not yet surveyed are taken to be as many as those of the surveyed ones.
  double seconds_left() const {
    if (planned_slides_ == 0 || tiles_ == 0) return -1;
    const double per_slide = static_cast<double>(planned_tiles_) / static_cast<double>(planned_slides_);
    return std::max(0.0, per_slide * static_cast<double>(slides_) - static_cast<double>(tiles_)) / rate();
  }
  std::string line() const {
    const double left = seconds_left();
    return fmt::format("{}/{} slides, {} tiles, {:.1f} tiles/s{}", finished_, slides_, tiles_, rate(),
                       left < 0 ? "" : ", about " + spoken_duration(left) + " left");
  }
  std::size_t finished() const { return finished_; }
  std::size_t slides() const { return slides_; }
  std::size_t tiles() const { return tiles_; }

 private:
  std::size_t slides_ = 0, planned_slides_ = 0, planned_tiles_ = 0, tiles_ = 0, finished_ = 0;
  Clock::time_point start_ = Clock::now();
};

std::string slide_line(const std::string& id, const std::string& status, std::size_t tiles, const std::string& reason) {
  return fmt::format("{}: {}, {} tiles{}", id, status, tiles, reason.empty() ? "" : ": " + reason);
}

/// Lines in a log: one a slide, and one every half minute.
class PlainProgress : public Progress {
 public:
  void run_started(std::size_t slides, std::size_t skipped) override {
    const std::lock_guard lock(mutex_);
    tally_.start(slides);
    say(fmt::format("{} slides to do, {} done before", slides, skipped));
  }
  void slide_planned(const std::string&, std::size_t tiles) override {
    const std::lock_guard lock(mutex_);
    tally_.plan(tiles);
  }
  void tiles_done(std::size_t tiles) override {
    const std::lock_guard lock(mutex_);
    tally_.encode(tiles);
    if (Clock::now() - last_ < std::chrono::seconds(30)) return;
    last_ = Clock::now();
    say(tally_.line());
  }
  void slide_done(const std::string& id, const std::string& status, std::size_t tiles, const std::string& reason) override {
    const std::lock_guard lock(mutex_);
    tally_.finish();
    say(fmt::format("[{}/{}] {}", tally_.finished(), tally_.slides(), slide_line(id, status, tiles, reason)));
  }
  void run_finished() override {}

 private:
  static void say(const std::string& line) { fmt::print(stderr, "{}\n", line); }
  std::mutex mutex_;
  Tally tally_;
  Clock::time_point last_ = Clock::now();
};

/// One line that is overwritten; failures stay on the screen.
class LiveProgress : public Progress {
 public:
  void run_started(std::size_t slides, std::size_t skipped) override {
    const std::lock_guard lock(mutex_);
    tally_.start(slides);
    if (skipped > 0) fmt::print(stderr, "{} slides done before\n", skipped);
  }
  void slide_planned(const std::string&, std::size_t tiles) override {
    const std::lock_guard lock(mutex_);
    tally_.plan(tiles);
    draw(false);
  }
  void tiles_done(std::size_t tiles) override {
    const std::lock_guard lock(mutex_);
    tally_.encode(tiles);
    draw(false);
  }
  void slide_done(const std::string& id, const std::string& status, std::size_t tiles, const std::string& reason) override {
    const std::lock_guard lock(mutex_);
    tally_.finish();
    if (status != "ok") fmt::print(stderr, "\r\033[K{}\n", slide_line(id, status, tiles, reason));
    draw(true);
  }
  void run_finished() override {
    const std::lock_guard lock(mutex_);
    draw(true);
    fmt::print(stderr, "\n");
  }

 private:
  void draw(bool now) {
    if (!now && Clock::now() - last_ < std::chrono::milliseconds(200)) return;
    last_ = Clock::now();
    fmt::print(stderr, "\r\033[K{}", tally_.line());
    std::fflush(stderr);
  }
  std::mutex mutex_;
  Tally tally_;
  Clock::time_point last_{};
};

/// One JSON object a line, for schedulers and for events.jsonl.
class JsonProgress : public Progress {
 public:
  explicit JsonProgress(std::FILE* out, bool owned) : out_(out), owned_(owned) {}
  ~JsonProgress() override {
    if (owned_) std::fclose(out_);
  }
  void run_started(std::size_t slides, std::size_t skipped) override {
    const std::lock_guard lock(mutex_);
    tally_.start(slides);
    say({{"event", "run_started"}, {"slides", slides}, {"skipped", skipped}});
  }
  void slide_planned(const std::string& id, std::size_t tiles) override {
    const std::lock_guard lock(mutex_);
    tally_.plan(tiles);
    say({{"event", "slide_planned"}, {"slide_id", id}, {"tiles", tiles}});
  }
  void tiles_done(std::size_t tiles) override {
    const std::lock_guard lock(mutex_);
    tally_.encode(tiles);
    if (Clock::now() - last_ < std::chrono::seconds(1)) return;
    last_ = Clock::now();
    say({{"event", "progress"}, {"tiles", tally_.tiles()}, {"tiles_per_second", tally_.rate()}, {"seconds_left", tally_.seconds_left()}});
  }
  void slide_done(const std::string& id, const std::string& status, std::size_t tiles, const std::string& reason) override {
    const std::lock_guard lock(mutex_);
    tally_.finish();
    say({{"event", "slide_done"}, {"slide_id", id}, {"status", status}, {"tiles", tiles}, {"reason", reason}});
  }
  void run_finished() override {
    const std::lock_guard lock(mutex_);
    say({{"event", "run_finished"}, {"slides", tally_.finished()}, {"tiles", tally_.tiles()}, {"seconds", tally_.elapsed()}});
  }

 private:
  /// One write a line, so that the tasks of an array may share the file.
  void say(nlohmann::ordered_json event) {
    event["time"] = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
    const std::string line = event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    std::fwrite(line.data(), 1, line.size(), out_);
    std::fflush(out_);
  }
  std::FILE* out_;
  bool owned_;
  std::mutex mutex_;
  Tally tally_;
  Clock::time_point last_{};
};

class Both : public Progress {
 public:
  Both(std::unique_ptr<Progress> first, std::unique_ptr<Progress> second) : first_(std::move(first)), second_(std::move(second)) {}
  void run_started(std::size_t slides, std::size_t skipped) override {
    first_->run_started(slides, skipped), second_->run_started(slides, skipped);
  }
  void slide_planned(const std::string& id, std::size_t tiles) override {
    first_->slide_planned(id, tiles), second_->slide_planned(id, tiles);
  }
  void tiles_done(std::size_t tiles) override { first_->tiles_done(tiles), second_->tiles_done(tiles); }
  void slide_done(const std::string& id, const std::string& status, std::size_t tiles, const std::string& reason) override {
    first_->slide_done(id, status, tiles, reason), second_->slide_done(id, status, tiles, reason);
  }
  void run_finished() override { first_->run_finished(), second_->run_finished(); }

 private:
  std::unique_ptr<Progress> first_, second_;
};

class NoProgress : public Progress {
 public:
  void run_started(std::size_t, std::size_t) override {}
  void slide_planned(const std::string&, std::size_t) override {}
  void tiles_done(std::size_t) override {}
  void slide_done(const std::string&, const std::string&, std::size_t, const std::string&) override {}
  void run_finished() override {}
};

}  // namespace

std::unique_ptr<Progress> make_progress(const std::string& kind) {
  const bool terminal = isatty(STDERR_FILENO) != 0;
  if (kind == "live" || (kind == "auto" && terminal)) return std::make_unique<LiveProgress>();
  if (kind == "plain" || kind == "auto") return std::make_unique<PlainProgress>();
  if (kind == "json") return std::make_unique<JsonProgress>(stderr, false);
  return std::make_unique<NoProgress>();
}

std::unique_ptr<Progress> make_event_log(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "ae");
  if (!file) throw OutputError(fmt::format("{}: wanted to write the event log: {}", path, std::strerror(errno)));
  return std::make_unique<JsonProgress>(file, true);
}

std::unique_ptr<Progress> tell_both(std::unique_ptr<Progress> first, std::unique_ptr<Progress> second) {
  return std::make_unique<Both>(std::move(first), std::move(second));
}

std::string spoken_duration(double seconds) {
  const auto s = static_cast<long long>(std::max(0.0, seconds) + 0.5);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {} s", s / 60, s % 60);
  return fmt::format("{} h {} min", s / 3600, s % 3600 / 60);
}

}  // namespace microtome
