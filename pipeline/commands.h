// SPDX-License-Identifier: Apache-2.0
// The table of commands: the product on one page. Help is generated from it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "pipeline/exit_code.h"
#include "pipeline/options.h"

namespace microtome {

struct Command {
  const char* name;
  const char* group;
  const char* summary;
  const char* examples;                // lines shown on top of its help
  std::vector<std::string> sections;   // of options it knows on the command line; also single ones by full name
  std::vector<std::string> arguments;  // names of bare words it takes, for `check FILE...`
  ExitCode (*handler)(const ParsedOptions& options, const std::vector<std::string>& arguments);
};

std::span<const Command> commands();

/// argv without the program's name -> exit code. The only catch that turns exceptions into sentences on stderr and exit codes.
ExitCode run_command(const std::vector<std::string>& words);

ExitCode command_run(const ParsedOptions&, const std::vector<std::string>&);
ExitCode command_plan(const ParsedOptions&, const std::vector<std::string>&);
ExitCode command_train(const ParsedOptions&, const std::vector<std::string>&);
ExitCode command_evaluate(const ParsedOptions&, const std::vector<std::string>&);
ExitCode command_genomics(const ParsedOptions&, const std::vector<std::string>&);
ExitCode command_synth(const ParsedOptions&, const std::vector<std::string>&);
ExitCode command_check(const ParsedOptions&, const std::vector<std::string>&);
ExitCode command_version(const ParsedOptions&, const std::vector<std::string>&);

}  // namespace microtome
