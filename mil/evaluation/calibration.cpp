// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/calibration.h"

#include <algorithm>
#include <cmath>

namespace microtome {
namespace {

constexpr double kLeast = 1e-12;

std::int64_t total(std::span<const ScoreCount> counts) {
  std::int64_t sum = 0;
  for (const ScoreCount& c : counts) sum += c.positives + c.negatives;
  return sum;
}

std::vector<ReliabilityBin> equal_width(int bins) {
  std::vector<ReliabilityBin> out(static_cast<std::size_t>(bins));
  for (int b = 0; b < bins; ++b) {
    out[static_cast<std::size_t>(b)].from = static_cast<double>(b) / bins;
    out[static_cast<std::size_t>(b)].to = static_cast<double>(b + 1) / bins;
  }
  return out;
}

// Sums first, means at the end.
void add(ReliabilityBin& bin, const ScoreCount& c) {
  const std::int64_t n = c.positives + c.negatives;
  bin.n += n;
  bin.mean_probability += static_cast<double>(n) * c.score;
  bin.positive_share += static_cast<double>(c.positives);
}

void divide(std::vector<ReliabilityBin>& bins) {
  for (ReliabilityBin& bin : bins) {
    if (bin.n == 0) continue;
    bin.mean_probability /= static_cast<double>(bin.n);
    bin.positive_share /= static_cast<double>(bin.n);
  }
}

std::size_t bin_of(double probability, int bins) {
  int b = std::clamp(static_cast<int>(probability * bins), 0, bins - 1);
  if (b > 0 && probability <= static_cast<double>(b) / bins) --b;
  if (b < bins - 1 && probability > static_cast<double>(b + 1) / bins) ++b;
  return static_cast<std::size_t>(b);
}

double logit(double probability) {
  const double p = std::clamp(probability, kLeast, 1 - kLeast);
  return std::log(p / (1 - p));
}

/// Gradient and curvature of the log likelihood of outcome ~ sigmoid(a + b x).
struct Slopes {
  double a = 0, b = 0, aa = 0, ab = 0, bb = 0, likelihood = 0;
};

/// The logarithm of a product of many factors between 1 and 2, taken once for many: logarithms were half of an evaluation's time.
class LogOfProduct {
 public:
  void multiply(double factor, std::int64_t times) {
    if (times > kFew) {
      logarithm_ += static_cast<double>(times) * std::log(factor);
      return;
    }
    for (std::int64_t t = 0; t < times; ++t) product_ *= factor;
    if (product_ < 1e290) return;
    logarithm_ += std::log(product_);
    product_ = 1;
  }
  double value() const { return logarithm_ + std::log(product_); }

 private:
  static constexpr std::int64_t kFew = 16;
  double product_ = 1, logarithm_ = 0;
};

Slopes slopes(std::span<const ScoreCount> counts, const std::vector<double>& x, double a, double b) {
  Slopes out;
  LogOfProduct denominators;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::int64_t rows = counts[i].positives + counts[i].negatives;
    const auto positives = static_cast<double>(counts[i].positives), negatives = static_cast<double>(counts[i].negatives);
    const double eta = a + b * x[i], e = std::exp(-std::abs(eta)), share = 1 / (1 + e), mu = eta > 0 ? share : e * share;
    const double residual = positives - static_cast<double>(rows) * mu, weight = static_cast<double>(rows) * e * share * share;
    out.a += residual;
    out.b += residual * x[i];
    out.aa += weight;
    out.ab += weight * x[i];
    out.bb += weight * x[i] * x[i];
    // log sigmoid(eta) = min(eta, 0) - log(1 + e), log sigmoid(-eta) = - max(eta, 0) - log(1 + e)
    out.likelihood += positives * std::min(eta, 0.0) - negatives * std::max(eta, 0.0);
    denominators.multiply(1 + e, rows);
  }
  out.likelihood -= denominators.value();
  return out;
}

/// One class, one score, or a score that no negative lies above and no positive below (or the reverse).
bool without_finite_slope(std::span<const ScoreCount> counts) {
  const double infinity = std::numeric_limits<double>::infinity();
  double low_positive = infinity, high_positive = -infinity, low_negative = infinity, high_negative = -infinity;
  for (const ScoreCount& c : counts) {
    const double score = std::clamp(c.score, kLeast, 1 - kLeast);
    if (c.positives > 0) low_positive = std::min(low_positive, score), high_positive = std::max(high_positive, score);
    if (c.negatives > 0) low_negative = std::min(low_negative, score), high_negative = std::max(high_negative, score);
  }
  return low_positive >= high_negative || low_negative >= high_positive;
}

constexpr int kMostSteps = 100;

/// Newton with halved steps where the likelihood would fall; `slope_too` false holds b at its start.
bool climb(std::span<const ScoreCount> counts, const std::vector<double>& x, double& a, double& b, bool slope_too) {
  Slopes at = slopes(counts, x, a, b);
  for (int step = 0; step < kMostSteps; ++step) {
    const double det = slope_too ? at.aa * at.bb - at.ab * at.ab : at.aa;
    if (!(det > 0)) return false;
    double da = slope_too ? (at.bb * at.a - at.ab * at.b) / det : at.a / det;
    double db = slope_too ? (at.aa * at.b - at.ab * at.a) / det : 0;
    Slopes next = slopes(counts, x, a + da, b + db);
    for (int half = 0; half < 40 && next.likelihood < at.likelihood - 1e-9 * std::abs(at.likelihood); ++half) {
      da /= 2;
      db /= 2;
      next = slopes(counts, x, a + da, b + db);
    }
    a += da;
    b += db;
    at = next;
    if (std::abs(da) <= 1e-12 * (1 + std::abs(a)) && std::abs(db) <= 1e-12 * (1 + std::abs(b))) return true;
  }
  return false;
}

/// Derivative and curvature of the negative log likelihood of softmax(beta z).
struct Bend {
  double slope = 0, curvature = 0;
};

Bend bend(const Judged& judged, const std::vector<double>& z, double beta) {
  const std::size_t classes = judged.classes.size();
  Bend out;
  for (std::size_t r = 0; r < judged.rows(); ++r) {
    const double* row = z.data() + r * classes;
    const double most = *std::max_element(row, row + classes);
    double sum = 0, first = 0, second = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      const double w = std::exp(beta * (row[c] - most));
      sum += w;
      first += w * row[c];
      second += w * row[c] * row[c];
    }
    const double mean = first / sum;
    out.slope += mean - row[judged.label[r]];
    out.curvature += second / sum - mean * mean;
  }
  return out;
}

bool label_is_always_most_probable(const Judged& judged) {
  for (std::size_t r = 0; r < judged.rows(); ++r)
    if (judged.probability_of(r, judged.label[r]) < judged.probability_of(r, judged.argmax(r))) return false;
  return true;
}

}  // namespace

std::optional<double> brier(std::span<const ScoreCount> counts) {
  double sum = 0;
  for (const ScoreCount& c : counts)
    sum += static_cast<double>(c.positives) * (1 - c.score) * (1 - c.score) + static_cast<double>(c.negatives) * c.score * c.score;
  const std::int64_t n = total(counts);
  return n == 0 ? std::nullopt : std::optional(sum / static_cast<double>(n));
}

std::optional<double> brier(const Judged& judged, RowWeights weight) {
  double sum = 0, n = 0;
  for (std::size_t r = 0; r < judged.rows(); ++r) {
    const int times = weight.empty() ? 1 : weight[r];
    double of_row = 0;
    for (int c = 0; c < static_cast<int>(judged.classes.size()); ++c) {
      const double miss = judged.probability_of(r, c) - (judged.label[r] == c ? 1 : 0);
      of_row += miss * miss;
    }
    sum += times * of_row;
    n += times;
  }
  return n == 0 ? std::nullopt : std::optional(sum / n);
}

std::vector<ReliabilityBin> reliability(std::span<const ScoreCount> counts, int bins) {
  auto out = equal_width(bins);
  for (const ScoreCount& c : counts) add(out[bin_of(c.score, bins)], c);
  divide(out);
  return out;
}

std::vector<ReliabilityBin> reliability_equal_mass(std::span<const ScoreCount> counts, int bins) {
  std::vector<ReliabilityBin> out(static_cast<std::size_t>(bins));
  const std::int64_t all = total(counts);
  std::int64_t below = 0;
  for (auto c = counts.rbegin(); c != counts.rend(); ++c) {
    const std::int64_t n = c->positives + c->negatives;
    ReliabilityBin& bin = out[static_cast<std::size_t>((2 * below + n) * bins / (2 * all))];
    if (bin.n == 0) bin.from = c->score;
    bin.to = c->score;
    add(bin, *c);
    below += n;
  }
  divide(out);
  return out;
}

std::optional<double> calibration_error(const std::vector<ReliabilityBin>& bins) {
  double sum = 0, n = 0;
  for (const ReliabilityBin& bin : bins) {
    sum += static_cast<double>(bin.n) * std::abs(bin.mean_probability - bin.positive_share);
    n += static_cast<double>(bin.n);
  }
  return n == 0 ? std::nullopt : std::optional(sum / n);
}

RankedScores top_label(const Judged& judged) {
  std::vector<double> confidence;
  std::vector<char> right;
  for (std::size_t r = 0; r < judged.rows(); ++r) {
    const int most = judged.argmax(r);
    confidence.push_back(judged.probability_of(r, most));
    right.push_back(judged.label[r] == most);
  }
  return {confidence, right};
}

std::optional<Recalibration> recalibrate(std::span<const ScoreCount> counts) {
  if (without_finite_slope(counts)) return std::nullopt;
  std::vector<double> x;
  for (const ScoreCount& c : counts) x.push_back(logit(c.score));
  Recalibration out;
  double one = 1;
  if (!climb(counts, x, out.in_the_large, one, false)) return std::nullopt;
  out.slope = 0;
  if (!climb(counts, x, out.intercept, out.slope, true)) return std::nullopt;
  return out;
}

std::optional<double> temperature(const Judged& judged) {
  std::vector<double> z;
  for (const double p : judged.probability) z.push_back(std::log(std::max(p, kLeast)));
  double low = 0, high = 1;  // of beta = 1 / T; the likelihood is convex in it
  if (label_is_always_most_probable(judged) || bend(judged, z, low).slope >= 0) return std::nullopt;
  while (bend(judged, z, high).slope < 0)
    if ((high *= 2) > 1e4) return std::nullopt;
  double beta = high / 2;
  for (int step = 0; step < 200 && high - low > 1e-14 * high; ++step) {
    const Bend at = bend(judged, z, beta);
    (at.slope < 0 ? low : high) = beta;
    const double newton = beta - at.slope / at.curvature;
    const double next = newton > low && newton < high ? newton : (low + high) / 2;
    if (std::abs(next - beta) < 1e-15 * beta) break;
    beta = next;
  }
  return 1 / beta;
}

}  // namespace microtome
