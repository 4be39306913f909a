// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "mil/bag_file.h"
#include "mil/model_error.h"
#include "mil/sha256.h"
#include "pipeline/finished_bags.h"
#include "pipeline/machine/interrupt.h"
#include "pipeline/outputs/publication.h"
#include "pipeline/outputs/slide_documents.h"
#include "pipeline/outputs/slide_facts.h"
#include "pipeline/slide_guard.h"
#include "tiling/given_mask.h"
#include "tiling/quality.h"
#include "tiling/tile_reader.h"

namespace microtome {
namespace {

constexpr const char* kPartialName = "features.part.h5";

std::size_t dim_of(const Encoder& encoder) { return static_cast<std::size_t>(encoder.facts().feature_dim); }

std::optional<Scale> given_scale(const RunParts& parts, const ManifestRow& row) {
  if (row.mpp) return Scale{*row.mpp, "manifest"};
  if (parts.config.run.slide_mpp > 0) return Scale{parts.config.run.slide_mpp, "command line"};
  return std::nullopt;
}

void plan_slide(const RunParts& parts, SlideJob& job) {
  const Config& config = parts.config;
  if (config.run.hash_slides) job.document.slide.sha256 = sha256_of_file(job.row.path);
  job.slide = parts.open(job.row);
  job.info = job.slide->info();
  job.scale = resolve_scale(job.info, given_scale(parts, job.row));
  if (job.scale.source == "objective-power") {
    job.outcome.note("mpp_guessed",
                     "the slide states no scale but its objective power: microns per pixel were taken from that: give mpp in the manifest");
  }
  const TileGeometry geometry = tile_geometry(job.info, job.scale, config.tiling);
  if (is_upsampled(job.scale, config.tiling)) {
    job.outcome.note("upsampled", fmt::format("the slide has {} um/px and its tiles {}: they were enlarged, which adds no detail",
                                              job.scale.mpp, config.tiling.target_mpp));
  }
  job.overview = read_overview(*job.slide, job.scale.mpp, config.tissue);
  const bool given = !job.row.mask.empty();
  TissueMask mask = given ? read_given_mask(job.row.mask, job.info, job.overview) : find_tissue(job.overview, config.tissue);
  if (given) job.outcome.note("mask_given", "the tissue mask was given by the manifest: tissue was not searched for");
  job.document.tissue.area_mm2 = mask.area_mm2;
  if (!given) count_unknown_as_tissue(job.overview, mask);
  job.plan = plan_tiles(job.info, geometry, mask, config.tiling);
  if (job.plan.tiles.empty()) job.outcome.mark_partial("no_tissue", "no tile holds enough tissue: nothing was encoded");
}

/// Rows of an interrupted run count only if everything that changes results is as it was.
void take_over_partial(const RunParts& parts, SlideJob& job) {
  const auto path = parts.slide_folder(job.row.keys.slide_id) / kPartialName;
  if (!std::filesystem::exists(path)) return;
  PartialBag partial;
  try {
    partial = read_partial_bag(path);
  } catch (const BagError&) {
    return;  // a damaged leftover is worth nothing, and costs nothing but time
  }
  const std::size_t row = static_cast<std::size_t>(parts.row_bytes()) / sizeof(float);
  if (partial.recipe != job.bag_recipe || static_cast<std::size_t>(partial.feature_dim) != row) return;
  job.rows.clear();
  for (const auto& encoder : parts.encoders) job.rows.emplace_back(job.state.size() * dim_of(*encoder));
  for (std::size_t i = 0; i < partial.tile_index.size(); ++i) {
    const auto tile = static_cast<std::size_t>(partial.tile_index[i]);
    if (tile >= job.state.size()) continue;
    auto from = partial.features.begin() + static_cast<std::ptrdiff_t>(i * row);
    for (std::size_t e = 0; e < job.rows.size(); ++e) {
      const std::size_t dim = dim_of(*parts.encoders[e]);
      std::copy_n(from, dim, job.rows[e].begin() + static_cast<std::ptrdiff_t>(tile * dim));
      from += static_cast<std::ptrdiff_t>(dim);
    }
    job.focus[tile] = partial.focus[i];
    job.state[tile] = TileState::encoded;
  }
  job.pending = std::count(job.state.begin(), job.state.end(), TileState::pending);
}

/// A bag that does not fit into the ceiling even alone costs its slide, or the run would be killed for it.
void require_room(const RunParts& parts, std::size_t tiles) {
  const std::int64_t bytes = static_cast<std::int64_t>(tiles) * parts.row_bytes();
  if (parts.bag_bytes == 0 || bytes <= parts.bag_bytes) return;
  throw SlideError("memory_limit", fmt::format("wanted room for the features of {} tiles ({} bytes), --memory-limit leaves {} bytes beside the pixels: "
                                               "raise it",
                                               tiles, bytes, parts.bag_bytes));
}

std::size_t count(const SlideJob& job, TileState state) { return std::count(job.state.begin(), job.state.end(), state); }

void require_readable(const RunParts& parts, SlideJob& job) {
  const std::size_t unreadable = count(job, TileState::unreadable);
  const double share = parts.config.tiling.max_unreadable;
  if (unreadable == 0) return;
  if (static_cast<double>(unreadable) > share * static_cast<double>(job.state.size())) {
    throw SlideError("too_many_unreadable",
                     fmt::format("wanted at most {} % of the tiles unreadable, got {} of {}: the file is damaged: fetch it again",
                                 100 * share, unreadable, job.state.size()));
  }
  job.outcome.mark_partial("unreadable_tiles",
                           fmt::format("{} of {} tiles could not be read and were left out", unreadable, job.state.size()));
}

void require_finite(const Bag& bag, const EncoderFacts& encoder) {
  for (std::size_t i = 0; i < bag.features.size(); ++i) {
    if (std::isfinite(bag.features[i])) continue;
    const std::size_t tile = i / static_cast<std::size_t>(bag.feature_dim);
    throw SlideError("not_finite", fmt::format("wanted finite {} of {}, got NaN or infinity for the tile at level-0 ({}, {}): check the "
                                               "encoder's precision",
                                               encoder.is_classifier() ? "probabilities" : "features", encoder.name, bag.coords[2 * tile],
                                               bag.coords[2 * tile + 1]));
  }
}

/// The planned tiles that have rows of this encoder, in plan order. Its rows are let go.
Bag make_bag(const SlideJob& job, const Encoder& encoder, std::vector<float> rows) {
  const std::size_t dim = dim_of(encoder);
  Bag bag;
  bag.slide_id = job.row.keys.slide_id;
  bag.feature_dim = static_cast<std::int64_t>(dim);
  const bool whole = count(job, TileState::encoded) == job.state.size();
  for (std::size_t t = 0; t < job.state.size(); ++t) {
    const PlannedTile& tile = job.plan.tiles[t];
    auto& coords = job.state[t] == TileState::encoded ? bag.coords : bag.unreadable;
    coords.insert(coords.end(), {tile.origin.x_level0, tile.origin.y_level0});
    if (job.state[t] != TileState::encoded) continue;
    bag.tissue_fraction.push_back(tile.tissue_fraction);
    bag.focus.push_back(job.focus[t]);
    if (!whole) bag.features.insert(bag.features.end(), rows.begin() + t * dim, rows.begin() + (t + 1) * dim);
  }
  if (whole) bag.features = std::move(rows);
  return bag;
}

void make_bags(const RunParts& parts, SlideJob& job) {
  job.rows.resize(parts.encoders.size());  // a slide without a tile never met a batch
  for (std::size_t e = 0; e < parts.encoders.size(); ++e) {
    job.bags.push_back(make_bag(job, *parts.encoders[e], std::move(job.rows[e])));
    require_finite(job.bags.back(), parts.encoders[e]->facts());
  }
  job.rows = {};
  job.model_bag = parts.model_encoder;
  count_tiles(job);
}

void mark_missing(const RunParts& parts, std::size_t m, const std::string& name, SlideJob& job) {
  const bool given = parts.modalities && parts.modalities->tables()[m].source;
  job.outcome.mark_partial("genomics_missing", given ? fmt::format("the table '{}' has no row for this slide: the prediction does without it", name)
                                                     : fmt::format("no table '{}' was given: the prediction does without it", name));
}

void predict(const RunParts& parts, SlideJob& job) {
  if (!parts.model || job.bags.front().tiles() == 0) return;
  std::vector<ModalityUse> uses;
  std::vector<TableRow> tables;
  if (parts.modalities) tables = parts.modalities->rows(job.row.keys, &uses);
  job.prediction = parts.model->predict(job.bags[job.model_bag], tables);
  const ModelCard& card = parts.model->card();
  if (card.modalities.empty()) return;
  tables.resize(card.modalities.size());  // none were given: all are missing
  tell_explanation(parts.model->explain(job.bags[job.model_bag], tables, job.prediction->predicted), card, tables, *job.prediction);
  std::vector<ModalityUse>& told = job.prediction->modalities;  // tiles first, then the tables
  for (std::size_t m = 0; m < uses.size(); ++m) {
    told[m + 1].matched_by = uses[m].matched_by;
    told[m + 1].row_id = uses[m].row_id;
  }
  for (std::size_t m = 1; m < told.size(); ++m)
    if (!told[m].present) mark_missing(parts, m - 1, told[m].name, job);
}

void tell_gene_status(const RunParts& parts, SlideJob& job) {
  job.document.gene_status = gene_status(parts.status_rules, [&](const std::string& table, const std::string& gene) {
    return parts.modalities ? parts.modalities->value(job.row.keys, table, gene) : std::nullopt;
  });
}

void release(SlideJob& job) {
  job.slide.reset();
  job.overview = {};
  job.plan.tiles = {};
  job.order = {};
  job.state = {};
  job.rows = {};
  job.focus = {};
  job.bags = {};
  job.prediction.reset();
}

/// A batch as its slides see it: runs [first, last) of tiles of one slide.
std::vector<std::pair<std::size_t, std::size_t>> slides_of(const BatchJob& batch) {
  std::vector<std::pair<std::size_t, std::size_t>> runs;
  for (std::size_t i = 0; i < batch.tiles.size(); ++i) {
    if (i == 0 || batch.tiles[i].slide != batch.tiles[i - 1].slide) runs.emplace_back(i, i);
    runs.back().second = i + 1;
  }
  return runs;
}

std::vector<TileRead> reads_of(BatchJob& batch, std::size_t tile_bytes) {
  std::vector<TileRead> reads;
  for (std::size_t i = 0; i < batch.tiles.size(); ++i) {
    const auto& [slide, tile] = batch.tiles[i];
    reads.push_back({slide->plan.tiles[tile].origin, batch.rgb.data() + i * tile_bytes, {}});
  }
  return reads;
}

}  // namespace

void survey_slide(const RunParts& parts, SlideJob& job) {
  guard(job, [&] {
    if (take_finished(parts, job)) return require_room(parts, job.planned);
    plan_slide(parts, job);
    const std::size_t tiles = job.plan.tiles.size();
    require_room(parts, tiles);
    job.planned = tiles;
    job.state.assign(tiles, TileState::pending);
    job.focus.assign(tiles, 0);
    job.pending = tiles;
    job.order = reading_order(job.plan.tiles);
    take_over_partial(parts, job);
  });
  if (!job.finished) describe_slide(parts, job);
  if (job.outcome.failed) {
    job.state.clear();
    job.order.clear();
    job.planned = job.pending = 0;
  }
  if (job.pending == 0) job.slide.reset();
}

void fetch_bytes(const RunParts& parts, BatchJob& batch) {
  if (stop_signal() != 0) return;
  if (batch.finished) return guard(*batch.finished, [&] { load_finished(parts, *batch.finished); });
  const std::vector<TileRead> reads = reads_of(batch, 0);
  try {
    for (const auto& [first, last] : slides_of(batch)) {
      const SlideJob& job = *batch.tiles[first].slide;
      batch.fetched.push_back(fetch_tiles(*job.slide, job.plan.geometry, std::span(reads).subspan(first, last - first)));
    }
  } catch (const std::bad_alloc&) {
    batch.fetched.clear();  // then the reader fetches tile by tile
  }
}

void read_pixels(const RunParts& parts, BatchJob& batch) {
  batch.abandoned = stop_signal() != 0;
  if (batch.abandoned || batch.finished) return;
  const Size size{parts.config.tiling.tile_px, parts.config.tiling.tile_px};
  const std::size_t bytes = static_cast<std::size_t>(size.width * size.height * 3);
  batch.rgb.assign(bytes * static_cast<std::size_t>(parts.config.engine.batch), 0);
  batch.readable.assign(batch.tiles.size(), 1);
  batch.focus.assign(batch.tiles.size(), 0);
  std::vector<TileRead> reads = reads_of(batch, bytes);
  const auto runs = slides_of(batch);
  batch.fetched.resize(runs.size());
  for (std::size_t r = 0; r < runs.size(); ++r) {
    const auto [first, last] = runs[r];
    const SlideJob& job = *batch.tiles[first].slide;
    read_tiles(*job.slide, job.plan.geometry, std::span(reads).subspan(first, last - first), batch.fetched[r].get());
  }
  batch.fetched.clear();
  for (std::size_t i = 0; i < reads.size(); ++i) {
    const std::span<std::uint8_t> rgb(reads[i].rgb, bytes);
    batch.readable[i] = reads[i].error.empty();
    if (batch.readable[i]) {
      batch.focus[i] = focus_measure(rgb, size);
    } else {
      std::fill(rgb.begin(), rgb.end(), 0);
    }
  }
}

void encode_pixels(const RunParts& parts, BatchJob& batch) {
  if (batch.abandoned || batch.finished) return;
  const int slots = parts.config.engine.batch;
  batch.slots = static_cast<std::size_t>(slots);
  const bool any = std::find(batch.readable.begin(), batch.readable.end(), 1) != batch.readable.end();
  for (const auto& encoder : parts.encoders) {
    auto& rows = batch.rows.emplace_back(batch.slots * dim_of(*encoder));
    if (any) encoder->encode(batch.rgb, slots, parts.config.tiling.tile_px, rows);
  }
  batch.rgb = {};
}

void conclude_slide(const RunParts& parts, SlideJob& job) {
  job.slide.reset();
  guard(job, [&] {
    if (!job.finished) {
      require_readable(parts, job);
      make_bags(parts, job);
    }
    tell_gene_status(parts, job);
    predict(parts, job);
  });
}

void publish_slide(const RunParts& parts, SlideJob& job) {
  const auto folder = parts.slide_folder(job.row.keys.slide_id);
  if (!job.outcome.failed) {
    std::int64_t room = 4 << 20;
    for (const Bag& bag : job.bags) room += static_cast<std::int64_t>(bag.features.size() * sizeof(float));
    try {
      write_slide(parts, job);
    } catch (const std::exception& e) {
      if (std::filesystem::is_directory(folder) && disk_is_full(folder, room)) {
        throw OutputError(
            fmt::format("{}: wanted to publish a slide: the disk is full: free space and run the same command again", folder.string()));
      }
      job.outcome.fail("publish_failed", without_path(e.what()));
    }
  }
  if (job.outcome.failed) write_failure(parts, job);
  release(job);
  job.published = true;
}

void keep_partial(const RunParts& parts, const SlideJob& job) {
  if (job.outcome.failed || job.rows.empty()) return;
  PartialBag partial;
  partial.recipe = job.bag_recipe;
  partial.feature_dim = parts.row_bytes() / static_cast<std::int64_t>(sizeof(float));
  for (std::size_t t = 0; t < job.state.size(); ++t) {
    if (job.state[t] != TileState::encoded) continue;
    partial.tile_index.push_back(static_cast<std::int64_t>(t));
    partial.focus.push_back(job.focus[t]);
    for (std::size_t e = 0; e < job.rows.size(); ++e) {
      const std::size_t dim = dim_of(*parts.encoders[e]);
      partial.features.insert(partial.features.end(), job.rows[e].begin() + t * dim, job.rows[e].begin() + (t + 1) * dim);
    }
  }
  if (partial.tile_index.empty()) return;
  Publication publication(parts.slide_folder(job.row.keys.slide_id));
  write_partial_bag(publication.beside(kPartialName), partial);
  publication.publish();
}

}  // namespace microtome
