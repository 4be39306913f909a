// SPDX-License-Identifier: Apache-2.0
#include "pipeline/synth/synth_settings.h"

#include <fmt/format.h>

#include <cmath>
#include <tuple>

namespace microtome {
namespace {

void check_planted(const SynthSettings& s, std::vector<std::string>& out) {
  const SynthSettings defaults;
  if (s.hazard_genes < 0 || s.hazard_genes > s.genes)
    out.push_back(fmt::format("synth.hazard_genes: wanted 0..{} (synth.genes), got {}", s.genes, s.hazard_genes));
  for (const auto& [name, effect, usual] : {std::tuple("gene_effect", s.gene_effect, defaults.gene_effect),
                                            std::tuple("lesion_effect", s.lesion_effect, defaults.lesion_effect)}) {
    if (!(std::abs(effect) <= 5)) out.push_back(fmt::format("synth.{}: wanted a log hazard ratio in -5..5, got {}", name, effect));
    if (!s.planted() && effect != usual)
      out.push_back(fmt::format("synth.{}: wanted a planted cohort to go with it: give --synth.hazard_genes too", name));
  }
}

}  // namespace

std::vector<std::string> validate(const SynthSettings& s) {
  std::vector<std::string> out;
  const auto require = [&](bool fine, std::string sentence) {
    if (!fine) out.push_back(std::move(sentence));
  };
  require(s.patients >= 1 && s.patients <= 100000, fmt::format("synth.patients: wanted 1..100000, got {}", s.patients));
  require(s.slides_per_patient >= 1 && s.slides_per_patient <= 100,
          fmt::format("synth.slides_per_patient: wanted 1..100, got {}", s.slides_per_patient));
  require(s.width >= 512 && s.height >= 512 && s.width <= 60000 && s.height <= 60000,
          fmt::format("synth.width, synth.height: wanted 512..60000 pixels, got {} x {}", s.width, s.height));
  require(s.mpp >= 0.05 && s.mpp <= 10, fmt::format("synth.mpp: wanted 0.05..10, got {}", s.mpp));
  require(s.genes >= 5 && s.genes <= 100000, fmt::format("synth.genes: wanted 5..100000, got {}", s.genes));
  require(s.least_tumour > 0 && s.least_tumour <= s.most_tumour && s.most_tumour <= 1,
          fmt::format("synth.least_tumour, synth.most_tumour: wanted shares above 0, the least no more than the most, got {} and {}",
                      s.least_tumour, s.most_tumour));
  require(!s.planted() || s.least_tumour < s.most_tumour,
          fmt::format("synth.least_tumour, synth.most_tumour: wanted two different shares, as the tumour is to move the hazard, got {} twice", s.most_tumour));
  require(s.pen >= 0 && s.pen <= 1000, fmt::format("synth.pen: wanted 0..1000, got {}", s.pen));
  require(s.dust >= 0 && s.dust <= 1000, fmt::format("synth.dust: wanted 0..1000, got {}", s.dust));
  require(s.held_out >= 0 && s.held_out < 1, fmt::format("synth.held_out: wanted a share in 0..1, got {}", s.held_out));
  require(!s.shuffled_genes || s.patients >= 2,
          fmt::format("synth.shuffled_genes: wanted at least two patients to change places, got {}", s.patients));
  check_planted(s, out);
  return out;
}

}  // namespace microtome
