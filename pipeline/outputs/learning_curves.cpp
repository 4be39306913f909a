// SPDX-License-Identifier: Apache-2.0
#include "pipeline/outputs/learning_curves.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "reporting/line_chart.h"

namespace microtome {

std::string learning_curves_svg(const std::vector<EpochRecord>& history) {
  std::map<std::pair<int, int>, ChartSeries> by_fit;  // fold (everybody last), point of the grid
  const bool grid = std::any_of(history.begin(), history.end(), [](const EpochRecord& e) { return e.point > 0; });
  int epochs = 1;
  double top = 0;
  for (const EpochRecord& e : history) {
    if (!e.rung.empty() || e.pretraining) continue;  // one picture, of the model itself
    const double loss = e.validation_loss > 0 ? e.validation_loss : e.train_loss;
    ChartSeries& series = by_fit[{e.fold < 0 ? 1 << 20 : e.fold, e.point}];
    series.name = e.fold < 0 ? "final model, training" : fmt::format("fold {}{}, {}", e.fold + 1, grid ? fmt::format(" ({})", e.point + 1) : "",
                                                                     e.validation_loss > 0 ? "validation" : "training");
    series.points.push_back({static_cast<double>(e.epoch), loss, {}, {}});
    epochs = std::max(epochs, e.epoch);
    top = std::max(top, loss);
  }
  if (by_fit.empty()) return "";
  Chart chart{"Learning curves", "Epoch", "Loss", 0, static_cast<double>(epochs), 0, std::max(0.1, std::ceil(top * 10.5) / 10), {}};
  for (auto& [fit, series] : by_fit) chart.series.push_back(std::move(series));
  return chart_svg(chart);
}

}  // namespace microtome
