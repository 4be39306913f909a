// SPDX-License-Identifier: Apache-2.0
// Tables of measures, alike on the pages of all tasks.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mil/evaluation/intervals.h"
#include "reporting/evaluation_html.h"

namespace microtome {

/// A measure in a page's words: some have units.
using MetricText = std::string (*)(const Metric&);

/// The title that a page gives a measure; the name itself where it gives none. A wording has name and title.
template <class Wordings>
std::string title_of(const Wordings& wordings, const std::string& name) {
  for (const auto& wording : wordings)
    if (name == wording.name) return wording.title;
  return name;
}

/// Some measures with their intervals side by side, a row a fold or a level.
class ShortTable {
 public:
  /// `measures`: name and title.
  ShortTable(std::vector<std::pair<std::string, std::string>> measures, MetricText text) : measures_(std::move(measures)), text_(text) {}
  /// Without rows. `first`: what stands before the measures, a name and then counts.
  PageTable table(const std::string& heading, const std::string& note, const std::vector<std::string>& first) const;
  /// `first` and the measures, "-" where `metrics` lacks one.
  std::vector<std::string> row(std::vector<std::string> first, const std::vector<Metric>& metrics) const;

 private:
  std::vector<std::pair<std::string, std::string>> measures_;
  MetricText text_;
};

/// The measures of a page, by name, with its titles.
template <class Names, class Wordings>
ShortTable short_table(const Names& names, const Wordings& wordings, MetricText text) {
  std::vector<std::pair<std::string, std::string>> measures;
  for (const char* name : names) measures.emplace_back(name, title_of(wordings, name));
  return {std::move(measures), text};
}

/// Two models and their difference, without rows.
PageTable comparison_of_two(const std::string& note);

}  // namespace microtome
