// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/fields.h"
#include "config/yaml.h"
#include "otlp/attributes.h"
#include "otlp/walker.h"
#include "otlp/writer.h"
#include "support/catch.h"
#include "support/sim.h"
#include "weir/component.h"

namespace weir::test {

using namespace std::chrono_literals;

// Keeps every number that is reported, by "name{label=value,…}".
class RecordingTelemetry final : public Telemetry {
 public:
  struct Number final : Counter, Gauge, Histogram {
    void add(double value) override { sum += value; }
    void set(double value) override { sum = value; }
    void observe(double value) override { seen.push_back(value); }
    double sum = 0;
    std::vector<double> seen;
  };
  Counter& counter(const std::string& name, const std::string&, const Labels& labels) override {
    return at(name, labels);
  }
  Gauge& gauge(const std::string& name, const std::string&, const Labels& labels) override { return at(name, labels); }
  Histogram& histogram(const std::string& name, const std::string&, const Labels& labels,
                       const std::vector<double>&) override {
    return at(name, labels);
  }
  bool has(const std::string& key) const { return numbers_.contains(key); }
  double value(const std::string& key) const { return numbers_.at(key)->sum; }
  const std::vector<double>& seen(const std::string& key) const { return numbers_.at(key)->seen; }

 private:
  Number& at(const std::string& name, const Labels& labels) {
    std::string key = name;
    for (const auto& [label, text] : labels) key += (key == name ? "{" : ",") + label + "=" + text;
    auto& number = numbers_[key == name ? key : key + "}"];
    if (number == nullptr) number = std::make_unique<Number>();
    return *number;
  }
  std::map<std::string, std::unique_ptr<Number>> numbers_;
};

struct Tag {
  std::string key;
  otlp::AnyValue value;  // its bytes are those of `text` for strings
  std::string text = {};

  static Tag string(std::string k, std::string v) {
    return {std::move(k), {.type = otlp::AnyValue::Type::kString}, std::move(v)};
  }
  static Tag integer(std::string k, int64_t v) {
    return {std::move(k), {.type = otlp::AnyValue::Type::kInt, .integer = v}};
  }
  static Tag boolean(std::string k, bool v) {
    return {std::move(k), {.type = otlp::AnyValue::Type::kBool, .boolean = v}};
  }
  static Tag real(std::string k, double v) {
    return {std::move(k), {.type = otlp::AnyValue::Type::kDouble, .real = v}};
  }
};

// A span as tests say it.
struct TestSpan {
  uint64_t trace = 1;
  uint64_t id = 1;
  uint64_t parent = 7;  // 0 = a root
  uint64_t start_ns = 1'000'000'000;
  uint64_t end_ns = 1'001'000'000;
  StatusCode status = StatusCode::kUnset;
  uint32_t flags = 0;
  std::string trace_state = {};
  std::vector<Tag> tags = {};
};

inline std::string id_bytes(uint64_t number, size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < 8; ++i) bytes[size - 1 - i] = static_cast<char>(number >> (8 * i));
  return bytes;
}
inline TraceId trace_id(uint64_t number) { return TraceId::from_bytes(id_bytes(number, 16)); }
inline SpanId span_id(uint64_t number) { return SpanId::from_bytes(id_bytes(number, 8)); }

inline void write_tag(otlp::MessageWriter& out, uint32_t field, const Tag& tag) {
  out.begin(field);
  out.bytes(otlp::field::key_value::kKey, tag.key);
  out.begin(otlp::field::key_value::kValue);
  switch (tag.value.type) {
    case otlp::AnyValue::Type::kString:
      out.bytes(otlp::field::any_value::kString, tag.text);
      break;
    case otlp::AnyValue::Type::kInt:
      out.varint(otlp::field::any_value::kInt, static_cast<uint64_t>(tag.value.integer));
      break;
    case otlp::AnyValue::Type::kBool:
      out.varint(otlp::field::any_value::kBool, tag.value.boolean ? 1 : 0);
      break;
    default:
      out.real(otlp::field::any_value::kDouble, tag.value.real);
      break;
  }
  out.end();
  out.end();
}

inline void write_span(otlp::MessageWriter& out, const TestSpan& span) {
  namespace f = otlp::field::span;
  out.begin(otlp::field::scope_group::kItems);
  out.bytes(f::kTraceId, id_bytes(span.trace, 16));
  out.bytes(f::kSpanId, id_bytes(span.id, 8));
  if (!span.trace_state.empty()) out.bytes(f::kTraceState, span.trace_state);
  if (span.parent != 0) out.bytes(f::kParentSpanId, id_bytes(span.parent, 8));
  out.bytes(f::kName, "operation");
  out.fixed64(f::kStartTime, span.start_ns);
  out.fixed64(f::kEndTime, span.end_ns);
  for (const Tag& tag : span.tags) write_tag(out, f::kAttributes, tag);
  if (span.status != StatusCode::kUnset) {
    out.begin(f::kStatus);
    out.varint(otlp::field::status::kCode, static_cast<uint64_t>(span.status));
    out.end();
  }
  if (span.flags != 0) out.fixed32(f::kFlags, span.flags);
  out.end();
}

// One ResourceSpans of a request: its resource's attributes and spans, all under one scope.
struct TestResource {
  std::vector<Tag> tags;
  std::vector<TestSpan> spans;
};

inline Batch request(const std::vector<TestResource>& resources, OriginRef origin = nullptr) {
  otlp::MessageWriter out;
  for (const TestResource& resource : resources) {
    out.begin(otlp::field::request::kResources);
    out.begin(otlp::field::resource_group::kResource);
    for (const Tag& tag : resource.tags) write_tag(out, otlp::field::resource::kAttributes, tag);
    out.end();
    out.begin(otlp::field::resource_group::kScopes);
    for (const TestSpan& span : resource.spans) write_span(out, span);
    out.end();
    out.end();
  }
  Batch batch;
  const auto result = otlp::walk(Signal::kTraces, Part{BufferRef::copy_of(out.take()), std::move(origin)}, batch);
  REQUIRE(result.ok);
  REQUIRE(result.rejected == 0);
  return batch;
}
inline Batch request(std::vector<TestSpan> spans) { return request({TestResource{{}, std::move(spans)}}); }

// The end of a pipeline: keeps what comes and settles it as exported.
class Sink final : public Consumer {
 public:
  explicit Sink(Ledger& ledger, DestinationId destination) : ledger_(ledger), destinations_{destination} {}
  void consume(Batch&& batch) override {
    settle(ledger_, batch, destinations_, Settled::exported());
    batches.push_back(std::move(batch));
  }
  std::vector<uint64_t> span_ids() const {
    std::vector<uint64_t> ids;
    for (const Batch& batch : batches) {
      for (const SpanRecord& span : batch.spans) ids.push_back(__builtin_bswap64(span.span_id.word));
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }
  std::vector<uint64_t> sizes() const {
    std::vector<uint64_t> counts;
    for (const Batch& batch : batches) counts.push_back(batch.item_count());
    return counts;
  }
  std::vector<Batch> batches;

 private:
  Ledger& ledger_;
  std::vector<DestinationId> destinations_;
};

class NoLog final : public Log {
 public:
  void write(LogLevel, std::string_view, std::string_view, LogFields) override {}
};

// All that a component is given, and one destination behind it.
struct World {
  explicit World(uint32_t shard_count = 1) : shards(shard_count, 1) {
    destination = ledger.add_destination("traces", "sink");
    env = {.id = "component",
           .pipeline = "traces",
           .signal = Signal::kTraces,
           .shards = &shards,
           .clock = &clock,
           .budget = &budget,
           .ledger = &ledger,
           .telemetry = &telemetry,
           .log = &log,
           .seed = 1};
  }
  StagePlace place(uint32_t shard = 0) { return {&shards.at(shard), {destination}}; }
  const Ledger::Account& account() const { return ledger.account(destination); }
  uint64_t outcome(Outcome what) const { return account().outcomes[static_cast<size_t>(what)]; }
  uint64_t dropped(DropReason why) const { return account().dropped[static_cast<size_t>(why)]; }

  SimShards shards;
  ManualClock clock;
  ByteBudget budget{uint64_t{4} << 30};
  Ledger ledger;
  RecordingTelemetry telemetry;
  NoLog log;
  DestinationId destination = 0;
  ComponentEnv env;
};

// Decodes the body of a component; problems are "path: text".
template <class Config>
std::pair<Config, std::vector<std::string>> read_config(const std::string& yaml) {
  config::Problems problems;
  const config::Value value = config::parse_yaml(yaml, "test.yaml", problems);
  std::pair<Config, std::vector<std::string>> result;
  config::decode(config::At{value, "processors::p", problems}, result.first);
  for (const config::Problem& problem : problems.all()) {
    result.second.push_back((problem.warning ? "warning: " : "") + problem.path + ": " + problem.text);
  }
  return result;
}
template <class Config>
Config good_config(const std::string& yaml) {
  auto [config, problems] = read_config<Config>(yaml);
  CAPTURE(yaml, problems);
  REQUIRE(problems.empty());
  return config;
}

}  // namespace weir::test
