// SPDX-License-Identifier: Apache-2.0
// Writing data sets and attributes in the types h5py writes itself, without times, so that the same content gives the same bytes.
#include <hdf5.h>

#include "mil/h5_file.h"
#include "mil/h5_packed.h"
#include "mil/h5_types.h"

namespace microtome {

H5Handle float16_type() {
  const std::string wanted = "describe float16";
  H5Handle type(H5Tcopy(H5T_IEEE_F32LE), H5Tclose, wanted);
  check_h5(H5Tset_fields(type.id(), 15, 10, 5, 0, 10), wanted);
  check_h5(H5Tset_size(type.id(), 2), wanted);
  check_h5(H5Tset_ebias(type.id(), 15), wanted);
  return type;
}

H5Handle text_type() {
  const std::string wanted = "describe text";
  H5Handle type(H5Tcopy(H5T_C_S1), H5Tclose, wanted);
  check_h5(H5Tset_size(type.id(), H5T_VARIABLE), wanted);
  check_h5(H5Tset_cset(type.id(), H5T_CSET_UTF8), wanted);
  return type;
}

namespace {

struct Values {
  hid_t disk;
  hid_t memory;
  const void* data;
  std::size_t count;
};

H5Handle dataset_properties(const std::vector<hsize_t>& shape, H5Storage storage, const std::string& wanted) {
  H5Handle plist(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, wanted);
  check_h5(H5Pset_obj_track_times(plist.id(), false), wanted);
  if (storage.chunk_rows == 0) return plist;
  std::vector<hsize_t> chunk = shape;
  chunk[0] = storage.chunk_rows;
  check_h5(H5Pset_chunk(plist.id(), static_cast<int>(chunk.size()), chunk.data()), wanted);
  if (storage.deflate) {
    check_h5(H5Pset_shuffle(plist.id()), wanted);
    check_h5(H5Pset_deflate(plist.id(), 4), wanted);
  }
  return plist;
}

H5Handle dataspace(const std::vector<hsize_t>& shape, H5Storage storage, const std::string& wanted) {
  if (shape.empty()) return H5Handle(H5Screate(H5S_SCALAR), H5Sclose, wanted);
  std::vector<hsize_t> most = shape;
  if (storage.chunk_rows > 0) most[0] = H5S_UNLIMITED;
  return H5Handle(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), most.data()), H5Sclose, wanted);
}

H5Node write_dataset(const H5Node& group, const std::string& name, const Values& values, const std::vector<std::uint64_t>& sides,
                     H5Storage storage) {
  const std::string full = group.name_of(name);
  const std::string wanted = "write " + full;
  const std::vector<hsize_t> shape(sides.begin(), sides.end());
  std::uint64_t count = 1;
  for (const std::uint64_t side : sides) count *= side;
  if (count != values.count)
    throw H5Fault(wanted, "its shape asks for " + std::to_string(count) + " values, there are " + std::to_string(values.count));
  const H5Handle plist = dataset_properties(shape, storage, wanted);
  const H5Handle space = dataspace(shape, storage, wanted);
  H5Handle dataset(H5Dcreate2(group.id(), name.c_str(), values.disk, space.id(), H5P_DEFAULT, plist.id(), H5P_DEFAULT), H5Oclose, wanted);
  const bool as_on_disk = H5Tequal(values.disk, values.memory) > 0;
  if (count > 0 && storage.deflate && as_on_disk) {
    write_h5_packed(dataset.id(), values.data, H5Tget_size(values.disk), sides, storage.chunk_rows, wanted);
  } else if (count > 0) {
    check_h5(H5Dwrite(dataset.id(), values.memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data), wanted);
  }
  return H5Node(std::move(dataset), full);
}

void write_attribute(const H5Node& node, const std::string& name, const Values& values, bool scalar) {
  const std::string wanted = "write the attribute " + name + " of " + node.name();
  const H5Handle space = dataspace(scalar ? std::vector<hsize_t>{} : std::vector<hsize_t>{values.count}, {}, wanted);
  const H5Handle attribute(H5Acreate2(node.id(), name.c_str(), values.disk, space.id(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose, wanted);
  if (values.count > 0) check_h5(H5Awrite(attribute.id(), values.memory, values.data), wanted);
}

std::vector<const char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  pointers.reserve(texts.size());
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  return pointers;
}

}  // namespace

H5Node H5Node::create_group(const std::string& name) const {
  const std::string full = name_of(name);
  const H5Handle plist(H5Pcreate(H5P_GROUP_CREATE), H5Pclose, "create " + full);
  check_h5(H5Pset_obj_track_times(plist.id(), false), "create " + full);
  return H5Node(H5Handle(H5Gcreate2(id(), name.c_str(), H5P_DEFAULT, plist.id(), H5P_DEFAULT), H5Oclose, "create " + full), full);
}

H5Node H5Node::write(const std::string& name, std::span<const float> data, const std::vector<std::uint64_t>& shape,
                     H5Storage storage) const {
  return write_dataset(*this, name, {H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, data.data(), data.size()}, shape, storage);
}

H5Node H5Node::write(const std::string& name, std::span<const double> data, const std::vector<std::uint64_t>& shape,
                     H5Storage storage) const {
  return write_dataset(*this, name, {H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, data.data(), data.size()}, shape, storage);
}

H5Node H5Node::write(const std::string& name, std::span<const std::int64_t> data, const std::vector<std::uint64_t>& shape,
                     H5Storage storage) const {
  return write_dataset(*this, name, {H5T_STD_I64LE, H5T_NATIVE_INT64, data.data(), data.size()}, shape, storage);
}

H5Node H5Node::write(const std::string& name, std::span<const std::int32_t> data, const std::vector<std::uint64_t>& shape,
                     H5Storage storage) const {
  return write_dataset(*this, name, {H5T_STD_I32LE, H5T_NATIVE_INT32, data.data(), data.size()}, shape, storage);
}

H5Node H5Node::write_float16(const std::string& name, std::span<const std::uint16_t> bits, const std::vector<std::uint64_t>& shape,
                             H5Storage storage) const {
  const H5Handle type = float16_type();
  return write_dataset(*this, name, {type.id(), type.id(), bits.data(), bits.size()}, shape, storage);
}

H5Node H5Node::write(const std::string& name, const std::vector<std::string>& texts) const {
  const H5Handle type = text_type();
  const auto pointers = pointers_to(texts);
  return write_dataset(*this, name, {type.id(), type.id(), pointers.data(), pointers.size()}, {pointers.size()}, {});
}

H5Node H5Node::write(const std::string& name, const std::string& text) const {
  const H5Handle type = text_type();
  const char* pointer = text.c_str();
  return write_dataset(*this, name, {type.id(), type.id(), &pointer, 1}, {}, {});
}

void H5Node::set_attribute(const std::string& name, const std::string& text) const {
  const H5Handle type = text_type();
  const char* pointer = text.c_str();
  write_attribute(*this, name, {type.id(), type.id(), &pointer, 1}, true);
}

void H5Node::set_attribute(const std::string& name, const std::vector<std::string>& texts) const {
  const H5Handle type = text_type();
  const auto pointers = pointers_to(texts);
  write_attribute(*this, name, {type.id(), type.id(), pointers.data(), pointers.size()}, false);
}

void H5Node::set_attribute(const std::string& name, double value) const {
  write_attribute(*this, name, {H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value, 1}, true);
}

void H5Node::set_attribute(const std::string& name, std::int64_t value) const {
  write_attribute(*this, name, {H5T_STD_I64LE, H5T_NATIVE_INT64, &value, 1}, true);
}

void H5Node::set_attribute(const std::string& name, const std::vector<std::int64_t>& values) const {
  write_attribute(*this, name, {H5T_STD_I64LE, H5T_NATIVE_INT64, values.data(), values.size()}, false);
}

}  // namespace microtome
