// SPDX-License-Identifier: Apache-2.0
// What a reader learns: files appear whole or not at all, and nothing of a broken attempt stays.
#include "pipeline/outputs/publication.h"

#include <gtest/gtest.h>

#include "pipeline/config.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

std::vector<std::string> names(const std::filesystem::path& folder) {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) out.push_back(entry.path().filename().string());
  std::sort(out.begin(), out.end());
  return out;
}

TEST(Publication, NothingIsVisibleBeforePublish) {
  const TempDir dir;
  Publication publication(dir / "deep/folder");
  publication.write("a.txt", "whole");
  EXPECT_FALSE(std::filesystem::exists(dir / "deep/folder/a.txt"));
  publication.publish();
  EXPECT_EQ(read_text(dir / "deep/folder/a.txt"), "whole");
  EXPECT_EQ(names(dir / "deep/folder"), (std::vector<std::string>{"a.txt"}));
}

TEST(Publication, AbandonedAttemptLeavesNothing) {
  const TempDir dir;
  { Publication(dir.path()).write("a.txt", "half"); }
  EXPECT_TRUE(names(dir.path()).empty());
}

TEST(Publication, OlderStateGoesWithTheNewOne) {
  const TempDir dir;
  write_text(dir / "findings.json", "old");
  write_text(dir / "heatmap.tif", "old");
  Publication publication(dir.path());
  publication.write("findings.json", "new");
  publication.publish({"findings.json", "heatmap.tif"});
  EXPECT_EQ(names(dir.path()), (std::vector<std::string>{"findings.json"}));
  EXPECT_EQ(read_text(dir / "findings.json"), "new");
}

TEST(Publication, FolderThatCannotBeMadeIsASentence) {
  const TempDir dir;
  write_text(dir / "file", "x");
  EXPECT_EQ(sentence_of<OutputError>([&] { require_writable(dir / "file"); }),
            (dir / "file").string() + ": wanted to make the output folder: Not a directory");
  EXPECT_EQ(sentence_of<OutputError>([&] { require_writable("/proc/nothing"); }),
            "/proc/nothing: wanted to make the output folder: No such file or directory");
}

TEST(Publication, FullDeviceIsASentence) {
  EXPECT_EQ(sentence_of<OutputError>([] { publish_file("/dev/full/x", "text"); }).substr(0, 45),
            "/dev/full: wanted to make the output folder: ");
}

TEST(Leftovers, OnlyThoseOfDeadProcessesOfThisHostGo) {
  const TempDir dir;
  std::string own;
  {
    Publication publication(dir.path());
    own = publication.beside("x").filename().string();  // .x.tmp.<host>.<pid>
  }
  const std::string stem = own.substr(0, own.rfind('.'));
  write_text(dir / (stem + ".999999999"), "dead");
  write_text(dir / (stem + ".1"), "alive");
  write_text(dir / ".x.tmp.elsewhere.999999999", "another host");
  remove_leftovers(dir.path());
  EXPECT_EQ(names(dir.path()), (std::vector<std::string>{".x.tmp.elsewhere.999999999", stem + ".1"}));
}

TEST(Disk, WithRoomIsNotFull) {
  const TempDir dir;
  EXPECT_FALSE(disk_is_full(dir.path(), 1000));
  EXPECT_TRUE(names(dir.path()).empty());
}

}  // namespace
}  // namespace microtome
