// SPDX-License-Identifier: Apache-2.0
// libtiff, which OpenSlide reads with, prints warnings with the file's name to stderr; the name may be a patient's.
#pragma once

namespace microtome {

/// Turns libtiff's warnings off for the whole process. Errors stay: they come back through OpenSlide.
void silence_tiff_warnings();

}  // namespace microtome
