// SPDX-License-Identifier: Apache-2.0
// What the files of the HDF5 layer that read have in common. Internal to that layer.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "mil/h5_file.h"

namespace microtome {

H5Class h5_class_of(const H5Handle& type);

/// Element count of a data set that can be read into memory. Throws H5Fault: a filter that the library lacks, a shape that its bytes cannot
/// hold.
std::size_t h5_readable_count(const H5Node& node, const H5Handle& type, const std::string& wanted);

/// Moves the elements into memory laid out as the type says; the library's status.
using H5Transfer = std::function<int(std::int64_t type, void* memory)>;

/// Texts of fixed or variable length. Throws H5Fault: other content, text that is not UTF-8.
std::vector<std::string> read_h5_texts(const H5Handle& type, const H5Handle& space, std::size_t count, const H5Transfer& transfer,
                                       const std::string& wanted);

}  // namespace microtome
