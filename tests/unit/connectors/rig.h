// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "connectors/service_graph/service_graph.h"
#include "connectors/span_metrics/span_metrics.h"
#include "otlp/metrics_reader.h"
#include "support/sim.h"
#include "weir/component.h"

namespace weir::test {

using namespace std::chrono_literals;

// An attribute: text, or a whole number where `is_int`.
struct Tag {
  std::string key;
  std::string text;
  bool is_int = false;
};

struct TestEvent {
  std::vector<Tag> tags;
};

// A span as tests say it. Ids are small numbers; 0 is an empty id.
struct TestSpan {
  std::string name = "op";
  SpanKind kind = SpanKind::kServer;
  uint64_t trace = 1;
  uint64_t id = 1;
  uint64_t parent = 0;
  int64_t duration_ns = 1'000'000;
  StatusCode status = StatusCode::kUnset;
  std::vector<Tag> tags = {};
  std::vector<TestEvent> events = {};
  std::string trace_state = {};
};

// Spans of one resource under one scope.
struct TestGroup {
  std::vector<Tag> resource;
  std::vector<TestSpan> spans;
  std::string scope = {};
};
inline std::vector<Tag> service(std::string name) { return {{"service.name", std::move(name)}}; }

std::string request_bytes(const std::vector<TestGroup>& groups);

using Random = std::mt19937_64;
// A few spans of a few services, drawn so that traces, edges and series meet often.
std::vector<TestGroup> random_spans(Random& random);

struct SentExemplar {
  double value;
  uint64_t trace;
  uint64_t span;
  friend auto operator<=>(const SentExemplar&, const SentExemplar&) = default;
};

// The last state of one series, as what the connector sent says it.
struct SentPoint {
  std::vector<double> values;  // of all flushes, oldest first: a sum's value, a histogram's count
  std::vector<uint64_t> times;
  std::vector<uint64_t> starts;
  double sum = 0;
  std::vector<uint64_t> buckets;
  std::vector<double> bounds;
  int32_t scale = 0;
  int32_t offset = 0;
  uint64_t zeros = 0;
  std::vector<SentExemplar> exemplars;  // of all flushes
  bool delta = false;
  std::string unit;
  double value() const { return values.back(); }
};

// Takes metrics and keeps them by "name{label=value,…}", with the resource's attributes in front as "[key=value]".
// The id of the process is left out.
class MetricsSink final : public Consumer {
 public:
  void consume(Batch&& batch) override;
  bool has(const std::string& series) const { return points.contains(series); }
  const SentPoint& at(const std::string& series) const;
  std::map<std::string, SentPoint> points;
  int requests = 0;
  std::string bytes;  // of the last request
};

class NoLog final : public Log {
 public:
  void write(LogLevel, std::string_view, std::string_view, LogFields) override {}
};

class SumTelemetry final : public Telemetry {
 public:
  struct Number final : Counter, Gauge, Histogram {
    void add(double value) override { sum += value; }
    void set(double value) override { sum = value; }
    void observe(double) override {}
    double sum = 0;
  };
  Counter& counter(const std::string& name, const std::string&, const Labels&) override { return numbers[name]; }
  Gauge& gauge(const std::string& name, const std::string&, const Labels&) override { return numbers[name]; }
  Histogram& histogram(const std::string& name, const std::string&, const Labels&,
                       const std::vector<double>&) override {
    return numbers[name];
  }
  std::map<std::string, Number> numbers;
};

// A connector with its shards under a manual clock.
class Rig {
 public:
  explicit Rig(const SpanMetricsConfig& config, uint32_t shards = 1, uint64_t budget = uint64_t{1} << 30);
  explicit Rig(const ServiceGraphConfig& config, uint32_t shards = 1, uint64_t budget = uint64_t{1} << 30);

  // One request, spread as the graph would spread it for the connector's placement.
  void feed(const std::vector<TestGroup>& groups);
  // Moves the clock, with a tick everywhere.
  void advance(Duration by);
  // Two flush intervals: after them every series has been sent with its value.
  void flush_twice();
  void finish();  // the last flush, at shutdown

  SimShards shards;
  ManualClock clock;
  ByteBudget budget;
  NoLog log;
  SumTelemetry telemetry;
  Ledger ledger;
  ComponentEnv env;
  std::unique_ptr<MetricsConnector> connector;
  MetricsSink sink;
  Duration interval;

 private:
  void start(std::unique_ptr<MetricsConnector> made);
  void tick();
  std::vector<std::unique_ptr<Observer>> observers_;
  uint64_t sequence_ = 0;
};

}  // namespace weir::test
