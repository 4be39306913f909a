// SPDX-License-Identifier: Apache-2.0
// Work on a file of unknown origin is tried in a child process first: HDF5 1.10 ends or hangs the program on about one in fifty files with
// damaged text, and no check from outside can tell. POSIX only.
#pragma once

#include <functional>

namespace microtome {

/// False when work crashes or uses more processor time than cpu_seconds. Whatever work throws or returns counts as true: the real run will
/// meet it again. True as well when no child can be made. The child sees memory as it is now and leaves nothing behind.
bool survives_rehearsal(const std::function<void()>& work, unsigned cpu_seconds);

}  // namespace microtome
