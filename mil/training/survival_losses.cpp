// SPDX-License-Identifier: Apache-2.0
#include "mil/training/survival_losses.h"

#include <algorithm>
#include <numeric>

namespace microtome {
namespace {

constexpr double kRankingScale = 0.1;  // sigma of DeepHit's publication
constexpr double kSmallest = 1e-7;     // of 1 - S_y

/// -log S_k up to each bin: cumulated softplus.
at::Tensor cumulated(const at::Tensor& logits) { return at::cumsum(at::softplus(logits), 0); }

/// -log S_{y-1} - log h_y
at::Tensor event_nll(const at::Tensor& logits, int bin) {
  const at::Tensor before = at::softplus(logits.narrow(0, 0, bin)).sum();
  return before + at::softplus(-logits[bin]);
}

at::Tensor nothing(const at::Tensor& values) { return values.sum() * 0; }

std::vector<std::int64_t> latest_first(const std::vector<Followed>& followed) {
  std::vector<std::int64_t> order(followed.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return followed[static_cast<std::size_t>(a)].months > followed[static_cast<std::size_t>(b)].months; });
  return order;
}

/// log(sum over the risk set - r / m times the sum over the events), r = 0 to m - 1
at::Tensor efron_terms(const at::Tensor& log_at_risk, const at::Tensor& events) {
  const std::int64_t m = events.size(0);
  const at::Tensor share = at::arange(m, events.options().requires_grad(false)) / static_cast<double>(m);
  const at::Tensor ratio = (at::logsumexp(events, 0) - log_at_risk).exp();
  return log_at_risk + at::log1p(-share * ratio);
}

}  // namespace

at::Tensor hazard_nll(const at::Tensor& logits, const Followed& followed, double alpha) {
  if (followed.event) return event_nll(logits, followed.bin);
  return (1 - alpha) * cumulated(logits)[followed.bin];
}

at::Tensor survival_cross_entropy(const at::Tensor& logits, const Followed& followed, double alpha) {
  const at::Tensor minus_log = cumulated(logits)[followed.bin];
  if (!followed.event) return (1 - alpha) * minus_log;
  const at::Tensor died = -at::log((1 - (-minus_log).exp()).clamp_min(kSmallest));
  return (1 - alpha) * died + alpha * event_nll(logits, followed.bin);
}

at::Tensor cox_loss(const at::Tensor& risks, const std::vector<Followed>& followed, bool efron) {
  const auto order = latest_first(followed);
  const at::Tensor sorted = risks.index_select(0, at::tensor(at::ArrayRef<std::int64_t>(order)));
  const at::Tensor log_at_risk = at::logcumsumexp(sorted, 0);
  at::Tensor sum = nothing(risks);
  std::int64_t count = 0;
  for (std::size_t first = 0; first < order.size();) {  // groups of one time: all of them are at risk together
    const double months = followed[static_cast<std::size_t>(order[first])].months;
    std::vector<std::int64_t> events;
    std::size_t end = first;
    for (; end < order.size() && followed[static_cast<std::size_t>(order[end])].months == months; ++end)
      if (followed[static_cast<std::size_t>(order[end])].event) events.push_back(static_cast<std::int64_t>(end));
    if (!events.empty()) {
      const at::Tensor of_events = sorted.index_select(0, at::tensor(at::ArrayRef<std::int64_t>(events)));
      const at::Tensor all = log_at_risk[static_cast<std::int64_t>(end) - 1];
      const auto m = static_cast<std::int64_t>(events.size());
      sum = sum + (efron ? efron_terms(all, of_events).sum() : all * static_cast<double>(m)) - of_events.sum();
      count += m;
    }
    first = end;
  }
  return count > 0 ? sum / static_cast<double>(count) : sum;
}

at::Tensor ranking_loss(const at::Tensor& logits, const std::vector<Followed>& followed) {
  const at::Tensor survival = (-at::cumsum(at::softplus(logits), 1)).exp();
  at::Tensor sum = nothing(logits);
  std::int64_t pairs = 0;
  for (std::size_t i = 0; i < followed.size(); ++i) {
    if (!followed[i].event) continue;
    std::vector<std::int64_t> later;
    for (std::size_t j = 0; j < followed.size(); ++j)
      if (followed[i].months < followed[j].months) later.push_back(static_cast<std::int64_t>(j));
    if (later.empty()) continue;
    const at::Tensor at_time = survival.select(1, followed[i].bin);
    const at::Tensor others = at_time.index_select(0, at::tensor(at::ArrayRef<std::int64_t>(later)));
    // F_i - F_j = S_j - S_i
    sum = sum + (-(others - at_time[static_cast<std::int64_t>(i)]) / kRankingScale).exp().sum();
    pairs += static_cast<std::int64_t>(later.size());
  }
  return pairs > 0 ? sum / static_cast<double>(pairs) : sum;
}

const char* survival_loss_names() { return "nll, ce-surv, cox, cox-efron, ranking"; }
bool is_survival_loss(const std::string& name) { return name == "nll" || name == "ce-surv" || compares_patients(name); }
bool is_cox(const std::string& name) { return name == "cox" || name == "cox-efron"; }
bool compares_patients(const std::string& name) { return is_cox(name) || name == "ranking"; }

at::Tensor survival_loss(const std::string& name, const at::Tensor& logits, const std::vector<Followed>& followed, double alpha) {
  if (is_cox(name)) return cox_loss(logits.select(1, 0), followed, name == "cox-efron");
  at::Tensor sum = nothing(logits);
  for (std::size_t i = 0; i < followed.size(); ++i) {
    const at::Tensor one = logits[static_cast<std::int64_t>(i)];
    sum = sum + (name == "ce-surv" ? survival_cross_entropy(one, followed[i], alpha) : hazard_nll(one, followed[i], alpha));
  }
  const at::Tensor mean = sum / static_cast<double>(followed.size());
  return name == "ranking" ? 0.5 * (mean + ranking_loss(logits, followed)) : mean;
}

}  // namespace microtome
