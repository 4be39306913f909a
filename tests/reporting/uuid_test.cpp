// SPDX-License-Identifier: Apache-2.0
// Identifiers are real version 5 UUIDs: the value below was made with Python's uuid.uuid5 in the same namespace.
#include "reporting/uuid.h"

#include <gtest/gtest.h>

namespace microtome {
namespace {

TEST(Uuid, EqualsPythonsUuid5) {
  // uuid.uuid5(uuid.UUID("8f1d2c52-5f0b-4f0c-9c1e-6d0a5e1f7b3a"), "case-7\nrecipe")
  EXPECT_EQ(uuid_v5("case-7\nrecipe"), "52c550d6-f01d-52ab-a7dc-6cbaa66e88bf");
}

TEST(Uuid, DiffersForDifferentNames) { EXPECT_NE(uuid_v5("a"), uuid_v5("b")); }

}  // namespace
}  // namespace microtome
