// SPDX-License-Identifier: Apache-2.0
#include "tiling/tiff/stored_tiles.h"

#include <fmt/format.h>

#include <algorithm>

namespace microtome {
namespace {

// Reading a gap costs less than asking again, up to about here (a disk: its seek; a network: its round trip).
constexpr std::int64_t kWorthReading = 64 << 10;
constexpr std::int64_t kMostAtOnce = 8 << 20;

// Where a tile's bytes lie in the file.
struct Place {
  std::uint64_t tile;
  std::int64_t offset, size;
};

// Bytes of one image's tiles, sorted by tile.
class FetchedTiles : public StoredBytes {
 public:
  explicit FetchedTiles(const TiffImage& image) : image_(&image) {}

  std::span<const std::uint8_t> find(const TiffImage& image, std::uint64_t tile) const {
    if (&image != image_) return {};
    const auto found =
        std::lower_bound(pieces.begin(), pieces.end(), tile, [](const Piece& piece, std::uint64_t t) { return piece.tile < t; });
    if (found == pieces.end() || found->tile != tile) return {};
    return std::span(bytes).subspan(found->begin, found->size);
  }

  struct Piece {
    std::uint64_t tile;
    std::size_t begin, size;
  };
  std::vector<Piece> pieces;
  std::vector<std::uint8_t> bytes;

 private:
  const TiffImage* image_;
};

// More than the worst any codec makes of a tile; a larger count is a lie.
std::uint64_t most_bytes(const TiffImage& image) { return static_cast<std::uint64_t>(image.tile.width * image.tile.height) * 8 + 65536; }

std::string complaint(const ByteSource& bytes, const TiffImage& image, std::uint64_t tile) {
  const std::uint64_t offset = image.offsets[tile], count = image.byte_counts[tile];
  if (count > most_bytes(image)) return fmt::format("it claims {} bytes, more than a tile can have", count);
  const auto size = static_cast<std::uint64_t>(bytes.size());
  if (offset > size || count > size - offset) return "its bytes lie past the end of the file";
  return {};
}

// Reads `run` of places, which follow each other closely, at the end of `out`.
void read_run(const ByteSource& bytes, std::span<const Place> run, FetchedTiles& out) {
  const std::int64_t begin = run.front().offset, end = run.back().offset + run.back().size;
  const std::size_t base = out.bytes.size();
  out.bytes.resize(base + static_cast<std::size_t>(end - begin));
  const std::int64_t got = bytes.read(begin, std::span(out.bytes).subspan(base));
  for (const Place& place : run) {
    if (place.offset + place.size - begin > got) continue;
    out.pieces.push_back({place.tile, base + static_cast<std::size_t>(place.offset - begin), static_cast<std::size_t>(place.size)});
  }
}

std::vector<std::span<const Place>> runs_of(std::span<const Place> places) {
  std::vector<std::span<const Place>> runs;
  std::size_t first = 0;
  for (std::size_t i = 1; i <= places.size(); ++i) {
    const bool ends = i == places.size() || places[i].offset - (places[i - 1].offset + places[i - 1].size) > kWorthReading ||
                      places[i].offset < places[i - 1].offset + places[i - 1].size ||
                      places[i].offset + places[i].size - places[first].offset > kMostAtOnce;
    if (!ends) continue;
    runs.push_back(places.subspan(first, i - first));
    first = i;
  }
  return runs;
}

}  // namespace

bool is_sparse(const TiffImage& image, std::uint64_t tile) { return image.byte_counts[tile] == 0; }

std::span<const std::uint8_t> stored_tile(const ByteSource& bytes, const TiffImage& image, std::uint64_t tile, const StoredBytes* fetched,
                                          std::vector<std::uint8_t>& buffer, std::string& error) {
  if (const auto* ours = dynamic_cast<const FetchedTiles*>(fetched)) {
    if (const auto found = ours->find(image, tile); !found.empty()) return found;
  }
  error = complaint(bytes, image, tile);
  if (!error.empty()) return {};
  const auto count = static_cast<std::size_t>(image.byte_counts[tile]);
  if (buffer.size() < count) buffer.resize(count);
  const std::span<std::uint8_t> target(buffer.data(), count);
  if (bytes.read(static_cast<std::int64_t>(image.offsets[tile]), target) != static_cast<std::int64_t>(count))
    error = "the storage does not give its bytes";
  return target;
}

std::shared_ptr<const StoredBytes> fetch_stored_tiles(const ByteSource& bytes, const TiffImage& image,
                                                      std::span<const std::uint64_t> tiles) {
  std::vector<Place> places;
  for (const std::uint64_t tile : tiles) {
    if (is_sparse(image, tile) || !complaint(bytes, image, tile).empty()) continue;
    places.push_back({tile, static_cast<std::int64_t>(image.offsets[tile]), static_cast<std::int64_t>(image.byte_counts[tile])});
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.offset < b.offset; });
  auto out = std::make_shared<FetchedTiles>(image);
  const auto runs = runs_of(places);
  std::int64_t total = 0;
  for (const auto& run : runs) {
    const std::int64_t size = run.back().offset + run.back().size - run.front().offset;
    bytes.will_need(run.front().offset, size);
    total += size;
  }
  out->bytes.reserve(static_cast<std::size_t>(total));
  for (const auto& run : runs) read_run(bytes, run, *out);
  std::sort(out->pieces.begin(), out->pieces.end(), [](const auto& a, const auto& b) { return a.tile < b.tile; });
  return out;
}

}  // namespace microtome
