// SPDX-License-Identifier: Apache-2.0
// The one call into libtiff.
#include <tiffio.h>

#include <mutex>

#include "tiling/tiff_warnings.h"

namespace microtome {

void silence_tiff_warnings() {
  static std::once_flag once;
  std::call_once(once, [] { TIFFSetWarningHandler(nullptr); });
}

}  // namespace microtome
