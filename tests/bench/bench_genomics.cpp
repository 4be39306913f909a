// SPDX-License-Identifier: Apache-2.0
// How fast a cohort is judged: the c-index of many patients beside scikit-survival's. See README.md.
// Usage: bench_genomics [--verify-only] [--case TEXT] [--rows A,B] [--runs N] [--tiles PATIENTS]. JSON lines on stdout; exit code 1 where
// counts of pairs differ.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <stdexcept>

#include "mil/evaluation/survival/concordance.h"
#include "tests/bench/frame.h"
#include "tests/bench/python_rival.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

constexpr int kRuns = 3;
constexpr int kPatients = 100000;
constexpr const char* kRival = "scikit-survival";

/// Times in hundredths of a month and half of the patients censored, so that there are ties; risks with six digits.
struct Cohort {
  FollowUp follow_up;
  std::vector<double> risk;
};

Cohort draw(int patients) {
  std::mt19937_64 engine(1);
  auto uniform = [&] { return (static_cast<double>(engine() >> 11) + 0.5) / 9007199254740992.0; };
  Cohort out;
  for (int i = 0; i < patients; ++i) {
    const double risk = std::round(uniform() * 1e6) / 1e6;
    out.risk.push_back(risk);
    out.follow_up.months.push_back(std::ceil(-std::log(uniform()) * 4000 / std::exp(risk)) / 100);
    out.follow_up.event.push_back(uniform() < 0.5);
  }
  return out;
}

std::string text_of(const PairCounts& pairs) {
  return fmt::format("{} {} {} {}", pairs.concordant, pairs.discordant, pairs.tied_risk, pairs.tied_time);
}

/// All pairs, one by one.
PairCounts plainly(const Cohort& cohort) {
  const auto& [months, event] = cohort.follow_up;
  PairCounts out;
  for (std::size_t i = 0; i < cohort.risk.size(); ++i) {
    if (!event[i]) continue;
    for (std::size_t j = 0; j < cohort.risk.size(); ++j) {
      const bool same = months[i] == months[j] && !event[j], can = months[i] < months[j] || same;
      const double distance = cohort.risk[i] - cohort.risk[j];
      out.tied_time += same;
      out.concordant += can && distance > kTiedRisk;
      out.discordant += can && distance < -kTiedRisk;
      out.tied_risk += can && std::abs(distance) <= kTiedRisk;
    }
  }
  return out;
}

std::string differences(const std::string& wanted, const std::string& got) {
  return wanted == got ? "" : fmt::format("pairs are {}, counted one by one {}", got, wanted);
}

void write(const Cohort& cohort, const std::filesystem::path& path) {
  std::ofstream file(path, std::ios::binary);
  const std::vector<double> event(cohort.follow_up.event.begin(), cohort.follow_up.event.end());
  for (const std::vector<double>* column : {&cohort.follow_up.months, &event, &cohort.risk})
    file.write(reinterpret_cast<const char*>(column->data()), static_cast<std::streamsize>(column->size() * sizeof(double)));
}

/// What nobody can do without: times and risks in order.
double sort_both(const Cohort& cohort) {
  return seconds_of([&] {
    std::vector<double> months = cohort.follow_up.months, risk = cohort.risk;
    std::sort(months.begin(), months.end());
    std::sort(risk.begin(), risk.end());
  });
}

/// Leaves the rival out, with a line that says why, where it is not installed.
void add_rival(BenchCase& work, const std::filesystem::path& file, const std::string& wanted, double patients) {
  const auto rival =
      std::make_shared<PythonRival>(fmt::format("OMP_NUM_THREADS=1 {} {} {}", MICROTOME_PYTHON, COHORT_WITH_SKSURV, file.string()));
  const std::string answer = rival->ask("ready");
  if (answer != "ready") {
    std::cerr << fmt::format("genomics {}: row {} is skipped: {}\n", work.name, kRival, answer);
    return;
  }
  work.rival = kRival;
  work.rows.push_back({kRival,
                       1,
                       [rival, wanted] { return differences(wanted, rival->ask("verify")); },
                       [rival, patients] { return patients / std::stod(rival->ask("run")); },
                       {}});
}

bool run(const BenchOptions& options) {
  const int patients = options.tiles.value_or(kPatients);
  const std::string name = fmt::format("c-index {}", patients);
  if (!is_wanted(options, name)) return true;
  const TempDir folder;
  const auto cohort = std::make_shared<Cohort>(draw(patients));
  const std::string wanted = text_of(plainly(*cohort));
  write(*cohort, folder.path() / "cohort.f64");
  BenchCase work{"genomics", name, "patients/s", "sort", "", kRuns, {}};
  work.rows.push_back({"sort", 1, [] { return std::string(); }, [=] { return patients / sort_both(*cohort); }, {}});
  work.rows.push_back({"ours",
                       1,
                       [=] { return differences(wanted, text_of(RankedRisks(cohort->risk, cohort->follow_up).count())); },
                       [=] { return patients / seconds_of([&] { RankedRisks(cohort->risk, cohort->follow_up).count(); }); },
                       {}});
  add_rival(work, folder.path() / "cohort.f64", wanted, patients);
  return run_case(std::move(work), options, std::cout, std::cerr);
}

}  // namespace
}  // namespace microtome

int main(int argc, char** argv) try {
  return microtome::run(microtome::parse_bench_options(argc, argv)) ? 0 : 1;
} catch (const std::invalid_argument& error) {
  std::cerr << "bench_genomics: " << error.what() << '\n';
  return 2;
} catch (const std::exception& error) {
  std::cerr << "bench_genomics: " << error.what() << '\n';
  return 1;
}
