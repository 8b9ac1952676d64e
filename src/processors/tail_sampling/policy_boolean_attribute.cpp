// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/hit_policy.h"
#include "processors/tail_sampling/policies.h"
#include "processors/tail_sampling/span_tests.h"

namespace weir {

namespace {

// As in the collector every value is read as a bool: what is none counts as false.
class BoolEquals final : public ValueTest {
 public:
  explicit BoolEquals(bool wanted) : wanted_(wanted) {}
  bool matches(const otlp::AnyValue& value, bool) const override {
    return (value.type == otlp::AnyValue::Type::kBool && value.boolean) == wanted_;
  }

 private:
  const bool wanted_;
};

struct BooleanAttributeSpec final : PolicySpec {
  std::string key;
  bool value = false;
  bool invert_match = false;

  static const config::Fields<BooleanAttributeSpec>& fields() {
    using config::field;
    using Spec = BooleanAttributeSpec;
    static const config::Fields<Spec> table{
        field("key", &Spec::key, "attribute of a span or its resource"),
        field("value", &Spec::value, "value that is sampled"),
        field("invert_match", &Spec::invert_match, "sample the traces where nothing matches"),
    };
    return table;
  }
  std::unique_ptr<Policy> build(SpanTests& tests) const override {
    return std::make_unique<HitPolicy>(tests.add_attribute(key, std::make_unique<BoolEquals>(value)), invert_match);
  }
};

}  // namespace

SpecRef read_boolean_attribute(const config::At& block) { return read_spec<BooleanAttributeSpec>(block); }

}  // namespace weir
