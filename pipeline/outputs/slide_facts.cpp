// SPDX-License-Identifier: Apache-2.0
#include "pipeline/outputs/slide_facts.h"

#include <algorithm>
#include <numeric>

#include "tiling/level_choice.h"
#include "tiling/tile_grid.h"

namespace microtome {
namespace {

double median(std::vector<float> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

Level0Rect covered_by(const Overview& overview) {
  return {overview.x_level0, overview.y_level0, static_cast<double>(overview.size.width) * overview.downsample,
          static_cast<double>(overview.size.height) * overview.downsample};
}

}  // namespace

Findings document_of_row(const RunParts& parts, const ManifestRow& row) {
  Findings document;
  document.slide.id = row.keys.slide_id;
  document.slide.patient_id = row.keys.patient_id;
  document.slide.sample_id = row.keys.sample_id;
  const TilingSettings& tiling = parts.config.tiling;
  document.tiling = {tiling.tile_px, tiling.overlap_px, 0, tiling.target_mpp, 0, ""};
  for (const auto& each : parts.encoders) {
    const EncoderFacts& encoder = each->facts();
    document.models.push_back({encoder.is_classifier() ? "tile_classifier" : "encoder", encoder.name, encoder.sha256, encoder.format,
                               encoder.device, encoder.precision, encoder.random_weights});
  }
  return document;
}

void describe_slide(const RunParts& parts, SlideJob& job) {
  if (job.info.levels.empty()) return;  // it could not be opened
  const TileGeometry& geometry = job.plan.geometry;
  FindingsSlide& slide = job.document.slide;
  job.frame = {job.info.levels.front().size, job.scale.mpp, geometry.side_level0, geometry.step_level0, covered_by(job.overview)};
  slide.vendor = job.info.vendor;
  slide.reader = job.info.reader;
  slide.width = job.frame.slide.width;
  slide.height = job.frame.slide.height;
  slide.mpp = job.scale.mpp;
  slide.mpp_source = job.scale.source;
  const TilingSettings& asked = parts.config.tiling;
  job.document.tiling = {asked.tile_px,       asked.overlap_px,     stored_level(job.info, geometry.level), asked.target_mpp,
                         geometry.side_level0, resampling_name(job.info, geometry)};
}

void count_tiles(SlideJob& job) {
  const Bag& bag = job.bags.front();
  FindingsTissue& tissue = job.document.tissue;
  tissue.tiles_planned = static_cast<std::int64_t>(job.planned);
  tissue.tiles_used = bag.tiles();
  tissue.tiles_unreadable = static_cast<std::int64_t>(bag.unreadable.size() / 2);
  if (bag.tiles() == 0) return;
  const auto& fraction = bag.tissue_fraction;
  job.document.quality = {
      {"focus_median", median(bag.focus)},
      {"tissue_fraction_mean", std::accumulate(fraction.begin(), fraction.end(), 0.0) / static_cast<double>(fraction.size())}};
}

}  // namespace microtome
