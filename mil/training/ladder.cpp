// SPDX-License-Identifier: Apache-2.0
#include "mil/training/ladder.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "mil/aggregators/aggregator.h"
#include "mil/evaluation/survival/cox.h"
#include "mil/explain/ablation.h"
#include "mil/training/bag_stream.h"
#include "mil/training/scaler.h"

namespace microtome {
namespace {

constexpr double kRidge = 0.1;  // words of one column add up to 1: without a penalty there would be no fit

using Risks = std::map<std::string, double>;  // by slide id

/// Which of the card's tables a rung sees.
using Chosen = std::vector<std::size_t>;

Chosen tables_of(const ModelCard& card, bool genes_only) {
  Chosen chosen;
  for (std::size_t m = 0; m < card.modalities.size(); ++m)
    if (!genes_only || card.modalities[m].name != kClinicalModality) chosen.push_back(m);
  return chosen;
}

/// The same slides with these tables; the bags are those of `slides`, which must outlive the result.
std::vector<TrainingSlide> with_tables(const std::vector<TrainingSlide>& slides, const Chosen& chosen) {
  std::vector<TrainingSlide> out;
  for (const TrainingSlide& slide : slides) {
    TrainingSlide& one = out.emplace_back();
    one.bag.slide_id = slide.bag.slide_id;
    one.bag.feature_dim = slide.bag.feature_dim;
    one.bag.coords = slide.bag.coords;
    one.load = [&slide] { return slide.load ? slide.load() : slide.bag; };
    one.patient_id = slide.patient_id;
    one.label = slide.label;
    one.months = slide.months;
    one.event = slide.event;
    for (const std::size_t m : chosen) one.tables.push_back(slide.tables[m]);
  }
  return out;
}

std::vector<int> numbers_of(const std::vector<int>& folds) {
  const std::set<int> numbers(folds.begin(), folds.end());
  return {numbers.begin(), numbers.end()};
}

/// A model of its own on the same folds.
Risks trained(const CrossValidation& training, const std::string& rung, const Chosen& chosen, const TrainSettings& settings) {
  const std::vector<TrainingSlide> slides = with_tables(training.slides, chosen);
  ModelCard card = training.card;
  card.modalities.clear();
  for (const std::size_t m : chosen) card.modalities.push_back(training.card.modalities[m]);
  std::vector<GridPoint> points{{"", settings}};
  points.front().settings.pretrain_epochs = 0;  // a simpler model is trained as one would train it alone
  const CrossValidation beside{slides, training.folds, card, points, training.folder, training.on_epoch, {}, rung};
  Risks risks;
  for (const FoldResult& fold : beside.run_folds(numbers_of(training.folds), settings.threads))
    for (const FoldPrediction& one : fold.predictions) risks[one.slide_id] = one.risk;
  return risks;
}

/// A row a patient: missing cells and rows are the training mean, 0.
class ClinicalRows {
 public:
  ClinicalRows(const std::vector<const TrainingSlide*>& slides, std::size_t m, const Scaler& scaler) : width_(scaler.mean.size()) {
    for (const TrainingSlide* slide : slides) {
      if (!rows_.emplace(slide->patient_id, first_.size()).second) continue;
      first_.push_back(slide);
      for (std::size_t c = 0; c < width_; ++c) {
        const TableRow& row = slide->tables[m];
        const double z = row.present ? (row.values[c] - scaler.mean[c]) / scaler.scale[c] : 0.0;
        values_.push_back(std::isfinite(z) ? z : 0.0);
      }
    }
  }
  const std::vector<double>& values() const { return values_; }
  FollowUp follow_up() const {
    FollowUp out;
    for (const TrainingSlide* slide : first_) {
      out.months.push_back(slide->months);
      out.event.push_back(slide->event ? 1 : 0);
    }
    return out;
  }
  double risk(const TrainingSlide& slide, const CoxFit& fit) const {
    const double* row = values_.data() + rows_.at(slide.patient_id) * width_;
    double risk = 0;
    for (std::size_t c = 0; c < fit.terms.size(); ++c) risk += fit.terms[c].coefficient * row[c];
    return risk;
  }

 private:
  std::size_t width_;
  std::map<std::string, std::size_t> rows_;
  std::vector<const TrainingSlide*> first_;
  std::vector<double> values_;
};

Risks clinical_cox(const CrossValidation& training, std::size_t m) {
  Risks risks;
  const std::size_t width = training.card.modalities[m].features.size();
  for (const int fold : numbers_of(training.folds)) {
    const auto inside = training.inside(fold), outside = training.inside(fold, true);
    const Scaler scaler = fit_table_scaler(outside, m, width);
    const ClinicalRows taught(outside, m, scaler), judged(inside, m, scaler);
    // a fit that there is none of orders nobody: c is 0.5
    const CoxFit fit = fit_cox(taught.values(), width, taught.follow_up(), {CoxTies::efron, kRidge, 0.95});
    for (const TrainingSlide* slide : inside) risks[slide->bag.slide_id] = judged.risk(*slide, fit);
  }
  return risks;
}

std::vector<Risks> ablated(const CrossValidation& training, const std::vector<FoldResult>& results) {
  std::vector<Risks> out(training.card.modalities.size() + 1);
  const auto numbers = numbers_of(training.folds);
  for (std::size_t f = 0; f < numbers.size(); ++f) {
    const auto inside = training.inside(numbers[f]);
    BagStream bags(inside);
    for (const TrainingSlide* slide : inside) {
      const auto bag = bags.next();
      for (std::size_t missing = 0; missing < out.size(); ++missing)
        out[missing][slide->bag.slide_id] = risk_without(results[f].best->network, *bag, slide->tables, missing);
    }
  }
  return out;
}

}  // namespace

std::vector<LadderRung> climb_ladder(const CrossValidation& training, const std::vector<FoldResult>& results, TrainSettings settings) {
  const ModelCard& card = training.card;
  const Chosen all = tables_of(card, false), genes = tables_of(card, true);
  std::vector<std::pair<std::string, Risks>> rungs;
  for (const std::size_t m : all)
    if (card.modalities[m].name == kClinicalModality) rungs.emplace_back("clinical-cox", clinical_cox(training, m));
  settings.grid.clear();
  const auto add = [&](const std::string& rung, const Chosen& chosen, const std::string& aggregator, const std::string& fusion, const std::string& encoder) {
    TrainSettings own = settings;
    own.aggregator = aggregator;
    own.fusion = fusion;
    own.table_encoder = encoder;
    rungs.emplace_back(rung, trained(training, rung, chosen, own));
  };
  if (!genes.empty()) add("genes-snn", genes, "tables", "concat", "snn");
  if (!genes.empty()) add("genes-mlp", genes, "tables", "concat", "mlp");
  const std::string tiles = needs_tables(settings.aggregator) ? "abmil-gated" : settings.aggregator;
  add("slides", {}, tiles, "concat", settings.table_encoder);
  add("late-fusion", all, tiles, "late", settings.table_encoder);
  std::vector<Risks> without = ablated(training, results);
  for (const std::size_t m : all) rungs.emplace_back("without-" + card.modalities[m].name, std::move(without[m + 1]));
  rungs.emplace_back("without-tiles", std::move(without[0]));
  std::vector<std::string> ids;
  for (const TrainingSlide& slide : training.slides) ids.push_back(slide.bag.slide_id);  // sorted, as the predictions are
  std::vector<LadderRung> ladder;
  for (const auto& [name, risks] : rungs) {
    LadderRung& rung = ladder.emplace_back(LadderRung{name, {}});
    for (const std::string& id : ids) rung.risk.push_back(risks.at(id));
  }
  return ladder;
}

}  // namespace microtome
