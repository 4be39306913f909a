// SPDX-License-Identifier: Apache-2.0
// Inks absorb as felt-tip pens do on scanned slides: strongly, and each but black lets one part of the light through.
#include "tiling/specimen/marks.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tiling/specimen/noise.h"

namespace microtome {
namespace {

constexpr Absorbance kInks[] = {{2.0F, 1.1F, 0.28F}, {1.9F, 0.5F, 1.2F}, {2.3F, 2.3F, 2.2F}, {0.16F, 2.2F, 1.8F}};
constexpr float kSoft = 6;        // microns over which a stroke's edge fades: it lies out of focus
constexpr float kStreaks = 0.2F;  // ink is this much denser or thinner here and there
constexpr int kCorners = 16;
constexpr int kCapCorners = 8;

// Strokes grow with the slide, from a fine liner to a broad marker.
PenStroke stroke_at(const SpecimenSettings& settings, int number) {
  SpecimenRandom random(chance_seed(settings.seed, Chance::kPen), number);
  const auto width = static_cast<float>(settings.width * settings.mpp), height = static_cast<float>(settings.height * settings.mpp);
  const float side = std::min(width, height);
  PenStroke stroke;
  stroke.half_width = std::clamp(0.03F * side, 40.0F, 300.0F) * random.uniform(0.8F, 1.2F);
  const float length = side * random.uniform(0.35F, 0.6F), angle = random.uniform(0, std::numbers::pi_v<float>);
  const float x = width * random.uniform(0.3F, 0.7F), y = height * random.uniform(0.3F, 0.7F);
  const float bow = length * random.uniform(-0.15F, 0.15F);
  for (int i = 0; i <= kCorners; ++i) {
    const float t = 2 * static_cast<float>(i) / kCorners - 1;
    const float along = t * length / 2, across = bow * (1 - t * t);
    stroke.line.push_back({x + along * std::cos(angle) - across * std::sin(angle), y + along * std::sin(angle) + across * std::cos(angle)});
  }
  stroke.ink = kInks[number % std::size(kInks)];
  stroke.seed = random.bits();
  return stroke;
}

CoarseSpeck speck_at(const SpecimenSettings& settings, int number) {
  SpecimenRandom random(chance_seed(settings.seed, Chance::kCoarseDust), number);
  CoarseSpeck speck;
  speck.x = static_cast<float>(settings.width * settings.mpp) * random.uniform(0.02F, 0.98F);
  speck.y = static_cast<float>(settings.height * settings.mpp) * random.uniform(0.02F, 0.98F);
  speck.half_length = random.uniform(40, 120);
  speck.half_width = speck.half_length * random.uniform(0.5F, 1);
  speck.angle = random.uniform(0, std::numbers::pi_v<float>);
  const float dark = random.uniform(1.2F, 2.2F), warmth = random.uniform(0, 0.12F);
  speck.dirt = {dark * (1 - warmth), dark, dark * (1 + warmth)};  // grey with a brownish cast
  speck.seed = random.bits();
  return speck;
}

float distance_to_segment(float x, float y, const std::array<float, 2>& a, const std::array<float, 2>& b) {
  const float dx = b[0] - a[0], dy = b[1] - a[1];
  const float t = std::clamp(((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy), 0.0F, 1.0F);
  return std::hypot(x - a[0] - t * dx, y - a[1] - t * dy);
}

float distance_to_line(float x, float y, const PenStroke& stroke) {
  float least = 1e9F;
  for (std::size_t i = 0; i + 1 < stroke.line.size(); ++i) {
    least = std::min(least, distance_to_segment(x, y, stroke.line[i], stroke.line[i + 1]));
  }
  return least;
}

void add(std::vector<Absorbance>& drawn, const Canvas& canvas, std::size_t index, const Absorbance& colour, float share) {
  if (share <= 0) return;
  if (drawn.empty()) drawn.resize(canvas.pixels());
  for (int channel = 0; channel < 3; ++channel) drawn[index][channel] += share * colour[channel];
}

bool near(const Canvas& canvas, const PenStroke& stroke) {
  const float middle = static_cast<float>(canvas.size) * canvas.mpp / 2;
  return distance_to_line(canvas.x0 + middle, canvas.y0 + middle, stroke) < 1.5F * middle + stroke.half_width + kSoft;
}

void draw_stroke(const Canvas& canvas, const PenStroke& stroke, std::vector<Absorbance>& drawn) {
  if (!near(canvas, stroke)) return;
  for (int row = 0; row < canvas.size; ++row) {
    for (int column = 0; column < canvas.size; ++column) {
      const float x = canvas.x_of(column), y = canvas.y_of(row), distance = distance_to_line(x, y, stroke);
      const float ink = 1 + kStreaks * smooth_noise(stroke.seed, x / 60, y / 60);
      const float share = ink * (1 - smooth_step(stroke.half_width - kSoft, stroke.half_width + kSoft, distance));
      add(drawn, canvas, static_cast<std::size_t>(row) * canvas.size + column, stroke.ink, share);
    }
  }
}

void draw_speck(const Canvas& canvas, const CoarseSpeck& speck, std::vector<Absorbance>& drawn) {
  const float c = std::cos(speck.angle), s = std::sin(speck.angle);
  around(canvas, speck.x, speck.y, 2 * speck.half_length, [&](std::size_t index, float dx, float dy) {
    const float along = (dx * c + dy * s) / speck.half_length, across = (dy * c - dx * s) / speck.half_width;
    const float edge = std::hypot(along, across) * (1 + 0.3F * smooth_noise(speck.seed, dx / 30, dy / 30));
    add(drawn, canvas, index, speck.dirt, 1 - smooth_step(0.9F, 1.1F, edge));
  });
}

// A half circle around one end of the stroke, from its right side to its left side as one looks out of the end.
void add_cap(const std::array<float, 2>& end, float out_of_end, float radius, double mpp, Ring& ring) {
  for (int i = 0; i <= kCapCorners; ++i) {
    const float angle = out_of_end + std::numbers::pi_v<float> * (static_cast<float>(i) / kCapCorners - 0.5F);
    ring.push_back({std::llround((end[0] + radius * std::cos(angle)) / mpp), std::llround((end[1] + radius * std::sin(angle)) / mpp)});
  }
}

float direction(const std::array<float, 2>& from, const std::array<float, 2>& to) { return std::atan2(to[1] - from[1], to[0] - from[0]); }

void add_side(const PenStroke& stroke, bool forward, double mpp, Ring& ring) {
  const auto last = stroke.line.size() - 1;
  for (std::size_t i = 1; i < last; ++i) {
    const std::size_t at = forward ? i : last - i, next = forward ? at + 1 : at - 1, previous = forward ? at - 1 : at + 1;
    const float to_right = direction(stroke.line[previous], stroke.line[next]) - std::numbers::pi_v<float> / 2;
    ring.push_back({std::llround((stroke.line[at][0] + stroke.half_width * std::cos(to_right)) / mpp),
                    std::llround((stroke.line[at][1] + stroke.half_width * std::sin(to_right)) / mpp)});
  }
}

}  // namespace

SpecimenMarks::SpecimenMarks(const SpecimenSettings& settings) : mpp_(settings.mpp) {
  for (int i = 0; i < settings.pen_strokes; ++i) strokes_.push_back(stroke_at(settings, i));
  for (int i = 0; i < settings.coarse_dust; ++i) specks_.push_back(speck_at(settings, i));
}

std::vector<Absorbance> SpecimenMarks::draw(const Canvas& canvas) const {
  std::vector<Absorbance> drawn;
  for (const PenStroke& stroke : strokes_) draw_stroke(canvas, stroke, drawn);
  for (const CoarseSpeck& speck : specks_) draw_speck(canvas, speck, drawn);
  return drawn;
}

std::vector<Ring> SpecimenMarks::stroke_rings() const {
  std::vector<Ring> rings;
  for (const PenStroke& stroke : strokes_) {
    const auto& line = stroke.line;
    Ring ring;
    add_side(stroke, true, mpp_, ring);
    add_cap(line.back(), direction(line[line.size() - 2], line.back()), stroke.half_width, mpp_, ring);
    add_side(stroke, false, mpp_, ring);
    add_cap(line.front(), direction(line[1], line.front()), stroke.half_width, mpp_, ring);
    ring.push_back(ring.front());
    rings.push_back(std::move(ring));
  }
  return rings;
}

std::vector<Ring> SpecimenMarks::speck_rings() const {
  constexpr int kAround = 24;
  std::vector<Ring> rings;
  for (const CoarseSpeck& speck : specks_) {
    const double c = std::cos(speck.angle), s = std::sin(speck.angle);
    Ring ring;
    for (int i = 0; i <= kAround; ++i) {
      const double t = 2 * std::numbers::pi * (i % kAround) / kAround;
      const double along = speck.half_length * std::cos(t), across = speck.half_width * std::sin(t);
      ring.push_back({std::llround((speck.x + along * c - across * s) / mpp_), std::llround((speck.y + along * s + across * c) / mpp_)});
    }
    rings.push_back(std::move(ring));
  }
  return rings;
}

}  // namespace microtome
