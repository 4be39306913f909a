// SPDX-License-Identifier: Apache-2.0
// Reads and writes safetensors. A weights file comes from anywhere, so every number in its header is checked before it is used.
#include "mil/weights_safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "mil/model_error.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian and is copied as it is");

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the reference implementation
constexpr const char* kMetadata = "__metadata__";

struct Dtype {
  const char* name;
  at::ScalarType type;
};
constexpr Dtype kDtypes[] = {{"F64", at::kDouble}, {"F32", at::kFloat}, {"F16", at::kHalf}, {"BF16", at::kBFloat16}, {"I64", at::kLong},
                             {"I32", at::kInt},    {"I16", at::kShort}, {"I8", at::kChar},  {"U8", at::kByte},       {"BOOL", at::kBool}};

struct StoredTensor {
  std::string name;
  at::ScalarType type = at::kFloat;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

[[noreturn]] void refuse(const fs::path& path, std::string_view wanted, std::string_view found) {
  throw ModelError(fmt::format("{}: wanted {}: {}: export or copy the file again", path.string(), wanted, found));
}

json parse_header(const fs::path& path, const std::string& text) {
  std::set<std::string> names;
  const auto note_names = [&](int depth, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::key && depth == 1 && !names.insert(parsed.get<std::string>()).second)
      refuse(path, "each tensor once", fmt::format("'{}' is listed twice", parsed.get<std::string>()));
    return true;
  };
  try {
    return json::parse(text, note_names);
  } catch (const json::exception& e) {
    refuse(path, "a safetensors header in JSON", e.what());
  }
}

std::uint64_t read_count(const fs::path& path, const std::string& name, const json& number) {
  if (!number.is_number_unsigned() || number.get<std::uint64_t>() > std::uint64_t(std::numeric_limits<std::int64_t>::max()))
    refuse(path, fmt::format("whole numbers from 0 on in shape and data_offsets of '{}'", name), fmt::format("found {}", number.dump()));
  return number.get<std::uint64_t>();
}

/// The member `key` of an entry, which must be an array.
const json& array_of(const fs::path& path, const std::string& name, const json& fields, const char* key) {
  if (!fields.is_object() || !fields.contains(key) || !fields[key].is_array())
    refuse(path, fmt::format("an array '{}' for tensor '{}'", key, name), "it is missing");
  return fields[key];
}

at::ScalarType dtype_of(const fs::path& path, const std::string& name, const json& fields) {
  const std::string found = fields.contains("dtype") && fields["dtype"].is_string() ? fields["dtype"].get<std::string>() : "none";
  for (const Dtype& dtype : kDtypes)
    if (found == dtype.name) return dtype.type;
  refuse(path, fmt::format("a known dtype for tensor '{}'", name), fmt::format("found '{}'", found));
}

/// shape x itemsize, refused on overflow. A dimension of 0 counts as 1 here, because torch multiplies strides that way too.
std::uint64_t bytes_of(const fs::path& path, const StoredTensor& entry) {
  std::int64_t bytes = static_cast<std::int64_t>(c10::elementSize(entry.type));
  for (const std::int64_t dim : entry.shape)
    if (__builtin_mul_overflow(bytes, std::max<std::int64_t>(dim, 1), &bytes))
      refuse(path, fmt::format("a shape that fits into memory for tensor '{}'", entry.name), "its product overflows 64 bits");
  const bool empty = std::find(entry.shape.begin(), entry.shape.end(), 0) != entry.shape.end();
  return empty ? 0 : static_cast<std::uint64_t>(bytes);
}

StoredTensor read_entry(const fs::path& path, const std::string& name, const json& fields, std::uint64_t data_bytes) {
  StoredTensor entry{name, at::kFloat, {}, 0, 0};
  const json& offsets = array_of(path, name, fields, "data_offsets");
  for (const json& dim : array_of(path, name, fields, "shape"))
    entry.shape.push_back(static_cast<std::int64_t>(read_count(path, name, dim)));
  entry.type = dtype_of(path, name, fields);
  if (offsets.size() != 2) refuse(path, fmt::format("two data_offsets for tensor '{}'", name), fmt::format("found {}", offsets.size()));
  entry.begin = read_count(path, name, offsets[0]);
  entry.end = read_count(path, name, offsets[1]);
  if (entry.begin > entry.end || entry.end > data_bytes)
    refuse(path, fmt::format("data_offsets of tensor '{}' inside {} bytes of data", name, data_bytes),
           fmt::format("found {} to {}", entry.begin, entry.end));
  if (const std::uint64_t bytes = bytes_of(path, entry); bytes != entry.end - entry.begin)
    refuse(path, fmt::format("{} bytes for the shape of tensor '{}'", bytes, name), fmt::format("found {}", entry.end - entry.begin));
  return entry;
}

/// The spans must tile the data: a gap could hide bytes, an overlap could make two tensors one.
void check_contiguous(const fs::path& path, std::vector<StoredTensor>& entries, std::uint64_t data_bytes) {
  std::sort(entries.begin(), entries.end(),
            [](const StoredTensor& a, const StoredTensor& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  std::uint64_t next = 0;
  for (const StoredTensor& entry : entries) {
    if (entry.begin != next)
      refuse(path, fmt::format("tensor '{}' to begin at byte {}, where the one before it ends", entry.name, next),
             fmt::format("it begins at {}", entry.begin));
    next = entry.end;
  }
  if (next != data_bytes) refuse(path, fmt::format("{} bytes of data", next), fmt::format("the file holds {}", data_bytes));
}

std::string read_header(const fs::path& path, std::ifstream& file, std::uint64_t file_bytes) {
  std::uint64_t length = 0;
  if (file_bytes < kLengthBytes || !file.read(reinterpret_cast<char*>(&length), kLengthBytes))
    refuse(path, "a safetensors file", fmt::format("it has only {} bytes", file_bytes));
  if (length > kMaxHeaderBytes || length > file_bytes - kLengthBytes)
    refuse(path, fmt::format("a header inside the file of {} bytes", file_bytes), fmt::format("its header claims {} bytes", length));
  std::string text(length, '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(length)))
    refuse(path, fmt::format("{} bytes of header", length), "the read failed");
  return text;
}

std::vector<StoredTensor> read_entries(const fs::path& path, std::ifstream& file, std::uint64_t file_bytes) {
  const std::string text = read_header(path, file, file_bytes);
  const std::uint64_t data_bytes = file_bytes - kLengthBytes - text.size();
  const json header = parse_header(path, text);
  if (!header.is_object()) refuse(path, "a safetensors header that is a JSON object", "it is something else");
  std::vector<StoredTensor> entries;
  for (const auto& [name, fields] : header.items())
    if (name != kMetadata) entries.push_back(read_entry(path, name, fields, data_bytes));
  check_contiguous(path, entries, data_bytes);
  return entries;
}

const char* name_of(const fs::path& path, const std::string& name, const at::Tensor& tensor) {
  for (const Dtype& dtype : kDtypes)
    if (tensor.scalar_type() == dtype.type) return dtype.name;
  throw ModelError(fmt::format("{}: wanted a dtype that safetensors has for tensor '{}': found {}: convert it first", path.string(), name,
                               c10::toString(tensor.scalar_type())));
}

/// Wide items first, then by name: every span stays aligned to its item, which readers that map the file rely on.
std::vector<std::pair<std::string, at::Tensor>> in_file_order(const NamedTensors& tensors) {
  std::vector<std::pair<std::string, at::Tensor>> ordered;
  for (const auto& [name, tensor] : tensors) ordered.emplace_back(name, tensor.detach().cpu().contiguous());
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.second.itemsize() > b.second.itemsize(); });
  return ordered;
}

std::string header_text(const fs::path& path, const std::vector<std::pair<std::string, at::Tensor>>& ordered,
                        const std::map<std::string, std::string>& metadata) {
  json header = json::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : ordered) {
    const std::uint64_t end = offset + tensor.nbytes();
    header[name] = {{"dtype", name_of(path, name, tensor)}, {"shape", tensor.sizes().vec()}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the format allows spaces, and so the data starts aligned
  return text;
}

}  // namespace

NamedTensors read_safetensors(const fs::path& path) {
  std::error_code error;
  const std::uint64_t file_bytes = fs::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  if (error || !file)
    throw ModelError(fmt::format("{}: wanted a safetensors file: {}: check the path", path.string(),
                                 error ? error.message() : std::string("it cannot be opened")));
  NamedTensors tensors;
  for (const StoredTensor& entry : read_entries(path, file, file_bytes)) {
    at::Tensor tensor = at::empty(entry.shape, entry.type);
    if (!file.read(static_cast<char*>(tensor.data_ptr()), static_cast<std::streamsize>(entry.end - entry.begin)))
      refuse(path, fmt::format("the data of tensor '{}'", entry.name), "the read failed");
    tensors.emplace(entry.name, std::move(tensor));
  }
  return tensors;
}

void write_safetensors(const fs::path& path, const NamedTensors& tensors, const std::map<std::string, std::string>& metadata) {
  const auto ordered = in_file_order(tensors);
  const std::string text = header_text(path, ordered, metadata);
  const std::uint64_t length = text.size();
  fs::path beside = path;
  beside += ".part";
  std::ofstream file(beside, std::ios::binary);
  file.write(reinterpret_cast<const char*>(&length), kLengthBytes);
  file.write(text.data(), static_cast<std::streamsize>(length));
  for (const auto& [name, tensor] : ordered)
    file.write(static_cast<const char*>(tensor.data_ptr()), static_cast<std::streamsize>(tensor.nbytes()));
  file.close();
  std::error_code error;
  if (file) fs::rename(beside, path, error);
  if (file && !error) return;
  std::error_code ignored;
  fs::remove(beside, ignored);
  throw ModelError(fmt::format("{}: wanted to write {} tensors: the file could not be written whole: check the folder and free space",
                               path.string(), tensors.size()));
}

}  // namespace microtome
