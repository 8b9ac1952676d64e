// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <string>
#include <vector>

#include "support/reference_sampler.h"
#include "unit/processors/fixture.h"

// Random policies and spans, for the reference sampler and for the real one alike.
namespace weir::test {

class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  uint64_t below(uint64_t bound) { return engine_() % bound; }
  bool chance(uint64_t percent) { return below(100) < percent; }
  template <class T>
  const T& of(const std::vector<T>& list) {
    return list[below(list.size())];
  }

 private:
  std::mt19937_64 engine_;
};

inline const std::vector<std::string> kKeys{"tenant", "score", "debug"};
inline const std::vector<std::string> kWords{"acme", "beta", "gamma", "acme-2", ""};

inline RefValue random_value(Dice& dice) {
  switch (dice.below(4)) {
    case 0:
      return static_cast<int64_t>(dice.below(7)) * 25 - 50;
    case 1:
      return dice.chance(50);
    case 2:
      return 60.0;
    default:
      return dice.of(kWords);
  }
}
inline RefTags random_tags(Dice& dice, uint64_t most) {
  RefTags tags;
  for (uint64_t n = dice.below(most + 1); n > 0; --n) tags.emplace_back(dice.of(kKeys), random_value(dice));
  return tags;
}

inline RefSpan random_span(Dice& dice, uint64_t trace, uint64_t id) {
  RefSpan span{.trace = id_bytes(trace * 0x9e3779b97f4a7c15ULL, 16), .id = id, .tags = {}, .resource = {}};
  span.start_ns = 1'000'000'000 + dice.below(400) * 999'999;
  span.end_ns = span.start_ns + dice.below(300) * 1'000'001;
  if (dice.chance(2)) span.start_ns = 0;
  span.status = dice.chance(8) ? 2 : static_cast<int>(dice.below(2));
  span.flags = dice.chance(10) ? static_cast<uint32_t>(dice.below(4)) : 0;
  span.tags = random_tags(dice, 3);
  return span;
}

inline RefPolicy random_leaf(Dice& dice) {
  RefPolicy policy;
  policy.type = dice.of(std::vector<std::string>{
      "latency", "latency", "status_code", "probabilistic", "numeric_attribute", "string_attribute", "string_attribute",
      "boolean_attribute", "span_count", "trace_flags", "always_sample", "ottl_condition", "ottl_condition"});
  policy.key = policy.type == "probabilistic" ? dice.of(std::vector<std::string>{"", "salt"}) : dice.of(kKeys);
  policy.invert = dice.chance(25);
  policy.regex = dice.chance(40);
  if (policy.type == "status_code") policy.words = {dice.of(std::vector<std::string>{"OK", "ERROR", "UNSET"})};
  if (policy.type == "string_attribute") {
    policy.words = policy.regex
                       ? std::vector<std::string>{dice.of(std::vector<std::string>{"^ac", "a$", "me-?", "^$", "b"})}
                       : std::vector<std::string>{dice.of(kWords), dice.of(kWords)};
  }
  if (policy.type == "ottl_condition") policy.words = {dice.of(std::vector<std::string>{"a", "gam", "acme-"})};
  policy.percentage = static_cast<double>(dice.below(100)) + 0.5;
  policy.low = static_cast<int64_t>(dice.below(4));
  policy.high = dice.chance(50) ? 0 : policy.low + static_cast<int64_t>(dice.below(5));
  if (policy.type == "latency") policy.low *= 90, policy.high *= 90;
  if (policy.type == "numeric_attribute") policy.low = policy.low * 25 + 25, policy.high *= 25;
  if (policy.type == "ottl_condition") policy.low %= 2;
  if (policy.type == "boolean_attribute") policy.low %= 2;
  return policy;
}
inline RefPolicy random_policy(Dice& dice) {
  if (dice.chance(70)) return random_leaf(dice);
  RefPolicy group{.type = dice.of(std::vector<std::string>{"and", "not", "drop"}), .inner = {random_leaf(dice)}};
  if (group.type != "not") group.inner.push_back(random_leaf(dice));
  return group;
}

inline std::string number(int64_t value) { return std::to_string(value); }

inline std::string condition_yaml(const RefPolicy& policy) {
  const std::string& word = policy.words.front();
  return std::string("error_mode: ") + (policy.low != 0 ? "propagate" : "silent") +
         ", span: ['status.code == STATUS_CODE_ERROR', 'Substring(attributes[\"" + policy.key + "\"], 0, " +
         std::to_string(word.size()) + ") == \"" + word + "\"']}}";
}

// The policy in the dialect.
inline std::string yaml_of(const RefPolicy& policy, const std::string& name) {
  const std::string head = "{name: " + name + ", type: " + policy.type;
  const std::string invert = std::string(", invert_match: ") + (policy.invert ? "true" : "false") + "}}";
  std::string words, inner;
  for (const std::string& word : policy.words) words += "'" + word + "', ";
  for (size_t i = 0; i < policy.inner.size(); ++i)
    inner += yaml_of(policy.inner[i], name + number(static_cast<int64_t>(i))) + ", ";
  const std::string block = head + ", " + policy.type + ": {";
  if (policy.type == "latency")
    return block + "threshold_ms: " + number(policy.low) + ", upper_threshold_ms: " + number(policy.high) + "}}";
  if (policy.type == "status_code") return block + "status_codes: [" + words + "]}}";
  if (policy.type == "probabilistic")
    return block + "hash_salt: '" + policy.key + "', sampling_percentage: " + std::to_string(policy.percentage) + "}}";
  if (policy.type == "span_count")
    return block + "min_spans: " + number(policy.low) + ", max_spans: " + number(policy.high) + "}}";
  if (policy.type == "ottl_condition") return block + condition_yaml(policy);
  if (policy.type == "not") return block + "not_sub_policy: " + yaml_of(policy.inner[0], name + "0") + "}}";
  if (policy.type == "and" || policy.type == "drop") return block + policy.type + "_sub_policy: [" + inner + "]}}";
  if (policy.type == "numeric_attribute") {
    return block + "key: " + policy.key + ", min_value: " + number(policy.low) + ", max_value: " + number(policy.high) +
           invert;
  }
  if (policy.type == "boolean_attribute")
    return block + "key: " + policy.key + ", value: " + (policy.low != 0 ? "true" : "false") + invert;
  if (policy.type == "string_attribute") {
    return block + "key: " + policy.key + ", values: [" + words +
           "], enabled_regex_matching: " + (policy.regex ? "true" : "false") + invert;
  }
  return head + "}";
}

inline std::vector<Tag> tags_of(const RefTags& tags) {
  std::vector<Tag> list;
  for (const auto& [key, value] : tags) {
    if (const auto* text = std::get_if<std::string>(&value)) list.push_back(Tag::string(key, *text));
    if (const auto* integer = std::get_if<int64_t>(&value)) list.push_back(Tag::integer(key, *integer));
    if (const auto* boolean = std::get_if<bool>(&value)) list.push_back(Tag::boolean(key, *boolean));
    if (const auto* real = std::get_if<double>(&value)) list.push_back(Tag::real(key, *real));
  }
  return list;
}
inline TestSpan span_of(const RefSpan& span) {
  uint64_t trace = 0;
  for (size_t i = 8; i < 16; ++i) trace = trace << 8 | static_cast<unsigned char>(span.trace[i]);
  return {.trace = trace,
          .id = span.id,
          .start_ns = span.start_ns,
          .end_ns = span.end_ns,
          .status = static_cast<StatusCode>(span.status),
          .flags = span.flags,
          .tags = tags_of(span.tags)};
}

// Policies, and the same in the dialect.
inline std::vector<RefPolicy> random_policies(Dice& dice, std::string& yaml) {
  std::vector<RefPolicy> policies;
  for (uint64_t n = dice.below(4) + 1; n > 0; --n) {
    policies.push_back(random_policy(dice));
    if (policies.back().type == "numeric_attribute" && policies.back().low == 0) policies.back().low = 25;
    yaml += yaml_of(policies.back(), "p" + std::to_string(n)) + ", ";
  }
  return policies;
}

// The next request, in the second `second` since the start; adds its spans to `all`.
inline std::vector<TestResource> random_request(Dice& dice, uint32_t second, std::vector<RefSpan>& all) {
  std::vector<TestResource> resources;
  for (uint64_t r = dice.below(3) + 1; r > 0; --r) {
    const RefTags resource = dice.chance(50) ? RefTags{} : random_tags(dice, 2);
    TestResource& group = resources.emplace_back(TestResource{tags_of(resource), {}});
    for (uint64_t s = dice.below(6) + 1; s > 0; --s) {
      RefSpan span = random_span(dice, second * 3 + dice.below(12), all.size() + 1);
      span.resource = resource;
      span.second = second;
      group.spans.push_back(span_of(span));
      all.push_back(std::move(span));
    }
  }
  return resources;
}

}  // namespace weir::test
