// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/hit_policy.h"
#include "processors/tail_sampling/policies.h"
#include "processors/tail_sampling/span_tests.h"

namespace weir {

namespace {

// The bounds are looked at after each span in order of arrival: with an upper bound a trace is kept if it was ever in
// range.
struct LatencySpec final : PolicySpec {
  int64_t threshold_ms = 0;        // exclusive
  int64_t upper_threshold_ms = 0;  // inclusive; 0 = none

  static const config::Fields<LatencySpec>& fields() {
    using config::field;
    static const config::Fields<LatencySpec> table{
        field("threshold_ms", &LatencySpec::threshold_ms, "sample traces that take longer, in ms"),
        field("upper_threshold_ms", &LatencySpec::upper_threshold_ms, "but not longer than this, in ms; 0 = no bound"),
    };
    return table;
  }
  std::unique_ptr<Policy> build(SpanTests& tests) const override {
    return std::make_unique<HitPolicy>(tests.add_latency(threshold_ms, upper_threshold_ms));
  }
};

}  // namespace

SpecRef read_latency(const config::At& block) { return read_spec<LatencySpec>(block); }

}  // namespace weir
