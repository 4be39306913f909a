// SPDX-License-Identifier: Apache-2.0
#include "mil/training/grid.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <functional>
#include <map>
#include <sstream>
#include <type_traits>

#include "mil/model_error.h"

namespace microtome {
namespace {

/// False: the field takes whole numbers, and this is none that it can hold.
using Set = std::function<bool(TrainSettings&, double)>;

template <class T>
Set member(T TrainSettings::* field) {
  return [field](TrainSettings& settings, double value) {
    if (std::is_integral_v<T> && (value != std::floor(value) || std::abs(value) > 1e9)) return false;
    settings.*field = static_cast<T>(value);
    return true;
  };
}

const std::map<std::string, Set>& keys() {
  static const std::map<std::string, Set> all{{"learning_rate", member(&TrainSettings::learning_rate)},
                                              {"weight_decay", member(&TrainSettings::weight_decay)},
                                              {"l1", member(&TrainSettings::l1)},
                                              {"dropout", member(&TrainSettings::dropout)},
                                              {"bag_dropout", member(&TrainSettings::bag_dropout)},
                                              {"mixup", member(&TrainSettings::mixup)},
                                              {"embed_dim", member(&TrainSettings::embed_dim)},
                                              {"attention_dim", member(&TrainSettings::attention_dim)},
                                              {"bag_size", member(&TrainSettings::bag_size)},
                                              {"accumulate", member(&TrainSettings::accumulate)},
                                              {"top_k", member(&TrainSettings::top_k)}};
  return all;
}

[[noreturn]] void refuse(const std::string& grid, const std::string& found) {
  std::string names;
  for (const auto& [name, set] : keys()) names += (names.empty() ? "" : ", ") + name;
  throw ModelError(fmt::format("the grid '{}': 'key=number,number; key=number' with keys among {} was wanted: found {}", grid, names, found));
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);) parts.push_back(trimmed(part));
  return parts;
}

double number_of(const std::string& grid, const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) refuse(grid, fmt::format("the number '{}'", text));
  return value;
}

}  // namespace

std::size_t grid_size(const TrainSettings& settings) { return grid_points(settings).size(); }

std::vector<GridPoint> grid_points(const TrainSettings& settings) {
  std::vector<GridPoint> points{{"", settings}};
  for (const std::string& line : split(settings.grid, ';')) {
    if (line.empty()) continue;
    const auto equals = line.find('=');
    const std::string key = trimmed(line.substr(0, equals));
    const auto found = keys().find(key);
    if (equals == std::string::npos || found == keys().end()) refuse(settings.grid, fmt::format("'{}'", line));
    std::vector<GridPoint> wider;
    for (const GridPoint& point : points) {
      for (const std::string& text : split(line.substr(equals + 1), ',')) {
        GridPoint next = point;
        if (!found->second(next.settings, number_of(settings.grid, text))) refuse(settings.grid, fmt::format("'{}' for {}, which takes whole numbers", text, key));
        next.text += (next.text.empty() ? "" : " ") + key + "=" + text;
        wider.push_back(std::move(next));
      }
    }
    points = std::move(wider);
  }
  for (const GridPoint& point : points)
    if (const auto problems = validate(point.settings); !point.text.empty() && !problems.empty())
      throw ModelError(fmt::format("the grid '{}': settings that can be trained with were wanted: {}", settings.grid, problems.front()));
  return points;
}

}  // namespace microtome
