// SPDX-License-Identifier: Apache-2.0
// Random numbers of training: which slides an epoch shows in which order, and which of their tiles. Internal to mil/; no torch. All of it comes from
// std::mt19937_64 by our own arithmetic, because the standard's distributions differ between libraries.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "mil/training/train.h"

namespace microtome {

using Engine = std::mt19937_64;

/// A stream of its own for each fit and epoch, so that nothing of an interrupted epoch is needed to go on.
Engine engine_of(std::uint64_t seed, std::uint64_t fit, std::uint64_t epoch);

/// 0 to below 1.
inline double uniform(Engine& engine) { return static_cast<double>(engine() >> 11) * 0x1p-53; }
/// Of Beta(alpha, alpha).
double beta(double alpha, Engine& engine);

/// Fisher-Yates: std::shuffle may differ between libraries.
template <class T>
void shuffle_in_place(std::vector<T>& values, Engine& engine) {
  for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[engine() % i]);
}

/// A slide's class, or what else sampling is to even out.
using ClassOf = std::function<int(const TrainingSlide&)>;

/// As many as there are slides. "shuffled": each once. "weighted": with replacement, each class as likely. "stratified": classes in turn, the slides of
/// each shuffled, small classes again from the start. Throws ModelError for another name.
std::vector<const TrainingSlide*> epoch_order(const std::vector<const TrainingSlide*>& slides, const std::string& sampling, const ClassOf& class_of, Engine& engine);
const char* sampling_names();

/// Tiles that a step sees, ascending: a share `dropped` is left out one by one, at least one stays, and at most `most` (0: all) of the rest are drawn.
/// Empty: all of them.
std::vector<std::int64_t> sampled_tiles(std::int64_t tiles, double dropped, std::int64_t most, Engine& engine);

}  // namespace microtome
