// SPDX-License-Identifier: Apache-2.0
// microtome version: what a bug report needs, one fact a line.
#include <fmt/format.h>

#include "pipeline/commands.h"
#include "pipeline/machine/threads.h"
#include "pipeline/run_setup.h"
#include "reporting/image_file.h"

namespace microtome {

ExitCode command_version(const ParsedOptions&, const std::vector<std::string>&) {
  start_image_library("microtome", 1);
  for (const auto& [name, version] : software_versions()) fmt::print("{} {}\n", name, version);
  fmt::print("compiler {}\n", __VERSION__);
#ifdef NDEBUG
  fmt::print("build release\n");
#else
  fmt::print("build debug\n");
#endif
  fmt::print("devices {}\n", torch_devices());
  fmt::print("threads {}\n", allowed_threads());
  return ExitCode::done;
}

}  // namespace microtome
