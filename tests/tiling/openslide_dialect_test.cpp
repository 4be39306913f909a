// SPDX-License-Identifier: Apache-2.0
// Learn here how transparent pixels, bounds and background are read, and that no message carries a path.
#include "tiling/openslide_dialect.h"

#include <gtest/gtest.h>

#include <map>

namespace microtome {
namespace {

using Properties = std::map<std::string, std::string>;

PropertyLookup lookup(const Properties& properties) {
  return [properties](const std::string& name) {
    const auto found = properties.find(name);
    return found == properties.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
}

std::vector<int> composited(std::uint32_t argb, Rgb background) {
  std::vector<std::uint8_t> rgb(3);
  composite(std::vector<std::uint32_t>{argb}, background, rgb);
  return {rgb.begin(), rgb.end()};
}

std::vector<int> background(const std::string& text) {
  const Rgb colour = background_in_file(lookup({{"openslide.background-color", text}}));
  return {colour.r, colour.g, colour.b};
}

std::vector<double> bounds(const Properties& properties) {
  const Level0Rect rect = bounds_in_file(lookup(properties), {1000, 800});
  return {rect.x_level0, rect.y_level0, rect.width_level0, rect.height_level0};
}

TEST(Composite, OpaquePixelsAreKeptAndTransparentOnesAreBackground) {
  EXPECT_EQ(composited(0xff0a141e, {1, 2, 3}), (std::vector<int>{10, 20, 30}));
  EXPECT_EQ(composited(0x00000000, {255, 254, 253}), (std::vector<int>{255, 254, 253}));
}

TEST(Composite, HalfTransparentPixelsAreMixedWithoutASeam) {
  // half of (200, 100, 0), premultiplied, over white and over grey
  EXPECT_EQ(composited(0x80643200, {255, 255, 255}), (std::vector<int>{227, 177, 127}));
  EXPECT_EQ(composited(0x80643200, {100, 100, 100}), (std::vector<int>{150, 100, 50}));
  for (std::uint32_t alpha = 0; alpha < 256; ++alpha) {
    const std::uint32_t white = alpha << 24 | alpha << 16 | alpha << 8 | alpha;
    ASSERT_EQ(composited(white, {255, 255, 255}), (std::vector<int>{255, 255, 255})) << alpha;
  }
}

TEST(Background, IsSixHexDigitsOrWhite) {
  EXPECT_EQ(background("F0e1D2"), (std::vector<int>{0xf0, 0xe1, 0xd2}));
  for (const char* nonsense : {"", "#F0E1D2", "F0E1D", "F0E1DG", "F0E1D2A"})
    EXPECT_EQ(background(nonsense), (std::vector<int>{255, 255, 255}));
  EXPECT_EQ(background_in_file(lookup({})).r, 255);
}

TEST(Bounds, AreTheFilesOrTheWholeSlide) {
  const auto say = [](const char* x, const char* y, const char* width, const char* height) {
    return Properties{
        {"openslide.bounds-x", x}, {"openslide.bounds-y", y}, {"openslide.bounds-width", width}, {"openslide.bounds-height", height}};
  };
  EXPECT_EQ(bounds({}), (std::vector<double>{0, 0, 1000, 800}));
  EXPECT_EQ(bounds(say("100", "50", "300", "200")), (std::vector<double>{100, 50, 300, 200}));
  EXPECT_EQ(bounds(say("900", "50", "300", "2000")), (std::vector<double>{900, 50, 100, 750}));
  EXPECT_EQ(bounds(say("2000", "50", "300", "200")), (std::vector<double>{0, 0, 1000, 800}));
  EXPECT_EQ(bounds(say("100", "50", "-3", "200")), (std::vector<double>{0, 0, 1000, 800}));
}

TEST(WithoutPaths, NoPartOfTheSlidesNameIsLeft) {
  const std::filesystem::path path = "/archive/Smith John/scan 1950.mrxs";
  EXPECT_EQ(without_paths("Couldn't open /archive/Smith John/scan 1950.mrxs: No such file", path), "Couldn't open the file: No such file");
  EXPECT_EQ(without_paths("Can't read /archive/Smith John/scan 1950/Data0001.dat: short read", path),
            "Can't read a file of the slide: short read");
  EXPECT_EQ(without_paths("Can't read '/archive/Smith John/scan 1950/Slidedat.ini'", path), "Can't read 'a file of the slide'");
  EXPECT_EQ(without_paths("scan 1950.mrxs is odd", path), "the file is odd");
  EXPECT_EQ(without_paths("Cannot decode JPEG", path), "Cannot decode JPEG");
}

}  // namespace
}  // namespace microtome
