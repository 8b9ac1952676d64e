// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/policies.h"

namespace weir {

namespace {

class AlwaysSample final : public Policy {
 public:
  Decision decide(const TraceFacts&, Time) override { return Decision::kSampled; }
};

struct AlwaysSampleSpec final : PolicySpec {
  static const config::Fields<AlwaysSampleSpec>& fields() {
    static const config::Fields<AlwaysSampleSpec> table;
    return table;
  }
  std::unique_ptr<Policy> build(SpanTests&) const override { return std::make_unique<AlwaysSample>(); }
};

}  // namespace

SpecRef read_always_sample(const config::At& block) { return read_spec<AlwaysSampleSpec>(block); }

}  // namespace weir
