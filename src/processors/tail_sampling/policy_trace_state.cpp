// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "processors/tail_sampling/hit_policy.h"
#include "processors/tail_sampling/policies.h"
#include "processors/tail_sampling/span_tests.h"
#include "processors/tail_sampling/w3c_trace_state.h"

namespace weir {

namespace {

constexpr size_t kLongestMember = 255;  // key and value together; a longer one cannot be in a tracestate

class MemberOneOf final : public TraceStateTest {
 public:
  MemberOneOf(std::string key, const std::vector<std::string>& values) : key_(std::move(key)) {
    for (const std::string& value : values) {
      if (!value.empty() && key_.size() + value.size() <= kLongestMember) values_.insert(value);
    }
  }
  bool matches(std::string_view trace_state) const override {
    const auto value = trace_state_member(trace_state, key_);
    return value && values_.contains(*value);
  }

 private:
  const std::string key_;
  std::set<std::string, std::less<>> values_;
};

struct TraceStateSpec final : PolicySpec {
  std::string key;
  std::vector<std::string> values;

  static const config::Fields<TraceStateSpec>& fields() {
    using config::field;
    static const config::Fields<TraceStateSpec> table{
        field("key", &TraceStateSpec::key, "member of the span's tracestate"),
        field("values", &TraceStateSpec::values, "values of it that are sampled"),
    };
    return table;
  }
  std::unique_ptr<Policy> build(SpanTests& tests) const override {
    return std::make_unique<HitPolicy>(tests.add_trace_state(std::make_unique<MemberOneOf>(key, values)));
  }
};

}  // namespace

SpecRef read_trace_state(const config::At& block) { return read_spec<TraceStateSpec>(block); }

}  // namespace weir
