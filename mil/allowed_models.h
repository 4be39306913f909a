// SPDX-License-Identifier: Apache-2.0
// The model files that a site allows, by fingerprint. TorchScript files and packages are code, so the list is asked before a file is opened.
#pragma once

#include <filesystem>
#include <set>
#include <string>

namespace microtome {

/// A text file as sha256sum writes it: a line a file, 64 hex digits first, then whatever helps the reader; # starts a comment.
class AllowedModels {
 public:
  /// Throws ModelError: the file cannot be read, a line does not start with a sha256 (the line is named), no line at all.
  explicit AllowedModels(const std::filesystem::path& path);

  /// Throws ModelError with the sentence, naming the file and what to add to the list.
  void require(const std::filesystem::path& model_file, const std::string& sha256) const;

 private:
  std::filesystem::path path_;
  std::set<std::string> sha256_;
};

/// Nothing where there is no list.
inline void require_allowed(const AllowedModels* allowed, const std::filesystem::path& model_file, const std::string& sha256) {
  if (allowed != nullptr) allowed->require(model_file, sha256);
}

}  // namespace microtome
