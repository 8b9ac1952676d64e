// SPDX-License-Identifier: Apache-2.0
#include "ottl/group_config.h"
#include "processors/tail_sampling/policies.h"
#include "processors/tail_sampling/span_tests.h"

namespace weir {

namespace {

class OttlCondition final : public Policy {
 public:
  explicit OttlCondition(SpanTests::ConditionBits bits) : bits_(bits) {}
  Decision decide(const TraceFacts& trace, Time) override {
    return trace.hit(bits_.failed) ? Decision::kError : sampled_if(trace.hit(bits_.met));
  }

 private:
  const SpanTests::ConditionBits bits_;
};

// Samples where any condition holds for a span or for an event of one. Spans are asked in order of arrival; where one
// fails under propagate before another is met, the policy has no say.
struct OttlConditionSpec final : PolicySpec {
  ottl::ErrorMode error_mode = ottl::ErrorMode::kIgnore;  // the collector does not propagate either where unwritten
  std::vector<std::string> span;
  std::vector<std::string> spanevent;
  std::shared_ptr<const ottl::SpanConditions> compiled;

  static const config::Fields<OttlConditionSpec>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
    if (span.empty() && spanevent.empty()) {
      problems.error(at.place, path, "expected at least one OTTL condition to filter on");
    }
  }
  std::unique_ptr<Policy> build(SpanTests& tests) const override {
    return std::make_unique<OttlCondition>(tests.add_conditions(compiled));
  }
};

config::Field<OttlConditionSpec> conditions(std::string_view key, ottl::Context context,
                                            std::vector<std::string> OttlConditionSpec::*member, std::string_view doc) {
  return config::custom<OttlConditionSpec>(
      key, "list of conditions",
      [context, member](const config::At& at, OttlConditionSpec& out) {
        if (!at.value.is_null()) ottl::decode_conditions(at, context, out.*member);
      },
      doc);
}

const config::Fields<OttlConditionSpec>& OttlConditionSpec::fields() {
  using Spec = OttlConditionSpec;
  static const config::Fields<Spec> table{
      config::choice("error_mode", &Spec::error_mode, ottl::error_modes(),
                     "what a failing condition leads to: the policy has no say (propagate), or the condition does not "
                     "hold, with a line in the log (ignore) or without (silent)"),
      conditions("span", ottl::Context::kSpan, &Spec::span, "traces with a span that meets one are sampled"),
      conditions("spanevent", ottl::Context::kSpanEvent, &Spec::spanevent,
                 "traces with a span event that meets one are sampled"),
  };
  return table;
}

}  // namespace

SpecRef read_ottl_condition(const config::At& block) {
  auto spec = std::make_shared<OttlConditionSpec>();
  config::decode(block, *spec);
  spec->compiled = ottl::compile_span_conditions(spec->span, spec->spanevent, spec->error_mode);
  return spec;
}

}  // namespace weir
