// SPDX-License-Identifier: Apache-2.0
// A reader learns that fingerprints are those of FIPS 180-4 and what an unreadable file says.
#include "mil/sha256.h"

#include <gtest/gtest.h>

#include "mil/model_error.h"
#include "scratch_folder.h"

namespace microtome {
namespace {

TEST(Sha256, EqualsThePublishedExamples) {
  EXPECT_EQ(sha256_of_text(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_of_text("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_of_text(std::string(1000000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, AFileLongerThanOneBlockHasTheFingerprintOfItsText) {
  const ScratchFolder folder;
  const std::string text(200001, 'x');
  write_bytes(folder / "f", text);
  EXPECT_EQ(sha256_of_file(folder / "f"), sha256_of_text(text));
}

TEST(Sha256, AnUnreadableFileIsASentence) {
  const ScratchFolder folder;
  const auto missing = folder / "missing";
  EXPECT_EQ(sentence_of<ModelError>([&] { sha256_of_file(missing); }),
            missing.string() + ": read to compute its SHA-256: No such file or directory: check the path and its permissions");
  const auto itself = folder / ".";
  EXPECT_EQ(sentence_of<ModelError>([&] { sha256_of_file(itself); }),
            itself.string() + ": read to compute its SHA-256: Is a directory: check the path and its permissions");
}

}  // namespace
}  // namespace microtome
