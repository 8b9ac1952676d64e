// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/fields.h"
#include "weir/clock.h"

namespace weir {

// Keys of the `memory_limiter` processor (collector-semantics §3.2). The keys about garbage collection do nothing.
struct MemoryLimiterConfig {
  Duration check_interval{0};  // must be written; weir limits by reservation and never polls
  uint32_t limit_mib = 0;
  uint32_t spike_limit_mib = 0;
  uint32_t limit_percentage = 0;
  uint32_t spike_limit_percentage = 0;

  static const config::Fields<MemoryLimiterConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

// What a memory_limiter asks of the process's byte budget, in bytes.
struct MemoryLimits {
  uint64_t limit = 0;
  uint64_t headroom = 0;  // the spike limit: kept for decided data that leaves
};

// `total_memory` in bytes is what a percentage is of: the cgroup's limit, else the machine's memory. Empty where the
// config names no limit (such a config does not validate).
std::optional<MemoryLimits> limits_of(const MemoryLimiterConfig& config, uint64_t total_memory);

}  // namespace weir
