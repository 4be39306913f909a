// SPDX-License-Identifier: Apache-2.0
#include "pipeline/synth/cohort.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>

namespace microtome {
namespace {

constexpr int kTumourGenes = 5;
constexpr double kMeanCensoring = 90;  // months
constexpr int kYoungest = 40, kOldest = 89;
constexpr double kMeanAge = 64.5, kMeanStage = 2.5;

/// std's distributions differ between libraries; these do not.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}
  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1.0p-53; }
  double normal() { return std::sqrt(-2 * std::log(1 - uniform())) * std::cos(2 * M_PI * uniform()); }
  double exponential(double mean) { return -mean * std::log(1 - uniform()); }
  int whole(int low, int high) { return low + static_cast<int>(uniform() * (high - low + 1)); }

 private:
  std::mt19937_64 engine_;
};

/// Each purpose draws from its own stream, so that one option leaves the others' numbers alone.
enum class Purpose { patients = 17, clinical = 18, gene_columns = 19, shuffling = 20 };

Draw stream(const SynthSettings& s, Purpose purpose) { return Draw(s.seed * 7919 + static_cast<std::uint64_t>(purpose)); }

double share_between(const SynthSettings& s, double drawn) { return s.least_tumour + (s.most_tumour - s.least_tumour) * drawn; }

void draw_clinical(Draw& draw, SynthPatient& patient) {
  patient.age = draw.whole(kYoungest, kOldest);
  patient.stage = draw.whole(1, 4);
  patient.female = draw.uniform() < 0.5;
  patient.clinical_score = kAgeEffect * (patient.age - kMeanAge) + kStageEffect * (patient.stage - kMeanStage);
}

/// Every other patient has a tumour, and the first genes go with it.
void draw_tumour_and_genes(const SynthSettings& s, bool tumour, Draw& draw, SynthPatient& patient) {
  patient.tumour = tumour;
  patient.tumour_share = tumour ? share_between(s, draw.uniform()) : 0;
  for (int g = 0; g < s.genes; ++g) patient.genes.push_back(static_cast<float>(draw.normal() + (tumour && g < kTumourGenes ? 1.5 : 0)));
  patient.log_hazard = 3 * patient.tumour_share + 0.3 * patient.genes[0];
}

void draw_planted(const SynthSettings& s, const std::vector<int>& hazard_genes, Draw& draw, SynthPatient& patient) {
  const double drawn = draw.uniform();
  patient.tumour = true;
  patient.tumour_share = share_between(s, drawn);
  patient.lesion_score = (drawn - 0.5) * std::sqrt(12.0);
  const double together = draw.normal();
  for (int g = 0; g < s.genes; ++g) patient.genes.push_back(static_cast<float>(draw.normal()));
  double sum = 0;
  for (const int g : hazard_genes) {
    float& value = patient.genes[static_cast<std::size_t>(g)];
    value = static_cast<float>(std::sqrt(kCoexpression) * together + std::sqrt(1 - kCoexpression) * value);
    sum += value;
  }
  const auto count = static_cast<double>(hazard_genes.size());
  patient.gene_score = sum / std::sqrt(count + count * (count - 1) * kCoexpression);
  patient.log_hazard = s.lesion_effect * patient.lesion_score + s.gene_effect * patient.gene_score;
}

void draw_fate(double shortest, Draw& draw, SynthPatient& patient) {
  const double death = draw.exponential(1 / (kBaselineHazard * std::exp(patient.log_hazard)));
  const double censored = draw.exponential(kMeanCensoring);
  patient.event = death <= censored;
  patient.months = std::max(shortest, std::round(10 * std::min(death, censored)) / 10);
}

}  // namespace

std::vector<SynthPatient> draw_patients(const SynthSettings& s) {
  Draw draw = stream(s, Purpose::patients), clinical = stream(s, Purpose::clinical);
  const std::vector<int> hazard_genes = hazard_gene_columns(s);
  std::vector<SynthPatient> out(static_cast<std::size_t>(s.patients));
  const int every = s.held_out > 0 ? std::max(2, static_cast<int>(std::lround(1 / s.held_out))) : 0;
  for (int p = 0; p < s.patients; ++p) {
    SynthPatient& patient = out[static_cast<std::size_t>(p)];
    patient.id = fmt::format("P{:04}", p + 1);
    if (s.planted())
      draw_planted(s, hazard_genes, draw, patient);
    else
      draw_tumour_and_genes(s, p % 2 == 1, draw, patient);
    if (s.clinical) draw_clinical(clinical, patient);
    patient.log_hazard += patient.clinical_score;
    draw_fate(s.planted() ? 0.1 : 0, draw, patient);
    patient.held_out = every > 0 && (p / 2) % every == every - 1;
  }
  return out;
}

std::vector<int> hazard_gene_columns(const SynthSettings& s) {
  Draw draw = stream(s, Purpose::gene_columns);
  std::vector<int> columns(static_cast<std::size_t>(s.genes));
  std::iota(columns.begin(), columns.end(), 0);
  for (int i = 0; i < s.hazard_genes; ++i) std::swap(columns[static_cast<std::size_t>(i)], columns[static_cast<std::size_t>(draw.whole(i, s.genes - 1))]);
  columns.resize(static_cast<std::size_t>(s.hazard_genes));
  std::sort(columns.begin(), columns.end());
  return columns;
}

std::string synth_gene_name(int column) { return fmt::format("GENE{:03}", column + 1); }

PlantedSplit planted_split(const SynthSettings& s) {
  const double ages = kOldest - kYoungest + 1, stages = 4;
  const double clinical = kAgeEffect * kAgeEffect * (ages * ages - 1) / 12 + kStageEffect * kStageEffect * (stages * stages - 1) / 12;
  return {s.lesion_effect * s.lesion_effect, s.gene_effect * s.gene_effect, s.clinical ? clinical : 0};
}

// Sattolo's algorithm: one cycle through everybody.
std::vector<std::size_t> shuffled_places(const SynthSettings& s) {
  Draw draw = stream(s, Purpose::shuffling);
  std::vector<std::size_t> places(static_cast<std::size_t>(s.patients));
  std::iota(places.begin(), places.end(), std::size_t{0});
  for (int i = s.patients - 1; i > 0; --i) std::swap(places[static_cast<std::size_t>(i)], places[static_cast<std::size_t>(draw.whole(0, i - 1))]);
  return places;
}

std::string synth_label(const SynthSettings& s, const SynthPatient& patient) {
  if (s.planted()) return patient.log_hazard > 0 ? "high_hazard" : "low_hazard";
  return patient.tumour ? "tumour" : "normal";
}

}  // namespace microtome
