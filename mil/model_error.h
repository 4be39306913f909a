// SPDX-License-Identifier: Apache-2.0
// The errors of this room. what() is one sentence: "path: what we wanted: what the library said: what to do".
#pragma once

#include <stdexcept>

namespace microtome {

/// An encoder, aggregator or genomic table that cannot be used: the whole run is refused (exit code 4).
class ModelError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A bag (or its file) that cannot be used: one slide's matter.
class BagError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace microtome
