// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/policy_group.h"

namespace weir {

namespace {

class NotPolicy final : public Policy {
 public:
  explicit NotPolicy(std::unique_ptr<Policy> policy) : policy_(std::move(policy)) {}
  Decision decide(const TraceFacts& trace, Time now) override {
    const Decision decision = policy_->decide(trace, now);
    return decision == Decision::kError ? decision : sampled_if(decision == Decision::kNotSampled);
  }

 private:
  const std::unique_ptr<Policy> policy_;
};

// Samples where its one policy does not.
struct NotSpec final : GroupSpec {
  static const config::Fields<NotSpec>& fields() {
    static const config::Fields<NotSpec> table{config::custom<NotSpec>(
        "not_sub_policy", "map",
        [](const config::At& at, NotSpec& out) {
          out.policies.clear();
          decode_policy(at, PolicyLevel::kInGroup, out.policies.emplace_back());
        },
        "the policy: name, type and a block named like the type")};
    return table;
  }
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
    if (policies.empty()) problems.error(at.place, path, "expected a policy in not_sub_policy");
  }
  std::unique_ptr<Policy> build(SpanTests& tests) const override {
    return std::make_unique<NotPolicy>(policies.front().spec->build(tests));
  }
};

}  // namespace

SpecRef read_not(const config::At& block) { return read_spec<NotSpec>(block); }

}  // namespace weir
