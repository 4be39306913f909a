// SPDX-License-Identifier: Apache-2.0
// Files that appear whole or not at all: written beside their place, synced, renamed.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace microtome {

/// A set of files of one folder that become visible together, in order. Temporaries are named ".<name>.tmp.<host>.<pid>" in the same
/// folder; those never renamed are removed by the destructor. Throws OutputError.
class Publication {
 public:
  /// Makes the folder where needed.
  explicit Publication(std::filesystem::path folder);
  ~Publication();
  Publication(const Publication&) = delete;
  Publication& operator=(const Publication&) = delete;

  /// The place to write the file that will be called `name`.
  std::filesystem::path beside(const std::string& name);
  /// Writes text beside.
  void write(const std::string& name, const std::string& text);
  /// Syncs every file, removes what `replaced` names (the older state, its marker first), renames in the order of beside(), syncs the
  /// folder. Without `replaced` each rename replaces its file at once.
  void publish(const std::vector<std::string>& replaced = {});

 private:
  std::filesystem::path folder_;
  std::vector<std::pair<std::filesystem::path, std::filesystem::path>> files_;  // temporary, final
};

/// One file, whole or not at all.
void publish_file(const std::filesystem::path& path, const std::string& text);

/// Removes temporaries that a killed run left in the folder (not below it).
void remove_leftovers(const std::filesystem::path& folder);

/// True when the file system of `folder` cannot take `bytes` more: tried by writing them. For telling a full disk from one slide's trouble.
bool disk_is_full(const std::filesystem::path& folder, std::int64_t bytes);

/// Throws OutputError when no file can be written into the folder (made where needed).
void require_writable(const std::filesystem::path& folder);

}  // namespace microtome
