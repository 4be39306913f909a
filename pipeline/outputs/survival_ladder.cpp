// SPDX-License-Identifier: Apache-2.0
#include "pipeline/outputs/survival_ladder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "pipeline/outputs/metric_text.h"
#include "reporting/interval_chart.h"

namespace microtome {
namespace {

constexpr std::size_t kMostRungs = 11;    // told on a terminal, beside the model itself
constexpr std::size_t kLongestName = 32;  // likewise
constexpr std::string_view kWithout = "without-";

struct Sees {
  const char* name;
  const char* words;
};
constexpr std::array kSees = {
    Sees{kTopRung, "everything: the model that this page is about"},
    Sees{"clinical-cox", "the clinical columns alone: Cox regression"},
    Sees{"genes-snn", "the genes alone: a self-normalising network"},
    Sees{"genes-mlp", "the genes alone: a plain network of a few layers"},
    Sees{"slides", "the slides alone"},
    Sees{"late-fusion", "slides and tables, each through a network of its own; only their answers are put together"},
};

std::string how_judged(const SurvivalResult& result) {
  return result.folds.empty() ? "c over all patients" : fmt::format("c is the mean of {} folds", result.folds.size());
}

/// With its sign, and with digits enough to see on which side of 0 a limit lies.
std::string difference_text(const Metric& difference) {
  if (!difference.value) return "-";
  const Interval& limits = difference.interval;
  if (!limits.low || !limits.high) return fmt::format("{:+.3f}", *difference.value);
  return fmt::format("{:+.3f} ({:+.3f} to {:+.3f})", *difference.value, *limits.low, *limits.high);
}

/// A name may hold anything; cut between characters.
std::string short_name(const std::string& name) {
  if (name.size() <= kLongestName) return name;
  std::size_t end = kLongestName - 3;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  return name.substr(0, end) + "...";
}

std::string rung_line(const JudgedRung& rung) {
  const std::string name = short_name(rung.name), c = with_interval(rung.c_harrell);
  if (!rung.fusion_minus) return fmt::format("  {:<16} {}", name, c);
  return fmt::format("  {:<16} {:<22} {}", name, c, difference_text(*rung.fusion_minus));
}

}  // namespace

std::string rung_sees(const std::string& name) {
  for (const Sees& s : kSees)
    if (name == s.name) return s.words;
  if (name.starts_with(kWithout) && name.size() > kWithout.size())
    return fmt::format("everything but {}: the model with it taken away", name.substr(kWithout.size()));
  return "not known here: a model that is named so in the predictions";
}

std::string ladder_verdict(const std::vector<JudgedRung>& ladder) {
  const JudgedRung* best = best_rung(ladder);
  if (!best) return "No simpler model has a c-index.";
  const std::string name = short_name(best->name);
  const Interval& difference = best->fusion_minus->interval;
  if (!difference.low || !difference.high)
    return fmt::format("Fusion is not shown to be better than {}, the best simpler model: their difference has no interval.", name);
  if (*difference.low > 0) return fmt::format("Fusion is better than {}, the best simpler model, by more than chance.", name);
  if (*difference.high < 0) return fmt::format("Fusion is worse than {}, the best simpler model, by more than chance.", name);
  return fmt::format("Fusion is not shown to be better than {}, the best simpler model: the interval of their difference holds 0.", name);
}

std::vector<std::string> ladder_lines(const SurvivalResult& result) {
  if (result.ladder.empty()) return {};
  const Metric& c = result.ladder.front().c_harrell;
  std::vector<std::string> out = {fmt::format("simpler models on the same {} patients with {} events ({}; then fusion minus it):", c.n,
                                              c.events.value_or(0), how_judged(result))};
  for (const JudgedRung& rung : result.ladder) {
    if (out.size() > kMostRungs + 1) break;
    out.push_back(rung_line(rung));
  }
  if (result.ladder.size() > kMostRungs + 1)
    out.push_back(fmt::format("  and {} more in evaluation.html", result.ladder.size() - kMostRungs - 1));
  out.push_back(ladder_verdict(result.ladder));
  return out;
}

CurveFigure ladder_figure(const SurvivalResult& result) {
  IntervalChart chart{"What simpler models reach", "c-index (Harrell)", 0.5, 0.5, 0.5, {}};
  for (const JudgedRung& rung : result.ladder) {
    const Metric& c = rung.c_harrell;
    chart.rows.push_back({rung.name, with_interval(c), c.value, c.interval.low, c.interval.high, &rung == &result.ladder.front()});
    for (const std::optional<double>& at : {c.value, c.interval.low, c.interval.high}) {
      if (!at) continue;
      chart.x_low = std::min(chart.x_low, std::floor(*at * 10) / 10);
      chart.x_high = std::max(chart.x_high, std::ceil(*at * 10) / 10);
    }
  }
  chart.x_high = std::max(chart.x_high, chart.x_low + 0.2);
  return {"ladder.svg", interval_chart_svg(chart),
          fmt::format("{} Dashed: chance. The orange line is the model itself; whether a difference is more than chance is not seen from two intervals but from "
                      "the table below.",
                      ladder_verdict(result.ladder))};
}

PageTable ladder_table(const SurvivalResult& result) {
  PageTable out{"What simpler models reach",
                "",
                {"Model", "What it sees", "c-index (Harrell)", "c-index (Uno)", "Fusion minus it"},
                {false, false, true, true, true},
                {}};
  const Metric& first = result.ladder.front().c_harrell;
  out.note = fmt::format(
      "{} On the same {} patients with {} events; {}, 0.5 is chance. All saw the same resamples of patients; a difference (of Harrell's c) "
      "whose interval holds 0 speaks for no gain.",
      ladder_verdict(result.ladder), first.n, first.events.value_or(0), how_judged(result));
  for (const JudgedRung& rung : result.ladder)
    out.rows.push_back({rung.name, rung_sees(rung.name), with_interval(rung.c_harrell), with_interval(rung.c_uno),
                        rung.fusion_minus ? difference_text(*rung.fusion_minus) : "-"});
  return out;
}

}  // namespace microtome
