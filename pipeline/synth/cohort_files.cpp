// SPDX-License-Identifier: Apache-2.0
#include "pipeline/synth/cohort_files.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

namespace microtome {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kStages = {"I", "II", "III", "IV"};

std::string clinical_cells(const SynthPatient& patient) {
  return fmt::format("{},{},{}", patient.age, patient.female ? "F" : "M", kStages.at(static_cast<std::size_t>(patient.stage - 1)));
}

}  // namespace

std::string labels_text(const SynthSettings& settings, const std::vector<SlideOf>& slides) {
  std::string out = settings.clinical ? "slide_id,patient_id,label,time,event,age,sex,stage\n" : "slide_id,patient_id,label,time,event\n";
  for (const auto& [slide, patient] : slides) {
    out += fmt::format("{},{},{},{},{}", slide, patient->id, synth_label(settings, *patient), patient->months, patient->event ? 1 : 0);
    out += settings.clinical ? "," + clinical_cells(*patient) + "\n" : "\n";
  }
  return out;
}

std::string clinical_text(const std::vector<SynthPatient>& patients) {
  std::string out = "patient_id,age,sex,stage\n";
  for (const SynthPatient& patient : patients) out += patient.id + "," + clinical_cells(patient) + "\n";
  return out;
}

GenomicTable genes_table(const SynthSettings& settings, const std::vector<SynthPatient>& patients, const std::vector<std::size_t>& places) {
  GenomicTable table;
  for (int g = 0; g < settings.genes; ++g) table.genes.push_back(synth_gene_name(g));
  for (std::size_t p = 0; p < patients.size(); ++p) {
    table.row_ids.push_back(patients[places.empty() ? p : places[p]].id);
    table.values.insert(table.values.end(), patients[p].genes.begin(), patients[p].genes.end());
  }
  table.units = "zscore";
  return table;
}

std::string truth_csv(const std::vector<SynthPatient>& patients) {
  std::string out = "patient_id,tumour_share,lesion_score,gene_score,clinical_score,log_hazard,months,event\n";
  for (const SynthPatient& p : patients)
    out += fmt::format("{},{},{},{},{},{},{},{}\n", p.id, p.tumour_share, p.lesion_score, p.gene_score, p.clinical_score, p.log_hazard, p.months,
                       p.event ? 1 : 0);
  return out;
}

std::string truth_json(const SynthSettings& settings) {
  Json genes = Json::array();
  for (const int column : hazard_gene_columns(settings)) genes.push_back(synth_gene_name(column));
  const PlantedSplit split = planted_split(settings);
  const double total = split.total();
  const auto part = [total](double variance) { return total > 0 ? Json(variance / total) : Json(nullptr); };
  Json out = {{"format", 1}, {"seed", settings.seed}, {"hazard_genes", genes}, {"gene_coexpression", kCoexpression}};
  out["baseline_hazard_per_month"] = kBaselineHazard;
  out["lesion_effect"] = settings.lesion_effect;
  out["gene_effect"] = settings.gene_effect;
  out["age_effect_per_year"] = settings.clinical ? Json(kAgeEffect) : Json(nullptr);
  out["stage_effect_per_stage"] = settings.clinical ? Json(kStageEffect) : Json(nullptr);
  out["variance_of_log_hazard"] = {{"tiles", split.tiles}, {"genes", split.genes}, {"clinical", split.clinical}, {"total", total}};
  out["split"] = {{"tiles", part(split.tiles)}, {"genes", part(split.genes)}, {"clinical", part(split.clinical)}};
  return out.dump(2) + "\n";
}

std::string archive_json(const SynthSettings& s) {
  std::string out = fmt::format(
      "{{\"format\": 1, \"patients\": {}, \"slides_per_patient\": {}, \"seed\": {}, \"width\": {}, \"height\": {}, \"mpp\": {}, \"genes\": "
      "{}, \"held_out\": {}, \"pen\": {}, \"dust\": {}",
      s.patients, s.slides_per_patient, s.seed, s.width, s.height, s.mpp, s.genes, s.held_out, s.pen, s.dust);
  if (s.planted())
    out += fmt::format(", \"hazard_genes\": {}, \"gene_effect\": {}, \"lesion_effect\": {}, \"least_tumour\": {}, \"most_tumour\": {}", s.hazard_genes,
                       s.gene_effect, s.lesion_effect, s.least_tumour, s.most_tumour);
  if (s.clinical) out += ", \"clinical\": true";
  if (s.shuffled_genes) out += ", \"shuffled_genes\": true";
  return out + "}\n";
}

}  // namespace microtome
