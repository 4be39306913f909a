// SPDX-License-Identifier: Apache-2.0
// Which settings of a training make sense together.
#include <fmt/format.h>

#include "mil/aggregators/aggregator.h"
#include "mil/fusion/fusion.h"
#include "mil/genomics/encoders/table_encoder.h"
#include "mil/training/losses.h"
#include "mil/training/optimiser.h"
#include "mil/training/sampling.h"
#include "mil/training/survival_losses.h"
#include "mil/training/train.h"

namespace microtome {
namespace {

const char* losses_of(const std::string& task) {
  if (task == "survival") return survival_loss_names();
  if (task == "multilabel") return label_loss_names();
  return task == "regression" ? value_loss_names() : loss_names();
}

}  // namespace

std::vector<std::string> validate(const TrainSettings& settings) {
  std::vector<std::string> problems;
  const auto want = [&](bool holds, const std::string& sentence) {
    if (!holds) problems.push_back(sentence);
  };
  const auto share = [](double value) { return value >= 0 && value < 1; };
  const auto one_of = [&](const char* key, const std::string& value, const std::string& names) {
    const bool known = (", " + names + ", ").find(", " + value + ", ") != std::string::npos;
    want(known && !value.empty(), fmt::format("{}: one of {} was wanted: it is '{}'", key, names, value));
  };
  one_of("aggregator", settings.aggregator, aggregator_names());
  one_of("fusion", settings.fusion, fusion_names());
  one_of("table_encoder", settings.table_encoder, table_encoder_names());
  const bool survival = settings.task == "survival", labels = settings.task == "multilabel", number = settings.task == "regression";
  one_of("task", settings.task, "label, multilabel, regression, survival");
  one_of("loss", settings.loss, std::string("auto, ") + losses_of(settings.task));
  want(settings.task == "label" || settings.aggregator != "top-k",
       fmt::format("aggregator: one that reads all tiles was wanted for {}: top-k chooses tiles by their most probable class", settings.task));
  want(!labels || (settings.aggregator != "clam-sb" && settings.aggregator != "clam-mb"),
       fmt::format("aggregator: {0}-plain was wanted for multilabel: the instance loss of {0} takes each class to exclude the others", settings.aggregator));
  want(!survival || settings.mixup == 0, "mixup: 0 was wanted for survival: follow-up cannot be mixed");
  want(!(survival || number) || settings.class_weights == "none",
       fmt::format("class_weights: none was wanted for {}: there are no classes; use sampling weighted", settings.task));
  want(!survival || !compares_patients(settings.loss) || settings.accumulate >= 2,
       fmt::format("accumulate: 2 or more (better 32) was wanted for the loss {}, which compares the patients of a step: it is {}", settings.loss, settings.accumulate));
  want(settings.time_bins >= 2 && settings.time_bins <= 100, fmt::format("time_bins: from 2 to 100 were wanted: it is {}", settings.time_bins));
  want(settings.survival_alpha >= 0 && settings.survival_alpha <= 1, fmt::format("survival_alpha: from 0 to 1 was wanted: it is {}", settings.survival_alpha));
  one_of("optimiser", settings.optimiser, optimiser_names());
  one_of("schedule", settings.schedule, schedule_names());
  one_of("sampling", settings.sampling, sampling_names());
  one_of("stopping", settings.stopping, "auto, nested, fixed");
  one_of("class_weights", settings.class_weights, "none, balanced");
  want(settings.folds >= 2, fmt::format("folds: 2 or more were wanted: it is {}", settings.folds));
  want(settings.epochs >= 1, fmt::format("epochs: 1 or more were wanted: it is {}", settings.epochs));
  want(settings.patience >= 1, fmt::format("patience: 1 or more was wanted: it is {}", settings.patience));
  want(settings.accumulate >= 1, fmt::format("accumulate: 1 or more was wanted: it is {}", settings.accumulate));
  want(settings.learning_rate > 0 && settings.learning_rate <= 1,
       fmt::format("learning_rate: above 0, at most 1 was wanted: it is {}", settings.learning_rate));
  want(settings.weight_decay >= 0 && settings.weight_decay <= 1,
       fmt::format("weight_decay: from 0 to 1 was wanted: it is {}", settings.weight_decay));
  want(settings.l1 >= 0 && settings.l1 <= 1, fmt::format("l1: from 0 to 1 was wanted: it is {}", settings.l1));
  want(settings.focal_gamma >= 0, fmt::format("focal_gamma: 0 or more was wanted: it is {}", settings.focal_gamma));
  want(share(settings.dropout), fmt::format("dropout: from 0 to below 1 was wanted: it is {}", settings.dropout));
  want(share(settings.bag_dropout), fmt::format("bag_dropout: from 0 to below 1 was wanted: it is {}", settings.bag_dropout));
  want(settings.bag_size >= 0, fmt::format("bag_size: 0 or more was wanted: it is {}", settings.bag_size));
  want(settings.mixup >= 0, fmt::format("mixup: 0 or more was wanted: it is {}", settings.mixup));
  want(share(settings.modality_dropout),
       fmt::format("modality_dropout: from 0 to below 1 was wanted: it is {}", settings.modality_dropout));
  want(settings.pretrain_epochs >= 0, fmt::format("pretrain_epochs: 0 or more were wanted: it is {}", settings.pretrain_epochs));
  want(settings.pretrain_learning_rate > 0 && settings.pretrain_learning_rate <= 1,
       fmt::format("pretrain_learning_rate: above 0, at most 1 was wanted: it is {}", settings.pretrain_learning_rate));
  want(settings.pretrain_epochs == 0 || aligns_tables(settings.aggregator),
       fmt::format("pretrain_epochs: one of abmil, abmil-gated, porpoise was wanted as the aggregator, which keep tiles and tables apart until they are joined: it is {}",
                   settings.aggregator));
  want(settings.embed_dim >= 1, fmt::format("embed_dim: 1 or more was wanted: it is {}", settings.embed_dim));
  want(settings.attention_dim >= 0, fmt::format("attention_dim: 0 or more was wanted: it is {}", settings.attention_dim));
  want(settings.table_dim >= 1, fmt::format("table_dim: 1 or more was wanted: it is {}", settings.table_dim));
  want(settings.top_k >= 1, fmt::format("top_k: 1 or more was wanted: it is {}", settings.top_k));
  return problems;
}

}  // namespace microtome
