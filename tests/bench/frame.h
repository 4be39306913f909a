// SPDX-License-Identifier: Apache-2.0
// What every benchmark does alike: check the output of each row first, then time the rows in turns, and print one JSON line a row. A row
// is one way of doing a case's work: ours, the floor (the bare library underneath) or a rival.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace microtome {

struct BenchRow {
  std::string name;
  int threads = 1;
  std::function<std::string()> verify;  // does the work once; what is wrong with its output, empty where nothing is
  std::function<double()> run;          // does the work once; how it went, in the case's unit
  std::vector<std::pair<std::string, std::variant<std::int64_t, std::string>>> notes;  // further fields of the printed line
};

struct BenchCase {
  std::string bench;
  std::string name;
  std::string unit;
  std::string floor;  // name of the row that of_floor compares with; empty: none
  std::string rival;  // likewise for of_rival
  int runs = 7;
  std::vector<BenchRow> rows;
};

struct BenchOptions {
  bool verify_only = false;
  std::string only;            // cases whose name holds this text; empty: all
  std::string rows;            // ",floor,ours,": these alone; empty: all
  std::optional<int> runs;     // instead of the cases' own
  std::optional<int> tiles;    // a round, or a bag, where a benchmark lets it be chosen
  std::optional<int> bags;     // likewise
  std::string device = "cpu";  // likewise
};

/// --verify-only, --case TEXT, --rows A,B, --runs N, --tiles N, --bags N, --device NAME. Throws std::invalid_argument with a sentence.
BenchOptions parse_bench_options(int argc, char** argv);

/// Whether the options ask for this case.
bool is_wanted(const BenchOptions& options, const std::string& case_name);

/// Half of the values lie below it. Not for nothing: at least one value.
double median(std::vector<double> values);

/// Distance between the quartiles as a share of the median: how much the runs disagree. 0 for one value.
double spread(std::vector<double> values);

/// Median of values[i] / others[i]: runs of one round met the same machine.
double median_ratio(const std::vector<double>& values, const std::vector<double>& others);

/// Checks all rows, then runs those that are right, round by round, every other round backwards. Prints each row's line to `lines` and what
/// goes on to `progress`. Returns whether every row was right. A row that throws is not right; neither is timed. Threads: none of its own.
bool run_case(BenchCase work, const BenchOptions& options, std::ostream& lines, std::ostream& progress);

/// Seconds that `body` takes.
double seconds_of(const std::function<void()>& body);

}  // namespace microtome
