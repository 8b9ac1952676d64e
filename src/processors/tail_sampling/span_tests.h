// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "otlp/attributes.h"
#include "ottl/span_conditions.h"
#include "processors/tail_sampling/policy.h"
#include "weir/batch.h"

namespace weir {

// A question about an attribute's value.
class ValueTest {
 public:
  virtual ~ValueTest() = default;
  virtual bool matches(const otlp::AnyValue& value, bool on_resource) const = 0;
};

// A question about a W3C tracestate.
class TraceStateTest {
 public:
  virtual ~TraceStateTest() = default;
  virtual bool matches(std::string_view trace_state) const = 0;
};

// What all policies of a sampler ask of spans, answered in one pass over a span as it arrives. Each test has a bit of
// TraceFacts::hits; a trace for which all attribute tests are met is not looked at again. Each shard has its own.
class SpanTests {
 public:
  static constexpr size_t kMostTests = 64;

  // What conditions fail with is logged for `component`.
  explicit SpanTests(Log* log = nullptr, std::string component = {}) : log_(log), component_(std::move(component)) {}

  // Met when a resource or a span of the trace has the attribute (the first of that key) with such a value.
  uint64_t add_attribute(std::string_view key, std::unique_ptr<ValueTest> test);
  // Met when max(end) - min(start) over the spans so far, in whole milliseconds, is above `threshold_ms` and, where
  // `upper_ms` is not 0, not above that.
  uint64_t add_latency(int64_t threshold_ms, int64_t upper_ms);
  uint64_t add_trace_state(std::unique_ptr<TraceStateTest> test);
  // Spans are asked in order of arrival until a condition holds (`met`) or fails (`failed`: under propagate only).
  struct ConditionBits {
    uint64_t met, failed;
  };
  ConditionBits add_conditions(std::shared_ptr<const ottl::SpanConditions> conditions);
  // Asks for TraceFacts::flag_sampled.
  void want_flags() { flags_wanted_ = true; }

  // Tests asked for; more than kMostTests do not fit a config.
  size_t size() const { return size_; }

  // Before the first span of each batch, which must stay where it is until its last was observed. `now`: of the wall.
  void start(const Batch& batch, Duration now);
  // Bits that the attributes of a resource meet; taken once per batch and resource.
  uint64_t resource_hits(const Batch& batch, uint32_t resource) const;
  void observe(const Batch& batch, const SpanRecord& span, uint64_t resource_hits, TraceFacts& trace);

 private:
  struct OneTest {
    uint64_t bit;
    std::unique_ptr<ValueTest> test;
  };
  struct Key {
    std::string key;
    uint64_t mask = 0;  // bits of its tests
    std::vector<OneTest> tests;
  };
  struct Latency {
    uint64_t bit;
    int64_t threshold_ms;
    int64_t upper_ms;
  };
  struct TraceState {
    uint64_t bit;
    std::unique_ptr<TraceStateTest> test;
  };
  struct Conditions {
    ConditionBits bits;
    std::unique_ptr<ottl::SpanEvaluator> evaluator;
    bool said = false;  // of this batch: why it failed
  };

  uint64_t next_bit() { return size_ < kMostTests ? uint64_t{1} << size_++ : (++size_, 0); }
  const Key* find_key(std::string_view name) const;
  static uint64_t hits_of(const Key& key, const otlp::AnyValue& value, bool on_resource, uint64_t& seen);
  void observe_latency(const SpanRecord& span, TraceFacts& trace) const;
  void observe_attributes(const Batch& batch, const SpanRecord& span, TraceFacts& trace) const;
  void observe_conditions(const SpanRecord& span, TraceFacts& trace);

  Log* log_;
  std::string component_;
  size_t size_ = 0;
  bool flags_wanted_ = false;
  uint64_t attribute_mask_ = 0;
  std::vector<Key> keys_;
  std::vector<Latency> latencies_;
  std::vector<TraceState> trace_states_;
  std::vector<Conditions> conditions_;
};

}  // namespace weir
