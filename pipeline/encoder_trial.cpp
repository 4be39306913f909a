// SPDX-License-Identifier: Apache-2.0
#include "pipeline/encoder_trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "mil/model_error.h"
#include "pipeline/run_estimate.h"

namespace microtome {
namespace {

/// Tiles to compare on: the golden ones, or made-up texture where there are none (its rows come from the first trial).
GoldenTiles reference_tiles(const EncoderSettings& settings, int tile_px) {
  if (auto golden = golden_tiles(settings)) return std::move(*golden);
  GoldenTiles made;
  made.tiles = 4;
  made.rgb.resize(static_cast<std::size_t>(made.tiles) * tile_px * tile_px * 3);
  for (std::size_t i = 0; i < made.rgb.size(); ++i) made.rgb[i] = static_cast<std::uint8_t>(128 + 100 * std::sin(0.01 * static_cast<double>(i)));
  return made;
}

/// In passes of the run's batch, the last one padded: what a run computes.
std::vector<float> rows_of(const Encoder& encoder, const GoldenTiles& reference, const EncoderUse& use) {
  const auto dim = static_cast<std::size_t>(encoder.facts().feature_dim);
  const std::size_t bytes = static_cast<std::size_t>(use.tile_px) * use.tile_px * 3, batch = static_cast<std::size_t>(use.batch);
  std::vector<float> rows;
  for (std::size_t first = 0; first < static_cast<std::size_t>(reference.tiles); first += batch) {
    const std::size_t count = std::min(batch, static_cast<std::size_t>(reference.tiles) - first);
    std::vector<std::uint8_t> rgb(batch * bytes);
    std::copy_n(reference.rgb.begin() + static_cast<std::ptrdiff_t>(first * bytes), count * bytes, rgb.begin());
    std::vector<float> out(batch * dim);
    encoder.encode(rgb, use.batch, use.tile_px, out);
    rows.insert(rows.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count * dim));
  }
  return rows;
}

void compare(EncoderTrial& trial, const std::vector<float>& rows, const std::vector<float>& reference, std::size_t dim) {
  if (rows.size() != reference.size())
    throw ModelError(fmt::format("{}: wanted golden outputs of {} numbers, as the network gives: found {}: export the model again",
                                 trial.facts.name, rows.size(), reference.size()));
  double largest = 0, difference = 0;
  trial.least_cosine = 1;
  for (std::size_t row = 0; row < rows.size(); row += dim) {
    double dot = 0, a = 0, b = 0;
    for (std::size_t i = row; i < row + dim; ++i) {
      dot += double{rows[i]} * reference[i];
      a += double{rows[i]} * rows[i];
      b += double{reference[i]} * reference[i];
      largest = std::max(largest, std::abs(double{reference[i]}));
      difference = std::max(difference, std::abs(double{rows[i]} - reference[i]));
    }
    trial.least_cosine = std::min(trial.least_cosine, dot / std::sqrt(a * b));
  }
  trial.largest = difference / largest;
}

EncoderTrial try_one(EncoderSettings settings, const EncoderUse& use, GoldenTiles& reference) {
  EncoderTrial trial;
  trial.form = settings.form;
  trial.precision = settings.precision;
  try {
    const auto encoder = load_encoder(settings, use);
    trial.facts = encoder->facts();
    const std::vector<float> rows = rows_of(*encoder, reference, use);
    if (reference.rows.empty()) reference.rows = rows;
    compare(trial, rows, reference.rows, static_cast<std::size_t>(trial.facts.feature_dim));
    trial.tiles_per_second = measure_encoders({encoder}, use.batch, use.tile_px, use.threads);
  } catch (const ModelError& e) {
    trial.refused = e.what();
  }
  return trial;
}

}  // namespace

EncoderReport try_encoder(const EncoderSettings& settings, const EncoderUse& use) {
  EncoderReport report;
  GoldenTiles reference = reference_tiles(settings, use.tile_px);
  report.reference = reference.rows.empty() ? "the first line" : "golden.safetensors";
  for (const std::string& form : model_forms(settings)) {
    for (const char* precision : {"float32", "bfloat16", "float16"}) {
      EncoderSettings one = settings;
      one.form = form;
      one.precision = precision;
      report.trials.push_back(try_one(one, use, reference));
      const EncoderTrial& trial = report.trials.back();
      const bool usable = trial.refused.empty() && trial.least_cosine >= kTrustedCosine;
      if (usable && (report.best < 0 || trial.tiles_per_second > report.trials[static_cast<std::size_t>(report.best)].tiles_per_second))
        report.best = static_cast<int>(report.trials.size()) - 1;
    }
  }
  const bool any = std::any_of(report.trials.begin(), report.trials.end(), [](const EncoderTrial& t) { return t.refused.empty(); });
  if (!any) throw ModelError(report.trials.front().refused);
  return report;
}

std::string report_text(const EncoderReport& report) {
  std::string text;
  for (const EncoderTrial& trial : report.trials) {
    if (!trial.refused.empty()) {
      text += fmt::format("  {:<12} {:<9} not here: {}\n", trial.form, trial.precision, trial.refused);
      continue;
    }
    text += fmt::format("  {:<12} {:<9} {:8.1f} tiles/s, against {}: least cosine {:.7f}, largest difference {:.2g}{}\n", trial.form,
                        trial.precision, trial.tiles_per_second, report.reference, trial.least_cosine, trial.largest,
                        trial.facts.note.empty() ? "" : "; " + trial.facts.note);
  }
  if (report.best < 0) return text + fmt::format("  none is within a cosine of {}: do not use it\n", kTrustedCosine);
  const EncoderTrial& best = report.trials[static_cast<std::size_t>(report.best)];
  return text + fmt::format("  use --encoder.form {} --precision {}: the fastest here with a cosine of at least {}\n", best.form, best.precision,
                            kTrustedCosine);
}

}  // namespace microtome
