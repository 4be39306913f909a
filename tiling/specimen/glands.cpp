// SPDX-License-Identifier: Apache-2.0
// One gland or vessel at most per lattice point, nowhere near tumour, fat or the edge of the tissue.
#include "tiling/specimen/glands.h"

#include <numbers>

#include "tiling/specimen/noise.h"

namespace microtome {
namespace {

constexpr float kPitch = 175;      // microns between lattice points
constexpr float kReach = 150;      // no gland reaches further from its lattice point's middle, its surroundings included
constexpr float kSurround = 1.2F;  // depth up to which a gland changes the stroma around it

bool has_room(const SpecimenFields& fields, const Gland& gland) {
  for (int i = 0; i <= 8; ++i) {
    const float reach = i == 8 ? 0 : 1.35F * gland.radius;
    const float angle = static_cast<float>(i) * std::numbers::pi_v<float> / 4;
    const float x = gland.x + reach * std::cos(angle);
    const float y = gland.y + reach * std::sin(angle);
    if (!fields.in_tissue(x, y) || fields.in_tumour(x, y) || fields.at(x, y).fat > -0.1F) return false;
  }
  return true;
}

Gland gland_at(const SpecimenFields& fields, int column, int row) {
  SpecimenRandom random(chance_seed(fields.settings().seed, Chance::kGland), column, row);
  Gland gland;
  gland.x = (static_cast<float>(column) + random.uniform(0.4F, 0.6F)) * kPitch;
  gland.y = (static_cast<float>(row) + random.uniform(0.4F, 0.6F)) * kPitch;
  gland.vessel = random.happens(0.22F);
  gland.radius = gland.vessel ? random.uniform(13, 30) : random.uniform(28, 60);
  gland.lining = gland.vessel ? random.uniform(3, 8) : random.uniform(12, 17);
  gland.stretch = random.uniform(1, 1.35F);
  const float angle = random.uniform(0, 2 * std::numbers::pi_v<float>);
  gland.dx = std::cos(angle);
  gland.dy = std::sin(angle);
  gland.seed = random.bits();
  return gland;
}

// Glands come in groups; vessels are everywhere.
bool wanted(const SpecimenFields& fields, const Gland& gland) {
  const float group = smooth_noise(chance_seed(fields.settings().seed, Chance::kGland) + 1, gland.x / 900, gland.y / 900);
  const float chance = gland.vessel ? 0.6F : smooth_step(-0.5F, 0.15F, group) * 0.9F;
  return SpecimenRandom(gland.seed).happens(chance);
}

void put(Canvas& canvas, std::size_t index, float hematoxylin, float eosin, float cover) {
  canvas.hematoxylin[index] = mix(canvas.hematoxylin[index], hematoxylin, cover);
  canvas.eosin[index] = mix(canvas.eosin[index], eosin, cover);
}

// Red cells lie in a vessel like coins; between them plasma, nearly clear.
float red_cell(const Gland& gland, float dx, float dy) {
  const float crowd = smooth_noise(gland.seed + 5, dx / 11, dy / 11);
  const float cells = smooth_noise(gland.seed + 6, dx / 3.4F, dy / 3.4F);
  return smooth_step(-0.1F, 0.1F, crowd) * smooth_step(-0.25F, 0.05F, cells);
}

void draw_lumen(Canvas& canvas, const Gland& gland, std::size_t index, float dx, float dy, float cover) {
  if (gland.vessel) {
    const float red = red_cell(gland, dx, dy);
    put(canvas, index, 0.02F * red, 0.02F + 0.78F * red, cover);
    return;
  }
  const float secretion = (gland.seed & 3) == 0 ? smooth_step(-0.1F, 0.5F, smooth_noise(gland.seed + 7, dx / 16, dy / 16)) : 0;
  put(canvas, index, 0.01F, 0.02F + 0.16F * secretion, cover);
}

void draw_gland_pixel(Canvas& canvas, const Gland& gland, std::size_t index, float dx, float dy) {
  const float depth = gland.depth(dx, dy);
  if (depth > kSurround) return;
  const float edge = canvas.edge_um() / gland.radius;
  const float surround = smooth_step(1, 1.06F, depth) * (1 - smooth_step(1.06F, kSurround, depth));
  put(canvas, index, canvas.hematoxylin[index] * 0.7F, canvas.eosin[index] * 0.62F, surround);
  const float outside = smooth_step(1 - edge, 1 + edge, depth);
  const float grain = smooth_noise(gland.seed + 2, dx / 4, dy / 4) * canvas.shown(8);
  const float lumen_edge = std::max(0.22F, 1 - gland.lining / gland.radius) + 0.03F * smooth_noise(gland.seed + 3, dx / 7, dy / 7);
  // the cells' feet take more hematoxylin, their tops more eosin
  const float basal = smooth_step(lumen_edge, 1, depth);
  const float lining_hematoxylin = gland.vessel ? 0.06F : 0.10F + 0.12F * basal + 0.03F * grain;
  const float lining_eosin = (gland.vessel ? 0.62F : 0.40F - 0.08F * basal) + 0.05F * grain;
  put(canvas, index, lining_hematoxylin, lining_eosin, 1 - outside);
  const float lumen = 1 - smooth_step(lumen_edge - edge, lumen_edge + edge, depth);
  if (lumen > 0) draw_lumen(canvas, gland, index, dx, dy, lumen);
}

}  // namespace

float Gland::depth(float offset_x, float offset_y) const {
  const float along = (offset_x * dx + offset_y * dy) / (radius * stretch);
  const float across = (offset_y * dx - offset_x * dy) / radius * stretch;
  const float bumps =
      0.15F * smooth_noise(seed, along * 1.5F + 9, across * 1.5F) + 0.04F * smooth_noise(seed + 1, along * 5, across * 5 + 9);
  return std::hypot(along, across) * (1 + bumps) + 0.3F * bumps;
}

std::vector<Gland> glands_near(const SpecimenFields& fields, float x0_um, float y0_um, float side_um) {
  std::vector<Gland> glands;
  const auto lattice = [](float position) { return static_cast<int>(std::floor(position / kPitch)); };
  for (int row = lattice(y0_um - kReach); row <= lattice(y0_um + side_um + kReach); ++row) {
    for (int column = lattice(x0_um - kReach); column <= lattice(x0_um + side_um + kReach); ++column) {
      const Gland gland = gland_at(fields, column, row);
      if (wanted(fields, gland) && has_room(fields, gland)) glands.push_back(gland);
    }
  }
  return glands;
}

void draw_gland(Canvas& canvas, const Gland& gland) {
  around(canvas, gland.x, gland.y, gland.radius * gland.stretch * 1.45F, [&](std::size_t index, float dx, float dy) {
    if (canvas.tissue[index] > 0) draw_gland_pixel(canvas, gland, index, dx, dy);
  });
}

}  // namespace microtome
