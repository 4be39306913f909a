// SPDX-License-Identifier: Apache-2.0
// Header, tiles, then directory after directory, each followed by the values that do not fit into its entries. TIFF 6.0 and BigTIFF.
#include "tests/support/tiff_bytes.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace microtome {
namespace {

std::size_t bytes_of(TiffType type) {
  switch (type) {
    case TiffType::short_:
      return 2;
    case TiffType::long_:
    case TiffType::rational:  // of each of its two numbers
      return 4;
    case TiffType::long8:
      return 8;
    default:
      return 1;
  }
}

class Writer {
 public:
  explicit Writer(const TiffLayout& layout) : layout_(layout) {
    put(layout_.big_endian ? 0x4d4d : 0x4949, 2);
    put(layout_.big ? 43 : 42, 2);
    if (layout_.big) put(8, 2), put(0, 2);
    next_at_ = out_.size();
    put(0, word());
  }

  void add(const TiffDirectory& directory) {
    std::map<std::uint16_t, TiffField> fields = directory.fields;
    if (!directory.tiles.empty()) {
      TiffField offsets{place_type(), {}}, counts{place_type(), {}};
      for (const Bytes& tile : directory.tiles) {
        offsets.values.push_back(tile.empty() ? 0 : out_.size());
        counts.values.push_back(tile.size());
        out_.insert(out_.end(), tile.begin(), tile.end());
      }
      if (directory.lie) directory.lie(offsets.values, counts.values);
      fields.emplace(tiff_tag::kTileOffsets, offsets);
      fields.emplace(tiff_tag::kTileByteCounts, counts);
    }
    out_.resize((out_.size() + 7) / 8 * 8);
    directories_.push_back(out_.size());
    patch(next_at_, out_.size());
    put(fields.size(), layout_.big ? 8 : 2);
    const std::size_t entries = out_.size(), entry = layout_.big ? 20 : 12;
    out_.resize(entries + fields.size() * entry);
    next_at_ = out_.size();
    put(0, word());
    std::size_t at = entries;
    for (const auto& [tag, field] : fields) write_entry(at, tag, field), at += entry;
  }

  Bytes finish() {
    if (layout_.after_last >= 0) patch(next_at_, directories_.at(layout_.after_last));
    return std::move(out_);
  }

 private:
  std::size_t word() const { return layout_.big ? 8 : 4; }
  TiffType place_type() const { return layout_.big ? TiffType::long8 : TiffType::long_; }

  void append(Bytes& to, std::uint64_t value, std::size_t bytes) const {
    for (std::size_t i = 0; i < bytes; ++i) to.push_back(static_cast<std::uint8_t>(value >> 8 * (layout_.big_endian ? bytes - 1 - i : i)));
  }
  void put(std::uint64_t value, std::size_t bytes) { append(out_, value, bytes); }
  void patch(std::size_t at, std::uint64_t value) { overwrite(at, value, word()); }
  void overwrite(std::size_t at, std::uint64_t value, std::size_t bytes) {
    Bytes encoded;
    append(encoded, value, bytes);
    std::copy(encoded.begin(), encoded.end(), out_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  void write_entry(std::size_t at, std::uint16_t tag, const TiffField& field) {
    const std::uint64_t count = field.values.size() / (field.type == TiffType::rational ? 2 : 1);
    overwrite(at, tag, 2);
    overwrite(at + 2, static_cast<std::uint64_t>(field.type), 2);
    overwrite(at + 4, count, word());
    Bytes values;
    for (const std::uint64_t value : field.values) append(values, value, bytes_of(field.type));
    const std::size_t value_at = at + 4 + word();
    if (values.size() <= word()) {
      std::copy(values.begin(), values.end(), out_.begin() + static_cast<std::ptrdiff_t>(value_at));
      return;
    }
    out_.resize((out_.size() + 1) / 2 * 2);
    patch(value_at, out_.size());
    out_.insert(out_.end(), values.begin(), values.end());
  }

  TiffLayout layout_;
  Bytes out_;
  std::vector<std::size_t> directories_;
  std::size_t next_at_ = 0;
};

}  // namespace

void TiffDirectory::set_text(std::uint16_t tag, const std::string& text) {
  TiffField field{TiffType::ascii, {}};
  for (const char c : text) field.values.push_back(static_cast<std::uint8_t>(c));
  field.values.push_back(0);
  fields[tag] = field;
}

Bytes tiff_bytes(const std::vector<TiffDirectory>& directories, const TiffLayout& layout) {
  Writer writer(layout);
  for (const TiffDirectory& directory : directories) writer.add(directory);
  return writer.finish();
}

void write_bytes(const std::filesystem::path& path, const Bytes& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw std::runtime_error("cannot write a file for a test");
}

std::int64_t MemoryBytes::read(std::int64_t offset, std::span<std::uint8_t> bytes) const {
  if (offset < 0 || offset >= size()) return 0;
  const std::int64_t n = std::min<std::int64_t>(size() - offset, static_cast<std::int64_t>(bytes.size()));
  std::copy_n(bytes_.begin() + offset, n, bytes.begin());
  return n;
}

}  // namespace microtome
