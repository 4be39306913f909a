// SPDX-License-Identifier: Apache-2.0
// microtome train: bags and labels in, a model folder, history.jsonl and out-of-fold predictions out.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "pipeline/commands.h"
#include "pipeline/inputs/delimited_table.h"
#include "pipeline/inputs/training_set.h"
#include "pipeline/machine/interrupt.h"
#include "pipeline/machine/threads.h"
#include "pipeline/outputs/join_document.h"
#include "pipeline/outputs/learning_curves.h"
#include "pipeline/outputs/publication.h"
#include "pipeline/progress.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

constexpr const char* kMarker = "training.json";  // written last: the model is whole

bool already_trained(const fs::path& folder, const std::string& recipe) {
  std::ifstream file(folder / kMarker);
  const auto json = nlohmann::json::parse(file, nullptr, false);
  return json.is_object() && json.value("recipe", "") == recipe && fs::exists(folder / "model.json");
}

/// How the tasks call what they are judged by.
struct TaskWords {
  const char *validated, *told, *pooled, *held_out;
};

TaskWords words_of(const std::string& task) {
  if (task == "survival") return {"validation_c", "c", "concordance", "Harrell's c within folds"};
  if (task == "regression") return {"validation_r2", "R2", "pooled_r2", "R2"};
  return {"validation_accuracy", "accuracy", "pooled_accuracy", task == "multilabel" ? "accuracy of the labels" : "accuracy"};
}

double judged_by(const TrainResult& result, const std::string& task) {
  if (task == "survival") return result.concordance;
  return task == "regression" ? result.pooled_r2 : result.pooled_accuracy;
}

std::string history_text(const std::vector<EpochRecord>& history, const TaskWords& words) {
  std::string out;
  for (const auto& e : history) {
    nlohmann::ordered_json line = {{"fold", e.fold}, {"epoch", e.epoch}, {"train_loss", e.train_loss}};
    if (e.point > 0) line["grid_point"] = e.point;
    if (!e.rung.empty()) line["rung"] = e.rung;
    if (e.pretraining) line["pretraining"] = true;
    if (e.validation_loss > 0) {
      line["validation_loss"] = e.validation_loss;
      line[words.validated] = e.validation_score;
    }
    out += line.dump() + "\n";
  }
  return out;
}

std::string risks_text(const TrainResult& result) {
  std::string out = "slide_id,patient_id,fold,risk";
  for (const double months : result.months) out += fmt::format(",surv_{}", months);
  for (const LadderRung& rung : result.ladder) out += "," + csv_cell("ladder_" + rung.name);
  out += "\n";
  for (std::size_t i = 0; i < result.predictions.size(); ++i) {
    const FoldPrediction& p = result.predictions[i];
    out += fmt::format("{},{},{},{}", csv_cell(p.slide_id), csv_cell(p.patient_id), p.fold, p.risk);
    for (const double survival : p.survival) out += fmt::format(",{}", survival);
    for (const LadderRung& rung : result.ladder) out += fmt::format(",{}", rung.risk[i]);
    out += "\n";
  }
  return out;
}

std::string numbers_text(const TrainResult& result) {
  std::string out = "slide_id,patient_id,fold,known_value,value\n";
  for (const auto& p : result.predictions) out += fmt::format("{},{},{},{},{}\n", csv_cell(p.slide_id), csv_cell(p.patient_id), p.fold, p.known_value, p.value);
  return out;
}

/// Empty: not known.
std::string mark_cell(float mark) { return std::isnan(mark) ? "" : mark == 1 ? "1" : "0"; }

std::string labels_text(const TrainResult& result, const std::vector<std::string>& names) {
  std::string out = "slide_id,patient_id,fold";
  for (const char* column : {"label_", "prob_"})
    for (const std::string& name : names) out += "," + csv_cell(column + name);
  out += "\n";
  for (const auto& p : result.predictions) {
    out += fmt::format("{},{},{}", csv_cell(p.slide_id), csv_cell(p.patient_id), p.fold);
    for (const float mark : p.marks) out += "," + mark_cell(mark);
    for (const double probability : p.probabilities) out += fmt::format(",{}", probability);
    out += "\n";
  }
  return out;
}

std::string predictions_text(const TrainResult& result, const std::vector<std::string>& classes) {
  std::string out = "slide_id,patient_id,fold,label";
  for (const auto& name : classes) out += "," + csv_cell("prob_" + name);
  out += "\n";
  for (const auto& p : result.predictions) {
    out += fmt::format("{},{},{},{}", csv_cell(p.slide_id), csv_cell(p.patient_id), p.fold,
                       csv_cell(classes[static_cast<std::size_t>(p.label)]));
    for (const double probability : p.probabilities) out += fmt::format(",{}", probability);
    out += "\n";
  }
  return out;
}

/// What predictions.csv says, whatever the task.
std::string told_predictions(const TrainResult& result, const ModelCard& card) {
  if (card.task == "survival") return risks_text(result);
  if (card.task == "regression") return numbers_text(result);
  return card.task == "multilabel" ? labels_text(result, card.classes) : predictions_text(result, card.classes);
}

void describe(const TrainingSet& set) {
  if (set.card.task == "multilabel")
    fmt::print(stderr, "{} slides, {} labels", set.slides.size(), set.card.classes.size());
  else if (set.card.task == "regression")
    fmt::print(stderr, "{} slides with {}", set.slides.size(), set.card.classes.front());
  else if (set.card.task == "survival")
    fmt::print(stderr, "{} followed slides, {} of patients with the event", set.slides.size(),
               std::count_if(set.slides.begin(), set.slides.end(), [](const TrainingSlide& slide) { return slide.event; }));
  else
    fmt::print(stderr, "{} labelled slides, {} classes", set.slides.size(), set.card.classes.size());
  fmt::print(stderr, "\n{}", join_summary(set.joined));
  const auto tell = [](std::size_t count, const std::string& first, const char* what) {
    if (count > 0) fmt::print(stderr, "left out: {} {}, the first is '{}'\n", count, what, first);
  };
  tell(set.bags_without_label, set.first_without_label, "bags without a label");
  tell(set.bags_without_tiles, set.first_without_tiles, "bags without tiles");
  tell(set.labels_without_bag, set.first_without_bag, "labels without a bag");
  if (set.bags_read_again > 0)
    fmt::print(stderr, "{} bags do not fit the memory limit and are read each time they are needed\n", set.bags_read_again);
  if (set.card.encoder_random_weights) fmt::print(stderr, "the encoder's weights are random numbers: this model is a rehearsal\n");
}

/// A line an epoch, with an estimate of what is left: the most it can be, since folds may stop early.
class EpochTeller {
 public:
  EpochTeller(const TrainSettings& settings, std::size_t folds, std::size_t rungs)
      : score_(words_of(settings.task).told),
        epochs_((folds * grid_size(settings) + (settings.ensemble ? 0 : 1)) * static_cast<std::size_t>(settings.epochs + settings.pretrain_epochs) +
                (folds + (settings.ensemble ? 0 : 1)) * rungs * static_cast<std::size_t>(settings.epochs)) {}

  void operator()(const EpochRecord& e) {
    ++done_;
    const double left = resources_used().wall_seconds - started_;
    const std::string most = spoken_duration(left / static_cast<double>(done_) * static_cast<double>(epochs_ - std::min(done_, epochs_)));
    const std::string who = (e.rung.empty() ? "" : e.rung + ", ") + (e.fold < 0 ? "final model" : fmt::format("fold {}", e.fold + 1));
    const std::string judged = e.validation_loss > 0 ? fmt::format(", validation loss {:.4f}, {} {:.2f}", e.validation_loss, score_, e.validation_score) : "";
    fmt::print(stderr, "{}{}, {}epoch {}: loss {:.4f}{}; at most {} left\n", who, e.point > 0 ? fmt::format(", grid point {}", e.point + 1) : "",
               e.pretraining ? "pretraining, " : "", e.epoch, e.train_loss, judged, most);
  }

 private:
  const char* score_;
  std::size_t epochs_, done_ = 0;
  double started_ = resources_used().wall_seconds;
};

/// Of the ladder, those that are trained epoch by epoch: two of genes, the slides, late fusion.
std::size_t trained_rungs(const TrainingSet& set, const TrainSettings& settings) {
  const auto& modalities = set.card.modalities;
  if (!settings.ladder || set.card.task != "survival" || modalities.empty()) return 0;
  const bool genes = std::any_of(modalities.begin(), modalities.end(), [](const Modality& one) { return one.name != kClinicalModality; });
  return genes ? 4 : 2;
}

/// Ends a training after an epoch that is kept.
struct Stopped : std::exception {};

std::size_t folds_of(const TrainingSet& set, const TrainSettings& settings) {
  std::set<int> given;
  for (const TrainingSlide& slide : set.slides) given.insert(slide.fold);
  return given.count(-1) != 0 ? static_cast<std::size_t>(settings.folds) : given.size();
}

}  // namespace

ExitCode command_train(const ParsedOptions& options, const std::vector<std::string>&) {
  const Config& config = options.config;
  if (config.data.bags.empty()) throw ConfigError("wanted bags: give --bags DIR, the output folder of a run");
  if (config.data.labels.empty()) throw ConfigError("wanted labels: give --labels FILE.csv");
  if (config.run.output.empty()) throw ConfigError("wanted a place for the model: give --output DIR");
  TrainingSet set = read_training_set(config);
  const fs::path& folder = config.run.output;
  if (already_trained(folder, set.recipe)) {
    fmt::print(stderr, "{}: the model is trained already\n", folder.string());
    return ExitCode::done;
  }
  require_writable(folder);
  remove_leftovers(folder);
  std::error_code ignored;
  fs::remove(folder / kMarker, ignored);
  describe(set);
  const TaskWords words = words_of(set.card.task);
  const bool quiet = config.engine.progress == "none";
  TrainSettings settings = config.train;
  settings.threads = config.engine.threads > 0 ? config.engine.threads : allowed_threads();
  settings.recipe = set.recipe;
  EpochTeller tell(settings, folds_of(set, settings), trained_rungs(set, settings));
  TrainResult result;
  try {
    result = train_slide_model(std::move(set.slides), set.card, settings, folder, [&](const EpochRecord& e) {
      if (!quiet) tell(e);
      if (stop_signal() != 0) throw Stopped();
    });
  } catch (const Stopped&) {
    fmt::print(stderr, "stopped by a signal: finished epochs are kept; run the same command again to go on\n");
    return stop_signal() == SIGINT ? ExitCode::user_stop : ExitCode::interrupted;
  }

  Publication publication(folder);
  publication.write("history.jsonl", history_text(result.history, words));
  if (!set.joined.empty()) publication.write("join.json", join_json(set.joined));
  publication.write("learning_curves.svg", learning_curves_svg(result.history));
  publication.write("predictions.csv", told_predictions(result, set.card));
  publication.write(
      kMarker,
      nlohmann::ordered_json{{"recipe", set.recipe}, {"final_epochs", result.final_epochs}, {words.pooled, judged_by(result, set.card.task)}}
              .dump(2) +
          "\n");
  publication.publish(stale_join(set.joined));
  fmt::print(stderr, "{}: trained for {} epochs; {} on patients held out of training {:.3f} ({} slides)\n", folder.string(), result.final_epochs,
             words.held_out, judged_by(result, set.card.task), result.predictions.size());
  return ExitCode::done;
}

}  // namespace microtome
