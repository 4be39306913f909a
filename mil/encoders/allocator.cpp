// SPDX-License-Identifier: Apache-2.0
// Keeps freed memory in the process. glibc gives every large block back to the kernel and faults it in again, page by page, at the next
// batch: a third of a ResNet's time on a CPU.
#include <malloc.h>

#include "mil/encoders/encoder.h"

namespace microtome {

void keep_freed_memory() {
  // One heap for all threads: the per-thread ones hold at most 64 MiB, and a larger block that they cannot hold is mapped and unmapped
  // whatever the other settings say. Lanes allocate a few hundred blocks per batch, so the shared lock costs nothing.
  mallopt(M_ARENA_MAX, 1);
  // Large blocks come from the heap too. M_MMAP_THRESHOLD would not do: glibc caps it at 32 MiB, less than one batch's activations.
  mallopt(M_MMAP_MAX, 0);
  // The heap never shrinks, and grows in steps that a layer's output needs anyway.
  mallopt(M_TRIM_THRESHOLD, -1);
  mallopt(M_TOP_PAD, 64 << 20);
}

std::int64_t free_heap_bytes() { return static_cast<std::int64_t>(mallinfo2().fordblks); }

}  // namespace microtome
