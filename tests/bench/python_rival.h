// SPDX-License-Identifier: Apache-2.0
// A Python process that stays alive between rounds, because starting torch takes seconds: one line in, one line out.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace microtome {

class PythonRival {
 public:
  /// `command`: for the shell; the process answers each line with one line. Throws std::runtime_error.
  explicit PythonRival(const std::string& command);
  ~PythonRival();
  PythonRival(const PythonRival&) = delete;
  PythonRival& operator=(const PythonRival&) = delete;

  /// Throws std::runtime_error when the process has ended.
  std::string ask(const std::string& line);

 private:
  FILE* to_ = nullptr;
  FILE* from_ = nullptr;
  int process_ = -1;
};

/// What is wrong with a rival's numbers, separated by blanks; empty where each is within `allowed` of ours.
std::string differences(const std::vector<double>& ours, const std::string& theirs, double allowed);

/// The malloc settings that our engine gives itself, as a Python user can have them.
inline constexpr const char* kKeptMalloc =
    "MALLOC_ARENA_MAX=1 MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=-1 MALLOC_TOP_PAD_=67108864 ";

}  // namespace microtome
