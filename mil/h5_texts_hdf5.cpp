// SPDX-License-Identifier: Apache-2.0
// Reading texts of fixed and variable length, and refusing what is not UTF-8.
#include <hdf5.h>

#include <algorithm>

#include "mil/h5_reading.h"

namespace microtome {

namespace {

// Ids end in JSON documents, which know nothing but UTF-8.
bool is_utf8(const std::string& text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const std::size_t length = first < 0x80                    ? 1
                               : first >= 0xc2 && first < 0xe0 ? 2
                               : first >= 0xe0 && first < 0xf0 ? 3
                               : first >= 0xf0 && first < 0xf5 ? 4
                                                               : 0;
    if (length == 0 || i + length > text.size()) return false;
    char32_t point = length == 1 ? first : first & (0xffU >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0U) != 0x80U) return false;
      point = (point << 6) | (next & 0x3fU);
    }
    const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    if (overlong || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
    i += length;
  }
  return true;
}

std::vector<std::string> read_variable_texts(const H5Handle& type, const H5Handle& space, std::size_t count, const H5Transfer& transfer,
                                             const std::string& wanted) {
  std::vector<char*> pointers(count, nullptr);
  check_h5(transfer(type.id(), pointers.data()), wanted);
  std::vector<std::string> texts(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (pointers[i] != nullptr) texts[i] = pointers[i];
  }
  check_h5(H5Dvlen_reclaim(type.id(), space.id(), H5P_DEFAULT, pointers.data()), wanted);
  return texts;
}

std::vector<std::string> read_fixed_texts(const H5Handle& type, std::size_t count, const H5Transfer& transfer, const std::string& wanted) {
  const std::size_t width = H5Tget_size(type.id());
  std::vector<char> bytes(count * width);
  check_h5(transfer(type.id(), bytes.data()), wanted);
  std::vector<std::string> texts(count);
  for (std::size_t i = 0; i < count; ++i) {
    texts[i].assign(bytes.data() + i * width, width);
    texts[i].erase(std::min(texts[i].find('\0'), width));
    while (H5Tget_strpad(type.id()) == H5T_STR_SPACEPAD && !texts[i].empty() && texts[i].back() == ' ') texts[i].pop_back();
  }
  return texts;
}

}  // namespace

std::vector<std::string> read_h5_texts(const H5Handle& type, const H5Handle& space, std::size_t count, const H5Transfer& transfer,
                                       const std::string& wanted) {
  if (h5_class_of(type) != H5Class::text) throw H5Fault(wanted, "it does not hold text");
  if (count == 0) return {};
  const bool variable = H5Tis_variable_str(type.id()) > 0;
  std::vector<std::string> texts =
      variable ? read_variable_texts(type, space, count, transfer, wanted) : read_fixed_texts(type, count, transfer, wanted);
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_utf8(texts[i]))
      throw H5Fault(wanted, "the text at position " + std::to_string(i) + " is not UTF-8", "write the file again with UTF-8 texts");
  }
  return texts;
}

std::vector<std::string> H5Node::texts() const {
  const std::string wanted = "read " + name_;
  shape();
  const H5Handle type(H5Dget_type(id()), H5Tclose, wanted);
  const H5Handle space(H5Dget_space(id()), H5Sclose, wanted);
  const std::size_t count = h5_readable_count(*this, type, wanted);
  const auto transfer = [this](std::int64_t memory_type, void* memory) {
    return H5Dread(id(), memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, memory);
  };
  return read_h5_texts(type, space, count, transfer, wanted);
}

}  // namespace microtome
