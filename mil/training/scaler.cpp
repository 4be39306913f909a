// SPDX-License-Identifier: Apache-2.0
// Two passes over a bag in double, the bags merged: the short formula loses the spread of features with a large mean.
#include "mil/training/scaler.h"

#include <cmath>
#include <set>

#include "mil/training/bag_stream.h"

namespace microtome {
namespace {

// A spread below the resolution of float32 is rounding, not signal.
constexpr double resolution = 1e-7;

/// Rows of `columns` floats.
struct Rows {
  const float* first = nullptr;
  std::size_t count = 0;
};

/// Of one column after the other: how many finite numbers, their mean, and the sum of squares about it.
class Moments {
 public:
  explicit Moments(std::size_t columns) : count_(columns, 0.0), mean_(columns, 0.0), squares_(columns, 0.0) {}
  Moments(std::size_t columns, const Rows& rows) : Moments(columns) {
    each(rows, [&](std::size_t c, double x) {
      count_[c] += 1;
      mean_[c] += x;
    });
    for (std::size_t c = 0; c < columns; ++c) mean_[c] = count_[c] > 0 ? mean_[c] / count_[c] : 0.0;
    each(rows, [&](std::size_t c, double x) { squares_[c] += (x - mean_[c]) * (x - mean_[c]); });
  }

  /// Chan, Golub & LeVeque 1979.
  void merge(const Moments& other) {
    for (std::size_t c = 0; c < mean_.size(); ++c) {
      const double count = count_[c] + other.count_[c], apart = other.mean_[c] - mean_[c];
      if (count == 0) continue;
      mean_[c] += apart * other.count_[c] / count;
      squares_[c] += other.squares_[c] + apart * apart * count_[c] * other.count_[c] / count;
      count_[c] = count;
    }
  }

  double mean(std::size_t c) const { return mean_[c]; }
  double spread(std::size_t c) const { return count_[c] > 0 ? std::sqrt(squares_[c] / count_[c]) : 0.0; }
  std::size_t columns() const { return mean_.size(); }

 private:
  template <class Use>
  void each(const Rows& rows, Use use) const {
    const std::size_t columns = mean_.size();
    for (std::size_t i = 0; i < rows.count; ++i)
      for (std::size_t c = 0; c < columns; ++c)
        if (const double x = rows.first[i * columns + c]; std::isfinite(x)) use(c, x);
  }

  std::vector<double> count_, mean_, squares_;
};

Scaler scaler_of(const Moments& moments) {
  Scaler scaler;
  for (std::size_t c = 0; c < moments.columns(); ++c) {
    const double mean = moments.mean(c), spread = moments.spread(c);
    scaler.mean.push_back(mean);
    scaler.scale.push_back(spread > resolution * std::abs(mean) ? spread : 1.0);
  }
  return scaler;
}

}  // namespace

Scaler fit_feature_scaler(const std::vector<const TrainingSlide*>& slides) {
  const auto columns = static_cast<std::size_t>(slides.front()->bag.feature_dim);
  BagStream bags(slides);
  Moments all(columns);
  for (std::size_t i = 0; i < slides.size(); ++i) {
    const auto bag = bags.next();
    all.merge(Moments(columns, {bag->features.data(), static_cast<std::size_t>(bag->tiles())}));
  }
  return scaler_of(all);
}

ValueCard fit_value_card(const std::vector<const TrainingSlide*>& slides) {
  const auto count = static_cast<double>(slides.size());
  double mean = 0, square = 0;
  for (const TrainingSlide* slide : slides) mean += slide->value / count;
  for (const TrainingSlide* slide : slides) square += (slide->value - mean) * (slide->value - mean) / count;
  return {mean, square > 0 ? std::sqrt(square) : 1.0};
}

Scaler fit_table_scaler(const std::vector<const TrainingSlide*>& slides, std::size_t modality, std::size_t features) {
  Moments all(features);
  std::set<std::string> seen;
  for (const auto* slide : slides) {
    if (modality >= slide->tables.size()) continue;
    const TableRow& row = slide->tables[modality];
    if (row.present && seen.insert(slide->patient_id).second) all.merge(Moments(features, {row.values.data(), 1}));
  }
  return scaler_of(all);
}

}  // namespace microtome
