// SPDX-License-Identifier: Apache-2.0
#include "otlp/metrics_reader.h"

#include <bit>

namespace weir::otlp {
namespace {

constexpr uint64_t kNoRecordedValueFlag = 1;

MetricType type_of(uint32_t field) {
  switch (field) {
    case field::metric::kGauge:
      return MetricType::kGauge;
    case field::metric::kSum:
      return MetricType::kSum;
    case field::metric::kHistogram:
      return MetricType::kHistogram;
    case field::metric::kExponentialHistogram:
      return MetricType::kExponentialHistogram;
    case field::metric::kSummary:
      return MetricType::kSummary;
    default:
      return MetricType::kNone;
  }
}

bool read_data(std::string_view data, MetricView& out) {
  FieldCursor cursor(data);
  while (cursor.next()) {
    if (cursor.is(field::metric_data::kAggregationTemporality, WireType::kVarint)) {
      out.temporality =
          cursor.value() <= 2 ? static_cast<MetricTemporality>(cursor.value()) : MetricTemporality::kUnspecified;
    } else if (cursor.is(field::metric_data::kIsMonotonic, WireType::kVarint)) {
      out.monotonic = cursor.value() != 0;
    }
  }
  return cursor.ok();
}

bool read_buckets(std::string_view message, ExponentialBuckets& out) {
  FieldCursor cursor(message);
  bool ok = true;
  while (cursor.next()) {
    if (cursor.is(field::exponential_buckets::kOffset, WireType::kVarint)) {
      out.offset = static_cast<int32_t>(cursor.zigzag());
    } else if (cursor.number() == field::exponential_buckets::kBucketCounts) {
      ok &= for_each_number(cursor, WireType::kVarint, [&](uint64_t n) { out.counts.push_back(n); });
    }
  }
  return ok && cursor.ok();
}

bool read_quantile(std::string_view message, MetricPoint& out) {
  FieldCursor cursor(message);
  auto& [quantile, value] = out.quantiles.emplace_back();
  while (cursor.next()) {
    if (cursor.is(field::quantile::kQuantile, WireType::kFixed64)) quantile = cursor.real();
    if (cursor.is(field::quantile::kValue, WireType::kFixed64)) value = cursor.real();
  }
  return cursor.ok();
}

bool read_exemplar(std::string_view message, MetricPoint& out) {
  FieldCursor cursor(message);
  PointExemplar& exemplar = out.exemplars.emplace_back();
  exemplar.message = message;
  while (cursor.next()) {
    switch (cursor.number()) {
      case field::exemplar::kTime:
        exemplar.time_ns = cursor.value();
        break;
      case field::exemplar::kAsDouble:
        exemplar.value = cursor.real();
        break;
      case field::exemplar::kAsInt:
        exemplar.value = static_cast<double>(static_cast<int64_t>(cursor.value()));
        break;
      case field::exemplar::kTraceId:
        exemplar.trace_id = cursor.bytes();
        break;
      case field::exemplar::kSpanId:
        exemplar.span_id = cursor.bytes();
        break;
      default:
        break;
    }
  }
  return cursor.ok();
}

void clear(MetricPoint& point, std::string_view message) {
  point.start_ns = point.time_ns = point.count = point.zero_count = 0;
  point.value = point.sum = point.zero_threshold = 0;
  point.no_recorded_value = point.has_sum = false;
  point.scale = point.positive.offset = point.negative.offset = 0;
  point.bucket_counts.clear();
  point.bounds.clear();
  point.positive.counts.clear();
  point.negative.counts.clear();
  point.quantiles.clear();
  point.exemplars.clear();
  point.message = message;
}

void read_sum(const FieldCursor& cursor, MetricPoint& out) {
  out.sum = cursor.real();
  out.has_sum = true;
}

bool read_number_field(const FieldCursor& cursor, MetricPoint& out) {
  namespace f = field::number_point;
  switch (cursor.number()) {
    case f::kAsDouble:
      out.value = cursor.real();
      return true;
    case f::kAsInt:
      out.value = static_cast<double>(static_cast<int64_t>(cursor.value()));
      return true;
    case f::kFlags:
      out.no_recorded_value = (cursor.value() & kNoRecordedValueFlag) != 0;
      return true;
    case f::kExemplars:
      return read_exemplar(cursor.bytes(), out);
    default:
      return true;
  }
}

bool read_histogram_field(const FieldCursor& cursor, MetricPoint& out) {
  namespace f = field::histogram_point;
  switch (cursor.number()) {
    case f::kCount:
      out.count = cursor.value();
      return true;
    case f::kSum:
      read_sum(cursor, out);
      return true;
    case f::kBucketCounts:
      return for_each_number(cursor, WireType::kFixed64, [&](uint64_t n) { out.bucket_counts.push_back(n); });
    case f::kExplicitBounds:
      return for_each_number(cursor, WireType::kFixed64,
                             [&](uint64_t n) { out.bounds.push_back(std::bit_cast<double>(n)); });
    case f::kFlags:
      out.no_recorded_value = (cursor.value() & kNoRecordedValueFlag) != 0;
      return true;
    case f::kExemplars:
      return read_exemplar(cursor.bytes(), out);
    default:
      return true;
  }
}

bool read_exponential_field(const FieldCursor& cursor, MetricPoint& out) {
  namespace f = field::exponential_point;
  switch (cursor.number()) {
    case f::kCount:
      out.count = cursor.value();
      return true;
    case f::kSum:
      read_sum(cursor, out);
      return true;
    case f::kScale:
      out.scale = static_cast<int32_t>(cursor.zigzag());
      return true;
    case f::kZeroCount:
      out.zero_count = cursor.value();
      return true;
    case f::kZeroThreshold:
      out.zero_threshold = cursor.real();
      return true;
    case f::kPositive:
      return read_buckets(cursor.bytes(), out.positive);
    case f::kNegative:
      return read_buckets(cursor.bytes(), out.negative);
    case f::kFlags:
      out.no_recorded_value = (cursor.value() & kNoRecordedValueFlag) != 0;
      return true;
    case f::kExemplars:
      return read_exemplar(cursor.bytes(), out);
    default:
      return true;
  }
}

bool read_summary_field(const FieldCursor& cursor, MetricPoint& out) {
  namespace f = field::summary_point;
  switch (cursor.number()) {
    case f::kCount:
      out.count = cursor.value();
      return true;
    case f::kSum:
      read_sum(cursor, out);
      return true;
    case f::kQuantileValues:
      return read_quantile(cursor.bytes(), out);
    case f::kFlags:
      out.no_recorded_value = (cursor.value() & kNoRecordedValueFlag) != 0;
      return true;
    default:
      return true;
  }
}

bool read_typed_field(MetricType type, const FieldCursor& cursor, MetricPoint& out) {
  switch (type) {
    case MetricType::kGauge:
    case MetricType::kSum:
      return read_number_field(cursor, out);
    case MetricType::kHistogram:
      return read_histogram_field(cursor, out);
    case MetricType::kExponentialHistogram:
      return read_exponential_field(cursor, out);
    case MetricType::kSummary:
      return read_summary_field(cursor, out);
    case MetricType::kNone:
      break;
  }
  return false;
}

}  // namespace

uint32_t data_field(MetricType type) {
  static constexpr uint32_t kFields[] = {0,
                                         field::metric::kGauge,
                                         field::metric::kSum,
                                         field::metric::kHistogram,
                                         field::metric::kExponentialHistogram,
                                         field::metric::kSummary};
  return kFields[static_cast<size_t>(type)];
}

uint32_t attributes_field(MetricType type) {
  static constexpr uint32_t kFields[] = {0,
                                         field::number_point::kAttributes,
                                         field::number_point::kAttributes,
                                         field::histogram_point::kAttributes,
                                         field::exponential_point::kAttributes,
                                         field::summary_point::kAttributes};
  return kFields[static_cast<size_t>(type)];
}

bool read_metric(std::string_view body, MetricView& out) {
  out = MetricView{};
  out.body = body;
  FieldCursor cursor(body);
  while (cursor.next()) {
    if (cursor.type() != WireType::kBytes) continue;
    switch (cursor.number()) {
      case field::metric::kName:
        out.name = cursor.bytes();
        break;
      case field::metric::kDescription:
        out.description = cursor.bytes();
        break;
      case field::metric::kUnit:
        out.unit = cursor.bytes();
        break;
      default:
        if (const MetricType type = type_of(cursor.number()); type != MetricType::kNone) {
          out.type = type;
          if (!read_data(cursor.bytes(), out)) return false;
        }
    }
  }
  return cursor.ok();
}

bool read_point(MetricType type, std::string_view message, MetricPoint& out) {
  clear(out, message);
  FieldCursor cursor(message);
  while (cursor.next()) {
    // Times have the same numbers in all points.
    if (cursor.is(field::number_point::kStartTime, WireType::kFixed64)) {
      out.start_ns = cursor.value();
    } else if (cursor.is(field::number_point::kTime, WireType::kFixed64)) {
      out.time_ns = cursor.value();
    } else if (!read_typed_field(type, cursor, out)) {
      return false;
    }
  }
  return cursor.ok();
}

}  // namespace weir::otlp
