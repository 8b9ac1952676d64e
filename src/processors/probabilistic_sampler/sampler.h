// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "processors/probabilistic_sampler/config.h"
#include "processors/probabilistic_sampler/sampling_state.h"
#include "weir/ids.h"

namespace weir {

// Where a record's randomness came from, for the metric.
enum class SamplingPolicy : uint8_t { kMissing, kHash, kTraceId, kState, kPriority, kAttribute };
inline constexpr size_t kSamplingPolicies = 6;

// What decides about a span or a log record.
struct SamplingSubject {
  SamplingState state;                  // what it says of sampling before it
  bool parsed = true;                   // that could be read
  TraceId id;                           // empty: none, or not to be used
  std::string_view hashed = {};         // hash_seed: bytes that are hashed where there is no id
  std::optional<uint64_t> forced = {};  // the threshold, whatever the mode says
};

struct SamplingDecision {
  bool sampled = false;
  SamplingPolicy policy = SamplingPolicy::kMissing;
  std::optional<SamplingState> state;  // what a sampled record says from now on; nothing: as it was
};

// Decides by the numbers of consistent probability sampling. Immutable, shared by shards.
class Sampler {
 public:
  explicit Sampler(const ProbabilisticSamplerConfig& config);
  SamplingDecision decide(SamplingSubject&& subject) const;

 private:
  bool read_hash(const SamplingSubject& subject, SamplingDecision& decision, uint64_t& randomness) const;
  bool read_randomness(const SamplingSubject& subject, SamplingDecision& decision, uint64_t& randomness) const;
  uint64_t threshold_for(const SamplingDecision& decision) const;

  SamplerMode mode_;
  uint32_t seed_;
  double ratio_ = 0;
  int precision_ = 4;
  bool fail_closed_ = true;
  bool never_ = false;
  uint64_t threshold_ = 0;
};

}  // namespace weir
