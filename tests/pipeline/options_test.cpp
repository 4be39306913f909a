// SPDX-License-Identifier: Apache-2.0
// What a reader learns: how words and files become a configuration, who wins, and what wrong ones are told.
#include "pipeline/options.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

const std::vector<std::string> kRun = {"run", "tiling", "tissue", "encoder", "engine"};

std::string refusal(const std::vector<std::string>& words) {
  return sentence_of<ConfigError>([&] { parse_options(words, kRun); });
}

TEST(Options, FullAndShortNamesAreTheSameField) {
  EXPECT_EQ(parse_options({"--tiling.tile_px=128"}, kRun).config.tiling.tile_px, 128);
  EXPECT_EQ(parse_options({"--tile-px", "128"}, kRun).config.tiling.tile_px, 128);
  EXPECT_EQ(parse_options({"--mpp", "0.25"}, kRun).config.tiling.target_mpp, 0.25);
}

TEST(Options, FlagsNeedNoValueAndTakeOne) {
  EXPECT_TRUE(parse_options({"--encoder.random_weights", "--threads", "2"}, kRun).config.encoder.random_weights);
  EXPECT_FALSE(parse_options({"--encoder.random_weights=false"}, kRun).config.encoder.random_weights);
}

TEST(Options, CommandLineWinsOverFilesAndLaterFilesOverEarlier) {
  const TempDir dir;
  write_text(dir / "a.ini", "[tiling]\ntile_px = 100\noverlap_px = 1\n[train]\nepochs = 3\n");
  write_text(dir / "b.ini", "[tiling]\ntile_px = 200\n");
  const auto config =
      parse_options(
          {"--tiling.target_mpp", "1", "--config", (dir / "a.ini").string(), "--config", (dir / "b.ini").string(), "--batch", "4"}, kRun)
          .config;
  EXPECT_EQ(config.tiling.tile_px, 200);
  EXPECT_EQ(config.tiling.overlap_px, 1);
  EXPECT_EQ(config.tiling.target_mpp, 1);
  EXPECT_EQ(config.train.epochs, 3);
  EXPECT_EQ(config.engine.batch, 4);
}

TEST(Options, UnknownOptionNamesTheNearest) {
  EXPECT_EQ(refusal({"--tile-pxx", "3"}), "--tile-pxx: unknown option: did you mean --tile-px?");
  EXPECT_EQ(refusal({"--qqqqqqqqqq"}), "--qqqqqqqqqq: unknown option: see --help");
}

TEST(Options, UnknownKeyOfAFileNamesFileAndNearest) {
  const TempDir dir;
  write_text(dir / "a.ini", "[tiling]\ntile_pixels = 3\n");
  EXPECT_EQ(refusal({"--config", (dir / "a.ini").string()}),
            (dir / "a.ini").string() + ": tiling.tile_pixels: unknown option: did you mean --tiling.tile_px?");
  EXPECT_EQ(refusal({"--config", "/nowhere.ini"}), "/nowhere.ini: wanted a configuration file: cannot be opened");
}

TEST(Options, WrongValuesAreSentences) {
  EXPECT_EQ(refusal({"--tile-px", "abc"}), "--tiling.tile_px: wanted a whole number, got 'abc'");
  EXPECT_EQ(refusal({"--tile-px", "12.5"}), "--tiling.tile_px: wanted a whole number, got '12.5'");
  EXPECT_EQ(refusal({"--mpp", "0,5"}), "--tiling.target_mpp: wanted a number, got '0,5'");
  EXPECT_EQ(refusal({"--tiling.padding=maybe"}), "--tiling.padding: wanted true or false, got 'maybe'");
  EXPECT_EQ(refusal({"--progress", "loud"}), "engine.progress: wanted auto, live, plain, json or none, got 'loud'");
  EXPECT_EQ(refusal({"--task-index", "4", "--task-count", "4"}), "run.task_index: wanted 0..3 (task_count is 4), got 4");
}

TEST(Options, BareWordIsRefused) { EXPECT_NE(refusal({"slides"}).find("bare word"), std::string::npos); }

TEST(Options, EffectiveIniReadsBackAsItself) {
  const TempDir dir;
  const auto first =
      parse_options({"--mpp", "0.2527", "--tiling.padding", "--memory-limit", "8G", "--tissue.close_um", "33.3"}, kRun).config;
  write_text(dir / "effective.ini", effective_ini(first));
  const auto second = parse_options({"--config", (dir / "effective.ini").string()}, kRun).config;
  EXPECT_EQ(effective_ini(second), effective_ini(first));
  EXPECT_EQ(second.tiling.target_mpp, 0.2527);
}

TEST(Options, PathsNeverReachTheEffectiveIni) {
  const auto config = parse_options({"--archive", "/archive/Smith_J", "--output", "/out/Smith"}, kRun).config;
  EXPECT_EQ(effective_ini(config).find("Smith"), std::string::npos);
}

TEST(Options, SpeedOnlyOptionsAreNotInTheRecipe) {
  const auto a = parse_options({"--threads", "1", "--batch", "3"}, kRun).config;
  const auto b = parse_options({"--threads", "2"}, kRun).config;
  const auto c = parse_options({"--tile-px", "255"}, kRun).config;
  EXPECT_EQ(result_settings(a), result_settings(b));
  EXPECT_NE(result_settings(a), result_settings(c));
}

TEST(Options, HelpShowsTheLiveDefaults) {
  const std::string help = options_help(kRun);
  EXPECT_NE(help.find(std::to_string(Config().tiling.tile_px) + "]"), std::string::npos);
  EXPECT_NE(help.find("[engine]"), std::string::npos);
  EXPECT_EQ(help.find("[train]"), std::string::npos);
}

TEST(Options, EveryPresetParsesAndTheDefaultOneIsTheDefault) {
  int presets = 0;
  for (const auto& entry : std::filesystem::directory_iterator(MICROTOME_CONFIGS)) {
    if (entry.path().extension() != ".ini") continue;
    ++presets;
    const auto config = parse_options({"--config", entry.path().string()}, kRun).config;
    if (entry.path().stem() == "default") {
      EXPECT_EQ(effective_ini(config), effective_ini(Config()));
    }
  }
  EXPECT_GE(presets, 3);
}

TEST(MemoryLimit, ShrinksTheWindowAndRefusesWhenNothingFits) {
  auto config = parse_options({"--memory-limit", "10M", "--batch", "16", "--tile-px", "256"}, kRun).config;
  EXPECT_EQ(bounded_window(config, 16), 3);  // 3 MiB a batch
  config.engine.memory_limit = "1M";
  EXPECT_EQ(
      sentence_of<ConfigError>([&] { bounded_window(config, 1); }),
      "engine.memory_limit: wanted room for one batch of 16 tiles (3145728 bytes), got 1048576 bytes: lower --batch or raise the limit");
  EXPECT_EQ(sentence_of<ConfigError>([] { parse_bytes("8Q"); }), "engine.memory_limit: wanted bytes such as 8G or 512M, got '8Q'");
}

}  // namespace
}  // namespace microtome
