// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/survival/cox.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "mil/evaluation/intervals.h"
#include "mil/evaluation/survival/cholesky.h"

namespace microtome {
namespace {

constexpr int kMostSteps = 60;

/// Covariates with mean 0 and standard deviation 1 (those that vary), rows by time descending.
struct Problem {
  std::size_t p = 0;
  std::vector<double> z;  // (N, P)
  std::vector<double> months;
  std::vector<char> event;
  std::vector<double> means, scales;
  CoxSettings settings;

  const double* row(std::size_t i) const { return z.data() + i * p; }
  /// One behind the rows that share the time of row `from`.
  std::size_t end_of_time(std::size_t from) const {
    std::size_t to = from;
    while (to < months.size() && months[to] == months[from]) ++to;
    return to;
  }
};

Problem prepare(std::span<const double> x, std::size_t p, const FollowUp& follow_up, const CoxSettings& settings) {
  const std::size_t n = follow_up.size();
  Problem out{p, {}, {}, {}, std::vector<double>(p, 0), std::vector<double>(p, 0), settings};
  for (std::size_t i = 0; i < n * p; ++i) out.means[i % p] += x[i] / static_cast<double>(n);
  for (std::size_t i = 0; i < n * p; ++i) out.scales[i % p] += std::pow(x[i] - out.means[i % p], 2) / static_cast<double>(n);
  for (std::size_t k = 0; k < p; ++k) {
    const double sd = std::sqrt(out.scales[k]);
    out.scales[k] = sd > 1e-12 * std::abs(out.means[k]) ? sd : 0;  // below it the spread is rounding
  }
  std::vector<std::size_t> order(n);
  for (std::size_t r = 0; r < n; ++r) order[r] = r;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return follow_up.months[a] > follow_up.months[b]; });
  for (const std::size_t r : order) {
    out.months.push_back(follow_up.months[r]);
    out.event.push_back(follow_up.event[r]);
    for (std::size_t k = 0; k < p; ++k) out.z.push_back(out.scales[k] > 0 ? (x[r * p + k] - out.means[k]) / out.scales[k] : 0);
  }
  return out;
}

/// Sums over rows of exp(eta), exp(eta) z and exp(eta) z z'.
struct Moments {
  explicit Moments(std::size_t p) : first(p, 0), second(p * p, 0) {}
  void add(double weight, const double* z) {
    const std::size_t p = first.size();
    sum += weight;
    for (std::size_t a = 0; a < p; ++a) {
      first[a] += weight * z[a];
      for (std::size_t b = 0; b <= a; ++b) second[a * p + b] += weight * z[a] * z[b];
    }
  }
  double sum = 0;
  std::vector<double> first, second;  // of second the lower half
};

/// Log partial likelihood, its gradient and negative curvature.
struct Slopes {
  explicit Slopes(std::size_t p) : gradient(p, 0), information(p * p, 0) {}

  /// One event out of the risk set `all`, less `share` of the events `dying` at the same time (Efron).
  void add(const Moments& all, const Moments& dying, double share) {
    const std::size_t p = gradient.size();
    const double sum = all.sum - share * dying.sum;
    likelihood -= std::log(sum);
    std::vector<double> mean(p);
    for (std::size_t a = 0; a < p; ++a) {
      mean[a] = (all.first[a] - share * dying.first[a]) / sum;
      gradient[a] -= mean[a];
      for (std::size_t b = 0; b <= a; ++b)
        information[a * p + b] += (all.second[a * p + b] - share * dying.second[a * p + b]) / sum - mean[a] * mean[b];
    }
  }

  double likelihood = 0;
  std::vector<double> gradient, information;
};

std::vector<double> linear(const Problem& problem, const std::vector<double>& beta) {
  std::vector<double> out(problem.months.size(), 0);
  for (std::size_t i = 0; i < out.size(); ++i)
    for (std::size_t k = 0; k < problem.p; ++k) out[i] += beta[k] * problem.row(i)[k];
  return out;
}

void add_penalty(Slopes& out, const Problem& problem, const std::vector<double>& beta) {
  for (std::size_t k = 0; k < problem.p; ++k) {
    const double scale = problem.scales[k] > 0 ? problem.scales[k] : 1, ridge = problem.settings.ridge / (scale * scale);
    out.likelihood -= ridge / 2 * beta[k] * beta[k];
    out.gradient[k] -= ridge * beta[k];
    out.information[k * problem.p + k] += ridge;
  }
}

Slopes slopes(const Problem& problem, const std::vector<double>& beta) {
  const std::vector<double> eta = linear(problem, beta);
  const double most = eta.empty() ? 0 : *std::max_element(eta.begin(), eta.end());
  Slopes out(problem.p);
  Moments all(problem.p);
  for (std::size_t from = 0, to = 0; from < eta.size(); from = to) {
    to = problem.end_of_time(from);
    Moments dying(problem.p);
    int events = 0;
    for (std::size_t i = from; i < to; ++i) {
      const double weight = std::exp(eta[i] - most);
      all.add(weight, problem.row(i));
      if (!problem.event[i]) continue;
      ++events;
      dying.add(weight, problem.row(i));
      out.likelihood += eta[i] - most;
      for (std::size_t k = 0; k < problem.p; ++k) out.gradient[k] += problem.row(i)[k];
    }
    for (int e = 0; e < events; ++e) out.add(all, dying, problem.settings.ties == CoxTies::efron ? static_cast<double>(e) / events : 0);
  }
  add_penalty(out, problem, beta);
  return out;
}

/// The lower half copied to the upper.
std::vector<double> whole(std::vector<double> lower, std::size_t p) {
  for (std::size_t a = 0; a < p; ++a)
    for (std::size_t b = 0; b < a; ++b) lower[b * p + a] = lower[a * p + b];
  return lower;
}

struct Climb {
  explicit Climb(std::size_t p) : beta(p, 0), at(p) {}
  std::vector<double> beta;
  Slopes at;
  int steps = 0;
  std::string problem;
};

const char* const kUnbounded =
    "a hazard ratio without bound: the covariates put the patients with events in order completely, or nearly so: add patients or a ridge "
    "penalty";

/// One halved step of Newton's method. Returns its largest change.
double step(const Problem& problem, Climb& climb, std::vector<double> change) {
  for (int half = 0;; ++half) {
    std::vector<double> beta = climb.beta;
    double largest = 0;
    for (std::size_t k = 0; k < beta.size(); ++k) {
      beta[k] += change[k];
      largest = std::max(largest, std::abs(change[k]) / (1 + std::abs(beta[k])));
    }
    Slopes next = slopes(problem, beta);
    const bool fine = next.likelihood >= climb.at.likelihood - 1e-9 * std::abs(climb.at.likelihood);
    if (fine || half == 40) {
      climb.beta = std::move(beta);
      climb.at = std::move(next);
      return largest;
    }
    for (double& c : change) c /= 2;
  }
}

Climb climb_to_top(const Problem& problem) {
  const std::size_t p = problem.p;
  Climb out(p);
  out.at = slopes(problem, out.beta);
  const std::vector<double> start = out.at.information;
  for (out.steps = 0; out.steps < kMostSteps; ++out.steps) {
    for (std::size_t k = 0; k < p; ++k)
      if (start[k * p + k] > 0 && out.at.information[k * p + k] < 1e-8 * start[k * p + k]) {
        out.problem = kUnbounded;
        return out;
      }
    const Cholesky factors(whole(out.at.information, p), p);
    if (const auto row = factors.dependent_row()) {
      out.problem =
          out.steps == 0 ? "covariate " + std::to_string(*row + 1) + " is constant, or a combination of the ones before it" : kUnbounded;
      return out;
    }
    if (step(problem, out, factors.solve(out.at.gradient)) < 1e-10) return out;
  }
  out.problem = kUnbounded;
  return out;
}

void add_terms(CoxFit& fit, const Problem& problem, const Climb& climb) {
  const std::size_t p = problem.p;
  const double z_level = normal_quantile((1 + problem.settings.level) / 2);
  fit.covariance = Cholesky(whole(climb.at.information, p), p).inverse();
  auto scale = [&](std::size_t k) { return problem.scales[k] > 0 ? problem.scales[k] : 1; };
  for (std::size_t a = 0; a < p; ++a)
    for (std::size_t b = 0; b < p; ++b) fit.covariance[a * p + b] /= scale(a) * scale(b);
  for (std::size_t k = 0; k < p; ++k) {
    CoxTerm term;
    term.coefficient = climb.beta[k] / scale(k);
    term.standard_error = std::sqrt(fit.covariance[k * p + k]);
    term.hazard_ratio = std::exp(term.coefficient);
    term.low = std::exp(term.coefficient - z_level * term.standard_error);
    term.high = std::exp(term.coefficient + z_level * term.standard_error);
    term.z = term.coefficient / term.standard_error;
    term.p = 2 * boost::math::cdf(boost::math::normal(), -std::abs(term.z));
    fit.terms.push_back(term);
  }
}

void add_baseline(CoxFit& fit, const Problem& problem, const std::vector<double>& beta) {
  const std::vector<double> eta = linear(problem, beta);
  double at_risk = 0;
  for (std::size_t from = 0, to = 0; from < eta.size(); from = to) {
    to = problem.end_of_time(from);
    double events = 0;
    for (std::size_t i = from; i < to; ++i) {
      at_risk += std::exp(eta[i]);
      events += problem.event[i];
    }
    fit.baseline.push_back({problem.months[from], events / at_risk});
  }
  std::reverse(fit.baseline.begin(), fit.baseline.end());
  for (std::size_t i = 1; i < fit.baseline.size(); ++i) fit.baseline[i].cumulated += fit.baseline[i - 1].cumulated;
}

void add_likelihoods(CoxFit& fit, Problem problem, const Climb& climb) {
  const bool ridge = problem.settings.ridge > 0;
  problem.settings.ridge = 0;
  fit.log_likelihood = slopes(problem, climb.beta).likelihood;
  fit.null_log_likelihood = slopes(problem, std::vector<double>(problem.p, 0)).likelihood;
  const double ratio = std::max(0.0, 2 * (fit.log_likelihood - fit.null_log_likelihood));
  if (!ridge)
    fit.likelihood_ratio_p = boost::math::cdf(boost::math::complement(boost::math::chi_squared(static_cast<double>(problem.p)), ratio));
}

}  // namespace

double CoxFit::survival(std::span<const double> x, double months) const {
  double eta = 0;
  for (std::size_t k = 0; k < means.size(); ++k) eta += terms[k].coefficient * (x[k] - means[k]);
  const auto after = std::upper_bound(baseline.begin(), baseline.end(), months, [](double t, const HazardStep& s) { return t < s.months; });
  return after == baseline.begin() ? 1 : std::exp(-(after - 1)->cumulated * std::exp(eta));
}

CoxFit fit_cox(std::span<const double> x, std::size_t covariates, const FollowUp& follow_up, const CoxSettings& settings) {
  CoxFit fit;
  if (follow_up.events() == 0) {
    fit.problem = "there is no event";
    return fit;
  }
  const Problem problem = prepare(x, covariates, follow_up, settings);
  const Climb climb = climb_to_top(problem);
  fit.steps = climb.steps;
  fit.problem = climb.problem;
  if (!fit.problem.empty()) return fit;
  fit.means = problem.means;
  add_terms(fit, problem, climb);
  add_baseline(fit, problem, climb.beta);
  add_likelihoods(fit, problem, climb);
  return fit;
}

}  // namespace microtome
