// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "otlp/attributes.h"
#include "otlp/fields.h"
#include "otlp/wire.h"

namespace weir::otlp {

// Typed views over the Metric messages of a batch (the bodies of its items). Nothing is copied but numbers of points;
// views live as long as the bytes. Malformed messages make a function return false; batches that were walked have none.

enum class MetricType : uint8_t { kNone, kGauge, kSum, kHistogram, kExponentialHistogram, kSummary };
enum class MetricTemporality : uint8_t { kUnspecified, kDelta, kCumulative };

struct MetricView {
  std::string_view name, description, unit;
  MetricType type = MetricType::kNone;  // kNone: no data, or of a kind this version does not know
  MetricTemporality temporality = MetricTemporality::kUnspecified;
  bool monotonic = false;  // kSum
  std::string_view body;   // the whole Metric message
};
bool read_metric(std::string_view body, MetricView& out);

// Exemplar.filtered_attributes: for_each_attribute(exemplar.message, field::exemplar::kFilteredAttributes, f).
struct PointExemplar {
  double value = 0;
  uint64_t time_ns = 0;
  std::string_view trace_id, span_id;  // raw bytes, "" where absent
  std::string_view message;
};

// Buckets of an exponential histogram: counts[i] is that of index offset + i.
struct ExponentialBuckets {
  int32_t offset = 0;
  std::vector<uint64_t> counts;
};

// A data point of any type; which fields mean something depends on the metric's type. Reuse one for many points:
// vectors keep their memory.
struct MetricPoint {
  uint64_t start_ns = 0;
  uint64_t time_ns = 0;
  bool no_recorded_value = false;  // flag: the series ended here
  double value = 0;                // gauge, sum (integers as double)
  uint64_t count = 0;              // histograms, summary
  double sum = 0;
  bool has_sum = false;
  std::vector<uint64_t> bucket_counts;  // histogram: one more than bounds, or none
  std::vector<double> bounds;
  int32_t scale = 0;  // exponential histogram
  uint64_t zero_count = 0;
  double zero_threshold = 0;
  ExponentialBuckets positive, negative;
  std::vector<std::pair<double, double>> quantiles;  // summary: (quantile, value)
  std::vector<PointExemplar> exemplars;
  std::string_view message;  // the whole point
};
bool read_point(MetricType type, std::string_view message, MetricPoint& out);

// The field of Metric that holds the data of a type, and the field of its points that holds their attributes; 0 for
// kNone.
uint32_t data_field(MetricType type);
uint32_t attributes_field(MetricType type);

// f(std::string_view point_message) for each point, in order; f may return false to stop. False when it was stopped.
template <class F>
bool for_each_point(const MetricView& metric, F&& f) {
  if (metric.type == MetricType::kNone) return true;
  return detail::for_each_payload(metric.body, data_field(metric.type), [&f](std::string_view data) {
    return detail::for_each_payload(data, field::metric_data::kDataPoints, f);
  });
}
template <class F>
bool for_each_point_attribute(MetricType type, std::string_view point_message, F&& f) {
  return for_each_attribute(point_message, attributes_field(type), f);
}

}  // namespace weir::otlp
