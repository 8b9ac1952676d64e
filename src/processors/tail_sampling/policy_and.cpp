// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/policy_group.h"

namespace weir {

namespace {

class AndPolicy final : public Policy {
 public:
  explicit AndPolicy(PolicyList policies) : policies_(std::move(policies)) {}
  Decision decide(const TraceFacts& trace, Time now) override {
    return if_all_sample(policies_, trace, now, Decision::kSampled);
  }

 private:
  const PolicyList policies_;
};

// Samples where all of its policies do.
struct AndSpec final : GroupSpec {
  static const config::Fields<AndSpec>& fields() {
    static const config::Fields<AndSpec> table{list_field<AndSpec>("and_sub_policy", PolicyLevel::kInGroup)};
    return table;
  }
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
    if (policies.empty()) problems.error(at.place, path, "expected at least one policy in and_sub_policy");
  }
  std::unique_ptr<Policy> build(SpanTests& tests) const override {
    return std::make_unique<AndPolicy>(build_all(policies, tests));
  }
};

}  // namespace

SpecRef read_and(const config::At& block) { return read_spec<AndSpec>(block); }

}  // namespace weir
