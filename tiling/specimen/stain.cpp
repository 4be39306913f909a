// SPDX-License-Identifier: Apache-2.0
// Lambert-Beer: absorbances of the dyes add, light falls off exponentially.
#include "tiling/specimen/stain.h"

#include "tiling/specimen/noise.h"

namespace microtome {
namespace {

constexpr float kHematoxylin[3] = {0.66F, 0.76F, 0.37F};
constexpr float kEosin[3] = {0.12F, 0.86F, 0.42F};
constexpr float kGlass[3] = {243, 242, 244};
constexpr float kDarkest = 4;  // absorbance beyond which nothing is told apart
constexpr int kTablePerUnit = 1024;
constexpr float kDustPitch = 1100;  // microns between lattice points, each of which has one speck at most
constexpr float kDustReach = 60;

struct Speck {
  float x = 0;
  float y = 0;
  float half_length = 8;
  float half_width = 5;
  float angle = 0;
  float dark = 0.5F;
  std::uint32_t seed = 0;
};

Speck speck_at(std::uint32_t seed, int column, int row) {
  SpecimenRandom random(seed, column, row);
  Speck speck;
  speck.x = (static_cast<float>(column) + random.uniform(0.1F, 0.9F)) * kDustPitch;
  speck.y = (static_cast<float>(row) + random.uniform(0.1F, 0.9F)) * kDustPitch;
  const bool thread = random.happens(0.25F);
  speck.half_length = thread ? random.uniform(18, 40) : random.uniform(2, 8);
  speck.half_width = thread ? random.uniform(1.2F, 2) : speck.half_length * random.uniform(0.5F, 1);
  speck.angle = random.uniform(0, 3.14F);
  speck.dark = random.happens(0.55F) ? random.uniform(0.25F, 0.9F) : 0;
  speck.seed = random.bits();
  return speck;
}

void draw_speck(const Canvas& canvas, const Speck& speck, std::vector<float>& dust) {
  const float c = std::cos(speck.angle);
  const float s = std::sin(speck.angle);
  around(canvas, speck.x, speck.y, kDustReach, [&](std::size_t index, float dx, float dy) {
    const float bend = 5 * smooth_noise(speck.seed, dx / 22, dy / 22);
    const float along = (dx * c + dy * s) / speck.half_length;
    const float across = (dy * c - dx * s + bend) / speck.half_width;
    const float edge = std::hypot(along, across) * (1 + 0.35F * smooth_noise(speck.seed + 1, dx / 4, dy / 4));
    dust[index] += speck.dark * (1 - smooth_step(0.7F, 1.25F, edge));
  });
}

// Dust lies out of focus on the cover glass, so on tissue and on bare glass alike.
bool draw_dust(const Canvas& canvas, std::uint32_t seed, std::vector<float>& dust) {
  const auto lattice = [](float position) { return static_cast<int>(std::floor(position / kDustPitch)); };
  const float side = static_cast<float>(canvas.size) * canvas.mpp;
  bool any = false;
  for (int row = lattice(canvas.y0 - kDustReach); row <= lattice(canvas.y0 + side + kDustReach); ++row) {
    for (int column = lattice(canvas.x0 - kDustReach); column <= lattice(canvas.x0 + side + kDustReach); ++column) {
      const Speck speck = speck_at(seed, column, row);
      if (speck.dark <= 0) continue;
      if (!any) dust.assign(canvas.pixels(), 0);
      any = true;
      draw_speck(canvas, speck, dust);
    }
  }
  return any;
}

// Between -1 and 1, a triangle: what two random bytes of one hash add up to.
float scanner_noise(std::uint32_t hash, int channel) {
  const std::uint32_t bits = hash >> (8 * channel);
  return static_cast<float>(static_cast<int>(bits & 15) + static_cast<int>(bits >> 4 & 15) - 15) / 15.0F;
}

}  // namespace

SpecimenStain::SpecimenStain(std::uint64_t seed) : seed_(seed), transmission_(static_cast<std::size_t>(kDarkest * kTablePerUnit) + 1) {
  SpecimenRandom random(chance_seed(seed, Chance::kStain));
  const float strength_hematoxylin = random.uniform(0.9F, 1.12F);
  const float strength_eosin = random.uniform(0.85F, 1.15F);
  const float blueness = random.uniform(-0.05F, 0.05F);
  const float warmth = random.uniform(-0.07F, 0.07F);
  const float lamp = random.uniform(-3, 3);
  for (int channel = 0; channel < 3; ++channel) {
    const float tilt = static_cast<float>(1 - channel);
    hematoxylin_[channel] = strength_hematoxylin * (kHematoxylin[channel] + blueness * tilt);
    eosin_[channel] = strength_eosin * (kEosin[channel] - warmth * tilt);
    glass_[channel] = kGlass[channel] + lamp * 0.6F;
  }
  for (std::size_t i = 0; i < transmission_.size(); ++i) transmission_[i] = std::exp(-static_cast<float>(i) / kTablePerUnit);
}

void SpecimenStain::develop(const Canvas& canvas, const SpecimenFields& fields, const SpecimenMarks& marks,
                            std::span<std::uint8_t> rgb) const {
  const std::uint32_t seed = chance_seed(seed_, Chance::kGlass);
  std::vector<float> dust;
  const bool dusty = draw_dust(canvas, seed + 1, dust);
  const std::vector<Absorbance> marked = marks.draw(canvas);
  const int left = static_cast<int>(std::lround(canvas.x0 / canvas.mpp));
  const int top = static_cast<int>(std::lround(canvas.y0 / canvas.mpp));
  std::size_t index = 0;
  for (int row = 0; row < canvas.size; ++row) {
    // the light changes so slowly that a straight line across the tile is exact enough, and neighbouring tiles share its ends
    const float from = fields.at(canvas.x0, canvas.y_of(row)).glass;
    const float to = fields.at(canvas.x0 + static_cast<float>(canvas.size) * canvas.mpp, canvas.y_of(row)).glass;
    for (int column = 0; column < canvas.size; ++column, ++index) {
      const float tint = mix(from, to, static_cast<float>(column) / static_cast<float>(canvas.size));
      const std::uint32_t noise = lattice_hash(seed, left + column, top + row);
      for (int channel = 0; channel < 3; ++channel) {
        float absorbed = canvas.hematoxylin[index] * hematoxylin_[channel] + canvas.eosin[index] * eosin_[channel];
        if (dusty) absorbed += dust[index];
        if (!marked.empty()) absorbed += marked[index][channel];
        const float light = glass_[channel] + tint * (channel == 2 ? 0.8F : 1.8F);
        const float seen = light * transmission_[static_cast<std::size_t>(std::min(absorbed, kDarkest) * kTablePerUnit)];
        rgb[3 * index + channel] = static_cast<std::uint8_t>(std::clamp(seen + 1.6F * scanner_noise(noise, channel) + 0.5F, 0.0F, 255.0F));
      }
    }
  }
}

}  // namespace microtome
