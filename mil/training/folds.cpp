// SPDX-License-Identifier: Apache-2.0
// Cuts patients into folds and refuses training sets that would give a meaningless model.
#include "mil/training/folds.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "mil/aggregators/aggregator.h"
#include "mil/fusion/fusion.h"
#include "mil/genomics/encoders/table_encoder.h"
#include "mil/model_error.h"
#include "mil/training/grid.h"
#include "mil/training/losses.h"
#include "mil/training/optimiser.h"
#include "mil/training/sampling.h"
#include "mil/training/survival_losses.h"

namespace microtome {
namespace {

[[noreturn]] void refuse(const std::string& sentence) { throw ModelError("the training set: " + sentence); }

std::string class_name(const ModelCard& card, int label) {
  if (card.survival) return label == 1 ? "event" : "censored";
  return card.classes[static_cast<std::size_t>(label)];
}

std::map<int, std::vector<std::size_t>> patients_by_label(const std::vector<TrainingPatient>& patients) {
  std::map<int, std::vector<std::size_t>> by_label;
  for (std::size_t i = 0; i < patients.size(); ++i) by_label[patients[i].label].push_back(i);
  return by_label;
}

/// Patients that folds shall share evenly: of one label, then of one site.
std::map<std::pair<int, std::string>, std::vector<std::size_t>> strata_of(const std::vector<TrainingPatient>& patients) {
  std::map<std::pair<int, std::string>, std::vector<std::size_t>> strata;
  for (std::size_t i = 0; i < patients.size(); ++i) strata[{patients[i].label, patients[i].site}].push_back(i);
  return strata;
}

void require_bag(const TrainingSlide& slide, std::int64_t feature_dim) {
  const auto& bag = slide.bag;
  if (bag.tiles() == 0) refuse(fmt::format("tiles in every bag were wanted: slide '{}' has none: leave it out", bag.slide_id));
  if (bag.feature_dim != feature_dim)
    refuse(fmt::format("bags of one encoder were wanted: slide '{}' has {} features a tile, others have {}: extract all with one encoder",
                       bag.slide_id, bag.feature_dim, feature_dim));
  if (!slide.load && static_cast<std::int64_t>(bag.features.size()) != bag.tiles() * bag.feature_dim)
    refuse(fmt::format("{} x {} features were wanted: slide '{}' has {}: extract it again", bag.tiles(), bag.feature_dim, bag.slide_id,
                       bag.features.size()));
}

void require_labels(const std::vector<TrainingSlide>& slides, const ModelCard& card) {
  const auto classes = static_cast<int>(card.classes.size());
  if (classes < 2) refuse(fmt::format("two or more classes were wanted: there are {}: add labelled slides of another class", classes));
  for (const auto& slide : slides)
    if (slide.label < 0 || slide.label >= classes)
      refuse(fmt::format("labels from 0 to {} were wanted: slide '{}' has {}: check the labels", classes - 1, slide.bag.slide_id,
                         slide.label));
  auto by_label = patients_by_label(patients_of(slides));
  for (int label = 0; label < classes; ++label)
    if (by_label[label].size() < 2)
      refuse(fmt::format("two or more patients of every class were wanted: class '{}' has {}: add patients or drop the class",
                         card.classes[label], by_label[label].size()));
}

void require_followed(const std::vector<TrainingSlide>& slides) {
  for (const auto& slide : slides)
    if (!(slide.months > 0) || !std::isfinite(slide.months))
      refuse(fmt::format("months of follow-up above 0 were wanted: slide '{}' has {}: correct the labels", slide.bag.slide_id, slide.months));
  const auto events = patients_by_label(patients_of(slides))[1].size();
  if (events < 2) refuse(fmt::format("two or more patients with the event were wanted: there are {}: follow longer, or train on another end", events));
}

void require_table(const std::vector<TrainingSlide>& slides, const Modality& modality, std::size_t m) {
  bool any = false;
  for (const auto& slide : slides) {
    if (m >= slide.tables.size() || !slide.tables[m].present) continue;
    any = true;
    if (slide.tables[m].values.size() != modality.features.size())
      refuse(fmt::format("{} features of {} were wanted: slide '{}' has {}: give those that the card lists", modality.features.size(), modality.name,
                         slide.bag.slide_id, slide.tables[m].values.size()));
  }
  if (!any) refuse(fmt::format("a row of {} for at least one slide was wanted: there is none: check the ids, or train without the table", modality.name));
}

void require_whole_patients(const std::vector<TrainingSlide>& slides) {
  int torn = 0;
  for (const auto& patient : patients_of(slides)) {
    std::set<int> folds;
    for (const auto slide : patient.slides) folds.insert(slides[slide].fold);
    torn += folds.size() > 1 ? 1 : 0;
  }
  if (torn > 0)
    refuse(fmt::format("all slides of a patient in one fold were wanted: {} patients are in several: correct the splits", torn));
}

void require_classes_on_both_sides(const std::vector<TrainingSlide>& slides, const ModelCard& card) {
  std::map<int, std::set<int>> folds_of_label;
  for (const auto& slide : slides) folds_of_label[slide.label].insert(slide.fold);
  for (const auto& [label, folds] : folds_of_label)
    if (folds.size() < 2 && (!card.survival || label == 1))
      refuse(fmt::format("every class in two or more folds was wanted: all of class '{}' is in fold {}: correct the splits", class_name(card, label),
                         *folds.begin()));
}

std::vector<int> given_folds(const std::vector<TrainingSlide>& slides, const ModelCard& card) {
  require_whole_patients(slides);
  require_classes_on_both_sides(slides, card);
  std::vector<int> folds;
  for (const auto& slide : slides) folds.push_back(slide.fold);
  return folds;
}

/// Whole sites, the largest first, each to the fold that has fewest slides so far.
std::vector<int> site_folds(const std::vector<TrainingSlide>& slides, const ModelCard& card, int folds) {
  std::map<std::string, std::vector<std::size_t>> by_site;
  for (std::size_t i = 0; i < slides.size(); ++i) {
    if (slides[i].site.empty()) refuse(fmt::format("a site for every slide was wanted: slide '{}' has none: add it to the labels, or deal patients",
                                                   slides[i].bag.slide_id));
    by_site[slides[i].site].push_back(i);
  }
  if (by_site.size() < static_cast<std::size_t>(folds))
    refuse(fmt::format("{} sites were wanted for {} folds: there are {}: lower folds", folds, folds, by_site.size()));
  std::vector<std::vector<std::size_t>> sites;
  for (auto& [name, members] : by_site) sites.push_back(std::move(members));
  std::stable_sort(sites.begin(), sites.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  std::vector<std::size_t> sizes(static_cast<std::size_t>(folds), 0);
  std::vector<TrainingSlide> dealt(slides.size());
  for (const auto& members : sites) {
    const auto fold = static_cast<std::size_t>(std::min_element(sizes.begin(), sizes.end()) - sizes.begin());
    sizes[fold] += members.size();
    for (const std::size_t slide : members) dealt[slide].fold = static_cast<int>(fold);
  }
  for (std::size_t i = 0; i < slides.size(); ++i) {
    dealt[i].patient_id = slides[i].patient_id;
    dealt[i].label = slides[i].label;
  }
  return given_folds(dealt, card);
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
  const bool survival = settings.task == "survival";
  one_of("task", settings.task, "label, survival");
  one_of("loss", settings.loss, std::string("auto, ") + (survival ? survival_loss_names() : loss_names()));
  want(!survival || (settings.aggregator != "max" && settings.aggregator != "top-k"),
       fmt::format("aggregator: one that reads all tiles was wanted for survival: {} chooses tiles by their most probable class", settings.aggregator));
  want(!survival || settings.mixup == 0, "mixup: 0 was wanted for survival: follow-up cannot be mixed");
  want(!survival || settings.class_weights == "none", "class_weights: none was wanted for survival: there are no classes; use sampling weighted");
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

std::vector<TrainingPatient> patients_of(const std::vector<TrainingSlide>& slides) {
  std::map<std::string, TrainingPatient> patients;
  std::set<std::string> torn;
  for (std::size_t i = 0; i < slides.size(); ++i) {
    const auto& slide = slides[i];
    if (slide.patient_id.empty())
      refuse(fmt::format("a patient id for every slide was wanted: slide '{}' has none: give the slide id where patients are unknown",
                         slide.bag.slide_id));
    auto& patient = patients[slide.patient_id];
    if (patient.slides.empty()) {
      patient.label = slide.label;
      patient.months = slide.months;
      patient.site = slide.site;
    }
    if (patient.label != slide.label || patient.months != slide.months) torn.insert(slide.patient_id);
    patient.slides.push_back(i);
  }
  if (!torn.empty())
    refuse(fmt::format("one label or follow-up for all slides of a patient was wanted: {} patients have several: correct the labels", torn.size()));
  std::vector<TrainingPatient> sorted;
  for (auto& [id, patient] : patients) sorted.push_back(std::move(patient));
  return sorted;
}

void require_trainable(const std::vector<TrainingSlide>& slides, const ModelCard& card) {
  if (slides.empty()) refuse("slides were wanted: there are none: check that bags and labels share ids");
  std::set<std::string> seen;
  for (const auto& slide : slides) {
    require_bag(slide, slides.front().bag.feature_dim);
    if (!seen.insert(slide.bag.slide_id).second)
      refuse(fmt::format("each slide once was wanted: '{}' is there twice: leave one out", slide.bag.slide_id));
  }
  if (card.survival)
    require_followed(slides);
  else
    require_labels(slides, card);
  for (std::size_t m = 0; m < card.modalities.size(); ++m) require_table(slides, card.modalities[m], m);
}

std::vector<int> folds_for(const std::vector<TrainingSlide>& slides, const ModelCard& card, const TrainSettings& settings) {
  const auto without = std::count_if(slides.begin(), slides.end(), [](const TrainingSlide& slide) { return slide.fold < 0; });
  if (without == 0) return given_folds(slides, card);
  if (without == static_cast<std::ptrdiff_t>(slides.size()))
    return settings.leave_sites_out ? site_folds(slides, card, settings.folds) : assign_folds(slides, settings.folds, settings.seed);
  refuse(
      fmt::format("a fold for every slide or for none was wanted: {} of {} slides have none: complete the splits", without, slides.size()));
}

std::vector<int> assign_folds(const std::vector<TrainingSlide>& slides, int folds, std::uint64_t seed) {
  const auto patients = patients_of(slides);
  if (folds < 2) refuse(fmt::format("two or more folds were wanted: {} were asked for: raise folds", folds));
  if (patients.size() < static_cast<std::size_t>(folds))
    refuse(fmt::format("{} patients were wanted for {} folds: there are {}: lower folds or add patients", folds, folds, patients.size()));
  for (const auto& [label, members] : patients_by_label(patients))
    if (members.size() < static_cast<std::size_t>(folds) && (label == 1 || patients[members.front()].months == 0))
      refuse(fmt::format("a patient of every class in each of {} folds was wanted: a class has {} (slide '{}' is of it): lower folds or add patients", folds,
                         members.size(), slides[patients[members.front()].slides.front()].bag.slide_id));
  std::mt19937_64 engine(seed);
  std::vector<int> assigned(slides.size());
  int next = 0;  // goes on from class to class, so that both classes and folds stay even
  for (auto& [stratum, members] : strata_of(patients)) {
    auto dealt = members;
    shuffle_in_place(dealt, engine);
    for (const auto patient : dealt) {
      for (const auto slide : patients[patient].slides) assigned[slide] = next;
      next = (next + 1) % folds;
    }
  }
  return assigned;
}

Sides validation_aside(const std::vector<const TrainingSlide*>& slides, const ModelCard& card, std::uint64_t seed) {
  std::map<int, std::set<std::string>> patients;  // sorted: nothing depends on the order of slides
  for (const TrainingSlide* slide : slides) patients[slide->label].insert(slide->patient_id);
  std::set<std::string> aside;
  Engine engine = engine_of(seed, 0, 0);
  const int labels = card.survival ? 2 : static_cast<int>(card.classes.size());
  for (int label = 0; label < labels; ++label) {
    const std::set<std::string>& all = patients[label];
    if (card.survival && label == 0 && all.empty()) continue;  // nobody was censored
    if (all.size() < 2)
      refuse(fmt::format("two or more patients of class '{}' outside every fold were wanted, to learn from and to stop on: there are {}: add patients, "
                         "lower folds, or use stopping 'fixed'",
                         class_name(card, label), all.size()));
    std::vector<std::string> dealt(all.begin(), all.end());
    shuffle_in_place(dealt, engine);
    aside.insert(dealt.begin(), dealt.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(1, dealt.size() / 4)));
  }
  Sides sides;
  for (const TrainingSlide* slide : slides) (aside.contains(slide->patient_id) ? sides.validation : sides.training).push_back(slide);
  return sides;
}

}  // namespace microtome
