// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

namespace microtome {

/// An output that could not be written. what(): "path: what we wanted: what the library said".
class ReportError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace microtome
