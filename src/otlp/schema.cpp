// SPDX-License-Identifier: Apache-2.0
#include "otlp/schema.h"

#include "otlp/fields.h"

namespace weir::otlp::schema {
namespace {

using enum Kind;
using enum Presence;

constexpr EnumValue kSpanKinds[] = {
    {"SPAN_KIND_UNSPECIFIED", 0}, {"SPAN_KIND_INTERNAL", 1}, {"SPAN_KIND_SERVER", 2},
    {"SPAN_KIND_CLIENT", 3},      {"SPAN_KIND_PRODUCER", 4}, {"SPAN_KIND_CONSUMER", 5},
};
constexpr EnumValue kStatusCodes[] = {{"STATUS_CODE_UNSET", 0}, {"STATUS_CODE_OK", 1}, {"STATUS_CODE_ERROR", 2}};
constexpr EnumValue kTemporalities[] = {
    {"AGGREGATION_TEMPORALITY_UNSPECIFIED", 0},
    {"AGGREGATION_TEMPORALITY_DELTA", 1},
    {"AGGREGATION_TEMPORALITY_CUMULATIVE", 2},
};
constexpr EnumValue kSeverities[] = {
    {"SEVERITY_NUMBER_UNSPECIFIED", 0}, {"SEVERITY_NUMBER_TRACE", 1},   {"SEVERITY_NUMBER_TRACE2", 2},
    {"SEVERITY_NUMBER_TRACE3", 3},      {"SEVERITY_NUMBER_TRACE4", 4},  {"SEVERITY_NUMBER_DEBUG", 5},
    {"SEVERITY_NUMBER_DEBUG2", 6},      {"SEVERITY_NUMBER_DEBUG3", 7},  {"SEVERITY_NUMBER_DEBUG4", 8},
    {"SEVERITY_NUMBER_INFO", 9},        {"SEVERITY_NUMBER_INFO2", 10},  {"SEVERITY_NUMBER_INFO3", 11},
    {"SEVERITY_NUMBER_INFO4", 12},      {"SEVERITY_NUMBER_WARN", 13},   {"SEVERITY_NUMBER_WARN2", 14},
    {"SEVERITY_NUMBER_WARN3", 15},      {"SEVERITY_NUMBER_WARN4", 16},  {"SEVERITY_NUMBER_ERROR", 17},
    {"SEVERITY_NUMBER_ERROR2", 18},     {"SEVERITY_NUMBER_ERROR3", 19}, {"SEVERITY_NUMBER_ERROR4", 20},
    {"SEVERITY_NUMBER_FATAL", 21},      {"SEVERITY_NUMBER_FATAL2", 22}, {"SEVERITY_NUMBER_FATAL3", 23},
    {"SEVERITY_NUMBER_FATAL4", 24},
};

extern const Message kArrayValue, kKeyValueList, kEntityRef;
extern const Message kResourceSpans, kScopeSpans, kResourceMetrics, kScopeMetrics, kResourceLogs, kScopeLogs;
extern const Message kGauge, kSum, kHistogram, kExponentialHistogram, kSummary;
extern const Message kNumberPoint, kHistogramPoint, kExponentialPoint, kBuckets, kSummaryPoint, kQuantile, kExemplar;

// --- common and resource

constexpr Field kAnyValueFields[] = {
    {1, "stringValue", kString, kOneof},
    {2, "boolValue", kBool, kOneof},
    {3, "intValue", kInt64, kOneof},
    {4, "doubleValue", kDouble, kOneof},
    {5, "arrayValue", kMessage, kOneof, &kArrayValue},
    {6, "kvlistValue", kMessage, kOneof, &kKeyValueList},
    {7, "bytesValue", kBytes, kOneof},
    {8, "stringValueStrindex", kInt32, kOneof},
};
constexpr Field kArrayValueFields[] = {{1, "values", kMessage, kRepeated, &kAnyValue}};
constexpr Field kKeyValueListFields[] = {{1, "values", kMessage, kRepeated, &kKeyValue}};
constexpr Field kKeyValueFields[] = {
    {1, "key", kString},
    {2, "value", kMessage, kAlways, &kAnyValue},
    {3, "keyStrindex", kInt32},
};
constexpr Field kScopeFields[] = {
    {1, "name", kString},
    {2, "version", kString},
    {3, "attributes", kMessage, kRepeated, &kKeyValue},
    {4, "droppedAttributesCount", kUint32},
};
constexpr Field kEntityRefFields[] = {
    {1, "schemaUrl", kString},
    {2, "type", kString},
    {3, "idKeys", kString, kRepeated},
    {4, "descriptionKeys", kString, kRepeated},
};
constexpr Field kResourceFields[] = {
    {1, "attributes", kMessage, kRepeated, &kKeyValue},
    {2, "droppedAttributesCount", kUint32},
    {3, "entityRefs", kMessage, kRepeated, &kEntityRef},
};

// --- traces

constexpr Field kTracesRequestFields[] = {{1, "resourceSpans", kMessage, kRepeated, &kResourceSpans}};
constexpr Field kResourceSpansFields[] = {
    {1, "resource", kMessage, kAlways, &kResource},
    {2, "scopeSpans", kMessage, kRepeated, &kScopeSpans},
    {3, "schemaUrl", kString},
};
constexpr Field kScopeSpansFields[] = {
    {1, "scope", kMessage, kAlways, &kScope},
    {2, "spans", kMessage, kRepeated, &kSpan},
    {3, "schemaUrl", kString},
};
constexpr Field kSpanFields[] = {
    {1, "traceId", kTraceId},
    {2, "spanId", kSpanId},
    {3, "traceState", kString},
    {4, "parentSpanId", kSpanId},
    {16, "flags", kFixed32},
    {5, "name", kString},
    {6, "kind", kEnum, kPlain, nullptr, kSpanKinds},
    {7, "startTimeUnixNano", kFixed64},
    {8, "endTimeUnixNano", kFixed64},
    {9, "attributes", kMessage, kRepeated, &kKeyValue},
    {10, "droppedAttributesCount", kUint32},
    {11, "events", kMessage, kRepeated, &kEvent},
    {12, "droppedEventsCount", kUint32},
    {13, "links", kMessage, kRepeated, &kLink},
    {14, "droppedLinksCount", kUint32},
    {15, "status", kMessage, kAlways, &kStatus},
};
constexpr Field kEventFields[] = {
    {1, "timeUnixNano", kFixed64},
    {2, "name", kString},
    {3, "attributes", kMessage, kRepeated, &kKeyValue},
    {4, "droppedAttributesCount", kUint32},
};
constexpr Field kLinkFields[] = {
    {1, "traceId", kTraceId},
    {2, "spanId", kSpanId},
    {3, "traceState", kString},
    {4, "attributes", kMessage, kRepeated, &kKeyValue},
    {5, "droppedAttributesCount", kUint32},
    {6, "flags", kFixed32},
};
constexpr Field kStatusFields[] = {{2, "message", kString}, {3, "code", kEnum, kPlain, nullptr, kStatusCodes}};

// --- logs

constexpr Field kLogsRequestFields[] = {{1, "resourceLogs", kMessage, kRepeated, &kResourceLogs}};
constexpr Field kResourceLogsFields[] = {
    {1, "resource", kMessage, kAlways, &kResource},
    {2, "scopeLogs", kMessage, kRepeated, &kScopeLogs},
    {3, "schemaUrl", kString},
};
constexpr Field kScopeLogsFields[] = {
    {1, "scope", kMessage, kAlways, &kScope},
    {2, "logRecords", kMessage, kRepeated, &kLogRecord},
    {3, "schemaUrl", kString},
};
constexpr Field kLogRecordFields[] = {
    {1, "timeUnixNano", kFixed64},
    {11, "observedTimeUnixNano", kFixed64},
    {2, "severityNumber", kEnum, kPlain, nullptr, kSeverities},
    {3, "severityText", kString},
    {5, "body", kMessage, kAlways, &kAnyValue},
    {6, "attributes", kMessage, kRepeated, &kKeyValue},
    {7, "droppedAttributesCount", kUint32},
    {8, "flags", kFixed32},
    {9, "traceId", kTraceId},
    {10, "spanId", kSpanId},
    {12, "eventName", kString},
};

// --- metrics

constexpr Field kMetricsRequestFields[] = {{1, "resourceMetrics", kMessage, kRepeated, &kResourceMetrics}};
constexpr Field kResourceMetricsFields[] = {
    {1, "resource", kMessage, kAlways, &kResource},
    {2, "scopeMetrics", kMessage, kRepeated, &kScopeMetrics},
    {3, "schemaUrl", kString},
};
constexpr Field kScopeMetricsFields[] = {
    {1, "scope", kMessage, kAlways, &kScope},
    {2, "metrics", kMessage, kRepeated, &kMetric},
    {3, "schemaUrl", kString},
};
constexpr Field kMetricFields[] = {
    {1, "name", kString},
    {2, "description", kString},
    {3, "unit", kString},
    {5, "gauge", kMessage, kOneof, &kGauge},
    {7, "sum", kMessage, kOneof, &kSum},
    {9, "histogram", kMessage, kOneof, &kHistogram},
    {10, "exponentialHistogram", kMessage, kOneof, &kExponentialHistogram},
    {11, "summary", kMessage, kOneof, &kSummary},
    {12, "metadata", kMessage, kRepeated, &kKeyValue},
};
constexpr Field kGaugeFields[] = {{1, "dataPoints", kMessage, kRepeated, &kNumberPoint}};
constexpr Field kSumFields[] = {
    {1, "dataPoints", kMessage, kRepeated, &kNumberPoint},
    {2, "aggregationTemporality", kEnum, kPlain, nullptr, kTemporalities},
    {3, "isMonotonic", kBool},
};
constexpr Field kHistogramFields[] = {
    {1, "dataPoints", kMessage, kRepeated, &kHistogramPoint},
    {2, "aggregationTemporality", kEnum, kPlain, nullptr, kTemporalities},
};
constexpr Field kExponentialHistogramFields[] = {
    {1, "dataPoints", kMessage, kRepeated, &kExponentialPoint},
    {2, "aggregationTemporality", kEnum, kPlain, nullptr, kTemporalities},
};
constexpr Field kSummaryFields[] = {{1, "dataPoints", kMessage, kRepeated, &kSummaryPoint}};
constexpr Field kNumberPointFields[] = {
    {7, "attributes", kMessage, kRepeated, &kKeyValue},
    {2, "startTimeUnixNano", kFixed64},
    {3, "timeUnixNano", kFixed64},
    {4, "asDouble", kDouble, kOneof},
    {6, "asInt", kSfixed64, kOneof},
    {5, "exemplars", kMessage, kRepeated, &kExemplar},
    {8, "flags", kUint32},
};
constexpr Field kHistogramPointFields[] = {
    {9, "attributes", kMessage, kRepeated, &kKeyValue},
    {2, "startTimeUnixNano", kFixed64},
    {3, "timeUnixNano", kFixed64},
    {4, "count", kFixed64},
    {5, "sum", kDouble, kExplicit},
    {6, "bucketCounts", kFixed64, kRepeated},
    {7, "explicitBounds", kDouble, kRepeated},
    {8, "exemplars", kMessage, kRepeated, &kExemplar},
    {10, "flags", kUint32},
    {11, "min", kDouble, kExplicit},
    {12, "max", kDouble, kExplicit},
};
constexpr Field kExponentialPointFields[] = {
    {1, "attributes", kMessage, kRepeated, &kKeyValue},
    {2, "startTimeUnixNano", kFixed64},
    {3, "timeUnixNano", kFixed64},
    {4, "count", kFixed64},
    {5, "sum", kDouble, kExplicit},
    {6, "scale", kSint32},
    {7, "zeroCount", kFixed64},
    {8, "positive", kMessage, kAlways, &kBuckets},
    {9, "negative", kMessage, kAlways, &kBuckets},
    {10, "flags", kUint32},
    {11, "exemplars", kMessage, kRepeated, &kExemplar},
    {12, "min", kDouble, kExplicit},
    {13, "max", kDouble, kExplicit},
    {14, "zeroThreshold", kDouble},
};
constexpr Field kBucketsFields[] = {{1, "offset", kSint32}, {2, "bucketCounts", kUint64, kRepeated}};
constexpr Field kSummaryPointFields[] = {
    {7, "attributes", kMessage, kRepeated, &kKeyValue},
    {2, "startTimeUnixNano", kFixed64},
    {3, "timeUnixNano", kFixed64},
    {4, "count", kFixed64},
    {5, "sum", kDouble},
    {6, "quantileValues", kMessage, kRepeated, &kQuantile},
    {8, "flags", kUint32},
};
constexpr Field kQuantileFields[] = {{1, "quantile", kDouble}, {2, "value", kDouble}};
constexpr Field kExemplarFields[] = {
    {7, "filteredAttributes", kMessage, kRepeated, &kKeyValue},
    {2, "timeUnixNano", kFixed64},
    {3, "asDouble", kDouble, kOneof},
    {6, "asInt", kSfixed64, kOneof},
    {5, "traceId", kTraceId},
    {4, "spanId", kSpanId},
};

constexpr Message kArrayValue{"ArrayValue", kArrayValueFields, true};
constexpr Message kKeyValueList{"KeyValueList", kKeyValueListFields, true};
constexpr Message kEntityRef{"EntityRef", kEntityRefFields};
constexpr Message kResourceSpans{"ResourceSpans", kResourceSpansFields};
constexpr Message kScopeSpans{"ScopeSpans", kScopeSpansFields};
constexpr Message kResourceMetrics{"ResourceMetrics", kResourceMetricsFields};
constexpr Message kScopeMetrics{"ScopeMetrics", kScopeMetricsFields};
constexpr Message kResourceLogs{"ResourceLogs", kResourceLogsFields};
constexpr Message kScopeLogs{"ScopeLogs", kScopeLogsFields};
constexpr Message kGauge{"Gauge", kGaugeFields};
constexpr Message kSum{"Sum", kSumFields};
constexpr Message kHistogram{"Histogram", kHistogramFields};
constexpr Message kExponentialHistogram{"ExponentialHistogram", kExponentialHistogramFields};
constexpr Message kSummary{"Summary", kSummaryFields};
constexpr Message kNumberPoint{"NumberDataPoint", kNumberPointFields};
constexpr Message kHistogramPoint{"HistogramDataPoint", kHistogramPointFields};
constexpr Message kExponentialPoint{"ExponentialHistogramDataPoint", kExponentialPointFields};
constexpr Message kBuckets{"Buckets", kBucketsFields};
constexpr Message kSummaryPoint{"SummaryDataPoint", kSummaryPointFields};
constexpr Message kQuantile{"ValueAtQuantile", kQuantileFields};
constexpr Message kExemplar{"Exemplar", kExemplarFields};

// Whether `key` is the snake_case form of the lowerCamelCase `json`.
bool is_snake_case_of(std::string_view key, std::string_view json) {
  size_t at = 0;
  for (char c : json) {
    if (c >= 'A' && c <= 'Z') {
      if (at == key.size() || key[at++] != '_') return false;
      c = static_cast<char>(c - 'A' + 'a');
    }
    if (at == key.size() || key[at++] != c) return false;
  }
  return at == key.size();
}

}  // namespace

constexpr Message kResource{"Resource", kResourceFields};
constexpr Message kScope{"InstrumentationScope", kScopeFields};
constexpr Message kKeyValue{"KeyValue", kKeyValueFields};
constexpr Message kAnyValue{"AnyValue", kAnyValueFields};
constexpr Message kSpan{"Span", kSpanFields};
constexpr Message kEvent{"Event", kEventFields};
constexpr Message kLink{"Link", kLinkFields};
constexpr Message kStatus{"Status", kStatusFields};
constexpr Message kMetric{"Metric", kMetricFields};
constexpr Message kLogRecord{"LogRecord", kLogRecordFields};
constexpr Message kTracesRequest{"ExportTraceServiceRequest", kTracesRequestFields};
constexpr Message kMetricsRequest{"ExportMetricsServiceRequest", kMetricsRequestFields};
constexpr Message kLogsRequest{"ExportLogsServiceRequest", kLogsRequestFields};

const Message& request_of(Signal signal) {
  switch (signal) {
    case Signal::kTraces:
      return kTracesRequest;
    case Signal::kMetrics:
      return kMetricsRequest;
    case Signal::kLogs:
      break;
  }
  return kLogsRequest;
}

WireType wire_type_of(Kind kind) {
  if (kind <= kMessage) return WireType::kBytes;
  if (kind <= kSint32) return WireType::kVarint;
  return kind == kFixed32 ? WireType::kFixed32 : WireType::kFixed64;
}

const Field* Message::find(std::string_view key) const {
  for (const Field& field : fields) {
    if (key == field.json || is_snake_case_of(key, field.json)) return &field;
  }
  return nullptr;
}

}  // namespace weir::otlp::schema
