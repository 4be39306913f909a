// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/python_rival.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>
#include <stdexcept>

namespace microtome {

PythonRival::PythonRival(const std::string& command) {
  std::array<int, 2> in{}, out{};
  // close-on-exec: the next rival must not hold this one's input open
  if (pipe2(in.data(), O_CLOEXEC) != 0 || pipe2(out.data(), O_CLOEXEC) != 0) throw std::runtime_error("python: no pipe could be made");
  process_ = fork();
  if (process_ == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    execl("/bin/sh", "sh", "-c", ("exec env " + command).c_str(), nullptr);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  to_ = fdopen(in[1], "w");
  from_ = fdopen(out[0], "r");
}

PythonRival::~PythonRival() {
  if (to_ != nullptr) fclose(to_);  // the end of its input ends it
  if (from_ != nullptr) fclose(from_);
  if (process_ > 0) waitpid(process_, nullptr, 0);
}

std::string PythonRival::ask(const std::string& line) {
  std::array<char, 4096> answer{};
  const bool asked = process_ > 0 && fprintf(to_, "%s\n", line.c_str()) > 0 && fflush(to_) == 0;
  if (!asked || fgets(answer.data(), answer.size(), from_) == nullptr)
    throw std::runtime_error("python: its process ended: is workflows/install.sh tests done?");
  std::string text(answer.data());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string differences(const std::vector<double>& ours, const std::string& theirs, double allowed) {
  std::istringstream in(theirs);
  double largest = 0, value = 0;
  std::size_t i = 0;
  for (; in >> value; ++i) largest = std::max(largest, i < ours.size() ? std::abs(value - ours[i]) : 1e9);
  if (i != ours.size()) return "another number of values: " + theirs;
  return largest <= allowed ? "" : fmt::format("values differ by {}", largest);
}

}  // namespace microtome
