// SPDX-License-Identifier: Apache-2.0
// How many threads this process may use, what it has used, and what the machine is: facts from the scheduler and the kernel.
#pragma once

#include <cstdint>
#include <string>

namespace microtome {

/// SLURM_CPUS_PER_TASK, then SLURM_CPUS_ON_NODE, then the smaller of CPU affinity and the cgroup's quota. At least 1.
int allowed_threads();

struct Resources {
  double wall_seconds = 0;    // since the program started
  double cpu_seconds = 0;     // user + system, all threads
  std::int64_t peak_rss = 0;  // bytes
};
Resources resources_used();

std::int64_t current_rss();   // bytes
std::string scheduler_job();  // SLURM_JOB_ID or its equivalent, "" outside a scheduler
std::string host_class();     // "x86_64, 2 cores": never the host's name

}  // namespace microtome
