// SPDX-License-Identifier: Apache-2.0
// Regions are found in one sweep over the rows: runs that touch a run of the row above are joined in a forest (union-find).
#include "tiling/tissue/mask_shape.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace microtome {
namespace {

constexpr double kSlack = 1e-6;  // limits in pixels come from quotients of areas

struct Run {
  std::int64_t begin = 0, end = 0;  // columns, end excluded
};

// Calls found(begin, end) for the runs of `value` in one row.
template <class Found>
void each_run(const std::uint8_t* row, std::int64_t width, std::uint8_t value, Found found) {
  const auto next = [&](std::int64_t from, int wanted) {
    const void* at = std::memchr(row + from, wanted, static_cast<std::size_t>(width - from));
    return at == nullptr ? width : static_cast<const std::uint8_t*>(at) - row;
  };
  for (std::int64_t begin = next(0, value); begin < width;) {
    const std::int64_t end = next(begin, !value);
    found(begin, end);
    begin = end < width ? next(end, value) : width;
  }
}

// The connected regions of one value: runs row by row, and for each run the first run of its region.
class Regions {
 public:
  Regions(const MaskPixels& mask, Size size, std::uint8_t value, bool diagonals) : size_(size), row_start_(size.height + 1, 0) {
    for (std::int64_t y = 0; y < size.height; ++y) {
      each_run(mask.data() + y * size.width, size.width, value, [&](std::int64_t begin, std::int64_t end) {
        runs_.push_back({begin, end});
        region_.push_back(region_.size());
      });
      row_start_[y + 1] = runs_.size();
      if (y > 0) join_rows(y, diagonals ? 1 : 0);
    }
    for (std::size_t i = 0; i < region_.size(); ++i) region_[i] = region_[region_[i]];  // a root comes before its runs
  }

  std::size_t count() const { return runs_.size(); }

  // Calls visit(y, run, region) for every run; regions are numbers below count().
  template <class Visit>
  void each(Visit visit) const {
    for (std::int64_t y = 0; y < size_.height; ++y) {
      for (std::size_t i = row_start_[y]; i < row_start_[y + 1]; ++i) visit(y, runs_[i], region_[i]);
    }
  }

  bool on_border(std::int64_t y, const Run& run) const {
    return y == 0 || y == size_.height - 1 || run.begin == 0 || run.end == size_.width;
  }

 private:
  std::size_t root(std::size_t i) {
    while (region_[i] != i) i = region_[i] = region_[region_[i]];
    return i;
  }

  void join_rows(std::int64_t y, std::int64_t reach) {
    std::size_t above = row_start_[y - 1];
    for (std::size_t i = row_start_[y]; i < row_start_[y + 1]; ++i) {
      while (above < row_start_[y] && runs_[above].end + reach <= runs_[i].begin) ++above;
      for (std::size_t j = above; j < row_start_[y] && runs_[j].begin < runs_[i].end + reach; ++j) {
        const std::size_t a = root(i), b = root(j);
        region_[std::max(a, b)] = std::min(a, b);
      }
    }
  }

  Size size_;
  std::vector<Run> runs_;
  std::vector<std::size_t> region_;     // while joining: a run of the same region that comes no later
  std::vector<std::size_t> row_start_;  // index of a row's first run
};

void fill(MaskPixels& mask, Size size, std::int64_t y, const Run& run, std::uint8_t value) {
  std::memset(&mask[y * size.width + run.begin], value, static_cast<std::size_t>(run.end - run.begin));
}

// Half the chord of a disc at each distance from its centre, in whole pixels.
std::vector<std::int64_t> half_chords(double radius) {
  std::vector<std::int64_t> result;
  for (std::int64_t dy = 0; dy <= static_cast<std::int64_t>(std::floor(radius)); ++dy) {
    result.push_back(static_cast<std::int64_t>(std::floor(std::sqrt(radius * radius - static_cast<double>(dy * dy)))));
  }
  return result;
}

// Every set pixel whose disc is set as far as it lies on the mask: what a dilation of the background leaves.
MaskPixels erode(const MaskPixels& mask, Size size, double radius) {
  const auto chords = half_chords(radius);
  const auto reach = static_cast<std::int64_t>(chords.size()) - 1;
  MaskPixels result = mask;
  for (std::int64_t y = 0; y < size.height; ++y) {
    const std::int64_t top = std::max<std::int64_t>(0, y - reach), bottom = std::min(size.height - 1, y + reach);
    each_run(mask.data() + y * size.width, size.width, 0, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t v = top; v <= bottom; ++v) {
        const std::int64_t half = chords[std::abs(v - y)];
        fill(result, size, v, {std::max<std::int64_t>(0, begin - half), std::min(size.width, end + half)}, 0);
      }
    });
  }
  return result;
}

}  // namespace

MaskPixels dilate(const MaskPixels& mask, Size size, double radius) {
  const auto chords = half_chords(radius);
  const auto reach = static_cast<std::int64_t>(chords.size()) - 1;
  MaskPixels result(mask.size(), 0);
  for (std::int64_t y = 0; y < size.height; ++y) {
    each_run(mask.data() + y * size.width, size.width, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t v = std::max<std::int64_t>(0, y - reach); v <= std::min(size.height - 1, y + reach); ++v) {
        const std::int64_t half = chords[std::abs(v - y)];
        fill(result, size, v, {std::max<std::int64_t>(0, begin - half), std::min(size.width, end + half)}, 1);
      }
    });
  }
  return result;
}

// Done on a frame wide enough that the border does not matter.
MaskPixels close_gaps(const MaskPixels& mask, Size size, double radius) {
  if (radius < 1) return mask;
  const auto pad = static_cast<std::int64_t>(std::ceil(radius)) + 1;
  const Size padded{size.width + 2 * pad, size.height + 2 * pad};
  MaskPixels wide(padded.width * padded.height, 0);
  for (std::int64_t y = 0; y < size.height; ++y) {
    std::copy_n(mask.data() + y * size.width, size.width, &wide[(y + pad) * padded.width + pad]);
  }
  wide = erode(dilate(wide, padded, radius), padded, radius);
  MaskPixels result(mask.size());
  for (std::int64_t y = 0; y < size.height; ++y) {
    std::copy_n(&wide[(y + pad) * padded.width + pad], size.width, &result[y * size.width]);
  }
  return result;
}

MaskPixels keep_wide(const MaskPixels& mask, Size size, double radius) { return dilate(erode(mask, size, radius), size, radius); }

void flip_small(MaskPixels& mask, Size size, std::uint8_t value, double least) {
  const bool tissue = value == 1;
  const Regions regions(mask, size, value, tissue);
  std::vector<std::int64_t> area(regions.count(), 0);
  std::vector<std::uint8_t> kept(regions.count(), 0);
  regions.each([&](std::int64_t y, const Run& run, std::size_t region) {
    area[region] += run.end - run.begin;
    if (!tissue && regions.on_border(y, run)) kept[region] = 1;
  });
  regions.each([&](std::int64_t y, const Run& run, std::size_t region) {
    if (!kept[region] && static_cast<double>(area[region]) < least - kSlack) fill(mask, size, y, run, !value);
  });
}

MaskPixels regions_with_seeds(const MaskPixels& mask, const MaskPixels& seeds, Size size, double least) {
  const Regions regions(mask, size, 1, true);
  std::vector<std::int64_t> area(regions.count(), 0);
  regions.each([&](std::int64_t y, const Run& run, std::size_t region) {
    const std::uint8_t* row = &seeds[y * size.width];
    area[region] += std::count(row + run.begin, row + run.end, 1);
  });
  MaskPixels result(mask.size(), 0);
  regions.each([&](std::int64_t y, const Run& run, std::size_t region) {
    if (area[region] > 0 && static_cast<double>(area[region]) >= least - kSlack) fill(result, size, y, run, 1);
  });
  return result;
}

}  // namespace microtome
