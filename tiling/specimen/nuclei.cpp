// SPDX-License-Identifier: Apache-2.0
// Sizes and densities are those of textbook sections: about 1500 nuclei per square millimetre of stroma, 5 to 8 microns across; in tumour
// three to four times as many, 8 to 13 microns, darker and misshapen.
#include "tiling/specimen/nuclei.h"

#include <numbers>

#include "tiling/specimen/noise.h"
#include "tiling/specimen/texture.h"

namespace microtome {
namespace {

constexpr float kStromaPitch = 19;  // microns between lattice points, each of which has one nucleus at most
constexpr float kTumourPitch = 12.8F;
constexpr float kReach = 14;  // no nucleus reaches further than this from its lattice cell
constexpr float kPi = std::numbers::pi_v<float>;

void turn(Nucleus& nucleus, float angle) {
  nucleus.dx = std::cos(angle);
  nucleus.dy = std::sin(angle);
}

// Connective tissue cells lie along the fibres and are thin.
void make_spindle(Nucleus& nucleus, const SpecimenFields& fields, SpecimenRandom& random) {
  float dx = 1;
  float dy = 0;
  fields.fibre_direction(nucleus.x, nucleus.y, dx, dy);
  turn(nucleus, std::atan2(dy, dx) + random.uniform(-0.3F, 0.3F));
  nucleus.half_length = random.uniform(3.4F, 6);
  nucleus.half_width = random.uniform(1.0F, 1.9F);
  nucleus.dark = random.uniform(0.75F, 1.15F);
  nucleus.ragged = 0.12F;
}

void make_plump(Nucleus& nucleus, SpecimenRandom& random) {
  turn(nucleus, random.uniform(0, kPi));
  nucleus.half_length = random.uniform(3, 4.1F);
  nucleus.half_width = random.uniform(2.3F, 3.1F);
  nucleus.dark = random.uniform(0.6F, 0.9F);
  nucleus.ragged = 0.08F;
  nucleus.coarse = 0.3F;
}

void make_lymphocyte(Nucleus& nucleus, SpecimenRandom& random) {
  nucleus.half_length = random.uniform(2.5F, 3.2F);
  nucleus.half_width = nucleus.half_length * random.uniform(0.88F, 1);
  nucleus.dark = random.uniform(1.15F, 1.5F);
  nucleus.ragged = 0.06F;
  nucleus.coarse = 0.3F;
}

void make_tumour(Nucleus& nucleus, SpecimenRandom& random) {
  turn(nucleus, random.uniform(0, kPi));
  const float skew = random.uniform(0, 1);
  nucleus.half_length = 4.3F + 2.3F * skew * skew;
  nucleus.half_width = std::max(3.4F, nucleus.half_length * random.uniform(0.68F, 0.95F));
  nucleus.dark = random.uniform(0.85F, 1.45F);
  nucleus.ragged = random.uniform(0.1F, 0.36F);
  nucleus.coarse = random.uniform(0.15F, 0.5F);
  if (nucleus.dark < 1.2F && random.happens(0.5F)) nucleus.nucleolus = random.uniform(0.8F, 1.3F);
}

bool in_any_gland(const std::vector<Gland>& glands, const Nucleus& nucleus) {
  return std::any_of(glands.begin(), glands.end(), [&](const Gland& gland) {
    const float dx = nucleus.x - gland.x;
    const float dy = nucleus.y - gland.y;
    return std::hypot(dx, dy) < 1.6F * gland.radius * gland.stretch && gland.depth(dx, dy) < 1.05F;
  });
}

struct Lattice {
  float pitch;
  std::uint32_t seed;
};

Nucleus scattered(const Lattice& lattice, int column, int row, SpecimenRandom& random, float jitter) {
  Nucleus nucleus;
  // every other row is shifted by half, as the densest packing is
  nucleus.x = (static_cast<float>(column) + 0.5F * static_cast<float>(row & 1) + random.uniform(-jitter, jitter)) * lattice.pitch;
  nucleus.y = (static_cast<float>(row) + random.uniform(-jitter, jitter)) * lattice.pitch;
  nucleus.seed = random.bits();
  return nucleus;
}

void add_stroma_nucleus(const SpecimenFields& fields, const std::vector<Gland>& glands, Nucleus nucleus, SpecimenRandom& random,
                        std::vector<Nucleus>& nuclei) {
  if (!fields.in_tissue(nucleus.x, nucleus.y)) return;
  if (fields.in_tumour(nucleus.x, nucleus.y) && tumour_strand(fields, nucleus.x, nucleus.y) < 0.5F) return;
  const Place place = fields.at(nucleus.x, nucleus.y);
  if (!random.happens(0.42F + 0.15F * place.loose + 0.4F * place.crowd)) return;
  if (in_any_gland(glands, nucleus) || in_fat_cell(fields, nucleus.x, nucleus.y)) return;
  if (random.happens(0.12F + 0.75F * place.crowd)) {
    make_lymphocyte(nucleus, random);
  } else if (random.happens(0.3F + 0.3F * place.loose)) {
    make_plump(nucleus, random);
  } else {
    make_spindle(nucleus, fields, random);
  }
  nuclei.push_back(nucleus);
}

void add_tumour_nucleus(const SpecimenFields& fields, Nucleus nucleus, SpecimenRandom& random, std::vector<Nucleus>& nuclei) {
  if (!fields.in_tumour(nucleus.x, nucleus.y) || !random.happens(0.95F)) return;
  if (tumour_strand(fields, nucleus.x, nucleus.y) >= 0.5F) return;
  make_tumour(nucleus, random);
  nuclei.push_back(nucleus);
}

// One row of cells, long side outwards, their nuclei near the foot.
void add_lining(const Gland& gland, std::vector<Nucleus>& nuclei) {
  SpecimenRandom random(gland.seed + 4);
  const float spacing = gland.vessel ? 17 : 5.6F;
  const int count = static_cast<int>(2 * kPi * gland.radius / spacing);
  for (int i = 0; i < count; ++i) {
    const float angle = (static_cast<float>(i) + random.uniform(-0.25F, 0.25F)) * 2 * kPi / static_cast<float>(count);
    const float wanted_depth = 1 - (gland.vessel ? 0.5F * gland.lining : random.uniform(4.2F, 6.5F)) / gland.radius;
    float reach = gland.radius;
    for (int step = 0; step < 4; ++step)
      reach += (wanted_depth - gland.depth(reach * std::cos(angle), reach * std::sin(angle))) * gland.radius;
    Nucleus nucleus;
    nucleus.x = gland.x + reach * std::cos(angle);
    nucleus.y = gland.y + reach * std::sin(angle);
    turn(nucleus, angle + (gland.vessel ? kPi / 2 : 0) + random.uniform(-0.2F, 0.2F));
    nucleus.half_length = random.uniform(3.3F, 4.3F);
    nucleus.half_width = gland.vessel ? random.uniform(1, 1.5F) : random.uniform(2.2F, 2.8F);
    nucleus.dark = random.uniform(0.8F, 1.05F);
    nucleus.ragged = 0.07F;
    nucleus.coarse = 0.3F;
    nucleus.seed = random.bits();
    nuclei.push_back(nucleus);
  }
}

template <class Add>
void walk_lattice(const Canvas& canvas, const Lattice& lattice, Add add) {
  const float side = static_cast<float>(canvas.size) * canvas.mpp;
  const float margin = kReach + lattice.pitch + canvas.edge_um();
  const auto first = [&](float from) { return static_cast<int>(std::floor((from - margin) / lattice.pitch)); };
  const auto last = [&](float from) { return static_cast<int>(std::floor((from + side + margin) / lattice.pitch)); };
  for (int row = first(canvas.y0); row <= last(canvas.y0); ++row) {
    for (int column = first(canvas.x0); column <= last(canvas.x0); ++column) add(column, row);
  }
}

float nucleus_edge(const Nucleus& nucleus, float along, float across, float dx, float dy) {
  const float plain = std::sqrt(along * along + across * across);
  if (nucleus.ragged == 0 || plain > 1.6F) return plain;
  return plain * (1 + nucleus.ragged * 1.3F * smooth_noise(nucleus.seed, dx / 5.2F, dy / 5.2F + 5));
}

// Darker at the membrane, clumps inside, here and there a nucleolus.
float chromatin(const Canvas& canvas, const Nucleus& nucleus, float edge, float dx, float dy) {
  const float rim = 0.22F * smooth_step(0.55F, 0.95F, edge);
  const float clumps = nucleus.coarse * smooth_noise(nucleus.seed + 1, dx / 1.7F, dy / 1.7F) * canvas.shown(3.4F);
  float amount = nucleus.dark * (0.8F + rim + clumps);
  if (nucleus.nucleolus > 0) {
    const float from_it = std::hypot(dx - 0.3F * nucleus.half_width, dy);
    amount += 0.5F * (1 - smooth_step(nucleus.nucleolus - 0.4F, nucleus.nucleolus + 0.4F, from_it));
  }
  return amount;
}

}  // namespace

std::vector<Nucleus> nuclei_near(const Canvas& canvas, const SpecimenFields& fields, const std::vector<Gland>& glands) {
  const Lattice stroma{kStromaPitch, chance_seed(fields.settings().seed, Chance::kNucleus)};
  const Lattice tumour{kTumourPitch, chance_seed(fields.settings().seed, Chance::kTumourNucleus)};
  std::vector<Nucleus> nuclei;
  walk_lattice(canvas, stroma, [&](int column, int row) {
    SpecimenRandom random(stroma.seed, column, row);
    const Nucleus nucleus = scattered(stroma, column, row, random, 0.5F);
    add_stroma_nucleus(fields, glands, nucleus, random, nuclei);
  });
  walk_lattice(canvas, tumour, [&](int column, int row) {
    SpecimenRandom random(tumour.seed, column, row);
    add_tumour_nucleus(fields, scattered(tumour, column, row, random, 0.3F), random, nuclei);
  });
  for (const Gland& gland : glands) add_lining(gland, nuclei);
  return nuclei;
}

void draw_nucleus(Canvas& canvas, const Nucleus& nucleus) {
  const float reach = nucleus.half_length * (1 + 1.3F * nucleus.ragged) + canvas.edge_um();
  const float softness = canvas.edge_um() / nucleus.half_width;
  around(canvas, nucleus.x, nucleus.y, reach, [&](std::size_t index, float dx, float dy) {
    const float along = (dx * nucleus.dx + dy * nucleus.dy) / nucleus.half_length;
    const float across = (dy * nucleus.dx - dx * nucleus.dy) / nucleus.half_width;
    const float edge = nucleus_edge(nucleus, along, across, dx, dy);
    const float cover = std::clamp((1 - edge) / softness + 0.5F, 0.0F, 1.0F) * canvas.tissue[index];
    if (cover <= 0) return;
    const float under = canvas.hematoxylin[index];
    const float dye = std::max(under, chromatin(canvas, nucleus, edge, dx, dy));
    canvas.hematoxylin[index] = mix(under, dye, cover);
    canvas.eosin[index] *= 1 - 0.4F * cover;
  });
}

}  // namespace microtome
