// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace weir::test {

// A slow, obvious evaluator of tail sampling to hold the real one against: it keeps every span as it came and looks at
// all of them for each policy. Written from the rules of the collector, without any code of the sampler.

using RefValue = std::variant<std::string, int64_t, bool, double>;
using RefTags = std::vector<std::pair<std::string, RefValue>>;  // the first of a key counts

struct RefSpan {
  std::string trace;  // 16 bytes
  uint64_t id = 0;
  uint64_t start_ns = 0, end_ns = 0;
  int status = 0;  // 0 unset, 1 ok, 2 error
  uint32_t flags = 0;
  RefTags tags, resource;
  uint32_t second = 0;  // whole seconds since the start when it came
};

struct RefPolicy {
  std::string type;
  std::string key = {};
  std::vector<std::string> words = {};  // values, patterns or status codes
  bool regex = false, invert = false;
  int64_t low = 0, high = 0;  // thresholds, values, span counts
  double percentage = 0;
  std::vector<RefPolicy> inner = {};
};

class ReferenceSampler {
 public:
  ReferenceSampler(std::vector<RefPolicy> policies, uint32_t wait_seconds)
      : policies_(std::move(policies)), wait_(wait_seconds) {}

  // Ids of the spans that are kept, of all spans in order of arrival.
  std::set<uint64_t> kept(const std::vector<RefSpan>& spans) const {
    std::map<std::string, std::vector<RefSpan>> traces;
    for (const RefSpan& span : spans) traces[span.trace].push_back(span);
    std::set<uint64_t> ids;
    for (const auto& [trace, all] : traces) {
      // Decided at the end of the second `wait_` after the one in which the first span came; what comes later follows.
      std::vector<RefSpan> seen;
      for (const RefSpan& span : all) {
        if (span.second <= all.front().second + wait_) seen.push_back(span);
      }
      if (!keep(seen)) continue;
      for (const RefSpan& span : all) ids.insert(span.id);
    }
    return ids;
  }

 private:
  enum class Says { kNo, kYes, kDrop, kError };
  using Trace = std::vector<RefSpan>;

  bool keep(const Trace& trace) const {
    bool yes = false;
    for (const RefPolicy& policy : policies_) {
      const Says says = ask(policy, trace);
      if (says == Says::kDrop) return false;
      yes |= says == Says::kYes;
    }
    return yes;
  }

  static Says yes_if(bool condition) { return condition ? Says::kYes : Says::kNo; }
  static Says if_all_yes(const std::vector<RefPolicy>& policies, const Trace& trace, Says yes) {
    for (const RefPolicy& policy : policies) {
      const Says says = ask(policy, trace);
      if (says != Says::kYes) return says == Says::kError ? says : Says::kNo;
    }
    return yes;
  }

  static Says ask(const RefPolicy& policy, const Trace& trace) {
    if (policy.type == "always_sample") return Says::kYes;
    if (policy.type == "latency") return yes_if(latency(policy, trace));
    if (policy.type == "status_code") return yes_if(status(policy, trace));
    if (policy.type == "probabilistic") return yes_if(probabilistic(policy, trace.front().trace));
    if (policy.type == "span_count") return yes_if(count(policy, static_cast<int64_t>(trace.size())));
    if (policy.type == "trace_flags") return yes_if(flags(trace));
    if (policy.type == "ottl_condition") return condition(policy, trace);
    if (policy.type == "and") return if_all_yes(policy.inner, trace, Says::kYes);
    if (policy.type == "drop") return if_all_yes(policy.inner, trace, Says::kDrop);
    if (policy.type == "not") {
      const Says says = ask(policy.inner.front(), trace);
      return says == Says::kError ? says : yes_if(says == Says::kNo);
    }
    return yes_if(attribute(policy, trace) != policy.invert);
  }

  // Any span that is an error or whose text under `key` begins with the word; what is no text of that length fails,
  // which ends it where errors propagate (`low`).
  static Says condition(const RefPolicy& policy, const Trace& trace) {
    for (const RefSpan& span : trace) {
      if (span.status == 2) return Says::kYes;
      const RefValue* value = find(span.tags, policy.key);
      const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(value);
      const std::string& word = policy.words.front();
      if (text != nullptr && text->size() >= word.size()) {
        if (text->substr(0, word.size()) == word) return Says::kYes;
      } else if (policy.low != 0) {
        return Says::kError;
      }
    }
    return Says::kNo;
  }
  static bool latency(const RefPolicy& policy, const Trace& trace) {
    uint64_t first = 0, last = 0;
    for (const RefSpan& span : trace) {
      if (first == 0 || span.start_ns < first) first = span.start_ns;
      if (last == 0 || span.end_ns > last) last = span.end_ns;
      const int64_t ms = (static_cast<int64_t>(last) - static_cast<int64_t>(first)) / 1'000'000;
      if (ms > policy.low && (policy.high == 0 || ms <= policy.high)) return true;
    }
    return false;
  }
  static bool status(const RefPolicy& policy, const Trace& trace) {
    static const char* const kNames[] = {"UNSET", "OK", "ERROR"};
    for (const RefSpan& span : trace) {
      for (const std::string& word : policy.words) {
        if (word == kNames[span.status]) return true;
      }
    }
    return false;
  }
  static bool probabilistic(const RefPolicy& policy, const std::string& trace) {
    uint64_t hash = 14695981039346656037ULL;
    for (char c : (policy.key.empty() ? "default-hash-seed" : policy.key) + trace) {
      hash ^= static_cast<unsigned char>(c);
      hash *= 1099511628211ULL;
    }
    return static_cast<long double>(hash) / 18446744073709551615.0L <=
           static_cast<long double>(policy.percentage / 100);
  }
  static bool count(const RefPolicy& policy, int64_t spans) {
    return spans >= policy.low && (policy.high == 0 || spans <= policy.high);
  }
  static bool flags(const Trace& trace) {
    for (const RefSpan& span : trace) {
      if (span.flags % 2 == 1) return true;
    }
    return false;
  }
  static bool attribute(const RefPolicy& policy, const Trace& trace) {
    for (const RefSpan& span : trace) {
      const RefValue* on_resource = find(span.resource, policy.key);
      if (on_resource != nullptr && matches(policy, *on_resource, true)) return true;
      const RefValue* on_span = find(span.tags, policy.key);
      if (on_span != nullptr && matches(policy, *on_span, false)) return true;
    }
    return false;
  }
  static const RefValue* find(const RefTags& tags, const std::string& key) {
    for (const auto& [name, value] : tags) {
      if (name == key) return &value;
    }
    return nullptr;
  }
  static bool matches(const RefPolicy& policy, const RefValue& value, bool on_resource) {
    if (policy.type == "numeric_attribute") {
      const int64_t number = std::holds_alternative<int64_t>(value) ? std::get<int64_t>(value) : 0;
      return (policy.low == 0 || number >= policy.low) && (policy.high == 0 || number <= policy.high);
    }
    if (policy.type == "boolean_attribute") {
      return (std::holds_alternative<bool>(value) && std::get<bool>(value)) == (policy.low != 0);
    }
    const std::string text = std::holds_alternative<std::string>(value) ? std::get<std::string>(value) : "";
    for (const std::string& word : policy.words) {
      if (!policy.regex && text == word && !word.empty()) return true;
      if (policy.regex && (on_resource || !text.empty()) && std::regex_search(text, std::regex(word))) return true;
    }
    return false;
  }

  const std::vector<RefPolicy> policies_;
  const uint32_t wait_;
};

}  // namespace weir::test
