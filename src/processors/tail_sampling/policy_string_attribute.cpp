// SPDX-License-Identifier: Apache-2.0
#include <re2/re2.h>

#include <set>

#include "processors/tail_sampling/hit_policy.h"
#include "processors/tail_sampling/policies.h"
#include "processors/tail_sampling/span_tests.h"

namespace weir {

namespace {

// What is no string is read as an empty one; an empty one matches nothing on a span.
std::string_view text_of(const otlp::AnyValue& value) { return value.is_string() ? value.bytes : std::string_view(); }

class OneOf final : public ValueTest {
 public:
  explicit OneOf(const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      if (!value.empty()) values_.insert(value);
    }
  }
  bool matches(const otlp::AnyValue& value, bool) const override { return values_.contains(text_of(value)); }

 private:
  std::set<std::string, std::less<>> values_;
};

std::unique_ptr<RE2> compile(const std::string& pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  return std::make_unique<RE2>(pattern, options);
}

// Any of the patterns anywhere in the value.
class MatchesPattern final : public ValueTest {
 public:
  explicit MatchesPattern(const std::vector<std::string>& patterns) {
    for (const std::string& pattern : patterns) patterns_.push_back(compile(pattern));
  }
  bool matches(const otlp::AnyValue& value, bool on_resource) const override {
    const std::string_view text = text_of(value);
    if (text.empty() && !on_resource) return false;
    for (const auto& pattern : patterns_) {
      if (RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *pattern)) return true;
    }
    return false;
  }

 private:
  std::vector<std::unique_ptr<RE2>> patterns_;
};

struct StringAttributeSpec final : PolicySpec {
  std::string key;
  std::vector<std::string> values;
  bool enabled_regex_matching = false;
  int64_t cache_max_size = 0;  // RE2 needs no cache of results
  bool invert_match = false;

  static const config::Fields<StringAttributeSpec>& fields() {
    using config::field;
    using Spec = StringAttributeSpec;
    static const config::Fields<Spec> table{
        field("key", &Spec::key, "attribute of a span or its resource"),
        field("values", &Spec::values, "values, or regular expressions, that are sampled"),
        field("enabled_regex_matching", &Spec::enabled_regex_matching, "values are RE2 expressions, found anywhere"),
        field("cache_max_size", &Spec::cache_max_size, "accepted; results of matches are not cached"),
        field("invert_match", &Spec::invert_match, "sample the traces where nothing matches"),
    };
    return table;
  }
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
  std::unique_ptr<Policy> build(SpanTests& tests) const override {
    std::unique_ptr<ValueTest> test;
    if (enabled_regex_matching) {
      test = std::make_unique<MatchesPattern>(values);
    } else {
      test = std::make_unique<OneOf>(values);
    }
    return std::make_unique<HitPolicy>(tests.add_attribute(key, std::move(test)), invert_match);
  }
};

void StringAttributeSpec::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  if (!enabled_regex_matching) return;
  const config::Value* list = at.find("values");
  for (size_t i = 0; i < values.size(); ++i) {
    const auto pattern = compile(values[i]);
    if (pattern->ok()) continue;
    const config::Place& place = list != nullptr && i < list->list.size() ? list->list[i].place : at.place;
    problems.error(place, path + "::values::" + std::to_string(i),
                   "invalid regular expression \"" + values[i] + "\": " + pattern->error());
  }
}

}  // namespace

SpecRef read_string_attribute(const config::At& block) { return read_spec<StringAttributeSpec>(block); }

}  // namespace weir
