// SPDX-License-Identifier: Apache-2.0
// Amounts of dye were tuned by eye against published H&E images at 20x.
#include "tiling/specimen/texture.h"

#include "tiling/specimen/noise.h"

namespace microtome {
namespace {

constexpr float kFatPitch = 48;  // microns between the middles of fat cells

struct Dye {
  float hematoxylin = 0;
  float eosin = 0;
};

struct Seeds {
  explicit Seeds(std::uint64_t seed)
      : fibre(chance_seed(seed, Chance::kFibre) + 10),
        stroma(chance_seed(seed, Chance::kStroma) + 10),
        tumour(chance_seed(seed, Chance::kTumour) + 10),
        fat(chance_seed(seed, Chance::kFat) + 10) {}
  std::uint32_t fibre, stroma, tumour, fat;
};

Dye mix_dye(Dye a, Dye b, float t) { return {mix(a.hematoxylin, b.hematoxylin, t), mix(a.eosin, b.eosin, t)}; }

// Bundles, the fibres in them, and clefts where bundles have come apart.
Dye stroma_dye(const Seeds& seeds, const Canvas& canvas, const Place& place, float grain) {
  const float bundles = smooth_noise(seeds.fibre, place.across / 9, place.along / 85);
  const float fibres = smooth_noise(seeds.fibre + 1, place.across / 2.6F, place.along / 34) * canvas.shown(5);
  const float cleft = smooth_step(0.32F, 0.62F, bundles + 0.35F * fibres + 0.3F * place.loose - 0.14F);
  Dye dye;
  dye.eosin = 0.50F + 0.13F * bundles + 0.11F * fibres + 0.03F * grain - 0.13F * place.loose;
  dye.hematoxylin = 0.055F + 0.02F * fibres + 0.02F * grain + 0.02F * place.loose;
  const float open = cleft * (0.35F + 0.55F * place.loose);
  return {dye.hematoxylin * (1 - open), dye.eosin * (1 - open)};
}

// Crowded cell bodies: purple, granular, without fibres.
Dye tumour_dye(const Seeds& seeds, const Canvas& canvas, float x_um, float y_um, float grain) {
  const float patches = smooth_noise(seeds.tumour, x_um / 9, y_um / 9) * canvas.shown(18);
  return {0.23F + 0.05F * patches + 0.05F * grain, 0.36F + 0.08F * patches + 0.04F * grain};
}

struct FatCell {
  float gap = 0;        // microns to the membrane shared with the nearest neighbour
  bool inside = false;  // the cell is fat; false: plain stroma lies here
};

// The lesser of two distances, less where both are small: this rounds a cell's corners.
float rounded_least(float a, float b) {
  constexpr float kRounding = 5;
  const float together = std::max(0.0F, kRounding - std::abs(a - b)) / kRounding;
  return std::min(a, b) - together * together * kRounding / 4;
}

FatCell nearest_fat_cell(const SpecimenFields& fields, std::uint32_t seed, float x_um, float y_um) {
  const float bulge = 5 * smooth_noise(seed + 1, x_um / 19, y_um / 19);
  x_um += bulge;
  y_um -= bulge;
  const int column = static_cast<int>(std::floor(x_um / kFatPitch));
  const int row = static_cast<int>(std::floor(y_um / kFatPitch));
  float first = 1e9F;
  float second = 1e9F;
  float third = 1e9F;
  float first_x = 0;
  float first_y = 0;
  for (int cell = 0; cell < 9; ++cell) {
    const int cx = column + cell % 3 - 1;
    const int cy = row + cell / 3 - 1;
    const std::uint32_t hash = lattice_hash(seed, cx, cy);
    const float px = (static_cast<float>(cx) + 0.2F + 0.6F * static_cast<float>(hash & 0xFFFF) / 65536) * kFatPitch;
    const float py = (static_cast<float>(cy) + 0.2F + 0.6F * static_cast<float>(hash >> 16) / 65536) * kFatPitch;
    const float distance = std::sqrt((px - x_um) * (px - x_um) + (py - y_um) * (py - y_um));
    third = std::min(third, std::max(distance, second));
    second = std::min(second, std::max(distance, first));
    if (distance < first) {
      first = distance;
      first_x = px;
      first_y = py;
    }
  }
  return {rounded_least((second - first) / 2, (third - first) / 2),
          fields.at(first_x, first_y).fat > 0 && fields.in_tissue(first_x, first_y)};
}

// Fat itself is washed out when tissue is prepared: thin membranes around empty, glassy holes.
Dye fat_dye(const FatCell& cell, float grain, float edge_um) {
  const float hole = smooth_step(0.6F, 0.6F + 1.2F * edge_um, cell.gap + 0.25F * grain);
  return mix_dye({0.08F, 0.42F}, {0.0F, 0.015F}, hole);
}

void draw_pixel(Canvas& canvas, const SpecimenFields& fields, const Seeds& seeds, std::size_t index, float x_um, float y_um) {
  const Place place = fields.at(x_um, y_um);
  const float grain = smooth_noise(seeds.stroma, x_um / 1.9F, y_um / 1.9F) * canvas.shown(3.8F);
  Dye dye = stroma_dye(seeds, canvas, place, grain);
  if (place.fat > -0.25F) {
    const FatCell cell = nearest_fat_cell(fields, seeds.fat, x_um, y_um);
    if (cell.inside) dye = fat_dye(cell, grain, canvas.edge_um());
  }
  if (place.tumour > 0) {
    const float nest = place.tumour * (1 - 0.85F * tumour_strand(fields, x_um, y_um));
    dye = mix_dye(dye, tumour_dye(seeds, canvas, x_um, y_um, grain), nest);
  }
  canvas.hematoxylin[index] = std::max(0.0F, dye.hematoxylin) * canvas.tissue[index];
  canvas.eosin[index] = std::max(0.0F, dye.eosin) * canvas.tissue[index];
}

}  // namespace

void draw_ground(Canvas& canvas, const SpecimenFields& fields) {
  const Seeds seeds(fields.settings().seed);
  for (int row = 0; row < canvas.size; ++row) {
    for (int column = 0; column < canvas.size; ++column) {
      const std::size_t index = static_cast<std::size_t>(row) * canvas.size + column;
      if (canvas.tissue[index] > 0) draw_pixel(canvas, fields, seeds, index, canvas.x_of(column), canvas.y_of(row));
    }
  }
}

float tumour_strand(const SpecimenFields& fields, float x_um, float y_um) {
  const std::uint32_t seed = chance_seed(fields.settings().seed, Chance::kTumour) + 20;
  return 1 - smooth_step(0.035F, 0.10F, std::abs(smooth_noise(seed, x_um / 130, y_um / 130)));
}

bool in_fat_cell(const SpecimenFields& fields, float x_um, float y_um) {
  if (fields.at(x_um, y_um).fat <= -0.25F) return false;
  const FatCell cell = nearest_fat_cell(fields, Seeds(fields.settings().seed).fat, x_um, y_um);
  return cell.inside && cell.gap > 2.5F;
}

}  // namespace microtome
