// SPDX-License-Identifier: Apache-2.0
// Learn here where a slide's microns per pixel come from, which sources are disbelieved, and what happens when they quarrel.
#include "tiling/scale.h"

#include <gtest/gtest.h>

#include <clocale>
#include <functional>
#include <map>

namespace microtome {
namespace {

using Properties = std::map<std::string, std::string>;

std::optional<Scale> scale_of(const Properties& properties) {
  return scale_in_file([&](const std::string& name) {
    const auto found = properties.find(name);
    return found == properties.end() ? std::nullopt : std::optional<std::string>(found->second);
  });
}

void expect_scale(const Properties& properties, double mpp, const std::string& source) {
  const auto scale = scale_of(properties);
  ASSERT_TRUE(scale.has_value()) << "wanted " << source;
  EXPECT_NEAR(scale->mpp, mpp, 1e-9);
  EXPECT_EQ(scale->source, source);
}

SlideInfo slide_with(std::optional<Scale> scale) {
  SlideInfo info;
  info.scale = std::move(scale);
  return info;
}

void expect_error(const SlideInfo& info, const std::optional<Scale>& given, const std::string& code, const std::string& sentence) {
  try {
    resolve_scale(info, given);
    ADD_FAILURE() << "no error; wanted " << code;
  } catch (const SlideError& error) {
    EXPECT_EQ(error.code(), code);
    EXPECT_EQ(error.what(), sentence);
  }
}

const Properties kEverything = {{"openslide.mpp-x", "0.25"},        {"openslide.mpp-y", "0.252"},  {"aperio.MPP", "0.3"},
                                {"tiff.XResolution", "25000"},      {"tiff.YResolution", "25000"}, {"tiff.ResolutionUnit", "centimeter"},
                                {"openslide.objective-power", "20"}};

Properties everything_without(std::initializer_list<const char*> names) {
  Properties rest = kEverything;
  for (const char* name : names) rest.erase(name);
  return rest;
}

TEST(ScaleInFile, EachRungIsUsedWhenTheOnesAboveAreMissing) {
  expect_scale(kEverything, 0.251, "openslide.mpp");
  expect_scale(everything_without({"openslide.mpp-x", "openslide.mpp-y"}), 0.3, "aperio.MPP");
  expect_scale(everything_without({"openslide.mpp-x", "openslide.mpp-y", "aperio.MPP"}), 0.4, "tiff.resolution");
  expect_scale(everything_without({"openslide.mpp-x", "openslide.mpp-y", "aperio.MPP", "tiff.ResolutionUnit"}), 0.5, "objective-power");
  EXPECT_EQ(scale_of({}), std::nullopt);
}

TEST(ScaleInFile, ObjectivePowerIsGuessedAsTenOverPower) {
  expect_scale({{"openslide.objective-power", "40"}}, 0.25, "objective-power");
  EXPECT_EQ(scale_of({{"openslide.objective-power", "0"}}), std::nullopt);
}

TEST(ScaleInFile, OneAxisStandsForBoth) {
  expect_scale({{"openslide.mpp-x", "0.5"}}, 0.5, "openslide.mpp");
  expect_scale({{"openslide.mpp-y", "0.5"}, {"openslide.mpp-x", ""}}, 0.5, "openslide.mpp");
}

TEST(ScaleInFile, KeepsTheRatioOfTheAxes) {
  const auto scale = scale_of({{"openslide.mpp-x", "0.25"}, {"openslide.mpp-y", "0.5"}});
  ASSERT_TRUE(scale.has_value());
  EXPECT_DOUBLE_EQ(scale->y_over_x, 2);
}

TEST(ScaleInFile, TiffResolutionCountsInInchesOrCentimetres) {
  expect_scale({{"tiff.XResolution", "50800"}, {"tiff.YResolution", "50800"}, {"tiff.ResolutionUnit", "inch"}}, 0.5, "tiff.resolution");
  expect_scale({{"tiff.XResolution", "20000"}, {"tiff.ResolutionUnit", "centimeter"}}, 0.5, "tiff.resolution");
  EXPECT_EQ(scale_of({{"tiff.XResolution", "20000"}, {"tiff.ResolutionUnit", "none"}}), std::nullopt);
  EXPECT_EQ(scale_of({{"tiff.XResolution", "20000"}}), std::nullopt);
}

TEST(ScaleInFile, ResolutionsThatProgramsWriteUnaskedAreNotBelieved) {
  for (const auto& [resolution, unit] : std::vector<std::pair<std::string, std::string>>{{"72", "inch"},
                                                                                         {"96", "inch"},
                                                                                         {"300", "inch"},
                                                                                         {"1", "inch"},
                                                                                         {"10", "centimeter"},
                                                                                         {"1", "centimeter"},
                                                                                         {"28.35", "centimeter"}}) {
    EXPECT_EQ(scale_of({{"tiff.XResolution", resolution}, {"tiff.YResolution", resolution}, {"tiff.ResolutionUnit", unit}}), std::nullopt)
        << resolution << " per " << unit;
  }
}

TEST(ScaleInFile, WhatIsNoPositiveNumberCountsAsNotSaid) {
  for (const char* text : {"", "0", "-0.5", "nan", "inf", "0,5", "0.5 um", "abc"}) {
    expect_scale({{"openslide.mpp-x", text}, {"openslide.mpp-y", text}, {"aperio.MPP", "0.3"}}, 0.3, "aperio.MPP");
  }
}

TEST(ParseNumber, IgnoresTheLocale) {
  EXPECT_EQ(parse_number(" 0.4990\r\n"), 0.499);
  EXPECT_EQ(parse_number("2.5e-1"), 0.25);
  EXPECT_EQ(parse_number("0,5"), std::nullopt);
  EXPECT_EQ(parse_number("1 2"), std::nullopt);
}

TEST(ResolveScale, AMeasuredScaleIsUsedAndAnAgreeingGivenOneChangesNothing) {
  const SlideInfo info = slide_with(Scale{0.5, "aperio.MPP"});
  EXPECT_EQ(resolve_scale(info, std::nullopt).source, "aperio.MPP");
  const Scale scale = resolve_scale(info, Scale{0.52, "manifest"});
  EXPECT_EQ(scale.mpp, 0.5);
  EXPECT_EQ(scale.source, "aperio.MPP");
}

TEST(ResolveScale, AGivenScaleComesBeforeTheObjectivePower) {
  const SlideInfo guessed = slide_with(Scale{0.25, "objective-power"});
  EXPECT_EQ(resolve_scale(guessed, std::nullopt).source, "objective-power");
  const Scale scale = resolve_scale(guessed, Scale{0.5, "command line"});
  EXPECT_EQ(scale.mpp, 0.5);
  EXPECT_EQ(scale.source, "command line");
  EXPECT_EQ(resolve_scale(slide_with(std::nullopt), Scale{0.5, "manifest"}).mpp, 0.5);
}

TEST(ResolveScale, AContradictionIsAnError) {
  expect_error(slide_with(Scale{0.5, "openslide.mpp"}), Scale{0.25, "manifest"}, "mpp_conflict",
               "use 0.25 um/px from the manifest: the slide's own openslide.mpp says 0.5 um/px: correct the one that is wrong");
  const SlideInfo info = slide_with(Scale{0.5, "openslide.mpp"});
  EXPECT_NO_THROW(resolve_scale(info, Scale{0.5249, "manifest"}));
  EXPECT_THROW(resolve_scale(info, Scale{0.5251, "manifest"}), SlideError);
  EXPECT_THROW(resolve_scale(info, Scale{0.4749, "manifest"}), SlideError);
}

TEST(ResolveScale, NoScaleAtAllIsAnError) {
  expect_error(slide_with(std::nullopt), std::nullopt, "no_mpp",
               "find the scale of the slide: the file holds no microns per pixel and no objective power: give its mpp in the manifest");
}

TEST(ResolveScale, AnImplausibleScaleIsAnErrorWhoeverSaysIt) {
  const std::string advice = "correct it, or give the slide's mpp in the manifest if its file does not say it";
  expect_error(slide_with(Scale{250, "aperio.MPP"}), std::nullopt, "mpp_implausible",
               "use the scale of the slide: aperio.MPP says 250 um/px, and a microscope gives 0.05 to 10: " + advice);
  expect_error(slide_with(std::nullopt), Scale{0.01, "manifest"}, "mpp_implausible",
               "use the scale of the slide: manifest says 0.01 um/px, and a microscope gives 0.05 to 10: " + advice);
  EXPECT_THROW(resolve_scale(slide_with(std::nullopt), Scale{std::stod("nan"), "manifest"}), SlideError);
}

TEST(ResolveScale, OblongPixelsAreAnError) {
  expect_error(
      slide_with(Scale{0.5, "openslide.mpp", 1.02}), std::nullopt, "mpp_implausible",
      "use the scale of the slide: openslide.mpp says that a pixel is 1.02 times as high as wide: convert the slide to square pixels");
  EXPECT_EQ(resolve_scale(slide_with(Scale{0.5, "openslide.mpp", 1.009}), std::nullopt).mpp, 0.5);
}

}  // namespace
}  // namespace microtome
