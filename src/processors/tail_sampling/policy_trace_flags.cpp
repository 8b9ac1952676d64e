// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/policies.h"
#include "processors/tail_sampling/span_tests.h"

namespace weir {

namespace {

class TraceFlags final : public Policy {
 public:
  Decision decide(const TraceFacts& trace, Time) override { return sampled_if(trace.flag_sampled); }
};

struct TraceFlagsSpec final : PolicySpec {
  static const config::Fields<TraceFlagsSpec>& fields() {
    static const config::Fields<TraceFlagsSpec> table;
    return table;
  }
  std::unique_ptr<Policy> build(SpanTests& tests) const override {
    tests.want_flags();
    return std::make_unique<TraceFlags>();
  }
};

}  // namespace

SpecRef read_trace_flags(const config::At& block) { return read_spec<TraceFlagsSpec>(block); }

}  // namespace weir
