// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/policies.h"

namespace weir {

namespace {

class SpanCount final : public Policy {
 public:
  SpanCount(int32_t min, int32_t max) : min_(min), max_(max) {}
  Decision decide(const TraceFacts& trace, Time) override {
    const int64_t spans = trace.spans;
    return sampled_if(spans >= min_ && (max_ == 0 || spans <= max_));
  }

 private:
  const int64_t min_, max_;
};

struct SpanCountSpec final : PolicySpec {
  int32_t min_spans = 0;
  int32_t max_spans = 0;  // 0 = no bound

  static const config::Fields<SpanCountSpec>& fields() {
    using config::field;
    static const config::Fields<SpanCountSpec> table{
        field("min_spans", &SpanCountSpec::min_spans, "sample traces with at least so many spans"),
        field("max_spans", &SpanCountSpec::max_spans, "and at most so many; 0 = no bound"),
    };
    return table;
  }
  std::unique_ptr<Policy> build(SpanTests&) const override { return std::make_unique<SpanCount>(min_spans, max_spans); }
};

}  // namespace

SpecRef read_span_count(const config::At& block) { return read_spec<SpanCountSpec>(block); }

}  // namespace weir
