// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "processors/tail_sampling/policies.h"

namespace weir {

using PolicyList = std::vector<std::unique_ptr<Policy>>;

inline PolicyList build_all(const std::vector<PolicyConfig>& configs, SpanTests& tests) {
  PolicyList policies;
  for (const PolicyConfig& config : configs) policies.push_back(config.spec->build(tests));
  return policies;
}

inline uint64_t smallest_limit_of(const std::vector<PolicyConfig>& configs) {
  uint64_t smallest = UINT64_MAX;
  for (const PolicyConfig& config : configs) smallest = std::min(smallest, config.spec->smallest_limit());
  return smallest;
}

inline bool any_needs_bytes(const std::vector<PolicyConfig>& configs) {
  return std::any_of(configs.begin(), configs.end(), [](const PolicyConfig& c) { return c.spec->needs_bytes(); });
}

// `yes` where all policies sample. The first that does not ends it: those behind it are not asked (a rate limiter there
// takes no tokens).
inline Decision if_all_sample(const PolicyList& policies, const TraceFacts& trace, Time now, Decision yes) {
  for (const auto& policy : policies) {
    const Decision decision = policy->decide(trace, now);
    if (decision == Decision::kError) return decision;
    if (decision != Decision::kSampled) return Decision::kNotSampled;
  }
  return yes;
}

// Base of the specs that hold other policies.
struct GroupSpec : PolicySpec {
  std::vector<PolicyConfig> policies;

  uint64_t smallest_limit() const override { return smallest_limit_of(policies); }
  bool needs_bytes() const override { return any_needs_bytes(policies); }

 protected:
  // A list of sub-policies under `key`.
  template <class Spec>
  static config::Field<Spec> list_field(std::string_view key, PolicyLevel level) {
    return config::custom<Spec>(
        key, "list", [level](const config::At& at, Spec& out) { decode_policies(at, level, out.policies); },
        "policies: name, type and a block named like the type");
  }
};

}  // namespace weir
