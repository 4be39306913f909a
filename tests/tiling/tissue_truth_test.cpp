// SPDX-License-Identifier: Apache-2.0
// Learn here how well tissue is found where the truth is known: on drawn slides, with and without pen and dust, and on a real one.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "tests/support/temp_dir.h"
#include "tiling/slide.h"
#include "tiling/specimen.h"
#include "tiling/specimen/shapes.h"
#include "tiling/tissue.h"

namespace microtome {
namespace {

// Specimens of 4 x 3 mm, seen at 8 um/px.
class TissueTruth : public testing::Test {
 protected:
  void draw(std::uint64_t seed, int strokes, int specks, double tumour_share) {
    SpecimenSettings settings{seed, 2048, 1536, 2, tumour_share, strokes, specks};
    const Specimen specimen = make_specimen(dir_ / "slide.tif", settings);
    std::vector<Ring> tissue, hidden;
    for (const PlantedRegion& region : specimen.regions) {
      if (region.name == "tissue") tissue.push_back(region.ring);
      if (region.name == "pen" || region.name == "dust") hidden.push_back(region.ring);
    }
    overview_ = read_overview(*open_slide(dir_ / "slide.tif"), settings.mpp, {});
    const RingGrid grid{0, 0, overview_.downsample, static_cast<int>(overview_.size.width), static_cast<int>(overview_.size.height)};
    std::vector<float> covered;
    cover_grid(tissue, grid, covered);
    truth_.clear();
    for (const float share : covered) truth_.push_back(share >= 0.5F);
    for (const Ring& ring : hidden) {  // one by one: strokes cross
      cover_grid({&ring, 1}, grid, covered);
      for (std::size_t i = 0; i < truth_.size(); ++i) truth_[i] = truth_[i] && covered[i] < 0.5F;
    }
  }

  // Intersection over union of what is found and what is there.
  double overlap(const TissueSettings& settings = {}) const {
    const TissueMask mask = find_tissue(overview_, settings);
    double both = 0, any = 0;
    for (std::size_t i = 0; i < truth_.size(); ++i) {
      both += mask.inside[i] && truth_[i];
      any += mask.inside[i] || truth_[i];
    }
    return both / any;
  }

  TempDir dir_;
  Overview overview_;
  std::vector<bool> truth_;
};

TEST_F(TissueTruth, IsFoundOnCleanSlides) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    draw(seed, 0, 0, seed % 2 == 0 ? 0.4 : 0);
    EXPECT_GE(overlap(), 0.98) << "seed " << seed;
  }
}

TEST_F(TissueTruth, IsFoundBesideAndUnderPenAndDustButNotWithoutTheRule) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    draw(seed, 4, 8, seed % 2 == 0 ? 0.4 : 0);
    EXPECT_GE(overlap(), 0.95) << "seed " << seed;
    TissueSettings any_colour;
    any_colour.reject_pen = false;
    EXPECT_LT(overlap(any_colour), 0.85) << "seed " << seed;
  }
}

TEST_F(TissueTruth, FatIsTissueAndTheRuleForPaleTissueIsWhatFindsIt) {
  draw(4, 0, 0, 0.4);
  TissueSettings without;
  without.pale_saturation = 1;
  EXPECT_LT(overlap(without), 0.95);
  EXPECT_GT(overlap(), 0.98);
}

TEST_F(TissueTruth, TumourAloneIsNoPen) {
  draw(2, 0, 0, 0.9);
  TissueSettings any_colour;
  any_colour.reject_pen = false;
  EXPECT_EQ(find_tissue(overview_, {}).inside, find_tissue(overview_, any_colour).inside);
}

TEST_F(TissueTruth, TintedGlassIsNotPaleTissue) {
  draw(1, 0, 0, 0);
  const double before = find_tissue(overview_, {}).area_mm2;
  for (std::size_t i = 2; i < overview_.rgb.size(); i += 3) overview_.rgb[i] = static_cast<std::uint8_t>(overview_.rgb[i] * 0.95);
  EXPECT_NEAR(find_tissue(overview_, {}).area_mm2, before, 0.15 * before);
}

// A published sample slide (Aperio, H&E). The area was found before there was any rule about pen or fat.
TEST(TissueOnARealSlide, KeepsItsArea) {
  const std::filesystem::path path = std::filesystem::path(MICROTOME_SHARED) / "slides/CMU-1-Small-Region.svs";
  ASSERT_TRUE(std::filesystem::exists(path)) << "set MICROTOME_SHARED to the folder that holds slides/CMU-1-Small-Region.svs";
  const auto slide = open_slide(path);
  const Overview overview = read_overview(*slide, resolve_scale(slide->info(), std::nullopt).mpp, {});
  EXPECT_NEAR(find_tissue(overview, {}).area_mm2, 0.653632, 0.01 * 0.653632);
}

}  // namespace
}  // namespace microtome
