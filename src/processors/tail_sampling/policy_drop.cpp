// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/policy_group.h"

namespace weir {

namespace {

class DropPolicy final : public Policy {
 public:
  explicit DropPolicy(PolicyList policies) : policies_(std::move(policies)) {}
  Decision decide(const TraceFacts& trace, Time now) override {
    return if_all_sample(policies_, trace, now, Decision::kDropped);
  }

 private:
  const PolicyList policies_;
};

// Drops the trace, whatever other policies say, where all of its policies sample.
struct DropSpec final : GroupSpec {
  static const config::Fields<DropSpec>& fields() {
    static const config::Fields<DropSpec> table{list_field<DropSpec>("drop_sub_policy", PolicyLevel::kInGroup)};
    return table;
  }
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
    if (policies.empty()) problems.error(at.place, path, "expected at least one policy in drop_sub_policy");
  }
  std::unique_ptr<Policy> build(SpanTests& tests) const override {
    return std::make_unique<DropPolicy>(build_all(policies, tests));
  }
};

}  // namespace

SpecRef read_drop(const config::At& block) { return read_spec<DropSpec>(block); }

}  // namespace weir
