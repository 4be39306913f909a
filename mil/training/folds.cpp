// SPDX-License-Identifier: Apache-2.0
// Cuts patients into folds and refuses training sets that would give a meaningless model.
#include "mil/training/folds.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "mil/model_error.h"
#include "mil/training/sampling.h"

namespace microtome {
namespace {

constexpr std::size_t kStrata = 5;  // of numbers

[[noreturn]] void refuse(const std::string& sentence) { throw ModelError("the training set: " + sentence); }

/// Whether `label` is the class, or the event, and not a stratum that only cuts folds evenly.
bool of_classes(const ModelCard& card) { return card.kind() == AnswerKind::classes || card.kind() == AnswerKind::risk; }

bool same_marks(const std::vector<float>& a, const std::vector<float>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](float x, float y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

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

void require_marked(const std::vector<TrainingSlide>& slides, const ModelCard& card) {
  for (const auto& slide : slides)
    if (slide.marks.size() != card.classes.size())
      refuse(fmt::format("{} marks were wanted: slide '{}' has {}: check the labels", card.classes.size(), slide.bag.slide_id, slide.marks.size()));
  const auto patients = patients_of(slides);
  for (std::size_t c = 0; c < card.classes.size(); ++c)
    for (const float wanted : {1.0F, 0.0F}) {
      const auto count = std::count_if(patients.begin(), patients.end(), [&](const TrainingPatient& patient) { return patient.marks[c] == wanted; });
      if (count < 2)
        refuse(fmt::format("two or more patients with and without every label were wanted: '{}' is {} for {}: add patients or drop the label", card.classes[c],
                           wanted, count));
    }
}

void require_valued(const std::vector<TrainingSlide>& slides, const ModelCard& card) {
  for (const auto& slide : slides)
    if (!std::isfinite(slide.value))
      refuse(fmt::format("finite numbers were wanted under {}: slide '{}' has {}: correct the labels", card.classes.front(), slide.bag.slide_id, slide.value));
  const auto same = [&](const TrainingSlide& slide) { return slide.value == slides.front().value; };
  if (std::all_of(slides.begin(), slides.end(), same))
    refuse(fmt::format("different numbers were wanted under {}: all are {}: there is nothing to learn", card.classes.front(), slides.front().value));
}

void require_answers(const std::vector<TrainingSlide>& slides, const ModelCard& card) {
  switch (card.kind()) {
    case AnswerKind::classes:
      return require_labels(slides, card);
    case AnswerKind::labels:
      return require_marked(slides, card);
    case AnswerKind::value:
      return require_valued(slides, card);
    case AnswerKind::risk:
      return require_followed(slides);
  }
}

/// Of the labels that are a yes the one that fewest patients have, counted from 1; 0: none is.
int rarest_label(const TrainingPatient& patient, const std::vector<std::size_t>& patients_with) {
  int rarest = 0;
  for (std::size_t c = 0; c < patient.marks.size(); ++c)
    if (patient.marks[c] == 1 && (rarest == 0 || patients_with[c] < patients_with[static_cast<std::size_t>(rarest) - 1])) rarest = static_cast<int>(c) + 1;
  return rarest;
}

std::vector<int> strata_of_labels(const std::vector<TrainingPatient>& patients) {
  std::vector<std::size_t> with(patients.front().marks.size(), 0);
  for (const TrainingPatient& patient : patients)
    for (std::size_t c = 0; c < with.size(); ++c) with[c] += patient.marks[c] == 1 ? 1 : 0;
  std::vector<int> strata;
  for (const TrainingPatient& patient : patients) strata.push_back(rarest_label(patient, with));
  return strata;
}

std::vector<int> strata_of_values(const std::vector<TrainingPatient>& patients, const std::vector<TrainingSlide>& slides) {
  std::vector<std::pair<double, std::size_t>> sorted;
  for (std::size_t p = 0; p < patients.size(); ++p) {
    double sum = 0;
    for (const std::size_t slide : patients[p].slides) sum += slides[slide].value;
    sorted.emplace_back(sum / static_cast<double>(patients[p].slides.size()), p);
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<int> strata(patients.size());
  for (std::size_t rank = 0; rank < sorted.size(); ++rank) strata[sorted[rank].second] = static_cast<int>(kStrata * rank / sorted.size());
  return strata;
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
  if (of_classes(card)) require_classes_on_both_sides(slides, card);
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
      patient.marks = slide.marks;
      patient.site = slide.site;
    }
    if (patient.label != slide.label || patient.months != slide.months || !same_marks(patient.marks, slide.marks)) torn.insert(slide.patient_id);
    patient.slides.push_back(i);
  }
  if (!torn.empty())
    refuse(fmt::format("one label or follow-up for all slides of a patient was wanted: {} patients have several: correct the labels", torn.size()));
  std::vector<TrainingPatient> sorted;
  for (auto& [id, patient] : patients) sorted.push_back(std::move(patient));
  return sorted;
}

void stratify(std::vector<TrainingSlide>& slides, const ModelCard& card) {
  if (of_classes(card)) return;
  const auto patients = patients_of(slides);
  const std::vector<int> strata = card.value ? strata_of_values(patients, slides) : strata_of_labels(patients);
  for (std::size_t p = 0; p < patients.size(); ++p)
    for (const std::size_t slide : patients[p].slides) slides[slide].label = strata[p];
}

void require_trainable(const std::vector<TrainingSlide>& slides, const ModelCard& card) {
  if (slides.empty()) refuse("slides were wanted: there are none: check that bags and labels share ids");
  std::set<std::string> seen;
  for (const auto& slide : slides) {
    require_bag(slide, slides.front().bag.feature_dim);
    if (!seen.insert(slide.bag.slide_id).second)
      refuse(fmt::format("each slide once was wanted: '{}' is there twice: leave one out", slide.bag.slide_id));
  }
  require_answers(slides, card);
  for (std::size_t m = 0; m < card.modalities.size(); ++m) require_table(slides, card.modalities[m], m);
}

std::vector<int> folds_for(const std::vector<TrainingSlide>& slides, const ModelCard& card, const TrainSettings& settings) {
  const auto without = std::count_if(slides.begin(), slides.end(), [](const TrainingSlide& slide) { return slide.fold < 0; });
  if (without == 0) return given_folds(slides, card);
  if (without == static_cast<std::ptrdiff_t>(slides.size()))
    return settings.leave_sites_out ? site_folds(slides, card, settings.folds) : assign_folds(slides, settings.folds, settings.seed, of_classes(card));
  refuse(
      fmt::format("a fold for every slide or for none was wanted: {} of {} slides have none: complete the splits", without, slides.size()));
}

std::vector<int> assign_folds(const std::vector<TrainingSlide>& slides, int folds, std::uint64_t seed, bool every_class_in_each) {
  const auto patients = patients_of(slides);
  if (folds < 2) refuse(fmt::format("two or more folds were wanted: {} were asked for: raise folds", folds));
  if (patients.size() < static_cast<std::size_t>(folds))
    refuse(fmt::format("{} patients were wanted for {} folds: there are {}: lower folds or add patients", folds, folds, patients.size()));
  for (const auto& [label, members] : patients_by_label(patients))
    if (every_class_in_each && members.size() < static_cast<std::size_t>(folds) && (label == 1 || patients[members.front()].months == 0))
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
  const bool classes = of_classes(card);
  const int labels = !classes ? patients.rbegin()->first + 1 : card.survival ? 2 : static_cast<int>(card.classes.size());
  for (int label = 0; label < labels; ++label) {
    const std::set<std::string>& all = patients[label];
    if (card.survival && label == 0 && all.empty()) continue;  // nobody was censored
    if (!classes && all.size() < 2) continue;                  // of a stratum nobody but the training need have one
    if (all.size() < 2)
      refuse(fmt::format("two or more patients of class '{}' outside every fold were wanted, to learn from and to stop on: there are {}: add patients, "
                         "lower folds, or use stopping 'fixed'",
                         class_name(card, label), all.size()));
    std::vector<std::string> dealt(all.begin(), all.end());
    shuffle_in_place(dealt, engine);
    aside.insert(dealt.begin(), dealt.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(1, dealt.size() / 4)));
  }
  if (aside.empty()) refuse("patients to stop on were wanted: there are too few outside a fold: add patients, lower folds, or use stopping 'fixed'");
  Sides sides;
  for (const TrainingSlide* slide : slides) (aside.contains(slide->patient_id) ? sides.validation : sides.training).push_back(slide);
  return sides;
}

double explained_variance(const std::vector<double>& known, const std::vector<double>& predicted) {
  double mean = 0, left = 0, all = 0;
  for (const double value : known) mean += value / static_cast<double>(known.size());
  for (std::size_t i = 0; i < known.size(); ++i) {
    left += (known[i] - predicted[i]) * (known[i] - predicted[i]);
    all += (known[i] - mean) * (known[i] - mean);
  }
  return all > 0 ? 1 - left / all : 0;
}

}  // namespace microtome
