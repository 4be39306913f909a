// SPDX-License-Identifier: Apache-2.0
#include "mil/training/ladder.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "mil/aggregators/aggregator.h"
#include "mil/aggregators/ensemble.h"
#include "mil/explain/ablation.h"
#include "mil/ladder/competitor.h"
#include "mil/model_error.h"
#include "mil/training/bag_stream.h"
#include "mil/training/clinical_cox.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

using Risks = std::map<std::string, double>;  // by slide id
using NamedRisks = std::vector<std::pair<std::string, Risks>>;

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

ModelCard card_with(const ModelCard& whole, const Chosen& chosen) {
  ModelCard card = whole;
  card.modalities.clear();
  for (const std::size_t m : chosen) card.modalities.push_back(whole.modalities[m]);
  return card;
}

/// A rung that is trained as the fusion model is.
struct Rival {
  std::string name;
  Chosen tables;
  std::vector<GridPoint> points;  // one
  std::vector<FoldResult> folds = {};
  std::vector<EpochRecord> history = {};  // of everybody
};

Rival rival_of(const std::string& name, const Chosen& tables, TrainSettings settings, const std::string& aggregator, const std::string& fusion,
               const std::string& encoder) {
  settings.grid.clear();
  settings.aggregator = aggregator;
  settings.fusion = fusion;
  settings.table_encoder = encoder;
  settings.pretrain_epochs = 0;  // a simpler model is trained as one would train it alone
  return {name, tables, {{"", settings}}};
}

std::vector<Rival> rivals_of(const ModelCard& card, const TrainSettings& settings) {
  const Chosen all = tables_of(card, false), genes = tables_of(card, true);
  const std::string tiles = needs_tables(settings.aggregator) ? "abmil-gated" : settings.aggregator;
  std::vector<Rival> rivals;
  if (!genes.empty()) rivals.push_back(rival_of("genes-snn", genes, settings, "tables", "concat", "snn"));
  if (!genes.empty()) rivals.push_back(rival_of("genes-mlp", genes, settings, "tables", "concat", "mlp"));
  rivals.push_back(rival_of("slides", {}, settings, tiles, "concat", settings.table_encoder));
  rivals.push_back(rival_of("late-fusion", all, settings, tiles, "late", settings.table_encoder));
  return rivals;
}

/// A rival's training, on the folds of the fusion model's, which must outlive it.
class Beside {
 public:
  Beside(const CrossValidation& training, const Rival& rival)
      : slides_(with_tables(training.slides, rival.tables)),
        card_(card_with(training.card, rival.tables)),
        training_{slides_, training.folds, card_, rival.points, training.folder, training.on_epoch, {}, rival.name} {}
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;

  std::vector<FoldResult> run_folds(int threads) const { return training_.run_folds(numbers_of(training_.folds), threads); }
  BestFit run_everybody(int epochs) const {
    Sides everybody;
    for (const TrainingSlide& slide : slides_) everybody.training.push_back(&slide);
    return training_.run(everybody, training_.points.front(), -1, epochs);
  }

 private:
  std::vector<TrainingSlide> slides_;
  ModelCard card_;
  CrossValidation training_;
};

nlohmann::ordered_json described(const std::string& rung, const CrossValidation& training) {
  return {{"rung", rung}, {"folds", numbers_of(training.folds).size()}, {"patients", patients_of(training.slides).size()}, {"slides", training.slides.size()}};
}

std::string described(const Rival& rival, const CrossValidation& training, int epochs) {
  nlohmann::ordered_json json = described(rival.name, training);
  json["seed"] = rival.points.front().settings.seed;
  json["final_epochs"] = epochs;
  double concordance = 0;
  for (const FoldResult& fold : rival.folds) concordance += fold.concordance / static_cast<double>(rival.folds.size());
  json["concordance"] = concordance;
  return json.dump();
}

/// Where the ladder is gathered until the model is there.
fs::path beside_ladder(const fs::path& model_folder) { return model_folder / (std::string(ladder_folder_name) + ".part"); }

fs::path folder_for(const fs::path& model_folder, const std::string& rung) {
  fs::path folder = beside_ladder(model_folder) / rung;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw ModelError(folder.string() + ": a folder for a simpler model was wanted: " + error.message() + ": check the permissions");
  return folder;
}

/// As the fusion model will be: of everybody, or the folds' models together.
void keep(const CrossValidation& training, Rival& rival) {
  std::vector<int> best;
  for (const FoldResult& fold : rival.folds) best.push_back(fold.best->epoch);
  const int epochs = median(best);
  const std::string training_json = described(rival, training, epochs);
  const fs::path folder = folder_for(training.folder, rival.name);
  if (rival.points.front().settings.ensemble) {
    std::vector<const MilNetwork*> members;
    for (const FoldResult& fold : rival.folds) members.push_back(&fold.best->network);
    return save_ensemble(folder, members, training_json);
  }
  const BestFit fit = Beside(training, rival).run_everybody(epochs);
  rival.history = fit.history;
  ModelCard card = fit.network.card();
  card.training_json = training_json;
  save_slide_model(folder, fit.network, card);
}

Risks out_of_fold(const std::vector<FoldResult>& folds) {
  Risks risks;
  for (const FoldResult& fold : folds)
    for (const FoldPrediction& one : fold.predictions) risks[one.slide_id] = one.risk;
  return risks;
}

/// Out of fold; and what is kept, in the folder.
Risks clinical_cox(const CrossValidation& training, std::size_t m, bool ensemble) {
  Risks risks;
  const Modality& table = training.card.modalities[m];
  CoxCard card{table.name, table.features, CoxTies::efron, kClinicalRidge, {}, described(kClinicalCox, training).dump()};
  for (const int fold : numbers_of(training.folds)) {
    const CoxCoefficients fit = fit_clinical_cox(training.inside(fold, true), m, table.features.size());
    for (const TrainingSlide* slide : training.inside(fold)) risks[slide->bag.slide_id] = cox_risk(fit, slide->tables[m]);
    if (ensemble) card.fits.push_back(fit);
  }
  constexpr int nobody = -1;  // in a fold
  if (!ensemble) card.fits.push_back(fit_clinical_cox(training.inside(nobody, true), m, table.features.size()));
  write_cox_card(folder_for(training.folder, kClinicalCox), card);
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

/// Out of fold.
NamedRisks compete(const CrossValidation& training, const TrainSettings& settings, TrainResult& result) {
  NamedRisks rungs;
  for (const std::size_t m : tables_of(training.card, false))
    if (training.card.modalities[m].name == kClinicalModality) rungs.emplace_back(kClinicalCox, clinical_cox(training, m, settings.ensemble));
  std::vector<Rival> rivals = rivals_of(training.card, settings);
  for (Rival& rival : rivals) {
    rival.folds = Beside(training, rival).run_folds(settings.threads);
    rungs.emplace_back(rival.name, out_of_fold(rival.folds));
  }
  side_by_side(rivals.size(), settings.threads, [&](std::size_t i) { keep(training, rivals[i]); });
  for (const Rival& rival : rivals) {
    for (const FoldResult& fold : rival.folds) result.history.insert(result.history.end(), fold.history.begin(), fold.history.end());
    result.history.insert(result.history.end(), rival.history.begin(), rival.history.end());
  }
  for (const auto& [name, risks] : rungs) result.kept.push_back({name, competitor_sha256(beside_ladder(training.folder) / name)});
  return rungs;
}

void remove_whole(const fs::path& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  if (error) throw ModelError(fmt::format("{}: it was wanted out of the way: {}: check the folder's permissions", folder.string(), error.message()));
}

}  // namespace

void climb_ladder(const CrossValidation& training, const std::vector<FoldResult>& results, const TrainSettings& settings, TrainResult& result) {
  remove_whole(beside_ladder(training.folder));
  NamedRisks rungs = compete(training, settings, result);
  std::vector<Risks> without = ablated(training, results);
  for (const std::size_t m : tables_of(training.card, false)) rungs.emplace_back("without-" + training.card.modalities[m].name, std::move(without[m + 1]));
  rungs.emplace_back("without-tiles", std::move(without[0]));
  std::vector<std::string> ids;
  for (const TrainingSlide& slide : training.slides) ids.push_back(slide.bag.slide_id);  // sorted, as the predictions are
  for (const auto& [name, risks] : rungs) {
    LadderRung& rung = result.ladder.emplace_back(LadderRung{name, {}});
    for (const std::string& id : ids) rung.risk.push_back(risks.at(id));
  }
}

void publish_ladder(const fs::path& model_folder, const std::vector<KeptRung>& kept) {
  const fs::path beside = beside_ladder(model_folder), place = model_folder / ladder_folder_name;
  remove_whole(place);
  if (kept.empty()) return remove_whole(beside);  // of a training that was interrupted
  std::error_code error;
  fs::rename(beside, place, error);
  if (error) throw ModelError(fmt::format("{}: a place for the simpler models was wanted: {}: check the folder's permissions", place.string(), error.message()));
}

}  // namespace microtome
