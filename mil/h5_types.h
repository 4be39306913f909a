// SPDX-License-Identifier: Apache-2.0
// HDF5 types that the library does not predefine. Internal to the HDF5 layer.
#pragma once

#include "mil/h5_file.h"

namespace microtome {

H5Handle float16_type();  // IEEE 754 binary16, little endian: h5py's float16
H5Handle text_type();     // variable length, UTF-8: h5py's str

}  // namespace microtome
