// SPDX-License-Identifier: Apache-2.0
// Learn here how the TIFF reader reads: one decoding a source tile, few and large reads when it fetches, the same pixels for any grouping
// and any number of threads. What formats it reads is tested in tiff_formats_test.cpp.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "tests/support/temp_dir.h"
#include "tests/support/tiff_slide.h"
#include "tiling/readers.h"
#include "tiling/tile_reader.h"

namespace microtome {
namespace {

TiffSlideLevel noise(Size size, std::uint32_t state) {
  TiffSlideLevel level{size, {}};
  for (std::int64_t i = 0; i < size.width * size.height * 3; ++i) {
    state = state * 1664525u + 1013904223u;
    level.rgb.push_back(static_cast<std::uint8_t>(state >> 24));
  }
  return level;
}

// Counts the reads of a file.
struct Traffic {
  std::atomic<int> reads{0}, hints{0};
};

class CountedBytes : public ByteSource {
 public:
  CountedBytes(std::unique_ptr<ByteSource> bytes, Traffic& traffic) : bytes_(std::move(bytes)), traffic_(traffic) {}
  std::int64_t size() const override { return bytes_->size(); }
  std::int64_t read(std::int64_t offset, std::span<std::uint8_t> bytes) const override {
    ++traffic_.reads;
    return bytes_->read(offset, bytes);
  }
  void will_need(std::int64_t offset, std::int64_t bytes) const override {
    ++traffic_.hints;
    bytes_->will_need(offset, bytes);
  }

 private:
  std::unique_ptr<ByteSource> bytes_;
  Traffic& traffic_;
};

class TiffReading : public testing::Test {
 protected:
  TiffReading() {
    TiffSlideSettings settings;
    settings.tile = {48, 48};
    settings.levels = {noise({700, 500}, 1), noise({350, 250}, 2)};
    settings.codec = TiffCodec::jpeg;
    write_tiff_slide(path_, settings);
    std::string why;
    slide_ = open_with_tiff(std::make_unique<CountedBytes>(open_file_bytes(path_), traffic_), why);
    EXPECT_TRUE(slide_) << why;
    reads_to_open_ = traffic_.reads;
    geometry_.tile_px = 64;
    geometry_.side_level0 = geometry_.step_level0 = 64;
    traffic_.reads = 0;
  }

  // Reads these tiles together, `at_once` in a call.
  std::vector<Bytes> tiles(const std::vector<Level0Point>& origins, std::size_t at_once, bool fetch = false) const {
    std::vector<Bytes> result(origins.size(), Bytes(64 * 64 * 3));
    for (std::size_t first = 0; first < origins.size(); first += at_once) {
      std::vector<TileRead> batch;
      for (std::size_t i = first; i < std::min(origins.size(), first + at_once); ++i) batch.push_back({origins[i], result[i].data(), {}});
      const auto fetched = fetch ? fetch_tiles(*slide_, geometry_, batch) : nullptr;
      read_tiles(*slide_, geometry_, batch, fetched.get());
      for (const TileRead& read : batch) EXPECT_EQ(read.error, "");
    }
    return result;
  }

  static std::vector<Level0Point> grid(std::int64_t columns, std::int64_t rows) {
    std::vector<Level0Point> origins;
    for (std::int64_t y = 0; y < rows; ++y) {
      for (std::int64_t x = 0; x < columns; ++x) origins.push_back({x * 64, y * 64});
    }
    return origins;
  }

  TempDir dir_;
  std::filesystem::path path_ = dir_.path() / "slide.tif";
  Traffic traffic_;
  int reads_to_open_ = 0;
  std::unique_ptr<Slide> slide_;
  TileGeometry geometry_{.downsample = 1};
};

TEST_F(TiffReading, OpeningAsksTheStorageForBlocksAndNotForEveryField) {
  const auto blocks = static_cast<int>(std::filesystem::file_size(path_) / (64 << 10)) + 1;
  EXPECT_LE(reads_to_open_, blocks);
  EXPECT_LE(reads_to_open_, 6);  // header and two directories, each perhaps across two blocks
}

TEST_F(TiffReading, EachSourceTileIsReadOnceThoughTheGridsNeverAlign) {
  tiles(grid(10, 7), 10);              // 640 x 448 pixels in rows: 14 x 10 source tiles of 48
  EXPECT_EQ(traffic_.reads, 14 * 10);  // a read is a decoding: the cache gives pixels, not bytes
}

TEST_F(TiffReading, PixelsDoNotDependOnWhatIsReadTogetherNorOnWhetherItWasFetched) {
  const auto origins = grid(10, 7);
  const auto whole = tiles(origins, 70);
  EXPECT_EQ(tiles(origins, 1), whole);
  EXPECT_EQ(tiles(origins, 7), whole);
  EXPECT_EQ(tiles(origins, 9, true), whole);
}

TEST_F(TiffReading, FetchingAsksTheStorageOnceAndDecodingNoMore) {
  const auto origins = grid(10, 1);
  std::vector<Bytes> pixels(10, Bytes(64 * 64 * 3));
  std::vector<TileRead> batch;
  for (std::size_t i = 0; i < 10; ++i) batch.push_back({origins[i], pixels[i].data(), {}});
  const auto fetched = fetch_tiles(*slide_, geometry_, batch);
  EXPECT_EQ(traffic_.hints, 1);  // the tiles of two neighbouring rows follow each other in the file
  EXPECT_EQ(traffic_.reads, 1);
  read_tiles(*slide_, geometry_, batch, fetched.get());
  EXPECT_EQ(traffic_.reads, 1);
}

TEST_F(TiffReading, ThreadsThatShareASlideGetThePixelsOfOneThatDoesNot) {
  const auto origins = grid(10, 7);
  const auto expected = tiles(origins, 70);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < 5; ++round) wrong += tiles(origins, static_cast<std::size_t>(3 + 5 * t)) != expected;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(TiffReading, AWindowThatOverhangsIsBackgroundThere) {
  Bytes rgb(100 * 100 * 3);
  read_window(*slide_, 0, 650, -50, {100, 100}, rgb);
  const auto pixel = [&](int x, int y) { return Bytes(&rgb[(y * 100 + x) * 3], &rgb[(y * 100 + x) * 3] + 3); };
  const Bytes white{255, 255, 255};
  EXPECT_EQ(pixel(10, 10), white);
  EXPECT_EQ(pixel(60, 80), white);
  Bytes inside(3);
  read_window(*slide_, 0, 660, 30, {1, 1}, inside);
  EXPECT_EQ(pixel(10, 80), inside);
}

TEST_F(TiffReading, ADamagedSourceTileFailsTheTilesOnItAndNoOther) {
  damage_tile(path_, 2 * 15 + 3);  // of 15 columns: pixels (144..192, 96..144)
  std::vector<Bytes> pixels(70, Bytes(64 * 64 * 3));
  const auto origins = grid(10, 7);
  std::vector<TileRead> batch;
  for (std::size_t i = 0; i < 70; ++i) batch.push_back({origins[i], pixels[i].data(), {}});
  read_tiles(*slide_, geometry_, batch, nullptr);
  for (const TileRead& tile : batch) {
    const auto [x, y] = tile.origin;
    const bool touched = x < 192 && x + 64 > 144 && y < 144 && y + 64 > 96;
    EXPECT_EQ(!tile.error.empty(), touched) << x << ',' << y;
    if (!touched) continue;
    EXPECT_EQ(tile.error.rfind("read the stored tile at level-0 (144, 96): ", 0), 0u) << tile.error;
    EXPECT_NE(tile.error.find(": the file is damaged there, copy it again from its source"), std::string::npos);
  }
}

TEST(SlideLibraries, SayTheirVersions) {
  const std::vector<std::pair<std::string, std::string>> wanted = {
      {"openslide", "3."}, {"libjpeg-turbo", "2."}, {"openjpeg", "2."}, {"libtiff", "4."}};
  const auto libraries = slide_libraries();
  ASSERT_EQ(libraries.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(libraries[i].first, wanted[i].first);
    EXPECT_EQ(libraries[i].second.rfind(wanted[i].second, 0), 0U) << libraries[i].second;
  }
}

TEST(TiffLevels, AnEmptyTileIsBackgroundButALowerAperioLevelWithOneIsNotTrusted) {
  // OpenSlide fills such a tile from a finer level; we read from a finer level then
  for (const bool aperio : {false, true}) {
    TiffSlideSettings settings;
    settings.tile = {64, 64};
    settings.levels = {noise({512, 512}, 1), noise({256, 256}, 2)};
    if (aperio) settings.description = "Aperio Image Library|AppMag = 40|MPP = 0.25";
    auto directories = tiff_slide_directories(settings);
    directories[1].tiles[5].clear();
    std::string why;
    const auto slide = open_with_tiff(std::make_unique<MemoryBytes>(tiff_bytes(directories, settings.layout)), why);
    ASSERT_TRUE(slide) << why;
    EXPECT_EQ(slide->info().levels[1].trusted, !aperio);
    Bytes rgb(64 * 64 * 3);
    read_window(*slide, 1, 64, 64, {64, 64}, rgb);
    EXPECT_EQ(rgb, Bytes(64 * 64 * 3, 255));
  }
}

}  // namespace
}  // namespace microtome
