// SPDX-License-Identifier: Apache-2.0
// Errors are sentences: a test says which.
#pragma once

#include <gtest/gtest.h>

#include <string>

namespace microtome {

/// The sentence of the Error that `body` throws; fails the test when it throws none.
template <class Error, class Body>
std::string sentence_of(Body body) {
  try {
    body();
  } catch (const Error& e) {
    return e.what();
  } catch (const std::exception& e) {
    ADD_FAILURE() << "another error: " << e.what();
    return "";
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

}  // namespace microtome
