// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/policies.h"
#include "processors/tail_sampling/token_bucket.h"

namespace weir {

namespace {

class RateLimiting final : public Policy {
 public:
  RateLimiting(int64_t spans_per_second, int64_t burst) : bucket_(spans_per_second, burst) {}
  Decision decide(const TraceFacts& trace, Time now) override {
    return sampled_if(bucket_.allow(trace.spans, now.mono));
  }

 private:
  TokenBucket bucket_;
};

// Takes its tokens whether or not another policy has sampled the trace already, as in the collector.
struct RateLimitingSpec final : PolicySpec {
  int64_t spans_per_second = 0;
  int64_t burst_capacity = 0;  // 0 = twice the rate

  static const config::Fields<RateLimitingSpec>& fields() {
    using config::field;
    using Spec = RateLimitingSpec;
    static const config::Fields<Spec> table{
        field("spans_per_second", &Spec::spans_per_second, "spans that are sampled per second"),
        field("burst_capacity", &Spec::burst_capacity, "spans that are sampled at once; 0 = twice the rate"),
    };
    return table;
  }
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
    if (spans_per_second < 0) problems.error(at.place, path, "spans_per_second must not be negative");
    if (burst_capacity < 0) problems.error(at.place, path, "burst_capacity must not be negative");
  }
  std::unique_ptr<Policy> build(SpanTests&) const override {
    return std::make_unique<RateLimiting>(spans_per_second, burst_capacity > 0 ? burst_capacity : 2 * spans_per_second);
  }
  uint64_t smallest_limit() const override { return static_cast<uint64_t>(spans_per_second); }
};

}  // namespace

SpecRef read_rate_limiting(const config::At& block) { return read_spec<RateLimitingSpec>(block); }

}  // namespace weir
