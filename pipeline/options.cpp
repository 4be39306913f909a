// SPDX-License-Identifier: Apache-2.0
// The only user of Boost.Program_options. Boost splits words and files; binding, typing and wording are ours so that every value error
// reads the same.
#include "pipeline/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <fstream>
#include <set>

#include "pipeline/bindings.h"
#include "pipeline/nearest_word.h"

namespace microtome {
namespace po = boost::program_options;
namespace {

/// Whole sections, and options of others by their full names.
bool in_sections(const Binding& binding, const std::vector<std::string>& sections) {
  return std::any_of(sections.begin(), sections.end(),
                     [&](const std::string& wanted) { return wanted == binding.section() || wanted == binding.name; });
}

po::options_description describe(const Bindings& bindings, const std::vector<std::string>* sections) {
  po::options_description out;
  for (const auto& b : bindings.all()) {
    if (sections && !in_sections(b, *sections)) continue;
    auto value = [&] { return b.flag ? po::value<std::string>()->implicit_value("true") : po::value<std::string>(); };
    out.add_options()(b.name.c_str(), value());
    if (!b.short_name.empty() && !out.find_nothrow(b.short_name, false)) out.add_options()(b.short_name.c_str(), value());
  }
  return out;
}

std::vector<std::string> known_names(const po::options_description& description) {
  std::vector<std::string> names;
  for (const auto& option : description.options()) names.push_back(option->long_name());
  return names;
}

[[noreturn]] void refuse_unknown(const std::string& where, const std::string& word, const po::options_description& known) {
  const std::string nearest = nearest_word(word, known_names(known));
  throw ConfigError(
      fmt::format("{}: unknown option{}", where, nearest.empty() ? ": see --help" : fmt::format(": did you mean --{}?", nearest)));
}

using Assignments = std::vector<std::pair<std::string, std::string>>;

Assignments assignments(const po::parsed_options& parsed, const std::string& where) {
  Assignments out;
  for (const auto& option : parsed.options) {
    if (option.string_key.empty())
      throw ConfigError(fmt::format("{}: wanted an option, got the bare word '{}'", where, option.value.front()));
    out.emplace_back(option.string_key, option.value.empty() ? "true" : option.value.front());  // only flags may come without a value
  }
  return out;
}

Assignments read_command_line(const std::vector<std::string>& words, const po::options_description& known) {
  namespace style = po::command_line_style;
  const int spelling = style::allow_long | style::long_allow_adjacent | style::long_allow_next;
  try {
    return assignments(po::command_line_parser(words).options(known).style(spelling).positional({}).run(), "command line");
  } catch (const po::unknown_option& e) {
    std::string word = e.get_option_name();
    word.erase(0, word.find_first_not_of('-'));
    refuse_unknown("--" + word, word, known);
  } catch (const po::too_many_positional_options_error&) {
    const auto bare = std::find_if(words.begin(), words.end(), [](const std::string& w) { return w.rfind("--", 0) != 0; });
    throw ConfigError(
        fmt::format("command line: wanted options such as --archive DIR, got a bare word near '{}'", bare == words.end() ? "" : *bare));
  } catch (const po::error& e) {
    throw ConfigError(fmt::format("command line: {}", e.what()));
  }
}

Assignments read_ini(const std::string& path, const po::options_description& known) {
  std::ifstream file(path);
  if (!file) throw ConfigError(fmt::format("{}: wanted a configuration file: cannot be opened", path));
  try {
    return assignments(po::parse_config_file(file, known), path);
  } catch (const po::unknown_option& e) {
    refuse_unknown(fmt::format("{}: {}", path, e.get_option_name()), e.get_option_name(), known);
  } catch (const po::error& e) {
    throw ConfigError(fmt::format("{}: wanted an INI file: {}", path, e.what()));
  }
}

/// A short name may belong to several sections: the command's come first, in its order.
const Binding* find_binding(const Bindings& bindings, const std::string& key, const std::vector<std::string>& sections) {
  const auto place = [&](const Binding& b) { return std::find(sections.begin(), sections.end(), b.section()) - sections.begin(); };
  const Binding* best = nullptr;
  for (const Binding& b : bindings.all()) {
    if (b.name == key) return &b;
    if (b.short_name == key && (!best || place(b) < place(*best))) best = &b;
  }
  return best;
}

/// Names of the options that this source gave.
std::set<std::string> assign(const Bindings& bindings, const Assignments& values, const std::vector<std::string>& sections) {
  std::set<std::string> given;
  for (const auto& [key, text] : values) {
    const Binding* found = find_binding(bindings, key, sections);
    if (!found) continue;
    if (given.insert(found->name).second && found->clear) found->clear();
    found->set(text);
  }
  return given;
}

}  // namespace

ParsedOptions parse_options(const std::vector<std::string>& words, const std::vector<std::string>& sections) {
  ParsedOptions out;
  const Bindings bindings(out.config);
  const po::options_description in_files = describe(bindings, nullptr);
  po::options_description on_line = describe(bindings, &sections);
  on_line.add_options()("config", po::value<std::string>())("help", po::value<std::string>()->implicit_value("true"))(
      "json", po::value<std::string>()->implicit_value("true"));

  const Assignments line = read_command_line(words, on_line);
  for (const auto& [key, text] : line) {
    if (key == "config") out.config.given.merge(assign(bindings, read_ini(text, in_files), sections));
    if (key == "help") out.help = true;
    if (key == "json") out.json = true;
  }
  out.config.given.merge(assign(bindings, line, sections));
  if (out.help) return out;
  const auto sentences = validate(out.config);
  if (!sentences.empty()) throw ConfigError(fmt::format("{}", fmt::join(sentences, "\n")));
  return out;
}

std::string options_help(const std::vector<std::string>& sections) {
  Config defaults;
  const Bindings bindings(defaults);
  std::string out;
  std::string section;
  for (const auto& b : bindings.all()) {
    if (!in_sections(b, sections)) continue;
    if (b.section() != section) out += fmt::format("\n[{}]\n", section = b.section());
    const bool long_only = b.short_name.empty() || find_binding(bindings, b.short_name, sections) != &b;
    const std::string names = long_only ? "--" + b.name : fmt::format("--{}, --{}", b.name, b.short_name);
    const std::string value = b.get();
    out += fmt::format("  {:<44} {}{}\n", names, b.help, value.empty() ? "" : fmt::format(" [{}]", value));
  }
  out += "\n[any command]\n";
  out +=
      fmt::format("  {:<44} {}\n", "--config FILE", "INI file; may be given several times, later wins, the command line wins over files");
  out += fmt::format("  {:<44} {}\n", "--help", "this text");
  return out;
}

std::string effective_ini(const Config& config, const std::set<std::string>& without) {
  Config copy = config;
  const Bindings bindings(copy);
  std::string out = "# the settings of this run; paths are inputs, not settings, and are left out\n";
  std::string section;
  for (const auto& b : bindings.all()) {
    if (b.effect == Effect::path || without.contains(b.section())) continue;
    if (b.section() != section) out += fmt::format("\n[{}]\n", section = b.section());
    out += fmt::format("{} = {}\n", b.name.substr(section.size() + 1), b.get());
  }
  return out;
}

std::string result_settings(const Config& config, const std::set<std::string>& sections) {
  Config copy = config;
  const Bindings bindings(copy);
  std::string out;
  for (const auto& b : bindings.all()) {
    if (b.effect == Effect::result && sections.contains(b.section())) out += fmt::format("{}={}\n", b.name, b.get());
  }
  return out;
}

}  // namespace microtome
