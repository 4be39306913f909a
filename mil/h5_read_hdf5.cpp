// SPDX-License-Identifier: Apache-2.0
// Reading data sets and attributes whatever their width on disk, and refusing what cannot be read before memory is asked for.
#include <hdf5.h>

#include "mil/float16.h"
#include "mil/h5_file.h"
#include "mil/h5_reading.h"
#include "mil/h5_types.h"

namespace microtome {

namespace {

// Deflate shrinks at most 1032 to 1, so a data set that claims much more than its bytes can unfold to is damaged.
constexpr std::uint64_t largest_ratio = 2048;
constexpr std::uint64_t always_allowed = 1 << 20;

std::vector<std::uint64_t> shape_of(const H5Handle& space, const std::string& wanted) {
  const int rank = H5Sget_simple_extent_ndims(space.id());
  if (rank < 0 || H5Sget_simple_extent_type(space.id()) == H5S_NULL) throw H5Fault(wanted, "it is empty");
  std::vector<hsize_t> dims(static_cast<std::size_t>(rank));
  check_h5(H5Sget_simple_extent_dims(space.id(), dims.data(), nullptr), wanted);
  return {dims.begin(), dims.end()};
}

std::uint64_t count_of(const std::vector<std::uint64_t>& shape, const std::string& wanted) {
  std::uint64_t count = 1;
  for (const std::uint64_t side : shape) {
    if (__builtin_mul_overflow(count, side, &count)) throw H5Fault(wanted, "its shape is impossible");
  }
  return count;
}

H5Handle type_of(std::int64_t dataset, const std::string& wanted) { return H5Handle(H5Dget_type(dataset), H5Tclose, wanted); }

std::string filter_name(unsigned id, const char* stored) {
  const std::string name = stored;
  return (name.empty() ? "number" : name) + " (" + std::to_string(id) + ")";
}

void require_filters(std::int64_t dataset, const std::string& wanted) {
  const H5Handle plist(H5Dget_create_plist(dataset), H5Pclose, wanted);
  const int filters = H5Pget_nfilters(plist.id());
  for (int i = 0; i < filters; ++i) {
    unsigned flags = 0;
    unsigned config = 0;
    std::size_t values = 0;
    char name[64] = "";
    const H5Z_filter_t id = H5Pget_filter2(plist.id(), static_cast<unsigned>(i), &flags, &values, nullptr, sizeof name, name, &config);
    check_h5(id < 0 ? -1 : 0, wanted);
    if (H5Zfilter_avail(id) > 0) continue;
    throw H5Fault(wanted,
                  "it is compressed with the filter " + filter_name(static_cast<unsigned>(id), name) + ", which this HDF5 library lacks",
                  "write the file again with gzip or without compression");
  }
}

}  // namespace

H5Class h5_class_of(const H5Handle& type) {
  switch (H5Tget_class(type.id())) {
    case H5T_INTEGER:
      return H5Class::integer;
    case H5T_FLOAT:
      return H5Class::real;
    case H5T_STRING:
      return H5Class::text;
    case H5T_ENUM:
      return H5Class::boolean;
    case H5T_COMPOUND:
      return H5Class::compound;
    default:
      return H5Class::other;
  }
}

std::size_t h5_readable_count(const H5Node& node, const H5Handle& type, const std::string& wanted) {
  require_filters(node.id(), wanted);
  const std::uint64_t count = count_of(node.shape(), wanted);
  std::uint64_t bytes = 0;
  const std::uint64_t stored = H5Dget_storage_size(node.id());
  const bool overflow = __builtin_mul_overflow(count, H5Tget_size(type.id()), &bytes);
  if (overflow || bytes / largest_ratio > stored + always_allowed / largest_ratio) {
    throw H5Fault(wanted, "its shape needs more than its " + std::to_string(stored) + " stored bytes can hold");
  }
  return static_cast<std::size_t>(count);
}

namespace {

template <class Number>
std::vector<Number> read_numbers(const H5Node& node, std::int64_t memory_type, bool reals_allowed) {
  const std::string wanted = "read " + node.name();
  const H5Handle type = type_of(node.id(), wanted);
  const H5Class found = h5_class_of(type);
  if (found != H5Class::integer && found != H5Class::boolean && !(reals_allowed && found == H5Class::real)) {
    throw H5Fault(wanted, reals_allowed ? "it does not hold numbers" : "it does not hold whole numbers");
  }
  std::vector<Number> numbers(h5_readable_count(node, type, wanted));
  if (!numbers.empty()) check_h5(H5Dread(node.id(), memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers.data()), wanted);
  return numbers;
}

struct Attribute {
  H5Handle handle;
  H5Handle type;
  H5Handle space;
  std::size_t count;
  std::string wanted;
};

Attribute open_attribute(const H5Node& node, const std::string& name) {
  Attribute a{{}, {}, {}, 0, "read the attribute " + name + " of " + node.name()};
  if (!node.has_attribute(name)) throw H5Fault(a.wanted, "it is not in the file");
  a.handle = H5Handle(H5Aopen(node.id(), name.c_str(), H5P_DEFAULT), H5Aclose, a.wanted);
  a.type = H5Handle(H5Aget_type(a.handle.id()), H5Tclose, a.wanted);
  a.space = H5Handle(H5Aget_space(a.handle.id()), H5Sclose, a.wanted);
  a.count = static_cast<std::size_t>(count_of(shape_of(a.space, a.wanted), a.wanted));
  if (a.count > always_allowed) throw H5Fault(a.wanted, "its shape is impossible");
  return a;
}

Attribute open_scalar(const H5Node& node, const std::string& name) {
  Attribute a = open_attribute(node, name);
  if (a.count != 1) throw H5Fault(a.wanted, "it is not one value");
  return a;
}

}  // namespace

std::vector<std::uint64_t> H5Node::shape() const {
  const std::string wanted = "read " + name_;
  if (is_group()) throw H5Fault(wanted, "it is a group, not a data set");
  return shape_of(H5Handle(H5Dget_space(id()), H5Sclose, wanted), wanted);
}

H5Class H5Node::content() const { return is_group() ? H5Class::other : h5_class_of(type_of(id(), "read " + name_)); }

std::vector<float> H5Node::floats() const {
  shape();
  if (H5Tequal(type_of(id(), "read " + name_).id(), float16_type().id()) <= 0) return read_numbers<float>(*this, H5T_NATIVE_FLOAT, true);
  // The library's own conversion works bit by bit and takes a second for a large bag.
  const auto bits = read_numbers<std::uint16_t>(*this, float16_type().id(), true);
  std::vector<float> values(bits.size());
  for (std::size_t i = 0; i < bits.size(); ++i) values[i] = float_from_half(bits[i]);
  return values;
}

std::vector<double> H5Node::doubles() const {
  shape();
  return read_numbers<double>(*this, H5T_NATIVE_DOUBLE, true);
}

std::vector<std::int64_t> H5Node::integers() const {
  shape();
  return read_numbers<std::int64_t>(*this, H5T_NATIVE_INT64, false);
}

bool H5Node::has_attribute(const std::string& name) const { return H5Aexists(id(), name.c_str()) > 0; }

std::string H5Node::text_attribute(const std::string& name) const {
  const Attribute a = open_scalar(*this, name);
  const auto transfer = [&a](std::int64_t memory_type, void* memory) { return H5Aread(a.handle.id(), memory_type, memory); };
  return read_h5_texts(a.type, a.space, 1, transfer, a.wanted).front();
}

double H5Node::real_attribute(const std::string& name) const {
  const Attribute a = open_scalar(*this, name);
  const H5Class found = h5_class_of(a.type);
  if (found != H5Class::real && found != H5Class::integer) throw H5Fault(a.wanted, "it is not a number");
  double value = 0;
  check_h5(H5Aread(a.handle.id(), H5T_NATIVE_DOUBLE, &value), a.wanted);
  return value;
}

std::vector<std::int64_t> H5Node::integers_attribute(const std::string& name) const {
  const Attribute a = open_attribute(*this, name);
  if (h5_class_of(a.type) != H5Class::integer) throw H5Fault(a.wanted, "it is not a whole number");
  std::vector<std::int64_t> values(a.count);
  if (a.count > 0) check_h5(H5Aread(a.handle.id(), H5T_NATIVE_INT64, values.data()), a.wanted);
  return values;
}

std::int64_t H5Node::integer_attribute(const std::string& name) const {
  const std::vector<std::int64_t> values = integers_attribute(name);
  if (values.size() != 1) throw H5Fault("read the attribute " + name + " of " + name_, "it is not one value");
  return values.front();
}

}  // namespace microtome
