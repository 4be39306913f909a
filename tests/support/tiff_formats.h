// SPDX-License-Identifier: Apache-2.0
// Every kind of tiled TIFF that our own reader claims to read, one small slide of each: for comparing readers and for seeding the fuzzer.
#pragma once

#include <string>
#include <vector>

#include "tests/support/tiff_slide.h"

namespace microtome {

struct TiffFormat {
  std::string name;  // of a test and of a file
  TiffSlideSettings settings;
};

/// Every format with these levels; two, of which the second is half of the first, show all that can go wrong.
std::vector<TiffFormat> tiff_formats(const std::vector<TiffSlideLevel>& levels);

std::vector<std::string> tiff_format_names();

/// The one of that name. Throws std::out_of_range.
TiffSlideSettings tiff_format(const std::string& name, const std::vector<TiffSlideLevel>& levels);

}  // namespace microtome
