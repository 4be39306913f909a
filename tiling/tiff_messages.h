// SPDX-License-Identifier: Apache-2.0
// libtiff, which OpenSlide reads with, prints to stderr, with the file's name; the name may be a patient's.
#pragma once

namespace microtome {

/// Turns libtiff's messages off for the whole process; what went wrong still comes back through OpenSlide. Errors are
/// turned off before main() already, so that libvips, which hands libtiff's errors on as its own, can claim them later.
void silence_tiff();

}  // namespace microtome
