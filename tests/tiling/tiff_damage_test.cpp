// SPDX-License-Identifier: Apache-2.0
// Learn here what our TIFF reader makes of files that are damaged or lie: a sentence instead of a slide, or a window with an error beside
// windows that are right; never invented pixels, never a crash, never more memory than the file can justify.
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <functional>

#include "tests/support/tiff_formats.h"
#include "tests/support/tile_encoder.h"
#include "tiling/readers.h"

namespace microtome {
namespace {

using namespace tiff_tag;

constexpr int kTile = 128, kAcross = 3, kTiles = 9, kMiddle = 4;

// The most memory that this process has had.
std::int64_t peak_kib() {
  struct rusage use {};
  getrusage(RUSAGE_SELF, &use);
  return use.ru_maxrss;
}

constexpr std::int64_t kLittle = 400 << 10;  // KiB; what a sanitizer keeps of freed memory included

const std::vector<TiffSlideLevel>& levels() {
  static const std::vector<TiffSlideLevel> kLevels = tissue_pyramid({{kTile * kAcross, kTile * kAcross}});
  return kLevels;
}

// One level of nine tiles.
std::vector<TiffDirectory> slide_of(const std::string& format) { return tiff_slide_directories(tiff_format(format, levels())); }

struct Opened {
  std::unique_ptr<Slide> slide;
  std::string why_not;
};

Opened open_bytes(Bytes bytes) {
  Opened opened;
  opened.slide = open_with_tiff(std::make_unique<MemoryBytes>(std::move(bytes)), opened.why_not);
  return opened;
}

Opened open_directories(const std::vector<TiffDirectory>& directories, const TiffLayout& layout = {}) {
  return open_bytes(tiff_bytes(directories, layout));
}

// The nine tiles of a level, each a window of one call.
struct Answer {
  std::array<Bytes, kTiles> rgb;
  std::array<std::string, kTiles> error;
};

Answer read_tiles(const Slide& slide, int level = 0) {
  const std::int64_t side = kTile >> slide.info().levels[level].reduction;
  Answer answer;
  std::array<LevelWindow, kTiles> windows;
  for (int i = 0; i < kTiles; ++i) {
    answer.rgb[i].resize(side * side * 3);
    windows[i].x = i % kAcross * side;
    windows[i].y = i / kAcross * side;
    windows[i].size = {side, side};
    windows[i].rgb = answer.rgb[i].data();
    windows[i].row_bytes = side * 3;
  }
  slide.read(level, windows, nullptr);
  for (int i = 0; i < kTiles; ++i) answer.error[i] = windows[i].error;
  return answer;
}

Answer undamaged(const std::string& format) { return read_tiles(*open_directories(slide_of(format)).slide); }

void expect_right_but(const Answer& answer, const Answer& wanted, const std::vector<int>& bad, const std::string& what) {
  for (int i = 0; i < kTiles; ++i) {
    if (std::find(bad.begin(), bad.end(), i) != bad.end()) {
      EXPECT_EQ(answer.error[i].rfind("read the stored tile at level-0 (", 0), 0u) << what << ", tile " << i << ": " << answer.error[i];
      EXPECT_NE(answer.error[i].find(": the file is damaged there, copy it again from its source"), std::string::npos) << answer.error[i];
    } else {
      EXPECT_EQ(answer.error[i], "") << what << ", tile " << i;
      EXPECT_TRUE(answer.rgb[i] == wanted.rgb[i]) << what << ", tile " << i;
    }
  }
}

// Changes the stored middle tile; it alone must fail, at the full resolution and wherever the codec reduces.
void expect_middle_fails(const std::string& format, const std::string& what, const std::function<void(Bytes&)>& change) {
  auto directories = slide_of(format);
  change(directories[0].tiles[kMiddle]);
  const Opened opened = open_directories(directories);
  ASSERT_TRUE(opened.slide) << what << ": " << opened.why_not;
  const Opened whole = open_directories(slide_of(format));
  for (int level = 0; level < static_cast<int>(opened.slide->info().levels.size()); ++level) {
    expect_right_but(read_tiles(*opened.slide, level), read_tiles(*whole.slide, level), {kMiddle}, format + ": " + what);
  }
}

const std::vector<std::string> kCompressed = {
    "jpeg_420", "jpeg_complete_streams", "jpeg_restart_markers", "jpeg_rgb", "jpeg_grey", "aperio_33003", "aperio_33005", "deflate", "lzw"};

TEST(TiffDamage, ATileOfZerosOrNoiseOrHalfItsBytesFailsAlone) {
  for (const std::string& format : kCompressed) {
    expect_middle_fails(format, "zeros", [](Bytes& tile) { std::fill(tile.begin(), tile.end(), 0); });
    expect_middle_fails(format, "255", [](Bytes& tile) { std::fill(tile.begin(), tile.end(), 255); });
    expect_middle_fails(format, "half", [](Bytes& tile) { tile.resize(tile.size() / 2); });
    expect_middle_fails(format, "one byte", [](Bytes& tile) { tile.resize(1); });
    expect_middle_fails(format, "zeros from the middle on", [](Bytes& tile) { std::fill(tile.begin() + tile.size() / 2, tile.end(), 0); });
  }
}

TEST(TiffDamage, AJpegThatIsNotTheTileThatTheFileSaysFails) {
  const auto encoded = [](Size size, int samples, bool with_tables) {
    return [=](Bytes& tile) {
      tile = encode_jpeg_tile({size, samples, Bytes(size.width * size.height * samples, 90)}, JpegTileSettings{}, with_tables);
    };
  };
  expect_middle_fails("jpeg_420", "smaller", encoded({64, 64}, 3, true));
  expect_middle_fails("jpeg_420", "larger", encoded({4096, 4096}, 3, true));
  expect_middle_fails("jpeg_420", "grey", encoded({kTile, kTile}, 1, true));
  expect_middle_fails("jpeg_420", "four colours", encoded({kTile, kTile}, 4, true));
  expect_middle_fails("jpeg_grey", "three colours", encoded({kTile, kTile}, 3, true));
  expect_middle_fails("jpeg_complete_streams", "no tables", encoded({kTile, kTile}, 3, false));
}

TEST(TiffDamage, AJpeg2000ThatIsNotTheTileThatTheFileSaysFails) {
  for (const Size size : {Size{64, 64}, {256, 256}, {128, 100}}) {
    const TilePixels pixels{size, 3, Bytes(size.width * size.height * 3, 90)};
    expect_middle_fails("aperio_33005", "another size", [&](Bytes& tile) { tile = encode_jpeg2000_tile(pixels, {}, false); });
  }
  const std::int64_t before = peak_kib();
  // a stream of this size would need gigabytes before it shows that its data end
  expect_middle_fails("aperio_33005", "a claim of 60,000 x 60,000", [](Bytes& tile) {
    // SIZ: marker, length, capabilities, then width and height of the image, its offset, width and height of the tile
    for (const int at : {8, 12, 24, 28}) tile[at] = 0, tile[at + 1] = 0, tile[at + 2] = 0xea, tile[at + 3] = 0x60;
  });
  EXPECT_LT(peak_kib() - before, kLittle);
}

TEST(TiffDamage, MissingOrWrongSharedTablesFailEveryTileThatNeedsThem) {
  const Answer wanted = undamaged("jpeg_420");
  const std::vector<int> all{0, 1, 2, 3, 4, 5, 6, 7, 8};
  auto directories = slide_of("jpeg_420");
  directories[0].fields.erase(kJpegTables);
  Opened opened = open_directories(directories);
  if (opened.slide) expect_right_but(read_tiles(*opened.slide), wanted, all, "missing");
  EXPECT_TRUE(opened.slide || !opened.why_not.empty());

  directories = slide_of("jpeg_420");
  auto& tables = directories[0].fields[kJpegTables].values;
  std::fill(tables.begin() + 2, tables.end(), 0);
  opened = open_directories(directories);
  ASSERT_TRUE(opened.slide) << opened.why_not;
  expect_right_but(read_tiles(*opened.slide), wanted, all, "zeros");
}

TEST(TiffDamage, ATileWithoutTablesNeverBorrowsThoseOfTheTileBefore) {
  auto directories = slide_of("jpeg_complete_streams");
  const TiffSlideSettings settings = tiff_format("jpeg_420", levels());
  directories[0].tiles[kMiddle] = tiff_slide_directories(settings)[0].tiles[kMiddle];
  const Opened opened = open_directories(directories);
  ASSERT_TRUE(opened.slide);
  expect_right_but(read_tiles(*opened.slide), undamaged("jpeg_complete_streams"), {kMiddle}, "no tables of its own");
}

TEST(TiffDamage, LyingPlacesFailTheTilesTheyAreAbout) {
  using Places = std::vector<std::uint64_t>;
  const auto check = [](const char* what, std::vector<int> bad, std::function<void(Places&, Places&)> lie) {
    for (const char* format : {"jpeg_420", "aperio_33005", "deflate", "uncompressed"}) {
      auto directories = slide_of(format);
      directories[0].lie = lie;
      const Opened opened = open_directories(directories);
      ASSERT_TRUE(opened.slide) << what << ": " << opened.why_not;
      expect_right_but(read_tiles(*opened.slide), undamaged(format), bad, std::string(format) + ", " + what);
    }
  };
  check("offset past the end", {2}, [](Places& offsets, Places&) { offsets[2] = 0xfffffff0; });
  check("offset just past the end", {2}, [](Places& offsets, Places&) { offsets[2] += 100 << 20; });
  check("count of gigabytes", {2}, [](Places&, Places& counts) { counts[2] = 0xffffffff; });
  check("count past the end", {8}, [](Places&, Places& counts) { counts[8] += 100000; });
  check("count too small", {2}, [](Places&, Places& counts) { counts[2] -= 100; });
  check("count of one", {2}, [](Places&, Places& counts) { counts[2] = 1; });
  // more bytes than the tile has are no harm: what follows it is not looked at
  check("count a little too large", {}, [](Places&, Places& counts) { counts[2] += 40; });
  check("fewer offsets than tiles", {6, 7, 8}, [](Places& offsets, Places&) { offsets.resize(6); });
  check("fewer counts than tiles", {6, 7, 8}, [](Places&, Places& counts) { counts.resize(6); });
  check("no offsets", {0, 1, 2, 3, 4, 5, 6, 7, 8}, [](Places& offsets, Places&) { offsets.clear(); });
}

TEST(TiffDamage, APlaceOfAnotherTileIsNotNoticedForNoFormatSaysWhichTileItIs) {
  auto directories = slide_of("jpeg_420");
  directories[0].lie = [](auto& offsets, auto& counts) { offsets[2] = offsets[3], counts[2] = counts[3]; };
  const Answer answer = read_tiles(*open_directories(directories).slide);
  EXPECT_TRUE(answer.rgb[2] == answer.rgb[3]);
}

TEST(TiffDamage, DeflatedBytesOfMoreOrLessThanATileAreAnError) {
  for (const std::int64_t rows : {kTile - 16, kTile + 16}) {
    expect_middle_fails("deflate", "other rows", [&](Bytes& tile) {
      tile = encode_tiff_tile({{kTile, rows}, 3, Bytes(kTile * rows * 3, 90)}, TiffCodec::deflate, false);
    });
  }
}

// The sentence for a directory with other fields.
std::string refusal(const std::function<void(TiffDirectory&)>& change, const TiffLayout& layout = {}) {
  auto directories = slide_of("deflate");
  change(directories[0]);
  const Opened opened = open_directories(directories, layout);
  return opened.slide ? "opened" : opened.why_not;
}

std::function<void(TiffDirectory&)> with(std::uint16_t tag, std::uint64_t value) {
  return [=](TiffDirectory& directory) { directory.set(tag, TiffType::long_, {value}); };
}

TEST(TiffDamage, AbsurdSizesAreRefusedInASentence) {
  for (const std::uint64_t side : {1000000000ull, 2147483648ull, 4294967295ull}) {
    EXPECT_NE(refusal([=](TiffDirectory& d) { with(kWidth, side)(d), with(kHeight, side)(d); }), "opened") << side;
    EXPECT_NE(refusal([=](TiffDirectory& d) { with(kTileWidth, side)(d), with(kTileHeight, side)(d); }), "opened") << side;
    EXPECT_NE(refusal(with(kTileWidth, side)), "opened") << side;
  }
  for (const std::uint16_t tag : {kWidth, kHeight, kTileWidth, kTileHeight}) EXPECT_NE(refusal(with(tag, 0)), "opened") << tag;
  EXPECT_EQ(refusal(with(kTileWidth, 1 << 20)), "directory 0: it claims stored tiles of 1048576 x 128 pixels");
  for (const std::uint16_t tag : {kWidth, kHeight, kTileWidth, kTileHeight}) {
    EXPECT_NE(refusal([=](TiffDirectory& d) { d.set(tag, TiffType::long_, {}); }), "opened") << tag;
  }
}

TEST(TiffDamage, MoreTilesThanTheFileCanHoldAreRefusedBeforeTheyTakeMemory) {
  // a thousand directories of a million tiles each
  TiffDirectory directory = slide_of("deflate")[0];
  directory.tiles.resize(1);
  directory.set(kSubfileType, TiffType::long_, {1});
  with(kWidth, kTile * 1000)(directory);
  with(kHeight, kTile * 1000)(directory);
  const std::vector<TiffDirectory> directories(900, directory);
  const std::int64_t before = peak_kib();
  const Opened opened = open_directories(directories);
  EXPECT_FALSE(opened.slide);
  EXPECT_NE(opened.why_not.find("more tiles than the file can hold"), std::string::npos) << opened.why_not;
  EXPECT_LT(peak_kib() - before, kLittle);
}

TEST(TiffDamage, KindsThatAreLeftToOthersAreNamed) {
  EXPECT_EQ(refusal(with(kBits, 16)), "directory 0: its samples are not 8 bits wide");
  EXPECT_EQ(refusal(with(kPlanar, 2)), "directory 0: its colours are stored apart");
  EXPECT_EQ(refusal(with(kOrientation, 3)), "directory 0: it is stored turned");
  EXPECT_EQ(refusal(with(kPhotometric, 8)), "directory 0: its colours are stored in a way unknown here");
  EXPECT_EQ(refusal(with(kCompression, 9999)), "directory 0: its compression 9999 is unknown here");
  EXPECT_EQ(open_bytes({}).slide, nullptr);
  EXPECT_EQ(open_bytes(Bytes(1000, 7)).slide, nullptr);
}

TEST(TiffDamage, ALoopOfDirectoriesEndsInASentence) {
  for (const bool big : {false, true}) {
    auto directories = slide_of("jpeg_420");
    directories.push_back(directories[0]);
    directories[1].set(kSubfileType, TiffType::long_, {1});
    directories.push_back(directories[1]);
    for (const int to : {0, 1, 2}) {
      const Opened opened = open_directories(directories, {big, false, to});
      EXPECT_FALSE(opened.slide) << to;
      EXPECT_NE(opened.why_not, "") << to;
    }
  }
}

TEST(TiffDamage, AFileCutAnywhereIsASentenceOrErrorsBesideRightTiles) {
  for (const char* format : {"jpeg_420", "aperio_33005", "deflate"}) {
    // the directory first, so that cutting leaves it whole
    const Bytes whole = tiff_bytes(slide_of(format), {});
    const Answer wanted = undamaged(format);
    int refused = 0;
    for (int part = 0; part < 40; ++part) {
      const Opened opened = open_bytes(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(whole.size() * part / 40)));
      refused += !opened.slide;
      if (!opened.slide) continue;
      const Answer answer = read_tiles(*opened.slide);
      for (int i = 0; i < kTiles; ++i) EXPECT_TRUE(!answer.error[i].empty() || answer.rgb[i] == wanted.rgb[i]) << format << " " << part;
    }
    EXPECT_GT(refused, 30);
  }
}

TEST(TiffDamage, AFileWhoseStorageEndsEarlyGivesTheTilesThatAreThere) {
  // a file that says it is whole, and gives only its first and last bytes
  class Ending : public MemoryBytes {
   public:
    Ending(Bytes bytes, std::int64_t from, std::int64_t to) : MemoryBytes(std::move(bytes)), from_(from), to_(to) {}
    std::int64_t read(std::int64_t offset, std::span<std::uint8_t> bytes) const override {
      const std::int64_t end = offset + static_cast<std::int64_t>(bytes.size());
      if (end <= from_ || offset >= to_) return MemoryBytes::read(offset, bytes);
      return MemoryBytes::read(offset, bytes.first(static_cast<std::size_t>(std::max<std::int64_t>(0, from_ - offset))));
    }

   private:
    std::int64_t from_, to_;
  };
  auto directories = slide_of("jpeg_420");
  std::vector<std::uint64_t> places;
  directories[0].lie = [&](auto& offsets, auto&) { places = offsets; };
  Bytes bytes = tiff_bytes(directories, {});
  std::string why_not;
  const auto from = static_cast<std::int64_t>(places[5]) + 10, to = static_cast<std::int64_t>(places[8]);
  const auto slide = open_with_tiff(std::make_unique<Ending>(std::move(bytes), from, to), why_not);
  ASSERT_TRUE(slide) << why_not;
  expect_right_but(read_tiles(*slide), undamaged("jpeg_420"), {5, 6, 7}, "storage");
}

// A single byte of the middle tile is changed, five hundred times, and what became of it is counted.
struct Flips {
  int noticed = 0, without_effect = 0, unnoticed = 0;
};

std::pair<Bytes, std::string> read_middle(const Slide& slide) {
  Bytes rgb(kTile * kTile * 3);
  LevelWindow window;
  window.x = window.y = kTile;
  window.size = {kTile, kTile};
  window.rgb = rgb.data();
  window.row_bytes = kTile * 3;
  slide.read(0, {&window, 1}, nullptr);
  return {rgb, window.error};
}

Flips flip(const std::string& format, const std::function<void(const Bytes& tile, const std::string& error)>& check) {
  const auto directories = slide_of(format);
  const Bytes wanted = undamaged(format).rgb[kMiddle];
  Flips flips;
  std::uint32_t state = 12345;
  const auto random = [&state] { return state = state * 1664525u + 1013904223u, state >> 8; };
  for (int i = 0; i < 500; ++i) {
    auto damaged = directories;
    Bytes& tile = damaged[0].tiles[kMiddle];
    tile[random() % tile.size()] ^= static_cast<std::uint8_t>(1 + random() % 255);
    const auto [rgb, error] = read_middle(*open_directories(damaged).slide);
    check(tile, error);
    ++(!error.empty() ? flips.noticed : rgb == wanted ? flips.without_effect : flips.unnoticed);
  }
  std::cout << format << ": noticed " << flips.noticed << ", without effect " << flips.without_effect << ", unnoticed " << flips.unnoticed
            << '\n';
  return flips;
}

TEST(TiffDamage, OfJpegEveryByteThatLibjpegDoubtsIsAnError) {
  for (const char* format : {"jpeg_420", "jpeg_restart_markers", "jpeg_complete_streams", "jpeg_rgb"}) {
    const auto fields = slide_of(format)[0].fields;
    Bytes tables;
    if (fields.contains(kJpegTables)) tables.assign(fields.at(kJpegTables).values.begin(), fields.at(kJpegTables).values.end());
    const Flips flips = flip(format, [&](const Bytes& tile, const std::string& error) {
      EXPECT_TRUE(jpeg_warnings(tables, tile, kTile, kTile) == 0 || !error.empty()) << "libjpeg warned, and the tile was returned as good";
    });
    EXPECT_GT(flips.noticed, 200);
  }
}

TEST(TiffDamage, OtherCodecsNoticeWhatTheirLibrariesCan) {
  const auto nothing = [](const Bytes&, const std::string&) {};
  EXPECT_GT(flip("aperio_33005", nothing).noticed, 0);
  EXPECT_GT(flip("aperio_33003_422", nothing).noticed, 0);
  for (const char* format : {"deflate", "deflate_predictor"}) EXPECT_EQ(flip(format, nothing).unnoticed, 0) << "it has a checksum";
  EXPECT_GT(flip("lzw", nothing).noticed, 0);
  // nothing in stored bytes says what they should be
  EXPECT_EQ(flip("uncompressed", nothing).unnoticed, 500);
}

TEST(TiffDamage, NoByteOfTheDirectoryCanCrashTheReader) {
  for (const char* format : {"jpeg_420", "aperio_33005", "deflate", "rgb_alpha"}) {
    auto directories = slide_of(format);
    std::vector<std::uint64_t> ends;
    directories[0].lie = [&](auto& offsets, auto& counts) { ends = {offsets.back() + counts.back()}; };
    const Bytes whole = tiff_bytes(directories, {});
    std::uint32_t state = 99;
    const auto random = [&state] { return state = state * 1664525u + 1013904223u, state >> 8; };
    int opened = 0;
    for (int i = 0; i < 500; ++i) {
      Bytes bytes = whole;
      const std::size_t at = random() % 9 == 0 ? random() % 8 : ends[0] + random() % (bytes.size() - ends[0]);
      bytes[at] ^= static_cast<std::uint8_t>(1 + random() % 255);
      const Opened answer = open_bytes(bytes);
      if (!answer.slide) continue;
      ++opened;
      const Level& level = answer.slide->info().levels[0];
      std::vector<std::uint8_t> rgb(300 * 200 * 3);
      LevelWindow window;
      window.x = level.size.width - 150;
      window.y = level.size.height - 150;
      window.size = {300, 200};
      window.rgb = rgb.data();
      window.row_bytes = 900;
      answer.slide->read(0, {&window, 1}, nullptr);
    }
    EXPECT_GT(opened, 100) << format;
  }
}

}  // namespace
}  // namespace microtome
