// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "processors/tail_sampling/hit_policy.h"
#include "processors/tail_sampling/policies.h"
#include "processors/tail_sampling/span_tests.h"

namespace weir {

namespace {

// As in the collector every value is read as an int: what is none counts as 0.
class IntRange final : public ValueTest {
 public:
  IntRange(int64_t min, int64_t max) : min_(min), max_(max) {}
  bool matches(const otlp::AnyValue& value, bool) const override {
    const int64_t number = value.type == otlp::AnyValue::Type::kInt ? value.integer : 0;
    return min_ <= number && number <= max_;
  }

 private:
  const int64_t min_, max_;
};

struct NumericAttributeSpec final : PolicySpec {
  std::string key;
  int64_t min_value = 0;  // 0 = no bound
  int64_t max_value = 0;  // 0 = no bound
  bool invert_match = false;

  static const config::Fields<NumericAttributeSpec>& fields() {
    using config::field;
    using Spec = NumericAttributeSpec;
    static const config::Fields<Spec> table{
        field("key", &Spec::key, "attribute of a span or its resource"),
        field("min_value", &Spec::min_value, "smallest value that is sampled; 0 = no bound"),
        field("max_value", &Spec::max_value, "largest value that is sampled; 0 = no bound"),
        field("invert_match", &Spec::invert_match, "sample the traces where nothing matches"),
    };
    return table;
  }
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
    if (min_value != 0 || max_value != 0) return;
    problems.error(at.place, path, "at least one of 'min_value' or 'max_value' must be set (0 counts as not set)");
  }
  std::unique_ptr<Policy> build(SpanTests& tests) const override {
    auto range = std::make_unique<IntRange>(min_value != 0 ? min_value : std::numeric_limits<int64_t>::min(),
                                            max_value != 0 ? max_value : std::numeric_limits<int64_t>::max());
    return std::make_unique<HitPolicy>(tests.add_attribute(key, std::move(range)), invert_match);
  }
};

}  // namespace

SpecRef read_numeric_attribute(const config::At& block) { return read_spec<NumericAttributeSpec>(block); }

}  // namespace weir
