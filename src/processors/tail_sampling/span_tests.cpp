// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/span_tests.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace weir {

namespace {

constexpr uint32_t kFlagSampled = 1;

// As the collector takes it: times are signed nanoseconds, their difference is kept within 64 bits and cut to whole ms.
int64_t milliseconds_between(uint64_t start_ns, uint64_t end_ns) {
  int64_t difference = 0;
  const auto start = static_cast<int64_t>(start_ns), end = static_cast<int64_t>(end_ns);
  if (__builtin_sub_overflow(end, start, &difference)) {
    difference = end > start ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min();
  }
  return difference / 1'000'000;
}

// The key of a KeyValue as nearly all senders write it (key, value, nothing else, each length in one byte) without
// walking its fields; anything else is walked.
std::string_view key_of(std::string_view key_value) {
  constexpr char kKeyTag = 0x0a, kValueTag = 0x12;
  const size_t size = key_value.size();
  if (size >= 4 && key_value[0] == kKeyTag && key_value[1] >= 0) {
    const size_t value_at = static_cast<size_t>(key_value[1]) + 2;
    if (value_at + 2 <= size && key_value[value_at] == kValueTag && key_value[value_at + 1] >= 0 &&
        value_at + 2 + static_cast<size_t>(key_value[value_at + 1]) == size) {
      return key_value.substr(2, value_at - 2);
    }
  }
  return otlp::attribute_key(key_value);
}

}  // namespace

uint64_t SpanTests::add_attribute(std::string_view key, std::unique_ptr<ValueTest> test) {
  auto at = std::find_if(keys_.begin(), keys_.end(), [&](const Key& k) { return k.key == key; });
  if (at == keys_.end()) at = keys_.insert(at, Key{.key = std::string(key), .tests = {}});
  const uint64_t bit = next_bit();
  at->mask |= bit;
  attribute_mask_ |= bit;
  at->tests.push_back({bit, std::move(test)});
  return bit;
}

uint64_t SpanTests::add_latency(int64_t threshold_ms, int64_t upper_ms) {
  latencies_.push_back({next_bit(), threshold_ms, upper_ms});
  return latencies_.back().bit;
}

uint64_t SpanTests::add_trace_state(std::unique_ptr<TraceStateTest> test) {
  trace_states_.push_back({next_bit(), std::move(test)});
  return trace_states_.back().bit;
}

SpanTests::ConditionBits SpanTests::add_conditions(std::shared_ptr<const ottl::SpanConditions> conditions) {
  ConditionBits bits{next_bit(), 0};
  if (conditions->error_mode == ottl::ErrorMode::kPropagate) bits.failed = next_bit();
  conditions_.push_back({bits, std::make_unique<ottl::SpanEvaluator>(std::move(conditions), log_, component_)});
  return bits;
}

const SpanTests::Key* SpanTests::find_key(std::string_view name) const {
  for (const Key& key : keys_) {
    if (key.key == name) return &key;
  }
  return nullptr;
}

// `seen` holds the masks of keys already met in this list of attributes: of two with one key the first counts.
uint64_t SpanTests::hits_of(const Key& key, const otlp::AnyValue& value, bool on_resource, uint64_t& seen) {
  if ((seen & key.mask) != 0) return 0;
  seen |= key.mask;
  uint64_t hits = 0;
  for (const OneTest& one : key.tests) {
    if (one.test->matches(value, on_resource)) hits |= one.bit;
  }
  return hits;
}

uint64_t SpanTests::resource_hits(const Batch& batch, uint32_t resource) const {
  if (keys_.empty()) return 0;
  uint64_t hits = 0, seen = 0;
  otlp::for_each_resource_attribute(batch, resource, [&](const otlp::Attribute& attribute) {
    if (const Key* key = find_key(attribute.key)) hits |= hits_of(*key, attribute.value, true, seen);
  });
  return hits;
}

void SpanTests::observe_latency(const SpanRecord& span, TraceFacts& trace) const {
  if (trace.min_start_ns == 0 || span.start_ns < trace.min_start_ns) trace.min_start_ns = span.start_ns;
  if (trace.max_end_ns == 0 || span.end_ns > trace.max_end_ns) trace.max_end_ns = span.end_ns;
  if (latencies_.empty()) return;
  const int64_t ms = milliseconds_between(trace.min_start_ns, trace.max_end_ns);
  for (const Latency& latency : latencies_) {
    if (ms > latency.threshold_ms && (latency.upper_ms == 0 || ms <= latency.upper_ms)) trace.hits |= latency.bit;
  }
}

void SpanTests::observe_attributes(const Batch& batch, const SpanRecord& span, TraceFacts& trace) const {
  uint64_t seen = 0;
  otlp::FieldCursor cursor(otlp::attribute_bytes(batch, span));
  while (cursor.next()) {
    if (!cursor.is(otlp::field::span::kAttributes, otlp::WireType::kBytes)) continue;
    const Key* key = find_key(key_of(cursor.bytes()));
    if (key == nullptr) continue;
    trace.hits |= hits_of(*key, otlp::parse_attribute(cursor.bytes()).value, false, seen);
    if (((trace.hits | seen) & attribute_mask_) == attribute_mask_) return;  // every key was seen or is no longer asked
  }
}

void SpanTests::observe_conditions(const SpanRecord& span, TraceFacts& trace) {
  for (Conditions& one : conditions_) {
    if (trace.hit(one.bits.met | one.bits.failed)) continue;
    const ottl::Verdict verdict = one.evaluator->holds(span);
    if (verdict == ottl::Verdict::kYes) trace.hits |= one.bits.met;
    if (verdict != ottl::Verdict::kFailed) continue;
    trace.hits |= one.bits.failed;
    if (log_ == nullptr || std::exchange(one.said, true)) continue;
    log_->warn(component_, "a sampling policy failed", {{"error", one.evaluator->error()}});
  }
}

void SpanTests::start(const Batch& batch, Duration now) {
  for (Conditions& one : conditions_) {
    one.evaluator->start(batch, now);
    one.said = false;
  }
}

void SpanTests::observe(const Batch& batch, const SpanRecord& span, uint64_t resource_hits, TraceFacts& trace) {
  ++trace.spans;
  trace.statuses = static_cast<uint8_t>(trace.statuses | 1U << static_cast<uint32_t>(span.status));
  trace.hits |= resource_hits;
  observe_latency(span, trace);
  if ((trace.hits & attribute_mask_) != attribute_mask_ && span.attributes.length > 0) {
    observe_attributes(batch, span, trace);
  }
  if (flags_wanted_ && !trace.flag_sampled) trace.flag_sampled = (otlp::span_flags(batch, span) & kFlagSampled) != 0;
  if (!conditions_.empty()) observe_conditions(span, trace);
  if (!span.has_trace_state) return;
  for (const TraceState& state : trace_states_) {
    if (!trace.hit(state.bit) && state.test->matches(otlp::trace_state(batch, span))) trace.hits |= state.bit;
  }
}

}  // namespace weir
