// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <numbers>
#include <optional>

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

using Number = std::string (*)(double);

// The last field of these two that is there, of a data point or an exemplar; integers as they are. Nothing where
// neither is.
std::optional<std::string> number_in(std::string_view message, uint32_t as_int, uint32_t as_double, Number real) {
  otlp::FieldCursor cursor(message);
  std::optional<std::string> text;
  while (cursor.next()) {
    if (cursor.is(as_int, otlp::WireType::kFixed64)) text = std::to_string(static_cast<int64_t>(cursor.value()));
    if (cursor.is(as_double, otlp::WireType::kFixed64)) text = real(cursor.real());
  }
  return text;
}

std::optional<std::string> value_of(const MetricPoint& point, Number real) {
  namespace field = otlp::field::number_point;
  return number_in(point.message, field::kAsInt, field::kAsDouble, real);
}

struct Extremes {
  std::optional<double> min, max;
};

Extremes extremes_of(MetricType type, std::string_view point) {
  namespace field = otlp::field;
  const bool exponential = type == MetricType::kExponentialHistogram;
  const uint32_t min = exponential ? field::exponential_point::kMin : field::histogram_point::kMin;
  const uint32_t max = exponential ? field::exponential_point::kMax : field::histogram_point::kMax;
  Extremes found;
  if (!exponential && type != MetricType::kHistogram) return found;
  otlp::FieldCursor cursor(point);
  while (cursor.next()) {
    if (cursor.is(min, otlp::WireType::kFixed64)) found.min = cursor.real();
    if (cursor.is(max, otlp::WireType::kFixed64)) found.max = cursor.real();
  }
  return found;
}

void append_histogram(std::string& out, const MetricPoint& point) {
  for (size_t i = 0; i < point.bounds.size(); ++i) {
    out += "ExplicitBounds #" + std::to_string(i) + ": " + fixed(point.bounds[i]) + "\n";
  }
  for (size_t i = 0; i < point.bucket_counts.size(); ++i) {
    out += "Buckets #" + std::to_string(i) + ", Count: " + std::to_string(point.bucket_counts[i]) + "\n";
  }
}

// Where bucket `index` of a scale begins.
double bound_of(int64_t index, int32_t scale) {
  return std::exp(static_cast<double>(index) * std::ldexp(std::numbers::ln2, -scale));
}

// The negative side comes with its largest values first, so that all goes from left to right.
void append_exponential(std::string& out, const MetricPoint& point) {
  const auto line = [&out](const std::string& bucket, uint64_t count) {
    out += "Bucket " + bucket + ", Count: " + std::to_string(count) + "\n";
  };
  for (size_t i = point.negative.counts.size(); i-- > 0;) {
    const int64_t index = point.negative.offset + static_cast<int64_t>(i);
    line("[" + fixed(-bound_of(index + 1, point.scale)) + ", " + fixed(-bound_of(index, point.scale)) + ")",
         point.negative.counts[i]);
  }
  if (point.zero_count != 0) line("[0, 0]", point.zero_count);
  for (size_t i = 0; i < point.positive.counts.size(); ++i) {
    const int64_t index = point.positive.offset + static_cast<int64_t>(i);
    line("(" + fixed(bound_of(index, point.scale)) + ", " + fixed(bound_of(index + 1, point.scale)) + "]",
         point.positive.counts[i]);
  }
}

void append_value(std::string& out, MetricType type, const MetricPoint& point) {
  if (type == MetricType::kGauge || type == MetricType::kSum) {
    if (const auto value = value_of(point, fixed)) out += "Value: " + *value + "\n";
    return;
  }
  out += "Count: " + std::to_string(point.count) + "\n";
  if (point.has_sum || type == MetricType::kSummary) out += "Sum: " + fixed(point.sum) + "\n";
  const Extremes extremes = extremes_of(type, point.message);
  if (extremes.min) out += "Min: " + fixed(*extremes.min) + "\n";
  if (extremes.max) out += "Max: " + fixed(*extremes.max) + "\n";
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
    namespace field = otlp::field::exemplar;
    const auto value = number_in(exemplar.message, field::kAsInt, field::kAsDouble, fixed);
    if (value) out += "     -> Value: " + *value + "\n";
    attributes(out, "     -> FilteredAttributes", "          ",
               [&](auto&& f) { otlp::for_each_attribute(exemplar.message, field::kFilteredAttributes, f); });
  }
}

void append_descriptor(std::string& out, const MetricView& metric) {
  out += "Descriptor:\n";
  out.append("     -> Name: ").append(metric.name).append("\n");
  out.append("     -> Description: ").append(metric.description).append("\n");
  out.append("     -> Unit: ").append(metric.unit).append("\n");
  out.append("     -> DataType: ").append(name_of(metric.type)).append("\n");
  attributes(out, "     -> Metadata", "          ",
             [&](auto&& f) { otlp::for_each_attribute(metric.body, otlp::field::metric::kMetadata, f); });
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

namespace {

void append_histogram_line(std::string& out, const MetricPoint& point) {
  for (size_t i = 0; i < point.bucket_counts.size(); ++i) {
    out += " " + (i < point.bounds.size() ? "le" + shortest(point.bounds[i]) + "=" : "");
    out += std::to_string(point.bucket_counts[i]);
  }
}

void append_exponential_line(std::string& out, const MetricPoint& point) {
  const auto bucket = [&out](double bound, uint64_t count) {
    out += " le" + shortest(bound) + "=" + std::to_string(count);
  };
  for (size_t i = point.negative.counts.size(); i-- > 0;) {
    bucket(-bound_of(point.negative.offset + static_cast<int64_t>(i), point.scale), point.negative.counts[i]);
  }
  if (point.zero_count != 0) out += " zero=" + std::to_string(point.zero_count);
  for (size_t i = 0; i < point.positive.counts.size(); ++i) {
    bucket(bound_of(point.positive.offset + static_cast<int64_t>(i) + 1, point.scale), point.positive.counts[i]);
  }
}

std::string line_value(MetricType type, const MetricPoint& point) {
  if (type == MetricType::kGauge || type == MetricType::kSum) return value_of(point, shortest).value_or("");
  std::string out = "count=" + std::to_string(point.count);
  if (type == MetricType::kSummary) {
    out += " sum=" + fixed(point.sum);
  } else if (point.has_sum) {
    out += " sum=" + shortest(point.sum);
  }
  const Extremes extremes = extremes_of(type, point.message);
  if (extremes.min) out += " min=" + shortest(*extremes.min);
  if (extremes.max) out += " max=" + shortest(*extremes.max);
  if (type == MetricType::kHistogram) append_histogram_line(out, point);
  if (type == MetricType::kExponentialHistogram) append_exponential_line(out, point);
  for (const auto& [quantile, value] : point.quantiles) out += " q" + shortest(quantile) + "=" + shortest(value);
  return out;
}

}  // namespace

void append_metric_lines(std::string& out, std::string_view body) {
  MetricView metric;
  if (!otlp::read_metric(body, metric)) return;
  MetricPoint point;
  otlp::for_each_point(metric, [&](std::string_view message) {
    if (!otlp::read_point(metric.type, message, point)) return;
    std::string labels;
    otlp::for_each_point_attribute(metric.type, message, [&](const otlp::Attribute& attribute) {
      if (!labels.empty()) labels += ",";
      labels.append(attribute.key).append("=").append(otlp::to_text(attribute.value));
    });
    out.append(metric.name).append("{").append(labels).append("} ");
    out.append(line_value(metric.type, point)).append("\n");
  });
}

}  // namespace weir::debug_text_parts
