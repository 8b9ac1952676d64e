// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace weir {

// What the machine and the process's cgroup (v2, or v1) grant. Read through `root` ("" outside tests), where /proc and
// /sys/fs/cgroup are looked for.
struct Resources {
  uint64_t machine_memory = 0;            // bytes
  std::optional<uint64_t> cgroup_memory;  // bytes; empty: no limit
  double cpus = 1;                        // CPUs granted: the smaller of the cgroup's quota and what is there

  uint64_t total_memory() const { return cgroup_memory.value_or(machine_memory); }
};
Resources read_resources(const std::string& root = "");

// Memory that the process has touched and not given back, less what is mapped from files; 0 where nobody says.
uint64_t anonymous_bytes(const std::string& root = "");

// The byte budget of the process and where it comes from, for the start line (DESIGN law 5).
struct BudgetChoice {
  uint64_t limit = 0;
  uint64_t headroom = 0;
  std::string source;
};
// `written`: service.memory_limit; `limiter`: the smallest memory_limiter (limit, spike) in use. Without either: 60 %
// of the cgroup's limit, else the smaller of 25 % of the machine's memory and 2 GiB.
BudgetChoice choose_budget(const Resources& resources, std::optional<uint64_t> written,
                           std::optional<std::pair<uint64_t, uint64_t>> limiter);

// service.shards where it is not written: the CPUs granted, at least 1 and at most 4.
uint32_t choose_shards(const Resources& resources);

}  // namespace weir
