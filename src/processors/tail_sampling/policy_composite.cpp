// SPDX-License-Identifier: Apache-2.0
#include <mutex>

#include "processors/tail_sampling/policy_group.h"

namespace weir {

namespace {

// The first policy that samples decides, as far as its share of spans in this second of the wall clock goes; a trace
// that does not fit is not offered to the next one. The maximum is held against each policy's own count, as in the
// collector.
class Composite final : public Policy {
 public:
  struct Share {
    std::unique_ptr<Policy> policy;
    int64_t allowed = 0;  // spans per second
    int64_t used = 0;     // in this second
  };

  explicit Composite(std::vector<Share> shares) : shares_(std::move(shares)) {}
  Decision decide(const TraceFacts& trace, Time now) override {
    std::lock_guard lock(mutex_);
    start_second(now);
    for (Share& share : shares_) {
      const Decision decision = share.policy->decide(trace, now);
      if (decision == Decision::kError) return decision;
      if (decision != Decision::kSampled) continue;
      if (share.used + trace.spans > share.allowed) return Decision::kNotSampled;
      share.used += trace.spans;
      return Decision::kSampled;
    }
    return Decision::kNotSampled;
  }

 private:
  void start_second(Time now) {
    const auto second = std::chrono::floor<std::chrono::seconds>(now.wall);
    if (second == second_) return;
    second_ = second;
    for (Share& share : shares_) share.used = 0;
  }

  std::mutex mutex_;
  std::vector<Share> shares_;
  std::chrono::seconds second_{-1};
};

struct RateAllocation {
  std::string policy;
  int64_t percent = 0;  // of max_total_spans_per_second; 0 = an equal share

  static const config::Fields<RateAllocation>& fields() {
    using config::field;
    static const config::Fields<RateAllocation> table{
        field("policy", &RateAllocation::policy, "name of a sub-policy"),
        field("percent", &RateAllocation::percent, "its part of max_total_spans_per_second; 0 = an equal share"),
    };
    return table;
  }
};

struct CompositeSpec final : GroupSpec {
  int64_t max_total_spans_per_second = 0;
  std::vector<std::string> policy_order;
  std::vector<RateAllocation> rate_allocation;

  static const config::Fields<CompositeSpec>& fields() {
    using config::field;
    using Spec = CompositeSpec;
    static const config::Fields<Spec> table{
        field("max_total_spans_per_second", &Spec::max_total_spans_per_second, "what rate_allocation is a part of"),
        field("policy_order", &Spec::policy_order, "accepted; policies are asked in the order of composite_sub_policy"),
        list_field<Spec>("composite_sub_policy", PolicyLevel::kInComposite),
        field("rate_allocation", &Spec::rate_allocation, "share of each policy; one that is not listed never samples"),
    };
    return table;
  }
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
  std::unique_ptr<Policy> build(SpanTests& tests) const override;
  uint64_t smallest_limit() const override {
    return std::min(static_cast<uint64_t>(max_total_spans_per_second), GroupSpec::smallest_limit());
  }
  int64_t allowed(const std::string& name) const;
};

void CompositeSpec::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  if (max_total_spans_per_second < 0) {
    problems.error(at.place, path, "max_total_spans_per_second must not be negative");
  }
  for (const PolicyConfig& policy : policies) {
    const bool listed = std::any_of(rate_allocation.begin(), rate_allocation.end(),
                                    [&](const RateAllocation& share) { return share.policy == policy.name; });
    if (listed) continue;
    problems.warn(at.place, path, "policy \"" + policy.name + "\" is not in rate_allocation and never samples");
  }
}

// Spans per second of one sub-policy. Of two allocations with the same name the last one counts.
int64_t CompositeSpec::allowed(const std::string& name) const {
  int64_t spans = 0;
  for (const RateAllocation& share : rate_allocation) {
    if (share.policy != name) continue;
    spans = share.percent > 0 ? static_cast<int64_t>(static_cast<double>(share.percent) / 100.0 *
                                                     static_cast<double>(max_total_spans_per_second))
                              : max_total_spans_per_second / static_cast<int64_t>(policies.size());
  }
  return std::min(spans, max_total_spans_per_second);
}

std::unique_ptr<Policy> CompositeSpec::build(SpanTests& tests) const {
  std::vector<Composite::Share> shares;
  for (const PolicyConfig& policy : policies) {
    shares.push_back({.policy = policy.spec->build(tests), .allowed = allowed(policy.name)});
  }
  return std::make_unique<Composite>(std::move(shares));
}

}  // namespace

SpecRef read_composite(const config::At& block) { return read_spec<CompositeSpec>(block); }

}  // namespace weir
