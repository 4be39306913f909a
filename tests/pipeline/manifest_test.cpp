// SPDX-License-Identifier: Apache-2.0
// What a reader learns: which slides a run takes, in which order, under which ids.
#include "pipeline/manifest.h"

#include <gtest/gtest.h>

#include "pipeline/config.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

std::vector<std::string> ids(const std::vector<ManifestRow>& rows) {
  std::vector<std::string> out;
  for (const auto& row : rows) out.push_back(row.keys.slide_id);
  return out;
}

void touch(const std::filesystem::path& path) {
  std::filesystem::create_directories(path.parent_path());
  write_text(path, "x");
}

std::string refusal(const std::filesystem::path& archive, const std::filesystem::path& manifest = {}) {
  return sentence_of<ConfigError>([&] { read_archive(archive, manifest); });
}

TEST(Archive, FolderIsSearchedRecursivelyAndOrderedById) {
  const TempDir dir;
  for (const char* name : {"z.svs", "sub/a.TIF", "m.mrxs", "notes.txt", ".hidden.svs", ".trash/b.svs"}) touch(dir / name);
  EXPECT_EQ(ids(read_archive(dir.path(), {})), (std::vector<std::string>{"a", "m", "z"}));
}

TEST(Archive, SameStemsGetTheirRelativePaths) {
  const TempDir dir;
  for (const char* name : {"one/a.svs", "two/a.svs", "b.svs", "b.tif"}) touch(dir / name);
  EXPECT_EQ(ids(read_archive(dir.path(), {})), (std::vector<std::string>{"b.svs", "b.tif", "one/a", "two/a"}));
}

TEST(Archive, TcgaNamesGiveTheirPatientAndSample) {
  const TempDir dir;
  touch(dir / "TCGA-05-4244-01Z-00-DX1.d4ff32cd.svs");
  const auto rows = read_archive(dir.path(), {});
  EXPECT_EQ(rows[0].keys.patient_id, "TCGA-05-4244");
  EXPECT_EQ(rows[0].keys.sample_id, "TCGA-05-4244-01");
}

TEST(Archive, MissingAndEmptyOnesAreRefused) {
  const TempDir dir;
  EXPECT_EQ(refusal("/no/such"), "/no/such: wanted an archive: no such file or folder");
  EXPECT_EQ(refusal(dir.path()),
            dir.path().string() + ": wanted slides: no file with a slide's extension (.svs, .tif, .ndpi, .mrxs, .scn, ...) is in it");
  EXPECT_EQ(refusal({}), "wanted slides: give --archive DIR or --manifest FILE");
  EXPECT_EQ(refusal("/a", "/b"), "wanted one source of slides: give --archive or --manifest, not both");
}

TEST(Manifest, KeepsItsOrderAndReadsRelativePathsFromItsOwnFolder) {
  const TempDir dir;
  write_text(dir / "m.tsv", "\xEF\xBB\xBFslide_id\tpath\tpatient_id\tmpp\r\nb\tslides/b.svs\tP1\t0.25\r\na\t/abs/a.svs\t\t\r\n");
  const auto rows = read_archive({}, dir / "m.tsv");
  EXPECT_EQ(ids(rows), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(rows[0].path, dir.path() / "slides/b.svs");
  EXPECT_EQ(rows[1].path, "/abs/a.svs");
  EXPECT_EQ(rows[0].mpp, 0.25);
  EXPECT_FALSE(rows[1].mpp);
}

TEST(Manifest, DuplicateIdNamesBothPaths) {
  const TempDir dir;
  write_text(dir / "m.csv", "slide_id,path\na,/x/1.svs\na,/y/2.svs\n");
  EXPECT_EQ(refusal({}, dir / "m.csv"), (dir / "m.csv").string() + ": wanted one slide per id: 'a' names both /x/1.svs and /y/2.svs");
}

TEST(Manifest, BadCellsAreSentencesWithTheirRow) {
  const TempDir dir;
  const auto file = dir / "m.csv";
  const std::string where = file.string();
  write_text(file, "slide_id,path\n../evil,/x\n");
  EXPECT_EQ(refusal({}, file), where + ": row 2: wanted a slide id that can name a folder, got '../evil'");
  write_text(file, "slide_id,path,mpp\na,/x,fast\n");
  EXPECT_EQ(refusal({}, file), where + ": row 2: wanted mpp as microns per pixel in 0.05..10, got 'fast'");
  write_text(file, "slide_id,path\na\n");
  EXPECT_EQ(refusal({}, file), where + ": row 2: wanted 2 cells as in the header, got 1");
  write_text(file, "id,path\na,/x\n");
  EXPECT_EQ(refusal({}, file), where + ": wanted a column 'slide_id' in the header row");
  write_text(file, "slide_id,path\n");
  EXPECT_EQ(refusal({}, file), where + ": wanted slides: the manifest has no row");
}

TEST(Manifest, MasksAreRelativeToItTooAndMayBeAbsent) {
  const TempDir dir;
  write_text(dir / "m.csv", "slide_id,path,mask\na,a.svs,masks/a.geojson\nb,b.svs,/abs/b.png\nc,c.svs,\n");
  const auto rows = read_archive({}, dir / "m.csv");
  EXPECT_EQ(rows[0].mask, dir.path() / "masks/a.geojson");
  EXPECT_EQ(rows[1].mask, "/abs/b.png");
  EXPECT_TRUE(rows[2].mask.empty());
}

TEST(Manifest, WhatPlanWritesReadsBack) {
  const TempDir dir;
  touch(dir / "with, comma.svs");
  touch(dir / "without.svs");
  auto rows = read_archive(dir.path(), {});
  rows[0].mask = dir / "mask, too.png";
  rows[0].mpp = 0.25;
  write_text(dir / "m.csv", manifest_csv(rows));
  const auto again = read_archive({}, dir / "m.csv");
  EXPECT_EQ(ids(again), (std::vector<std::string>{"with, comma", "without"}));
  EXPECT_EQ(again[0].path, rows[0].path);
  EXPECT_EQ(again[0].mask, rows[0].mask);
  EXPECT_EQ(again[0].mpp, 0.25);
  EXPECT_TRUE(again[1].mask.empty());
}

TEST(TaskShare, EveryRowBelongsToExactlyOneTask) {
  std::vector<ManifestRow> rows(7);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].keys.slide_id = std::to_string(i);
  EXPECT_EQ(ids(task_share(rows, 0, 3)), (std::vector<std::string>{"0", "3", "6"}));
  EXPECT_EQ(ids(task_share(rows, 2, 3)), (std::vector<std::string>{"2", "5"}));
  EXPECT_TRUE(task_share(rows, 8, 9).empty());
}

}  // namespace
}  // namespace microtome
