// SPDX-License-Identifier: Apache-2.0
#include "pipeline/machine/threads.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>

namespace microtome {
namespace {

const auto kStart = std::chrono::steady_clock::now();

int positive_environment(const char* name) {
  const char* text = std::getenv(name);
  return text ? std::max(0, std::atoi(text)) : 0;
}

int affinity() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

/// cgroup v2 "max 100000" or "200000 100000"; 0 when there is no quota.
int cgroup_quota() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return 0;
  return std::max(1, static_cast<int>(std::floor(std::atof(quota.c_str()) / period)));
}

double seconds(const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; }

}  // namespace

int allowed_threads() {
  for (const char* name : {"SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"}) {
    if (const int n = positive_environment(name)) return n;
  }
  const int quota = cgroup_quota();
  return std::max(1, quota > 0 ? std::min(affinity(), quota) : affinity());
}

Resources resources_used() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  Resources out;
  out.wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - kStart).count();
  out.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  out.peak_rss = static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
  return out;
}

std::int64_t current_rss() {
  std::ifstream file("/proc/self/statm");
  std::int64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

std::string scheduler_job() {
  for (const char* name : {"SLURM_JOB_ID", "PBS_JOBID", "JOB_ID", "LSB_JOBID"}) {
    if (const char* text = std::getenv(name)) return text;
  }
  return "";
}

std::string host_class() {
  utsname machine{};
  uname(&machine);
  return fmt::format("{}, {} cores", machine.machine, affinity());
}

}  // namespace microtome
