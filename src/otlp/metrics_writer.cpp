// SPDX-License-Identifier: Apache-2.0
#include "otlp/metrics_writer.h"

#include "otlp/attributes.h"
#include "otlp/fields.h"

namespace weir::otlp {
namespace {

constexpr uint32_t kListField = field::resource::kAttributes;

}  // namespace

void AttributeList::add(std::string_view key, std::string_view value) {
  MessageWriter out;
  out.string_attribute(kListField, key, value);
  out.append_to(bytes_);
}

void AttributeList::add_bool(std::string_view key, bool value) {
  MessageWriter out;
  out.begin(kListField);
  out.bytes(field::key_value::kKey, key);
  out.begin(field::key_value::kValue);
  out.varint(field::any_value::kBool, value ? 1 : 0);
  out.end();
  out.end();
  out.append_to(bytes_);
}

void AttributeList::add_entry(std::string_view key_value) {
  MessageWriter out;
  out.bytes(kListField, key_value);
  out.append_to(bytes_);
}

void MetricsWriter::begin_resource(std::string_view attributes) {
  out_.begin(field::request::kResources);
  out_.begin(field::resource_group::kResource);
  out_.raw(attributes);
  out_.end();
}

void MetricsWriter::begin_scope(std::string_view name) {
  out_.begin(field::resource_group::kScopes);
  out_.begin(field::scope_group::kScope);
  out_.bytes(field::scope::kName, name);
  out_.end();
}

void MetricsWriter::begin_metric(std::string_view name, std::string_view unit, uint32_t data_field) {
  out_.begin(field::scope_group::kItems);
  out_.bytes(field::metric::kName, name);
  if (!unit.empty()) out_.bytes(field::metric::kUnit, unit);
  out_.begin(data_field);
  out_.varint(field::metric_data::kAggregationTemporality, static_cast<uint64_t>(temporality_));
}

void MetricsWriter::begin_sum(std::string_view name, std::string_view unit) {
  begin_metric(name, unit, field::metric::kSum);
  out_.varint(field::metric_data::kIsMonotonic, 1);
}

void MetricsWriter::begin_histogram(std::string_view name, std::string_view unit) {
  begin_metric(name, unit, field::metric::kHistogram);
}

void MetricsWriter::begin_exponential(std::string_view name, std::string_view unit) {
  begin_metric(name, unit, field::metric::kExponentialHistogram);
}

void MetricsWriter::end_metric() {
  out_.end();
  out_.end();
}

// Fields 2 and 3 in all kinds of points.
void MetricsWriter::times(const PointHead& head) {
  ++points_;
  out_.fixed64(field::number_point::kStartTime, head.start_ns);
  out_.fixed64(field::number_point::kTime, head.time_ns);
}

void MetricsWriter::attributes(uint32_t field, std::string_view list) {
  if (field == kListField) return out_.raw(list);
  detail::for_each_payload(list, kListField, [&](std::string_view entry) { out_.bytes(field, entry); });
}

void MetricsWriter::exemplars(uint32_t field, const PointHead& head) {
  for (const ExemplarView& e : head.exemplars) {
    out_.begin(field);
    out_.fixed64(field::exemplar::kTime, head.time_ns);
    out_.real(field::exemplar::kAsDouble, e.value);
    out_.bytes(field::exemplar::kSpanId, e.span_id.bytes());
    out_.bytes(field::exemplar::kTraceId, e.trace_id.bytes());
    out_.end();
  }
}

void MetricsWriter::sum_point(const PointHead& head, uint64_t value) {
  namespace f = field::number_point;
  out_.begin(field::metric_data::kDataPoints);
  times(head);
  exemplars(f::kExemplars, head);
  out_.fixed64(f::kAsInt, value);
  attributes(f::kAttributes, head.attributes);
  out_.end();
}

void MetricsWriter::histogram_point(const PointHead& head, const HistogramView& histogram) {
  namespace f = field::histogram_point;
  out_.begin(field::metric_data::kDataPoints);
  times(head);
  out_.fixed64(f::kCount, histogram.count);
  out_.real(f::kSum, histogram.sum);
  out_.packed_fixed64(f::kBucketCounts, histogram.buckets);
  out_.packed_real(f::kExplicitBounds, histogram.bounds);
  exemplars(f::kExemplars, head);
  attributes(f::kAttributes, head.attributes);
  out_.end();
}

void MetricsWriter::exponential_point(const PointHead& head, const ExponentialView& histogram) {
  namespace f = field::exponential_point;
  out_.begin(field::metric_data::kDataPoints);
  attributes(f::kAttributes, head.attributes);
  times(head);
  out_.fixed64(f::kCount, histogram.count);
  out_.real(f::kSum, histogram.sum);
  out_.zigzag(f::kScale, histogram.scale);
  out_.fixed64(f::kZeroCount, histogram.zero_count);
  out_.begin(f::kPositive);
  out_.zigzag(field::exponential_buckets::kOffset, histogram.offset);
  out_.packed_varint(field::exponential_buckets::kBucketCounts, histogram.buckets);
  out_.end();
  exemplars(f::kExemplars, head);
  if (histogram.count > 0) {
    out_.real(f::kMin, histogram.min);
    out_.real(f::kMax, histogram.max);
  }
  out_.end();
}

std::string MetricsWriter::take() {
  points_ = 0;
  return out_.take();
}

}  // namespace weir::otlp
