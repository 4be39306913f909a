// SPDX-License-Identifier: Apache-2.0
// Transparent huge pages of Linux.
#include <sys/mman.h>

#include <cstdint>

#include "mil/large_memory.h"

namespace microtome {

void prefer_large_pages([[maybe_unused]] const void* memory, [[maybe_unused]] std::size_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr std::uintptr_t page = std::uintptr_t{2} << 20;
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t first = (begin + page - 1) / page * page;
  const std::uintptr_t last = (begin + bytes) / page * page;
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);  // a wish: a refusal changes nothing
#endif
}

}  // namespace microtome
