// SPDX-License-Identifier: Apache-2.0
// Command line and INI files -> Config. Each field is bound once: its full name is option name, INI key and field path.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "pipeline/config.h"

namespace microtome {

struct ParsedOptions {
  Config config;
  bool help = false;
  bool json = false;  // --json: data on stdout as JSON (plan, check)
};

/// Parses the words after the command's name. Only options of the named sections ("run", "tiling", ...) and those named in full
/// ("engine.threads") are known on the command line; files given with --config may hold any section. Throws ConfigError: unknown option with the nearest known one, wrong value, unreadable
/// file. Validates.
ParsedOptions parse_options(const std::vector<std::string>& words, const std::vector<std::string>& sections);

/// Options of the sections, grouped, each line ending with its live default.
std::string options_help(const std::vector<std::string>& sections);

/// The INI text of a configuration, but for the sections that had no say. Paths are left out: they may hold names of people; they are inputs,
/// not settings.
std::string effective_ini(const Config& config, const std::set<std::string>& without = {});

/// The settings of these sections that change results, as "name=value" lines in a fixed order, for recipes.
std::string result_settings(const Config& config, const std::set<std::string>& sections);

}  // namespace microtome
