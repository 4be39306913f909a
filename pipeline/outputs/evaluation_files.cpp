// SPDX-License-Identifier: Apache-2.0
#include "pipeline/outputs/evaluation_files.h"

#include <array>

#include "pipeline/outputs/publication.h"

namespace microtome {
namespace {

constexpr const char* kMarker = "metrics.json";  // written last: the folder is whole
constexpr std::array kCurves = {"roc", "pr", "reliability", "decision_curve", "kaplan_meier", "auc_over_time", "brier", "calibration", "scatter", "bland_altman"};

/// The marker first, then everything that some evaluation may have written.
std::vector<std::string> older_state() {
  std::vector<std::string> out = {kMarker};
  for (const char* curve : kCurves)
    for (const char* ending : {".csv", ".svg"}) out.push_back(std::string(curve) + ending);
  return out;
}

}  // namespace

void publish_evaluation(const std::filesystem::path& folder, const std::vector<NamedText>& tables, const std::vector<CurveFigure>& figures,
                        const std::string& page, const std::string& metrics) {
  require_writable(folder);
  remove_leftovers(folder);
  Publication publication(folder);
  for (const auto& [name, text] : tables) publication.write(name, text);
  for (const CurveFigure& figure : figures) publication.write(figure.name, figure.svg);
  publication.write("evaluation.html", page);
  publication.write(kMarker, metrics);
  publication.publish(older_state());
}

}  // namespace microtome
