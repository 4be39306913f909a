// SPDX-License-Identifier: Apache-2.0
// Fields of a configuration under the names that a user types. Internal to options.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace microtome {

enum class Effect { speed, result, path };

/// One bound field. `set` throws ConfigError; `get` gives the text that `set` reads back.
struct Binding {
  std::string name;
  std::string short_name;
  std::string help;
  Effect effect;
  bool flag = false;
  std::function<void(const std::string&)> set;
  std::function<std::string()> get;
  std::function<void()> clear;  // of a list, which set() adds to; else empty
  std::string section() const { return name.substr(0, name.find('.')); }
};

/// Fields outlive the list. A short name may be used in several sections.
class BindingList {
 public:
  const std::vector<Binding>& all() const { return all_; }

 protected:
  void add(std::string name, std::string short_name, bool& field, Effect effect, std::string help);
  void add(std::string name, std::string short_name, int& field, Effect effect, std::string help);
  void add(std::string name, std::string short_name, std::int64_t& field, Effect effect, std::string help);
  void add(std::string name, std::string short_name, std::uint64_t& field, Effect effect, std::string help);
  void add(std::string name, std::string short_name, double& field, Effect effect, std::string help);
  void add(std::string name, std::string short_name, std::string& field, Effect effect, std::string help);
  void add(std::string name, std::string short_name, std::filesystem::path& field, Effect effect, std::string help);
  /// May be given several times. A source (a file, the command line) that names it begins the list anew.
  void add_list(std::string name, std::string short_name, std::vector<std::string>& field, Effect effect, std::string help);

 private:
  template <class T>
  void bind(std::string name, std::string short_name, T& field, Effect effect, std::string help);
  std::vector<Binding> all_;
};

}  // namespace microtome
