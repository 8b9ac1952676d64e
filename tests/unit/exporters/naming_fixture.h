// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporters/metric_naming.h"
#include "otlp/fields.h"
#include "otlp/metrics_reader.h"
#include "otlp/walker.h"
#include "otlp/writer.h"
#include "support/catch.h"
#include "support/sim.h"
#include "weir/budget.h"
#include "weir/log.h"
#include "weir/telemetry.h"

namespace weir::test {

namespace f = otlp::field;
using otlp::MetricType;

// OTLP metrics as tests say them.
struct TestPoint {
  LabelPairs attributes = {};
  uint64_t start_ns = 0;
  uint64_t time_ns = 0;
  double value = 0;
  uint64_t count = 0;
  double sum = 0;
  std::vector<uint64_t> buckets = {};
  std::vector<double> bounds = {};
  int32_t scale = 0;
  int32_t offset = 0;
  uint64_t zero_count = 0;
  std::vector<std::pair<double, double>> quantiles = {};
  std::vector<std::pair<double, std::string>> exemplars = {};  // value, trace id bytes
  bool ended = false;                                          // NoRecordedValue
};

struct TestMetric {
  std::string name;
  MetricType type = MetricType::kSum;
  std::vector<TestPoint> points = {};
  std::string unit = "";
  std::string description = "";
  bool monotonic = true;
  uint64_t temporality = 2;  // 1 delta, 2 cumulative
};

// More attributes than any honest client sends, two of each name.
inline LabelPairs very_many_attributes() {
  LabelPairs all;
  for (size_t i = 0; i < 300'000; ++i) all.emplace_back("k" + std::to_string(i / 2) + (i % 2 == 0 ? "." : "_"), "v");
  return all;
}

class MetricsRequest {
 public:
  MetricsRequest& resource(const LabelPairs& attributes, const std::string& scope = "") {
    end_resource();
    out_.begin(f::request::kResources);
    out_.begin(f::resource_group::kResource);
    for (const auto& [k, v] : attributes) out_.string_attribute(f::resource::kAttributes, k, v);
    out_.end();
    out_.begin(f::resource_group::kScopes);
    if (!scope.empty()) {
      out_.begin(f::scope_group::kScope);
      out_.bytes(f::scope::kName, scope);
      out_.end();
    }
    open_ = true;
    return *this;
  }

  MetricsRequest& metric(const TestMetric& metric) {
    if (!open_) resource({});
    out_.begin(f::scope_group::kItems);
    out_.bytes(f::metric::kName, metric.name);
    out_.bytes(f::metric::kDescription, metric.description);
    out_.bytes(f::metric::kUnit, metric.unit);
    out_.begin(otlp::data_field(metric.type));
    for (const TestPoint& p : metric.points) point(metric.type, p);
    if (metric.type != MetricType::kGauge && metric.type != MetricType::kSummary) {
      out_.varint(f::metric_data::kAggregationTemporality, metric.temporality);
    }
    if (metric.type == MetricType::kSum) out_.varint(f::metric_data::kIsMonotonic, metric.monotonic ? 1 : 0);
    out_.end();
    out_.end();
    return *this;
  }

  Batch batch() {
    end_resource();
    Batch out;
    Part part;
    part.bytes = BufferRef::copy_of(out_.take());
    const otlp::WalkResult result = otlp::walk(Signal::kMetrics, part, out);
    INFO(result.error);
    REQUIRE(result.ok);
    return out;
  }

 private:
  void end_resource() {
    if (!open_) return;
    out_.end();
    out_.end();
    open_ = false;
  }
  void point(MetricType type, const TestPoint& p) {
    out_.begin(f::metric_data::kDataPoints);
    for (const auto& [k, v] : p.attributes) out_.string_attribute(otlp::attributes_field(type), k, v);
    out_.fixed64(f::number_point::kStartTime, p.start_ns);
    out_.fixed64(f::number_point::kTime, p.time_ns);
    switch (type) {
      case MetricType::kHistogram:
        histogram(p);
        break;
      case MetricType::kExponentialHistogram:
        exponential(p);
        break;
      case MetricType::kSummary:
        summary(p);
        break;
      default:
        number(p);
    }
    out_.end();
  }
  void number(const TestPoint& p) {
    out_.real(f::number_point::kAsDouble, p.value);
    exemplars(f::number_point::kExemplars, p);
    if (p.ended) out_.varint(f::number_point::kFlags, 1);
  }
  void histogram(const TestPoint& p) {
    out_.fixed64(f::histogram_point::kCount, p.count);
    out_.real(f::histogram_point::kSum, p.sum);
    out_.packed_fixed64(f::histogram_point::kBucketCounts, p.buckets);
    out_.packed_real(f::histogram_point::kExplicitBounds, p.bounds);
    exemplars(f::histogram_point::kExemplars, p);
    if (p.ended) out_.varint(f::histogram_point::kFlags, 1);
  }
  void exponential(const TestPoint& p) {
    out_.fixed64(f::exponential_point::kCount, p.count);
    out_.real(f::exponential_point::kSum, p.sum);
    out_.zigzag(f::exponential_point::kScale, p.scale);
    out_.fixed64(f::exponential_point::kZeroCount, p.zero_count);
    out_.begin(f::exponential_point::kPositive);
    out_.zigzag(f::exponential_buckets::kOffset, p.offset);
    out_.packed_varint(f::exponential_buckets::kBucketCounts, p.buckets);
    out_.end();
    exemplars(f::exponential_point::kExemplars, p);
    if (p.ended) out_.varint(f::exponential_point::kFlags, 1);
  }
  void summary(const TestPoint& p) {
    out_.fixed64(f::summary_point::kCount, p.count);
    out_.real(f::summary_point::kSum, p.sum);
    for (const auto& [q, v] : p.quantiles) {
      out_.begin(f::summary_point::kQuantileValues);
      out_.real(f::quantile::kQuantile, q);
      out_.real(f::quantile::kValue, v);
      out_.end();
    }
  }
  void exemplars(uint32_t field, const TestPoint& p) {
    for (const auto& [value, trace_id] : p.exemplars) {
      out_.begin(field);
      out_.fixed64(f::exemplar::kTime, p.time_ns);
      out_.real(f::exemplar::kAsDouble, value);
      out_.bytes(f::exemplar::kTraceId, trace_id);
      out_.end();
    }
  }

  otlp::MessageWriter out_;
  bool open_ = false;
};

struct SilentLog final : Log {
  void write(LogLevel, std::string_view, std::string_view message, LogFields) override {
    messages.emplace_back(message);
  }
  std::vector<std::string> messages;
};

struct SilentTelemetry final : Telemetry {
  struct Number final : Counter, Gauge, Histogram {
    void add(double by) override { value += by; }
    void set(double to) override { value = to; }
    void observe(double) override { ++value; }
    double value = 0;
  };
  Counter& counter(const std::string& name, const std::string&, const Labels&) override { return numbers[name]; }
  Gauge& gauge(const std::string& name, const std::string&, const Labels&) override { return numbers[name]; }
  Histogram& histogram(const std::string& name, const std::string&, const Labels&,
                       const std::vector<double>&) override {
    return numbers[name];
  }
  std::map<std::string, Number> numbers;
};

}  // namespace weir::test
