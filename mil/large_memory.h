// SPDX-License-Identifier: Apache-2.0
// Memory for results of many megabytes. Internal to mil/.
#pragma once

#include <cstddef>

namespace microtome {

/// Asks the system for pages of megabytes instead of kilobytes, before the memory is used: otherwise making the pages of a large result
/// takes longer than filling them. Speed only; does nothing where the system has no such pages.
void prefer_large_pages(const void* memory, std::size_t bytes);

/// Room in a vector or string for `count` values in all, in large pages where that pays.
template <class Container>
void reserve_large(Container& values, std::size_t count) {
  values.reserve(count);
  prefer_large_pages(values.data(), count * sizeof(typename Container::value_type));
}

}  // namespace microtome
