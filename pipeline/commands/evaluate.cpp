// SPDX-License-Identifier: Apache-2.0
// microtome evaluate: predictions and labels in, or a model, bags and labels; metrics.json, curves and a page out. Here of classes;
// evaluate_survival.cpp is of risks, evaluate_regression.cpp of numbers, evaluate_multilabel.cpp of labels that are each true or not.
#include <fmt/format.h>
#include <signal.h>

#include <optional>

#include "mil/allowed_models.h"
#include "pipeline/commands.h"
#include "pipeline/commands/evaluate_multilabel.h"
#include "pipeline/commands/evaluate_regression.h"
#include "pipeline/commands/evaluate_survival.h"
#include "pipeline/commands/judge_classes.h"
#include "pipeline/inputs/asked_ladder.h"
#include "pipeline/inputs/risk_table.h"
#include "pipeline/inputs/scoring_set.h"
#include "pipeline/inputs/value_table.h"
#include "pipeline/machine/interrupt.h"
#include "pipeline/machine/threads.h"
#include "pipeline/outputs/evaluation_files.h"
#include "pipeline/outputs/evaluation_result.h"
#include "pipeline/outputs/join_document.h"
#include "pipeline/outputs/metric_text.h"
#include "pipeline/outputs/publication.h"
#include "pipeline/run_setup.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

constexpr const char* kPredictions = "predictions.csv";

/// Applies --positive and --threshold, which mean something with two classes only.
void choose_positive(Judged& judged, const EvaluateSettings& settings) {
  if (!judged.binary() && settings.threshold != "auto")
    throw ConfigError("--evaluate.threshold: wanted predictions of two classes, got more: the most probable class is the decision");
  if (settings.positive.empty()) return;
  if (!judged.binary()) throw ConfigError("--evaluate.positive: wanted predictions of two classes, got more: leave it out");
  const auto found = std::find(judged.classes.begin(), judged.classes.end(), settings.positive);
  if (found == judged.classes.end())
    throw ConfigError(fmt::format("--evaluate.positive: wanted {} or {}, as the columns of the predictions say, got '{}'",
                                  judged.classes[0], judged.classes[1], settings.positive));
  judged.positive = static_cast<int>(found - judged.classes.begin());
}

void refuse_options_of_other_tasks(const EvaluateSettings& settings) {
  if (settings.target != kValueColumn)
    throw ConfigError("--evaluate.target: wanted predictions with a column value, got prob_<class> columns: leave it out");
  for (const auto& [name, given] :
       {std::pair("censorship", !settings.censorship.empty()), std::pair("risk_cut", settings.risk_cut != "auto"),
        std::pair("tau", settings.tau != "auto"), std::pair("horizon", settings.horizon != "auto")})
    if (given)
      throw ConfigError(fmt::format("--evaluate.{}: wanted predictions with a column risk, got prob_<class> columns: leave it out", name));
}

ComparedModels compare_models(const EvaluateSettings& settings, EvaluationSet one) {
  EvaluationSet other = read_evaluation_set(settings.compare, settings.labels, {});
  const std::size_t left_out = pair_up(one, other, settings.compare);
  return compare_classes(std::move(one), std::move(other), left_out, settings);
}

/// A folder's name, also where its path ends in a slash.
fs::path named(const fs::path& folder) { return folder.has_filename() ? folder : folder.parent_path(); }

void tell_left_out(const ScoringSet& set, const ModelCard& card) {
  const auto tell = [](std::size_t count, const std::string& first, const char* what) {
    if (count > 0) fmt::print(stderr, "left out: {} {}, the first is '{}'\n", count, what, first);
  };
  tell(set.without_label, set.first_without_label, "bags without a label");
  tell(set.without_tiles, set.first_without_tiles, "bags without tiles");
  fmt::print(stderr, "{}", join_summary(joined_tables(set.modalities.get())));
  for (std::size_t m = 0; m < card.modalities.size(); ++m) {
    if (!set.modalities || !set.modalities->tables()[m].source)
      fmt::print(stderr, "the model was trained with a table '{}' and none was given: what it learned for a missing row stands in\n", card.modalities[m].name);
  }
  if (card.encoder_random_weights) fmt::print(stderr, "the encoder's weights are random numbers: these figures are a rehearsal\n");
  fmt::print(stderr, "the model does not say which slides it was trained on: on those its figures are optimistic\n");
}

/// What joining, --positive and --compare would refuse after the bags were scored, they refuse before.
void rehearse(const EvaluateSettings& settings, const ScoringSet& set, const ModelCard& card) {
  const std::vector<std::string> columns = column_names(settings.subgroups);
  EvaluationSet joined = join_labels(prediction_table(set, card, {}), named(settings.model), settings.labels, columns);
  choose_positive(joined.judged, settings);
  if (settings.compare.empty()) return;
  EvaluationSet other = read_evaluation_set(settings.compare, settings.labels, {});
  pair_up(joined, other, settings.compare);
}

/// What a model says of the labelled bags: a table of classes, or the text of predictions.csv.
struct Scored {
  std::optional<PredictionTable> classes;
  std::string text;
};

Scored told(const ScoringSet& set, const ModelCard& card, const std::optional<AskedLadder>& ladder, const BagScores& scores) {
  switch (card.kind()) {
    case AnswerKind::classes:
      return {prediction_table(set, card, scores.probabilities), ""};
    case AnswerKind::labels:
      return {{}, predictions_csv(prediction_table(set, card, scores.probabilities))};
    case AnswerKind::value:
      return {{}, values_csv(set, scores)};
    case AnswerKind::risk:
      break;
  }
  return {{}, risks_csv(set, ladder ? ladder->names() : std::vector<std::string>(), scores)};
}

/// Of a survival model that takes tables.
std::optional<AskedLadder> ladder_of(const Config& config, const SlideModel& model, const Modalities* modalities) {
  const ModelCard& card = model.card();
  if (!card.survival || card.modalities.empty()) return std::nullopt;
  std::vector<bool> given(card.modalities.size(), false);
  for (std::size_t m = 0; m < given.size() && modalities; ++m) given[m] = modalities->tables()[m].source != nullptr;
  const fs::path& folder = config.evaluate.model;
  return AskedLadder(model, competitors_there(folder, card, allowed_models(config).get()), given);
}

/// Nothing when a signal came.
std::optional<Scored> score(const Config& config, const SlideModel& model) {
  const EvaluateSettings& settings = config.evaluate;
  const ModelCard& card = model.card();
  const ScoringSet set = read_scoring_set(config, card);
  if (card.kind() == AnswerKind::classes) rehearse(settings, set, card);
  const std::optional<AskedLadder> ladder = ladder_of(config, model, set.modalities.get());
  require_writable(settings.output);
  tell_left_out(set, card);
  if (ladder)
    for (const std::string& remark : ladder_remarks(*ladder, settings.model, card)) fmt::print(stderr, "{}\n", remark);
  const auto progress = make_progress(config.engine.progress);
  const double began = resources_used().wall_seconds;
  const ScoringRoom room{run_threads(config), parse_bytes(config.engine.memory_limit)};
  const BagScores scores = score_bags(model, set.modalities.get(), set.bags, room, *progress, ladder ? &*ladder : nullptr);
  const Resources used = resources_used();
  if (scores.stopped) return std::nullopt;
  fmt::print(stderr, "{} bags scored, {} without a label and {} without tiles left out; tiles: {}, {:.0f} tiles/s, peak memory {:.0f} MiB\n", set.bags.size(),
             set.without_label, set.without_tiles, set.tiles, static_cast<double>(set.tiles) / (used.wall_seconds - began),
             static_cast<double>(used.peak_rss) / (1 << 20));
  return told(set, card, ladder, scores);
}

ExitCode stopped() {
  fmt::print(stderr, "stopped by a signal: nothing was written; run the same command again\n");
  return stop_signal() == SIGINT ? ExitCode::user_stop : ExitCode::interrupted;
}

void require_own_options(const EvaluateSettings& settings, AnswerKind kind) {
  if (kind == AnswerKind::risk) require_survival_options(settings);
  if (kind == AnswerKind::value) require_regression_options(settings);
  if (kind == AnswerKind::labels) require_multilabel_options(settings);
}

/// The predictions are written first: what judges them reads a table, whoever made it.
ExitCode evaluate_written(const Config& config, const SlideModel& model) {
  require_own_options(config.evaluate, model.card().kind());
  const std::optional<Scored> scored = score(config, model);
  if (!scored) return stopped();
  EvaluateSettings settings = config.evaluate;
  publish_file(settings.output / kPredictions, scored->text);
  settings.predictions = settings.output / kPredictions;
  settings.target = known_column(config, model.card());
  if (model.card().survival)
    evaluate_survival(settings);
  else if (model.card().value)
    evaluate_regression(settings);
  else
    evaluate_multilabel(settings);
  return ExitCode::done;
}

EvaluationResult evaluate(const EvaluateSettings& settings, EvaluationSet set, const std::vector<std::string>& columns) {
  choose_positive(set.judged, settings);
  std::optional<ComparedModels> compared;
  if (!settings.compare.empty()) compared = compare_models(settings, set);
  EvaluationResult out = judge_classes(std::move(set), settings, columns);
  out.compared = std::move(compared);
  return out;
}

/// `predictions`: those of the model, "" where they came from a file.
void publish(const EvaluationResult& result, const std::string& predictions, const fs::path& folder) {
  const auto curves = class_curves(result.set.judged);
  const auto figures = curve_figures(result, curves);
  std::vector<NamedText> tables = curve_tables(curves);
  if (!predictions.empty()) tables.emplace_back(kPredictions, predictions);
  publish_evaluation(folder, tables, figures, evaluation_page(result, figures), metrics_json(result));
}

void tell(const EvaluationResult& result, const fs::path& folder) {
  const EvaluationSet& set = result.set;
  fmt::print(stderr, "{} {}s of {} patients, {} classes", set.judged.rows(), set.unit, set.judged.patients(), set.judged.classes.size());
  if (set.averaged) fmt::print(stderr, "; probabilities are means over a patient's slides");
  if (set.labels_without_predictions > 0) fmt::print(stderr, "; {} labels without a prediction left out", set.labels_without_predictions);
  fmt::print(stderr, "\n{}: AUC {}\n", folder.string(), with_interval(result.metrics.front()));
}

/// Which of the two tasks prob_ columns are of is asked only where they are read.
void refuse_task_without_probabilities(const EvaluateSettings& settings) {
  if (settings.task == "auto") return;
  if (!settings.model.empty()) throw ConfigError("--evaluate.task: wanted predictions of a file, got a model, which says its task itself: leave it out");
  if (predicts_risk(settings.predictions))
    throw ConfigError("--evaluate.task: wanted predictions with prob_<name> columns, got risk, which is survival: leave it out");
  if (predicts_value(settings.predictions))
    throw ConfigError("--evaluate.task: wanted predictions with prob_<name> columns, got value, which is a number: leave it out");
}

/// Predictions, or a model and bags; and not into the folder of the model, which has a predictions.csv of its own.
void require_inputs(const EvaluateSettings& settings) {
  const bool with_model = !settings.model.empty() || !settings.bags.empty() || !settings.genomics.empty() || !settings.clinical.empty();
  if (settings.predictions.empty() && !with_model)
    throw ConfigError("wanted predictions: give --predictions FILE.csv, or --model DIR and --bags DIR");
  if (!settings.predictions.empty() && with_model)
    throw ConfigError("wanted predictions or a model, got both: give --predictions alone, or --model and --bags");
  if (with_model && settings.model.empty()) throw ConfigError("wanted a model for the bags: give --model DIR, as train wrote it");
  if (with_model && settings.bags.empty()) throw ConfigError("wanted bags for the model: give --bags DIR, the output folder of a run");
  if (settings.labels.empty()) throw ConfigError("wanted labels: give --labels FILE.csv");
  if (settings.output.empty()) throw ConfigError("wanted a place for the results: give --output DIR");
  std::error_code neither;
  if (with_model && fs::equivalent(settings.model, settings.output, neither))
    throw ConfigError(fmt::format("{}: wanted a folder beside the model's for the results: its own {} would be lost: give another --output",
                                  settings.output.string(), kPredictions));
}

}  // namespace

ExitCode command_evaluate(const ParsedOptions& options, const std::vector<std::string>&) {
  const EvaluateSettings& settings = options.config.evaluate;
  require_inputs(settings);
  refuse_task_without_probabilities(settings);
  if (settings.model.empty() && predicts_value(settings.predictions)) {
    evaluate_regression(settings);
    return ExitCode::done;
  }
  if (settings.model.empty() && predicts_risk(settings.predictions)) {
    evaluate_survival(settings);
    return ExitCode::done;
  }
  if (settings.model.empty() && predicts_labels(settings)) {
    evaluate_multilabel(settings);
    return ExitCode::done;
  }
  const auto allowed = allowed_models(options.config);
  const auto model = settings.model.empty() ? nullptr : load_slide_model(settings.model, allowed.get());
  if (model && model->card().kind() != AnswerKind::classes) return evaluate_written(options.config, *model);
  refuse_options_of_other_tasks(settings);
  const std::vector<std::string> columns = column_names(settings.subgroups);
  EvaluationSet set;
  std::string predictions;
  if (settings.model.empty()) {
    set = read_evaluation_set(settings.predictions, settings.labels, columns);
  } else {
    std::optional<Scored> scored = score(options.config, *model);
    if (!scored) return stopped();
    predictions = predictions_csv(*scored->classes);
    set = join_labels(std::move(*scored->classes), named(settings.model), settings.labels, columns);
  }
  const EvaluationResult result = evaluate(settings, std::move(set), columns);
  publish(result, predictions, settings.output);
  tell(result, settings.output);
  return ExitCode::done;
}

}  // namespace microtome
