// SPDX-License-Identifier: Apache-2.0
#include "processors/memory_limiter/config.h"

namespace weir {

const config::Fields<MemoryLimiterConfig>& MemoryLimiterConfig::fields() {
  using config::accepted;
  using config::field;
  using Config = MemoryLimiterConfig;
  static const config::Fields<Config> table{
      field("check_interval", &Config::check_interval, "must be written; weir reserves bytes and never polls"),
      field("limit_mib", &Config::limit_mib, "most memory for data, in MiB; wins over limit_percentage"),
      field("spike_limit_mib", &Config::spike_limit_mib, "headroom below the limit, in MiB; 0 = 20 % of the limit"),
      field("limit_percentage", &Config::limit_percentage, "most memory for data, in percent of the cgroup's limit"),
      field("spike_limit_percentage", &Config::spike_limit_percentage, "headroom in percent; 0 = 20 % of the limit"),
      accepted<Config>("min_gc_interval_when_soft_limited", ""),
      accepted<Config>("min_gc_interval_when_hard_limited", ""),
      accepted<Config>("max_gc_interval_when_soft_limited", ""),
      accepted<Config>("max_gc_interval_when_hard_limited", ""),
  };
  return table;
}

void MemoryLimiterConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  if (check_interval <= Duration::zero()) problems.error(at.place, path, "'check_interval' must be greater than zero");
  if (limit_mib == 0 && limit_percentage == 0) {
    problems.error(at.place, path, "'limit_mib' or 'limit_percentage' must be greater than zero");
  }
  if (limit_percentage > 100 || spike_limit_percentage > 100) {
    problems.error(
        at.place, path,
        "'limit_percentage' and 'spike_limit_percentage' must be greater than zero and less than or equal to hundred");
  }
  const bool spike_too_big =
      limit_mib > 0 ? spike_limit_mib >= limit_mib : limit_percentage > 0 && spike_limit_percentage >= limit_percentage;
  if (spike_too_big) {
    problems.error(at.place, path,
                   limit_mib > 0 ? "'spike_limit_mib' must be smaller than 'limit_mib'"
                                 : "'spike_limit_percentage' must be smaller than 'limit_percentage'");
  }
}

std::optional<MemoryLimits> limits_of(const MemoryLimiterConfig& config, uint64_t total_memory) {
  constexpr uint64_t kMiB = 1 << 20;
  MemoryLimits limits;
  if (config.limit_mib > 0) {
    limits = {config.limit_mib * kMiB, config.spike_limit_mib * kMiB};
  } else if (config.limit_percentage > 0) {
    limits = {total_memory / 100 * config.limit_percentage, total_memory / 100 * config.spike_limit_percentage};
  } else {
    return std::nullopt;
  }
  if (limits.headroom == 0) limits.headroom = limits.limit / 5;
  return limits;
}

}  // namespace weir
