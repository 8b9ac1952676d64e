// SPDX-License-Identifier: Apache-2.0
#include "daemon/resources.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace weir {

namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::optional<uint64_t> number(const std::string& text) {
  char* end = nullptr;
  const unsigned long long value = std::strtoull(text.c_str(), &end, 10);
  if (end == text.c_str()) return std::nullopt;
  return value;
}

// The process's cgroup of a controller ("" is v2's only hierarchy): "0::/path", "5:cpu,cpuacct:/path".
std::string cgroup_path(const std::string& root, const std::string& controller) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
    if (names.find("," + controller + ",") != std::string::npos) return line.substr(second + 1);
  }
  return "";
}

// The smallest limit on the way from the process's cgroup up to the top; inside a container the path seen may not be
// mounted, then the top is all there is.
std::optional<uint64_t> smallest_limit(const std::string& base, std::string path, const std::string& file) {
  std::optional<uint64_t> smallest;
  for (;;) {
    const std::optional<uint64_t> here = number(first_line(base + path + "/" + file));
    if (here && (!smallest || *here < *smallest)) smallest = here;
    if (path.empty() || path == "/") return smallest;
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
}

uint64_t machine_memory(const std::string& root) {
  std::ifstream file(root + "/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("MemTotal:")) return number(line.substr(9)).value_or(0) * 1024;
  }
  return 0;
}

std::optional<double> cpu_quota(const std::string& root) {
  const std::string base = root + "/sys/fs/cgroup";
  std::optional<double> smallest;
  for (std::string path = cgroup_path(root, "");;) {
    const std::string line = first_line(base + path + "/cpu.max");  // "max 100000" or "150000 100000"
    const size_t space = line.find(' ');
    if (space != std::string::npos && number(line) && number(line.substr(space))) {
      const double cpus = static_cast<double>(*number(line)) / static_cast<double>(*number(line.substr(space)));
      smallest = std::min(smallest.value_or(cpus), cpus);
    }
    if (path.empty() || path == "/") return smallest;
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
}

}  // namespace

Resources read_resources(const std::string& root) {
  Resources found;
  found.machine_memory = machine_memory(root);
  const std::string base = root + "/sys/fs/cgroup";
  found.cgroup_memory = smallest_limit(base, cgroup_path(root, ""), "memory.max");
  if (!found.cgroup_memory) {
    found.cgroup_memory = smallest_limit(base + "/memory", cgroup_path(root, "memory"), "memory.limit_in_bytes");
  }
  // v1 says "no limit" by a number next to 2^63.
  if (found.cgroup_memory && *found.cgroup_memory >= found.machine_memory) found.cgroup_memory.reset();
  found.cpus = std::max(1u, std::thread::hardware_concurrency());
  if (const std::optional<double> quota = cpu_quota(root)) found.cpus = std::min(found.cpus, *quota);
  return found;
}

uint64_t anonymous_bytes(const std::string& root) {
  std::ifstream file(root + "/proc/self/statm");
  uint64_t size = 0, resident = 0, of_files = 0;
  if (!(file >> size >> resident >> of_files) || of_files > resident) return 0;
  return (resident - of_files) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

BudgetChoice choose_budget(const Resources& resources, std::optional<uint64_t> written,
                           std::optional<std::pair<uint64_t, uint64_t>> limiter) {
  if (written && (!limiter || *written <= limiter->first)) return {*written, 0, "service.memory_limit"};
  if (limiter) return {limiter->first, limiter->second, "memory_limiter"};
  if (resources.cgroup_memory) return {*resources.cgroup_memory / 10 * 6, 0, "60 % of the cgroup's memory limit"};
  const uint64_t quarter = resources.machine_memory / 4;
  constexpr uint64_t kMost = 2ull << 30;
  if (quarter != 0 && quarter < kMost) return {quarter, 0, "25 % of the machine's memory"};
  return {kMost, 0, "2 GiB, no limit is configured"};
}

uint32_t choose_shards(const Resources& resources) {
  return static_cast<uint32_t>(std::clamp(std::floor(resources.cpus), 1.0, 4.0));
}

}  // namespace weir
