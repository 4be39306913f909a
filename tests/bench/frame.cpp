// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <ostream>
#include <stdexcept>

namespace microtome {
namespace {

double rounded(double value) { return value == 0 ? 0 : std::stod(fmt::format("{:.4g}", value)); }

// Linear between the two nearest values, as in most statistics packages.
double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

struct RowResult {
  std::string wrong;
  std::vector<double> values;
};

std::string what_is_wrong(const std::function<void()>& body) try {
  body();
  return "";
} catch (const std::exception& error) {
  return error.what();
}

void verify(const BenchRow& row, RowResult& result) {
  std::string found;
  const std::string thrown = what_is_wrong([&] { found = row.verify(); });
  result.wrong = thrown.empty() ? found : thrown;
}

void run(const BenchRow& row, RowResult& result) {
  if (!result.wrong.empty()) return;
  double value = 0;
  result.wrong = what_is_wrong([&] { value = row.run(); });
  if (result.wrong.empty() && !(std::isfinite(value) && value > 0)) result.wrong = fmt::format("its value is {}", value);
  result.values.push_back(value);
}

void run_rounds(const BenchCase& work, int rounds, std::vector<RowResult>& results, std::ostream& progress) {
  for (int round = 0; round < rounds; ++round) {
    progress << fmt::format("{} {}: round {} of {}\n", work.bench, work.name, round + 1, rounds) << std::flush;
    for (std::size_t i = 0; i < work.rows.size(); ++i) {
      // whoever runs last in one round runs first in the next: what slows down or speeds up over time meets all alike
      const std::size_t row = round % 2 ? work.rows.size() - 1 - i : i;
      run(work.rows[row], results[row]);
    }
  }
}

// Null where there is nothing to compare with.
nlohmann::ordered_json ratio_to(const BenchCase& work, const std::string& name, const RowResult& result,
                                const std::vector<RowResult>& results) {
  for (std::size_t i = 0; i < work.rows.size(); ++i) {
    const bool comparable = work.rows[i].name == name && results[i].wrong.empty() && results[i].values.size() == result.values.size();
    if (comparable && result.wrong.empty() && !result.values.empty()) return rounded(median_ratio(result.values, results[i].values));
  }
  return nullptr;
}

std::string line_of(const BenchCase& work, std::size_t index, const std::vector<RowResult>& results) {
  const BenchRow& row = work.rows[index];
  const RowResult& result = results[index];
  const bool ok = result.wrong.empty(), timed = ok && !result.values.empty();
  nlohmann::ordered_json line{{"bench", work.bench}, {"row", row.name}, {"case", work.name}, {"threads", row.threads}, {"value", nullptr}};
  if (timed) line["value"] = rounded(median(result.values));
  line["unit"] = work.unit;
  line["of_floor"] = ratio_to(work, work.floor, result, results);
  line["of_rival"] = ratio_to(work, work.rival, result, results);
  line["rival"] = work.rival.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(work.rival);
  line["runs"] = timed ? result.values.size() : 0;
  line["spread"] = nullptr;
  if (timed) line["spread"] = rounded(spread(result.values));
  line["ok"] = ok;
  for (const auto& [key, value] : row.notes) {
    std::visit([&line, &key = key](const auto& known) { line[key] = known; }, value);
  }
  if (!ok) line["why"] = result.wrong;
  return line.dump();
}

int positive_number(const std::string& option, const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1) {
    throw std::invalid_argument(fmt::format("{}: wanted a number from 1 on, got '{}'", option, text));
  }
  return value;
}

}  // namespace

BenchOptions parse_bench_options(int argc, char** argv) {
  BenchOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--verify-only") {
      options.verify_only = true;
      continue;
    }
    if (option != "--case" && option != "--runs" && option != "--tiles" && option != "--bags" && option != "--device" && option != "--rows") {
      throw std::invalid_argument(
          fmt::format("'{}' is no option: there are --verify-only, --case TEXT, --rows A,B, --runs N, --tiles N, --bags N and --device NAME", option));
    }
    if (++i == argc) throw std::invalid_argument(fmt::format("{}: wanted a value after it", option));
    if (option == "--case") options.only = argv[i];
    if (option == "--rows") options.rows = std::string(",") + argv[i] + ",";
    if (option == "--runs") options.runs = positive_number(option, argv[i]);
    if (option == "--tiles") options.tiles = positive_number(option, argv[i]);
    if (option == "--bags") options.bags = positive_number(option, argv[i]);
    if (option == "--device") options.device = argv[i];
  }
  return options;
}

bool is_wanted(const BenchOptions& options, const std::string& case_name) { return case_name.find(options.only) != std::string::npos; }

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return quantile(values, 0.5);
}

double spread(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return (quantile(values, 0.75) - quantile(values, 0.25)) / quantile(values, 0.5);
}

double median_ratio(const std::vector<double>& values, const std::vector<double>& others) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < values.size(); ++i) ratios.push_back(values[i] / others[i]);
  return median(std::move(ratios));
}

bool run_case(BenchCase work, const BenchOptions& options, std::ostream& lines, std::ostream& progress) {
  if (!options.rows.empty())
    std::erase_if(work.rows, [&](const BenchRow& row) { return options.rows.find("," + row.name + ",") == std::string::npos; });
  std::vector<RowResult> results(work.rows.size());
  for (std::size_t i = 0; i < work.rows.size(); ++i) {
    progress << fmt::format("{} {}: checking {}\n", work.bench, work.name, work.rows[i].name) << std::flush;
    verify(work.rows[i], results[i]);
  }
  if (!options.verify_only) run_rounds(work, options.runs.value_or(work.runs), results, progress);
  for (std::size_t i = 0; i < work.rows.size(); ++i) lines << line_of(work, i, results) << std::endl;
  return std::all_of(results.begin(), results.end(), [](const RowResult& result) { return result.wrong.empty(); });
}

double seconds_of(const std::function<void()>& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace microtome
