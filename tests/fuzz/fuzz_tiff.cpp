// SPDX-License-Identifier: Apache-2.0
// A libFuzzer target: the input is a TIFF; its directories are read, it is opened, and windows of its levels are decoded, together and
// apart. Nothing may crash, nothing may take more memory than the limit that libFuzzer is given, and the same question has one answer.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "tiling/readers.h"
#include "tiling/tiff/tiff_directory.h"

namespace microtome {
namespace {

constexpr int kMostLevels = 4;
constexpr std::int64_t kSide = 48;

class Input : public ByteSource {
 public:
  explicit Input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  std::int64_t size() const override { return static_cast<std::int64_t>(bytes_.size()); }
  std::int64_t read(std::int64_t offset, std::span<std::uint8_t> target) const override {
    if (offset < 0 || offset >= size()) return 0;
    const std::int64_t n = std::min<std::int64_t>(size() - offset, static_cast<std::int64_t>(target.size()));
    std::memcpy(target.data(), bytes_.data() + offset, static_cast<std::size_t>(n));
    return n;
  }
  void will_need(std::int64_t, std::int64_t) const override {}

 private:
  std::span<const std::uint8_t> bytes_;
};

struct Tile {
  LevelWindow window;
  std::vector<std::uint8_t> rgb = std::vector<std::uint8_t>(kSide * kSide * 3, 0xa5);
  Tile(std::int64_t x, std::int64_t y) {
    window.x = x;
    window.y = y;
    window.size = {kSide, kSide};
    window.rgb = rgb.data();
    window.row_bytes = kSide * 3;
  }
  Tile(Tile&&) = default;  // the vector's bytes stay where they are
};

// Corners, seams and the far end, partly outside.
std::vector<Tile> tiles_of(const Level& level) {
  std::vector<Tile> tiles;
  tiles.emplace_back(0, 0);
  tiles.emplace_back(-kSide / 2, level.size.height / 2);
  tiles.emplace_back(level.tile.width - 7, level.tile.height - 5);
  tiles.emplace_back(level.size.width - 11, level.size.height - kSide);
  return tiles;
}

void require(bool condition) {
  if (!condition) std::abort();
}

void read_level(const Slide& slide, int level) {
  std::vector<Tile> together = tiles_of(slide.info().levels[level]);
  std::vector<LevelWindow> windows;
  for (const Tile& tile : together) windows.push_back(tile.window);
  const auto fetched = slide.fetch(level, windows);
  slide.read(level, windows, fetched.get());
  std::vector<Tile> alone = tiles_of(slide.info().levels[level]);
  for (std::size_t i = 0; i < alone.size(); ++i) {
    slide.read(level, {&alone[i].window, 1}, nullptr);
    require(alone[i].window.error.empty() == windows[i].error.empty());
    require(!windows[i].error.empty() || alone[i].rgb == together[i].rgb);
  }
}

}  // namespace
}  // namespace microtome

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace microtome;
  const std::span<const std::uint8_t> bytes(data, size);
  std::string why_not;
  const auto slide = open_with_tiff(std::make_unique<Input>(bytes), why_not);
  require((slide == nullptr) == !read_tiff_file(Input(bytes)).why_not.empty());
  if (!slide) return 0;
  const auto& levels = slide->info().levels;
  require(!levels.empty());
  // the first, and the last, which are reduced ones where there are any
  for (int i = 0; i < std::min<int>(kMostLevels, static_cast<int>(levels.size())); ++i) {
    const int level = i % 2 ? static_cast<int>(levels.size()) - 1 - i / 2 : i / 2;
    read_level(*slide, level);
  }
  return 0;
}
