// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "processors/tail_sampling/config.h"
#include "processors/tail_sampling/policy.h"

namespace weir {

using SpecRef = std::shared_ptr<const PolicySpec>;

// Reads and checks the block of one policy (null where it was not written); null after a mistake that was reported.
using ReadPolicy = SpecRef (*)(const config::At& block);

SpecRef read_always_sample(const config::At& block);
SpecRef read_and(const config::At& block);
SpecRef read_boolean_attribute(const config::At& block);
SpecRef read_bytes_limiting(const config::At& block);
SpecRef read_composite(const config::At& block);
SpecRef read_drop(const config::At& block);
SpecRef read_latency(const config::At& block);
SpecRef read_not(const config::At& block);
SpecRef read_numeric_attribute(const config::At& block);
SpecRef read_ottl_condition(const config::At& block);
SpecRef read_probabilistic(const config::At& block);
SpecRef read_rate_limiting(const config::At& block);
SpecRef read_span_count(const config::At& block);
SpecRef read_status_code(const config::At& block);
SpecRef read_string_attribute(const config::At& block);
SpecRef read_trace_flags(const config::At& block);
SpecRef read_trace_state(const config::At& block);

// Where a list of policies stands: not every type may be inside every other.
enum class PolicyLevel { kTop, kInComposite, kInGroup };  // kInGroup: and, not, drop

// One policy (name, type and the block named like the type) and a list of them.
void decode_policy(const config::At& at, PolicyLevel level, PolicyConfig& out);
void decode_policies(const config::At& at, PolicyLevel level, std::vector<PolicyConfig>& out);

// A policy's config struct is its spec: decode() fills it, validate() checks it.
template <class Spec>
SpecRef read_spec(const config::At& block) {
  auto spec = std::make_shared<Spec>();
  config::decode(block, *spec);
  return spec;
}

}  // namespace weir
