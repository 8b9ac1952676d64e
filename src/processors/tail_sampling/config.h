// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/fields.h"
#include "weir/clock.h"

namespace weir {

class PolicySpec;  // processors/tail_sampling/policy.h

// One entry of a list of policies: read, checked and ready to be built.
struct PolicyConfig {
  std::string name;
  std::string type;
  std::shared_ptr<const PolicySpec> spec;
};

struct DecisionCacheConfig {
  int64_t sampled_cache_size = 0;  // trace ids; 0 = off
  int64_t non_sampled_cache_size = 0;

  static const config::Fields<DecisionCacheConfig>& fields();
};

// Keys of the `tail_sampling` processor (collector-semantics §5.1).
struct TailSamplingConfig {
  static constexpr uint64_t kDefaultNumTraces = 50000;

  Duration decision_wait = std::chrono::seconds(30);
  Duration decision_wait_after_root_received{0};  // whole seconds; 0 = off
  std::optional<uint64_t> num_traces;  // empty: kDefaultNumTraces, and the oldest is decided early, not evicted
  bool block_on_overflow = false;
  uint64_t expected_new_traces_per_sec = 0;  // a hint: how large the table starts
  DecisionCacheConfig decision_cache;
  bool sample_on_first_match = false;
  bool drop_pending_traces_on_shutdown = false;
  uint64_t maximum_trace_size_bytes = 0;  // 0 = no limit
  std::vector<PolicyConfig> policies;     // drop policies first, otherwise in the order written

  static const config::Fields<TailSamplingConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

}  // namespace weir
