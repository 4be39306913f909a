// SPDX-License-Identifier: Apache-2.0
// Binding, typing and wording are ours, so that every value error reads the same.
#include "pipeline/binding_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "pipeline/config.h"

namespace microtome {
namespace {

template <class Number>
Number parse_number(const std::string& name, const std::string& text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) {
    throw ConfigError(
        fmt::format("--{}: wanted {}, got '{}'", name, std::is_floating_point_v<Number> ? "a number" : "a whole number", text));
  }
  return value;
}

bool parse_flag(const std::string& name, const std::string& text) {
  if (text == "true" || text == "1" || text == "yes") return true;
  if (text == "false" || text == "0" || text == "no") return false;
  throw ConfigError(fmt::format("--{}: wanted true or false, got '{}'", name, text));
}

}  // namespace

template <class T>
void BindingList::bind(std::string name, std::string short_name, T& field, Effect effect, std::string help) {
  Binding b{name, std::move(short_name), std::move(help), effect, std::is_same_v<T, bool>, {}, {}, {}};
  b.set = [&field, name](const std::string& text) {
    if constexpr (std::is_same_v<T, bool>) {
      field = parse_flag(name, text);
    } else if constexpr (std::is_arithmetic_v<T>) {
      field = parse_number<T>(name, text);
    } else {
      field = text;
    }
  };
  b.get = [&field] {
    if constexpr (std::is_same_v<T, std::filesystem::path>) {
      return field.string();
    } else {
      return fmt::format("{}", field);
    }
  };
  all_.push_back(std::move(b));
}

void BindingList::add(std::string name, std::string short_name, bool& field, Effect effect, std::string help) {
  bind(std::move(name), std::move(short_name), field, effect, std::move(help));
}
void BindingList::add(std::string name, std::string short_name, int& field, Effect effect, std::string help) {
  bind(std::move(name), std::move(short_name), field, effect, std::move(help));
}
void BindingList::add(std::string name, std::string short_name, std::int64_t& field, Effect effect, std::string help) {
  bind(std::move(name), std::move(short_name), field, effect, std::move(help));
}
void BindingList::add(std::string name, std::string short_name, std::uint64_t& field, Effect effect, std::string help) {
  bind(std::move(name), std::move(short_name), field, effect, std::move(help));
}
void BindingList::add(std::string name, std::string short_name, double& field, Effect effect, std::string help) {
  bind(std::move(name), std::move(short_name), field, effect, std::move(help));
}
void BindingList::add(std::string name, std::string short_name, std::string& field, Effect effect, std::string help) {
  bind(std::move(name), std::move(short_name), field, effect, std::move(help));
}
void BindingList::add(std::string name, std::string short_name, std::filesystem::path& field, Effect effect, std::string help) {
  bind(std::move(name), std::move(short_name), field, effect, std::move(help));
}

void BindingList::add_list(std::string name, std::string short_name, std::vector<std::string>& field, Effect effect, std::string help) {
  Binding b{std::move(name), std::move(short_name), std::move(help), effect, false, {}, {}, {}};
  b.set = [&field](const std::string& text) { field.push_back(text); };
  b.get = [&field] { return fmt::format("{}", fmt::join(field, " ")); };
  b.clear = [&field] { field.clear(); };
  all_.push_back(std::move(b));
}

}  // namespace microtome
