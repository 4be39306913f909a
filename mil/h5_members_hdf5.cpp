// SPDX-License-Identifier: Apache-2.0
// Members of compound records: the library picks a member by the name in the type that memory is said to have.
#include <hdf5.h>

#include "mil/h5_reading.h"
#include "mil/h5_rows.h"

namespace microtome {

namespace {

struct Member {
  H5Handle record;  // of the file
  H5Handle type;    // of the member
  std::string wanted;
};

Member find_member(const H5Node& node, const std::string& member) {
  Member m{{}, {}, "read " + node.name() + "." + member};
  m.record = H5Handle(H5Dget_type(node.id()), H5Tclose, m.wanted);
  if (h5_class_of(m.record) != H5Class::compound) throw H5Fault(m.wanted, "it holds no records");
  const int index = H5Tget_member_index(m.record.id(), member.c_str());
  if (index < 0) throw H5Fault(m.wanted, "it is not in the file");
  m.type = H5Handle(H5Tget_member_type(m.record.id(), static_cast<unsigned>(index)), H5Tclose, m.wanted);
  return m;
}

H5Handle record_of(const std::string& member, std::int64_t type, const std::string& wanted) {
  H5Handle record(H5Tcreate(H5T_COMPOUND, H5Tget_size(type)), H5Tclose, wanted);
  check_h5(H5Tinsert(record.id(), member.c_str(), 0, type), wanted);
  return record;
}

}  // namespace

std::vector<std::string> h5_members(const H5Node& node) {
  const std::string wanted = "read " + node.name();
  const H5Handle record(H5Dget_type(node.id()), H5Tclose, wanted);
  if (h5_class_of(record) != H5Class::compound) throw H5Fault(wanted, "it holds no records");
  std::vector<std::string> names;
  for (unsigned i = 0; i < static_cast<unsigned>(H5Tget_nmembers(record.id())); ++i) {
    char* name = H5Tget_member_name(record.id(), i);
    names.emplace_back(name == nullptr ? "" : name);
    H5free_memory(name);
  }
  return names;
}

H5Class h5_member_class(const H5Node& node, const std::string& member) { return h5_class_of(find_member(node, member).type); }

std::vector<std::string> h5_member_texts(const H5Node& node, const std::string& member) {
  const Member m = find_member(node, member);
  const H5Handle space(H5Dget_space(node.id()), H5Sclose, m.wanted);
  const std::size_t count = h5_readable_count(node, m.record, m.wanted);
  const auto transfer = [&](std::int64_t memory_type, void* memory) {
    return H5Dread(node.id(), record_of(member, memory_type, m.wanted).id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, memory);
  };
  return read_h5_texts(m.type, space, count, transfer, m.wanted);
}

std::vector<double> h5_member_numbers(const H5Node& node, const std::string& member) {
  const Member m = find_member(node, member);
  const H5Class found = h5_class_of(m.type);
  if (found != H5Class::integer && found != H5Class::real && found != H5Class::boolean) throw H5Fault(m.wanted, "it does not hold numbers");
  std::vector<double> numbers(h5_readable_count(node, m.record, m.wanted));
  const H5Handle record = record_of(member, H5T_NATIVE_DOUBLE, m.wanted);
  if (!numbers.empty()) check_h5(H5Dread(node.id(), record.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers.data()), m.wanted);
  return numbers;
}

}  // namespace microtome
