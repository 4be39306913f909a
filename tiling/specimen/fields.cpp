// SPDX-License-Identifier: Apache-2.0
// The coarse grid is filled once; every pixel and every nucleus then asks it by bilinear interpolation.
#include "tiling/specimen/fields.h"

#include <algorithm>
#include <cmath>

#include "tiling/specimen/noise.h"

namespace microtome {
namespace {

// Tiles of the last row and column overhang the slide and are drawn whole; the grid reaches as far as they and what lies around them do.
constexpr float kMarginPixels = 256;
constexpr float kMarginMicrons = 200;
// Fat keeps off the tissue's edge and off tumour: their masks are softened this often more before they are taken from the fat.
constexpr int kFatDistance = 16;
constexpr float kSure = 0.999F;

Place blend(const Place& a, const Place& b, float t) {
  return {mix(a.across, b.across, t), mix(a.along, b.along, t), mix(a.tissue, b.tissue, t), mix(a.tumour, b.tumour, t),
          mix(a.fat, b.fat, t),       mix(a.loose, b.loose, t), mix(a.crowd, b.crowd, t),   mix(a.glass, b.glass, t)};
}

// Three-cell mean in both directions, `times` over.
void soften(std::vector<float>& cells, int columns, int rows, int times) {
  std::vector<float> other(cells.size());
  const auto pass = [&](const std::vector<float>& from, std::vector<float>& to, int dx, int dy) {
    for (int y = 0; y < rows; ++y) {
      for (int x = 0; x < columns; ++x) {
        const int before = std::max(y - dy, 0) * columns + std::max(x - dx, 0);
        const int after = std::min(y + dy, rows - 1) * columns + std::min(x + dx, columns - 1);
        to[y * columns + x] = (from[before] + from[y * columns + x] + from[after]) / 3;
      }
    }
  };
  for (int i = 0; i < times; ++i) {
    pass(cells, other, 1, 0);
    pass(other, cells, 0, 1);
  }
}

}  // namespace

SpecimenFields::SpecimenFields(const SpecimenSettings& settings, SpecimenShapes shapes) : settings_(settings), shapes_(std::move(shapes)) {
  const auto mpp = static_cast<float>(settings_.mpp);
  pitch_um_ = std::max(8.0F, 8 * mpp);
  const float margin = 2 * kMarginMicrons + kMarginPixels * mpp;
  columns_ = static_cast<int>((static_cast<float>(settings_.width) * mpp + margin) / pitch_um_) + 3;
  rows_ = static_cast<int>((static_cast<float>(settings_.height) * mpp + margin) / pitch_um_) + 3;
  nodes_.reserve(static_cast<std::size_t>(columns_) * rows_);
  for (int row = 0; row < rows_; ++row) {
    for (int column = 0; column < columns_; ++column) {
      nodes_.push_back(
          slow_state(static_cast<float>(column) * pitch_um_ - kMarginMicrons, static_cast<float>(row) * pitch_um_ - kMarginMicrons));
    }
  }
  add_masks();
}

// Fibres: straight lines in one direction, bent by two scales of noise.
Place SpecimenFields::slow_state(float x_um, float y_um) const {
  const std::uint32_t fibre = chance_seed(settings_.seed, Chance::kFibre);
  const std::uint32_t stroma = chance_seed(settings_.seed, Chance::kStroma);
  const float angle = SpecimenRandom(fibre).uniform(0, 3.14F);
  const float u = x_um * std::cos(angle) + y_um * std::sin(angle);
  const float v = -x_um * std::sin(angle) + y_um * std::cos(angle);
  Place place;
  place.across = u + 260 * smooth_noise(fibre + 1, x_um / 520, y_um / 520) + 16 * smooth_noise(fibre + 2, x_um / 75, y_um / 75);
  place.along = v + 260 * smooth_noise(fibre + 3, x_um / 520, y_um / 520);
  place.fat = smooth_noise(chance_seed(settings_.seed, Chance::kFat), x_um / 420, y_um / 420) - 0.33F +
              0.1F * smooth_noise(chance_seed(settings_.seed, Chance::kFat) + 1, x_um / 90, y_um / 90);
  place.loose = smooth_step(-0.3F, 0.6F, smooth_noise(stroma, x_um / 180, y_um / 180));
  place.crowd = smooth_step(0.25F, 0.7F, smooth_noise(chance_seed(settings_.seed, Chance::kCluster), x_um / 110, y_um / 110));
  place.glass = smooth_noise(chance_seed(settings_.seed, Chance::kGlass), x_um / 1700, y_um / 1700);
  return place;
}

void SpecimenFields::add_masks() {
  const double step = pitch_um_ / settings_.mpp;
  const double corner = -kMarginMicrons / settings_.mpp - step / 2;
  const RingGrid grid{corner, corner, step, columns_, rows_};
  std::vector<float> cells;
  cover_grid(shapes_.tissue, grid, cells);
  soften(cells, columns_, rows_, 2);
  for (std::size_t i = 0; i < nodes_.size(); ++i) nodes_[i].tissue = cells[i];
  soften(cells, columns_, rows_, kFatDistance);
  for (std::size_t i = 0; i < nodes_.size(); ++i) nodes_[i].fat -= 1 - cells[i];
  cover_grid(shapes_.tumour, grid, cells);
  soften(cells, columns_, rows_, 2);
  for (std::size_t i = 0; i < nodes_.size(); ++i) nodes_[i].tumour = cells[i];
  soften(cells, columns_, rows_, kFatDistance);
  for (std::size_t i = 0; i < nodes_.size(); ++i) nodes_[i].fat -= 3 * cells[i];
}

Place SpecimenFields::at(float x_um, float y_um) const {
  const float gx = std::clamp((x_um + kMarginMicrons) / pitch_um_, 0.0F, static_cast<float>(columns_ - 2));
  const float gy = std::clamp((y_um + kMarginMicrons) / pitch_um_, 0.0F, static_cast<float>(rows_ - 2));
  const int column = static_cast<int>(gx);
  const int row = static_cast<int>(gy);
  const Place* top = &nodes_[static_cast<std::size_t>(row) * columns_ + column];
  const Place* bottom = top + columns_;
  const float tx = gx - static_cast<float>(column);
  return blend(blend(top[0], top[1], tx), blend(bottom[0], bottom[1], tx), gy - static_cast<float>(row));
}

void SpecimenFields::fibre_direction(float x_um, float y_um, float& dx, float& dy) const {
  const float here = at(x_um, y_um).across;
  const float gx = at(x_um + pitch_um_, y_um).across - here;
  const float gy = at(x_um, y_um + pitch_um_).across - here;
  const float length = std::hypot(gx, gy);
  dx = length > 0 ? -gy / length : 1;
  dy = length > 0 ? gx / length : 0;
}

// The softened masks settle all but the places near an outline.
bool SpecimenFields::in_tissue(float x_um, float y_um) const {
  const float softened = at(x_um, y_um).tissue;
  if (softened <= 1 - kSure || softened >= kSure) return softened >= kSure;
  return any_ring_contains(shapes_.tissue, x_um / settings_.mpp, y_um / settings_.mpp);
}

bool SpecimenFields::in_tumour(float x_um, float y_um) const {
  const float softened = at(x_um, y_um).tumour;
  if (softened <= 1 - kSure || softened >= kSure) return softened >= kSure;
  return any_ring_contains(shapes_.tumour, x_um / settings_.mpp, y_um / settings_.mpp);
}

}  // namespace microtome
