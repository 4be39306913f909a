// SPDX-License-Identifier: Apache-2.0
// What a run tells while it works: events in, a live line, plain lines or JSON lines out. Thread-safe. Only slide ids, never paths.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace microtome {

class Progress {
 public:
  virtual ~Progress() = default;
  virtual void run_started(std::size_t slides, std::size_t skipped) = 0;
  virtual void slide_planned(const std::string& slide_id, std::size_t tiles) = 0;
  virtual void tiles_done(std::size_t tiles) = 0;
  virtual void slide_done(const std::string& slide_id, const std::string& status, std::size_t tiles, const std::string& reason) = 0;
  virtual void run_finished() = 0;
};

/// kind: auto (live on a terminal, else plain), live, plain, json, none. Writes to stderr.
std::unique_ptr<Progress> make_progress(const std::string& kind);

/// Appends the same events as JSON lines to a file. Throws OutputError.
std::unique_ptr<Progress> make_event_log(const std::string& path);

std::unique_ptr<Progress> tell_both(std::unique_ptr<Progress> first, std::unique_ptr<Progress> second);

/// Seconds as people say them: "48 s", "3 min 20 s", "2 h 5 min".
std::string spoken_duration(double seconds);

}  // namespace microtome
