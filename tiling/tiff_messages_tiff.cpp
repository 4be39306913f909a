// SPDX-License-Identifier: Apache-2.0
// The only calls into libtiff itself.
#include <tiffio.h>

#include <mutex>

#include "tiling/tiff_messages.h"

namespace microtome {
namespace {

[[maybe_unused]] const TIFFErrorHandler kBeforeMain = TIFFSetErrorHandler(nullptr);

}  // namespace

void silence_tiff() {
  static std::once_flag once;
  std::call_once(once, [] { TIFFSetWarningHandler(nullptr); });
}

}  // namespace microtome
