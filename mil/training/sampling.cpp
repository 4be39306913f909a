// SPDX-License-Identifier: Apache-2.0
#include "mil/training/sampling.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "mil/model_error.h"

namespace microtome {
namespace {

using Slides = std::vector<const TrainingSlide*>;

std::map<int, Slides> by_class(const Slides& slides, const ClassOf& class_of) {
  std::map<int, Slides> classes;
  for (const TrainingSlide* slide : slides) classes[class_of(*slide)].push_back(slide);
  return classes;
}

Slides weighted(const Slides& slides, const ClassOf& class_of, Engine& engine) {
  const auto classes = by_class(slides, class_of);
  std::vector<const Slides*> each;
  for (const auto& [label, members] : classes) each.push_back(&members);
  Slides order;
  for (std::size_t i = 0; i < slides.size(); ++i) {
    const Slides& members = *each[engine() % each.size()];
    order.push_back(members[engine() % members.size()]);
  }
  return order;
}

Slides stratified(const Slides& slides, const ClassOf& class_of, Engine& engine) {
  auto classes = by_class(slides, class_of);
  std::map<int, std::size_t> next;
  for (auto& [label, members] : classes) shuffle_in_place(members, engine);
  Slides order;
  while (order.size() < slides.size()) {
    for (auto& [label, members] : classes) {
      std::size_t& at = next[label];
      if (at == members.size()) {
        at = 0;
        shuffle_in_place(members, engine);
      }
      if (order.size() < slides.size()) order.push_back(members[at++]);
    }
  }
  return order;
}

/// Normal numbers by Box and Muller.
double normal(Engine& engine) {
  const double radius = std::sqrt(-2 * std::log(1 - uniform(engine)));
  return radius * std::cos(2 * M_PI * uniform(engine));
}

/// Marsaglia & Tsang 2000; below 1 by the power of a uniform number.
double gamma(double shape, Engine& engine) {
  if (shape < 1) {
    const double boosted = gamma(shape + 1, engine);
    return boosted * std::pow(1 - uniform(engine), 1 / shape);
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = normal(engine), v = std::pow(1 + c * x, 3);
    if (v <= 0) continue;
    if (std::log(1 - uniform(engine)) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

}  // namespace

Engine engine_of(std::uint64_t seed, std::uint64_t fit, std::uint64_t epoch) {
  std::seed_seq mixed{seed & 0xffffffffU, seed >> 32, fit, epoch};
  return Engine(mixed);
}

double beta(double alpha, Engine& engine) {
  const double a = gamma(alpha, engine), b = gamma(alpha, engine);
  return a + b > 0 ? a / (a + b) : 0.5;
}

std::vector<const TrainingSlide*> epoch_order(const Slides& slides, const std::string& sampling, const ClassOf& class_of, Engine& engine) {
  if (sampling == "weighted") return weighted(slides, class_of, engine);
  if (sampling == "stratified") return stratified(slides, class_of, engine);
  if (sampling != "shuffled") throw ModelError(fmt::format("the sampling: one of {} was wanted: found '{}'", sampling_names(), sampling));
  Slides order = slides;
  shuffle_in_place(order, engine);
  return order;
}

const char* sampling_names() { return "shuffled, weighted, stratified"; }

std::vector<std::int64_t> sampled_tiles(std::int64_t tiles, double dropped, std::int64_t most, Engine& engine) {
  if (dropped <= 0 && (most == 0 || most >= tiles)) return {};
  std::vector<std::int64_t> kept;
  for (std::int64_t i = 0; i < tiles; ++i)
    if (dropped <= 0 || uniform(engine) >= dropped) kept.push_back(i);
  if (kept.empty()) kept.push_back(static_cast<std::int64_t>(engine() % static_cast<std::uint64_t>(tiles)));
  if (most > 0 && static_cast<std::int64_t>(kept.size()) > most) {
    shuffle_in_place(kept, engine);
    kept.resize(static_cast<std::size_t>(most));
    std::sort(kept.begin(), kept.end());
  }
  return kept;
}

}  // namespace microtome
