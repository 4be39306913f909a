// SPDX-License-Identifier: Apache-2.0
#include "reporting/slide_report_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reporting/html_text.h"

namespace microtome {
namespace {

std::string signed_text(double share) { return std::isfinite(share) ? with_minus(fmt::format("{:+.3f}", share)) : "not known"; }

// From the middle to the right, up; to the left, down. `most` is the width of one half.
std::string signed_bar(double share, double most) {
  if (!std::isfinite(share) || most <= 0) return "";
  const double width = 50 * std::min(1.0, std::abs(share) / most);
  return fmt::format("<span class=\"signed\" aria-hidden=\"true\"><span class=\"{}\" style=\"left:{:.1f}%;width:{:.1f}%\"></span></span>",
                     share < 0 ? "down" : "up", share < 0 ? 50 - width : 50, width);
}

std::string share_cells(double share, double most) {
  return fmt::format("<td class=\"number\">{}</td><td>{}</td>", signed_text(share), signed_bar(share, most));
}

// What a share is a share of, and what its two directions are.
struct Explained {
  std::string what, up, down;
};

Explained explained(const Prediction& prediction) {
  if (prediction.survival) return {"the risk", "higher risk", "lower risk"};
  const std::string& name = prediction.classes.at(static_cast<std::size_t>(prediction.predicted));
  if (prediction.value) return {name, "higher", "lower"};
  return {"the score of " + name, "towards " + name, "away from " + name};
}

std::string directions(const Explained& of) {
  return fmt::format("<th scope=\"col\" class=\"directions\"><span>{} {}</span><span>{} {}</span></th>", "←", escaped(of.down), escaped(of.up), "→");
}

std::string modality_name(const std::string& name) { return name == "tiles" ? "slide image" : name; }

std::string matched_words(const std::string& matched_by) {
  if (matched_by.empty()) return "";
  std::string words = matched_by;
  std::replace(words.begin(), words.end(), '_', ' ');
  std::replace(words.begin(), words.end(), '-', ' ');
  return ", found by " + words;
}

std::string input_row(const ModalityUse& use, double most, bool shares) {
  const std::string state = use.present ? "<span class=\"badge ok\">present</span>" + escaped(matched_words(use.matched_by))
                                        : "<span class=\"badge partial\">missing</span> a stand-in that the model learned took its place";
  return fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td>", escaped(modality_name(use.name)), state) +
         (shares ? share_cells(use.share.value_or(NAN), most) : "") + "</tr>\n";
}

std::string missing_sentence(const std::vector<ModalityUse>& modalities) {
  std::string names;
  for (const ModalityUse& use : modalities)
    if (!use.present) names += (names.empty() ? "" : ", ") + escaped(modality_name(use.name));
  return names.empty() ? "Every input that the model can use was there."
                       : "Missing for this slide: " + names + ". The answer rests on the other inputs alone.";
}

std::string units_of(const Findings& findings, const std::string& modality) {
  for (const FindingsInput& input : findings.inputs)
    if (input.role == modality && input.units != modality) return input.units;  // "clinical" columns have units of their own
  return "";
}

std::string feature_row(const Findings& findings, const FeatureShare& row, double most) {
  const std::string units = std::isfinite(row.value) ? units_of(findings, row.modality) : "";
  return fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"number\">{}{}</td>", escaped(row.feature), escaped(row.modality),
                     number_words(row.value), units.empty() ? "" : "&nbsp;<span class=\"units\">" + escaped(units) + "</span>") +
         share_cells(row.share, most) + "</tr>\n";
}

std::string gap_sentence(const Prediction& prediction) {
  if (!prediction.completeness_gap) return "";
  return fmt::format(" All shares together match the move that they explain to within {:.2g} (completeness gap).", *prediction.completeness_gap);
}

template <class Rows, class Share>
double largest(const Rows& rows, Share share) {
  double most = 0;
  for (const auto& row : rows)
    if (std::isfinite(share(row))) most = std::max(most, std::abs(share(row)));
  return most;
}

}  // namespace

std::string inputs_section(const Findings& findings) {
  if (!findings.prediction || findings.prediction->modalities.empty()) return "";
  const auto& modalities = findings.prediction->modalities;
  const auto share = [](const ModalityUse& use) { return use.share.value_or(NAN); };
  const double most = largest(modalities, share);
  const bool shares = std::any_of(modalities.begin(), modalities.end(), [](const ModalityUse& use) { return use.share.has_value(); });
  const Explained of = explained(*findings.prediction);
  std::string out = "<section>\n<h2>What the answer rests on</h2>\n<p class=\"missing\">" + missing_sentence(modalities) + "</p>\n";
  if (shares)
    out += fmt::format(
        "<p class=\"note\">Share: what the input adds to {}, over the stand-in for it (exact Shapley value). The shares add up to the whole move from the "
        "answer without any input to this one.</p>\n",
        escaped(of.what));
  out += "<table class=\"explained\">\n<thead><tr><th scope=\"col\">Input</th><th scope=\"col\">In this slide</th>";
  if (shares) out += "<th scope=\"col\" class=\"number\">Share</th>" + directions(of);
  out += "</tr></thead>\n<tbody>\n";
  for (const ModalityUse& use : modalities) out += input_row(use, most, shares);
  return out + "</tbody>\n</table>\n</section>\n";
}

std::string features_section(const Findings& findings) {
  if (!findings.prediction || findings.prediction->features.empty()) return "";
  const Prediction& prediction = *findings.prediction;
  const double most = largest(prediction.features, [](const FeatureShare& row) { return row.share; });
  const Explained of = explained(prediction);
  const bool clinical = std::any_of(prediction.features.begin(), prediction.features.end(), [](const auto& row) { return row.modality == "clinical"; });
  std::string out = fmt::format(
      "<section>\n<h2>{} associated with {}</h2>\n<p class=\"note\">Share: how far the value moved {} of this slide (integrated gradients), "
      "the largest first. An association that the model learned from its training patients, not a cause.{}</p>\n",
      clinical ? "Genes and clinical data" : "Genes", escaped(of.what), escaped(of.what), gap_sentence(prediction));
  out += "<table class=\"explained\">\n<thead><tr><th scope=\"col\">" + std::string(clinical ? "Gene or column" : "Gene") +
         "</th><th scope=\"col\">Table</th><th scope=\"col\" class=\"number\">Value</th><th scope=\"col\" class=\"number\">Share</th>" +
         directions(of) + "</tr></thead>\n<tbody>\n";
  for (const FeatureShare& row : prediction.features) out += feature_row(findings, row, most);
  return out + "</tbody>\n</table>\n</section>\n";
}

std::string gene_status_section(const Findings& findings) {
  if (findings.gene_status.empty()) return "";
  std::string out =
      "<section>\n<h2>Genes of the curated list</h2>\n<p class=\"note\">Each line compares the value in the table with the list's rule; the "
      "model has no part in it.</p>\n<table class=\"explained status\">\n<thead><tr><th scope=\"col\">Gene</th><th scope=\"col\">Status</th>"
      "<th scope=\"col\">Table</th><th scope=\"col\" class=\"number\">Value</th><th scope=\"col\">Rule</th></tr></thead>\n<tbody>\n";
  for (const FindingsGeneStatus& line : findings.gene_status) {
    const std::string units = std::isfinite(line.value) ? units_of(findings, line.modality) : "";
    out += fmt::format(
        "<tr class=\"{0}\"><th scope=\"row\">{1}</th><td>{2}: <b>{0}</b></td><td>{3}</td><td class=\"number\">{4}{5}</td><td>{6}</td></tr>\n",
        escaped(line.status), escaped(line.gene), escaped(line.text), escaped(line.modality), number_words(line.value),
        units.empty() ? "" : "&nbsp;<span class=\"units\">" + escaped(units) + "</span>", escaped(line.rule));
  }
  return out + "</tbody>\n</table>\n</section>\n";
}

}  // namespace microtome
