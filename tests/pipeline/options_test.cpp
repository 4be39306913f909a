// SPDX-License-Identifier: Apache-2.0
// What a reader learns: how words and files become a configuration, who wins, and what wrong ones are told.
#include "pipeline/options.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

const std::vector<std::string> kRun = {"run", "tiling", "tissue", "encoder", "engine"};

std::string refusal(const std::vector<std::string>& words, const std::vector<std::string>& sections = kRun) {
  return sentence_of<ConfigError>([&] { parse_options(words, sections); });
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
  EXPECT_EQ(refusal({"--synth.least_tumour=0.3", "--synth.most_tumour=0.2"}, {"synth"}),
            "synth.least_tumour, synth.most_tumour: wanted shares above 0, the least no more than the most, got 0.3 and 0.2");
  EXPECT_EQ(refusal({"--evaluate.task", "labels"}, {"evaluate"}), "evaluate.task: wanted auto, label or multilabel, got 'labels'");
  EXPECT_EQ(refusal({"--task-index", "4", "--task-count", "4"}), "run.task_index: wanted 0..3 (task_count is 4), got 4");
}

TEST(Options, HowSlidesFindTheirRowsIsCheckedBeforeAnyWork) {
  const std::vector<std::string> sections{"run", "genomics"};
  EXPECT_EQ(parse_options({"--genomics.keys", "regex:^(?<patient>P[0-9]+)"}, sections).config.genomics.keys, "regex:^(?<patient>P[0-9]+)");
  EXPECT_EQ(refusal({"--genomics.keys", "barcode"}, sections), "genomics.keys: wanted auto, exact, tcga, cptac or regex:<pattern>, got 'barcode'");
  EXPECT_EQ(refusal({"--genomics.keys", "regex:("}, sections),
            "genomics.keys: wanted a regular expression, got 'regex:(': missing closing parenthesis at character 1");
  EXPECT_EQ(refusal({"--genomics.duplicates", "first"}, sections), "genomics.duplicates: wanted refuse, first-barcode or mean, got 'first'");
  EXPECT_EQ(refusal({"--run.max_missing_patients", "1.5"}, sections), "run.max_missing_patients: wanted a share in 0..1, got 1.5");
}

TEST(Options, AShortNameMeansTheCommandsOwnOption) {
  const auto evaluate = parse_options({"--seed", "7", "--labels", "l.csv", "--output", "o"}, {"evaluate"}).config;
  EXPECT_EQ(evaluate.evaluate.seed, 7U);
  EXPECT_EQ(evaluate.train.seed, 0U);
  EXPECT_EQ(evaluate.evaluate.labels, "l.csv");
  EXPECT_EQ(evaluate.run.output, "");
  const auto train = parse_options({"--seed", "7", "--labels", "l.csv"}, {"run", "data", "train", "engine"}).config;
  EXPECT_EQ(train.train.seed, 7U);
  EXPECT_EQ(train.evaluate.seed, 0U);
  EXPECT_EQ(train.data.labels, "l.csv");
}

TEST(Options, AnOptionNamedInFullComesWithoutItsSection) {
  const std::vector<std::string> sections = {"evaluate", "engine.threads"};
  EXPECT_EQ(parse_options({"--threads", "3", "--model", "m"}, sections).config.engine.threads, 3);
  EXPECT_EQ(parse_options({"--threads", "3", "--model", "m"}, sections).config.evaluate.model, "m");
  EXPECT_EQ(sentence_of<ConfigError>([&] { parse_options({"--engine.batch", "3"}, sections); }).find("--engine.batch: unknown option"), 0U);
  const std::string help = options_help(sections);
  EXPECT_NE(help.find("--engine.threads, --threads"), std::string::npos);
  EXPECT_EQ(help.find("--engine.batch"), std::string::npos);
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
  const std::set<std::string> of_a_run{"run", "tiling", "tissue"};
  EXPECT_EQ(result_settings(a, of_a_run), result_settings(b, of_a_run));
  EXPECT_NE(result_settings(a, of_a_run), result_settings(c, of_a_run));
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
  EXPECT_EQ(bounded_window(config, 16), 1);  // 3 MiB a batch, and half of the limit is for bags
  EXPECT_EQ(bag_bytes_allowed(config, 1), 7 << 20);
  EXPECT_EQ(parse_bytes("512MiB"), 512 << 20);
  config.engine.memory_limit = "1M";
  EXPECT_EQ(
      sentence_of<ConfigError>([&] { bounded_window(config, 1); }),
      "engine.memory_limit: wanted room for one batch of 16 tiles (3145728 bytes), got 1048576 bytes: lower --batch or raise the limit");
  EXPECT_EQ(sentence_of<ConfigError>([] { parse_bytes("8Q"); }), "engine.memory_limit: wanted bytes such as 8G or 512MiB, got '8Q'");
}

TEST(Options, EncodersAreAListThatALaterSourceBeginsAnew) {
  const TempDir dir;
  write_text(dir / "e.ini", "[encoder]\nname = a\nname = b\n");
  const std::string ini = (dir / "e.ini").string();
  EXPECT_EQ(parse_options({"--config", ini}, kRun).config.encoder.name, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(parse_options({"--config", ini, "--encoder", "c", "--encoder.name", "d"}, kRun).config.encoder.name,
            (std::vector<std::string>{"c", "d"}));
}

TEST(Options, WhatWasGivenIsKnown) {
  const Config config = parse_options({"--mpp", "0.25"}, kRun).config;
  EXPECT_EQ(config.given, (std::set<std::string>{"tiling.target_mpp"}));
}

TEST(Encoders, ContradictionsAreRefused) {
  Config config;
  config.encoder.name = {"resnet18", "resnet18"};
  EXPECT_EQ(sentence_of<ConfigError>([&] { encoders_of(config); }), "encoder.name: wanted each encoder once, got 'resnet18' twice");
  config.encoder.name = {"resnet18", "resnet50"};
  config.encoder.weights = "w.safetensors";
  EXPECT_EQ(sentence_of<ConfigError>([&] { encoders_of(config); }),
            "encoder.weights: wanted one built-in encoder that the file belongs to, got several: put the others into folders");
}

/// A folder with a card for tiles of `px` at `mpp`; its model is never opened here.
std::string card_folder(const TempDir& dir, const std::string& name, int px, double mpp) {
  std::filesystem::create_directories(dir / name);
  write_text(dir / name / "torchscript_model.pt", "");
  write_text(dir / name / "config.json", "{\"patch_size_pixels\": " + std::to_string(px) + ", \"spacing_um_px\": " + std::to_string(mpp) +
                                             ", \"transform\": [{\"name\": \"ToTensor\"}]}");
  return (dir / name).string();
}

TEST(Encoders, TilesComeFromTheCardWhereTheyAreNotGiven) {
  const TempDir dir;
  const std::string folder = card_folder(dir, "a", 350, 0.25);
  const Config config = with_encoder_tiles(parse_options({"--encoder", folder}, kRun).config);
  EXPECT_EQ(config.tiling.tile_px, 350);
  EXPECT_EQ(config.tiling.target_mpp, 0.25);
  EXPECT_EQ(with_encoder_tiles(parse_options({"--encoder", folder, "--tile-px", "256"}, kRun).config).tiling.tile_px, 256);
  EXPECT_EQ(with_encoder_tiles(parse_options({"--encoder", "resnet18"}, kRun).config).tiling.tile_px, Config().tiling.tile_px);
}

TEST(Encoders, CardsThatWantDifferentTilesAreNotOfOneRun) {
  const TempDir dir;
  const Config config = parse_options({"--encoder", card_folder(dir, "a", 350, 0.25), "--encoder", card_folder(dir, "b", 224, 0.5)}, kRun).config;
  EXPECT_NE(sentence_of<ConfigError>([&] { with_encoder_tiles(config); }).find("wanted encoders of the same tiles in one run, got 350 px at 0.25 um/px"),
            std::string::npos);
}

}  // namespace
}  // namespace microtome
