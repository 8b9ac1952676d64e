// SPDX-License-Identifier: Apache-2.0
#include "exporters/debug/text.h"
#include "otlp/metrics_reader.h"

namespace weir::debug_text_parts {

namespace {

using otlp::MetricPoint;
using otlp::MetricType;
using otlp::MetricView;

std::string_view name_of(MetricType type) {
  static constexpr std::string_view kNames[] = {"Empty",  "Gauge", "Sum", "Histogram", "ExponentialHistogram",
                                                "Summary"};
  return kNames[static_cast<int>(type)];
}

std::string_view points_name(MetricType type) {
  static constexpr std::string_view kNames[] = {"",
                                                "NumberDataPoints",
                                                "NumberDataPoints",
                                                "HistogramDataPoints",
                                                "ExponentialHistogramDataPoints",
                                                "SummaryDataPoints"};
  return kNames[static_cast<int>(type)];
}

std::string_view name_of(otlp::MetricTemporality temporality) {
  static constexpr std::string_view kNames[] = {"Unspecified", "Delta", "Cumulative"};
  return kNames[static_cast<int>(temporality)];
}

// Integers as they are, doubles with six decimals.
std::string number_value(const MetricPoint& point) {
  otlp::FieldCursor cursor(point.message);
  std::string text;
  while (cursor.next()) {
    if (cursor.is(otlp::field::number_point::kAsInt, otlp::WireType::kFixed64)) {
      text = std::to_string(static_cast<int64_t>(cursor.value()));
    }
    if (cursor.is(otlp::field::number_point::kAsDouble, otlp::WireType::kFixed64)) text = fixed(cursor.real());
  }
  return text;
}

void append_histogram(std::string& out, const MetricPoint& point) {
  for (size_t i = 0; i < point.bounds.size(); ++i) {
    out += "ExplicitBounds #" + std::to_string(i) + ": " + fixed(point.bounds[i]) + "\n";
  }
  for (size_t i = 0; i < point.bucket_counts.size(); ++i) {
    out += "Buckets #" + std::to_string(i) + ", Count: " + std::to_string(point.bucket_counts[i]) + "\n";
  }
}

void append_buckets(std::string& out, std::string_view side, const otlp::ExponentialBuckets& buckets) {
  for (size_t i = 0; i < buckets.counts.size(); ++i) {
    out.append(side).append(" bucket ").append(std::to_string(buckets.offset + static_cast<int64_t>(i)));
    out += ", Count: " + std::to_string(buckets.counts[i]) + "\n";
  }
}

void append_exponential(std::string& out, const MetricPoint& point) {
  out += "Scale: " + std::to_string(point.scale) + "\n";
  append_buckets(out, "Negative", point.negative);
  if (point.zero_count != 0) out += "Zero bucket, Count: " + std::to_string(point.zero_count) + "\n";
  append_buckets(out, "Positive", point.positive);
}

void append_value(std::string& out, MetricType type, const MetricPoint& point) {
  if (type == MetricType::kGauge || type == MetricType::kSum) {
    out += "Value: " + number_value(point) + "\n";
    return;
  }
  out += "Count: " + std::to_string(point.count) + "\n";
  if (point.has_sum || type == MetricType::kSummary) out += "Sum: " + fixed(point.sum) + "\n";
  if (type == MetricType::kHistogram) append_histogram(out, point);
  if (type == MetricType::kExponentialHistogram) append_exponential(out, point);
  for (size_t i = 0; i < point.quantiles.size(); ++i) {
    out += "QuantileValue #" + std::to_string(i) + ": Quantile " + fixed(point.quantiles[i].first) + ", Value " +
           fixed(point.quantiles[i].second) + "\n";
  }
}

void append_exemplars(std::string& out, const MetricPoint& point) {
  if (point.exemplars.empty()) return;
  out += "Exemplars:\n";
  for (size_t i = 0; i < point.exemplars.size(); ++i) {
    const otlp::PointExemplar& exemplar = point.exemplars[i];
    out += "Exemplar #" + std::to_string(i) + "\n";
    out += "     -> Trace ID: " + hex_id(exemplar.trace_id) + "\n";
    out += "     -> Span ID: " + hex_id(exemplar.span_id) + "\n";
    out += "     -> Timestamp: " + timestamp(exemplar.time_ns) + "\n";
    out += "     -> Value: " + fixed(exemplar.value) + "\n";
    attributes(out, "     -> FilteredAttributes:", "          ", [&](auto&& f) {
      otlp::for_each_attribute(exemplar.message, otlp::field::exemplar::kFilteredAttributes, f);
    });
  }
}

void append_descriptor(std::string& out, const MetricView& metric) {
  out += "Descriptor:\n";
  out.append("     -> Name: ").append(metric.name).append("\n");
  out.append("     -> Description: ").append(metric.description).append("\n");
  out.append("     -> Unit: ").append(metric.unit).append("\n");
  out.append("     -> DataType: ").append(name_of(metric.type)).append("\n");
  if (metric.type == MetricType::kSum)
    out.append("     -> IsMonotonic: ").append(metric.monotonic ? "true\n" : "false\n");
  const bool has_temporality = metric.type == MetricType::kSum || metric.type == MetricType::kHistogram ||
                               metric.type == MetricType::kExponentialHistogram;
  if (has_temporality) out.append("     -> AggregationTemporality: ").append(name_of(metric.temporality)).append("\n");
}

}  // namespace

void append_metric(std::string& out, std::string_view body) {
  MetricView metric;
  if (!otlp::read_metric(body, metric)) return;
  append_descriptor(out, metric);
  MetricPoint point;
  size_t number = 0;
  otlp::for_each_point(metric, [&](std::string_view message) {
    if (!otlp::read_point(metric.type, message, point)) return;
    out.append(points_name(metric.type)).append(" #").append(std::to_string(number++)).append("\n");
    attributes(out, "Data point attributes", "     ",
               [&](auto&& f) { otlp::for_each_point_attribute(metric.type, message, f); });
    out += "StartTimestamp: " + timestamp(point.start_ns) + "\n";
    out += "Timestamp: " + timestamp(point.time_ns) + "\n";
    append_value(out, metric.type, point);
    append_exemplars(out, point);
  });
}

void append_metric_lines(std::string& out, std::string_view body) {
  MetricView metric;
  if (!otlp::read_metric(body, metric)) return;
  MetricPoint point;
  otlp::for_each_point(metric, [&](std::string_view message) {
    if (!otlp::read_point(metric.type, message, point)) return;
    out.append(metric.name).append("{");
    std::string labels;
    otlp::for_each_point_attribute(metric.type, message, [&](const otlp::Attribute& attribute) {
      if (!labels.empty()) labels += ",";
      labels.append(attribute.key).append("=").append(otlp::to_text(attribute.value));
    });
    out += labels + "} ";
    if (metric.type == MetricType::kGauge || metric.type == MetricType::kSum) {
      out += number_value(point) + "\n";
    } else {
      out += "count=" + std::to_string(point.count) + " sum=" + fixed(point.sum) + "\n";
    }
  });
}

}  // namespace weir::debug_text_parts
