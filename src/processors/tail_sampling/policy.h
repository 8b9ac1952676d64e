// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "weir/clock.h"
#include "weir/ids.h"
#include "weir/span_record.h"

namespace weir {

class SpanTests;

// What a policy says about a trace. kDropped comes from `drop` policies alone and beats everything; kError (it could
// not tell) is counted and says nothing about the trace.
enum class Decision : uint8_t { kNotSampled, kSampled, kDropped, kError };
inline constexpr int kDecisions = 3;  // that a trace can come to

inline Decision sampled_if(bool yes) { return yes ? Decision::kSampled : Decision::kNotSampled; }

// All that is kept of a trace for its policies: aggregates that are taken as its spans arrive, while their bytes are
// hot.
struct TraceFacts {
  TraceId id;
  uint64_t min_start_ns = 0;  // 0 is "not known yet", as in the collector: a later span replaces it
  uint64_t max_end_ns = 0;
  uint64_t hits = 0;   // one bit per test of SpanTests that a span (or its resource) has met
  uint64_t bytes = 0;  // protobuf size of the trace; counted only where the config has a limit on it
  uint32_t spans = 0;
  uint8_t statuses = 0;       // bit (1 << StatusCode) for each status seen
  bool flag_sampled = false;  // a span had the W3C sampled flag; looked at only where a policy asks

  bool hit(uint64_t bit) const { return (hits & bit) != 0; }
};

// A policy as it runs. There is one object per process and processor: decide() is called from any shard's thread, once
// per trace, so that limits hold for the process.
class Policy {
 public:
  virtual ~Policy() = default;
  virtual Decision decide(const TraceFacts& trace, Time now) = 0;
};

// A policy as it was read from the config: checked, immutable.
class PolicySpec {
 public:
  virtual ~PolicySpec() = default;
  // Registers in `tests` what must be observed of spans (in the same order each time) and makes the running policy.
  virtual std::unique_ptr<Policy> build(SpanTests& tests) const = 0;
  // The smallest limit per process that the config writes in this policy.
  virtual uint64_t smallest_limit() const { return UINT64_MAX; }
  // True where TraceFacts::bytes is used.
  virtual bool needs_bytes() const { return false; }
};

}  // namespace weir
