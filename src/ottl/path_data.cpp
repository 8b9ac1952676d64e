// SPDX-License-Identifier: Apache-2.0
#include "otlp/fields.h"
#include "otlp/metrics_reader.h"
#include "ottl/path_fields.h"

// Fields of metrics, data points and log records.
namespace weir::ottl {

namespace {

namespace field = otlp::field;
using fields::get_number, fields::get_text, fields::set_number, fields::set_text, fields::set_uint32;
using otlp::MetricType;
using otlp::WireType;

constexpr Level kItem = Level::kItem, kPart = Level::kPart;

// --- metric

MetricType type_of(Frame& frame) {
  otlp::MetricView view;
  otlp::read_metric(frame.message().original(), view);
  return view.type;
}
Value get_type(Frame& frame) {
  // The collector numbers them None, Gauge, Sum, Histogram, ExponentialHistogram, Summary, as MetricType does.
  return Value::of_int(static_cast<int64_t>(type_of(frame)));
}
bool has_temporality(MetricType type) {
  return type == MetricType::kSum || type == MetricType::kHistogram || type == MetricType::kExponentialHistogram;
}
Value get_temporality(Frame& frame) {
  const MetricType type = type_of(frame);
  if (!has_temporality(type)) return {};
  const std::string_view data = frame.message().nested(otlp::data_field(type), frame.arena());
  return Value::of_int(
      static_cast<int64_t>(last_number(data, field::metric_data::kAggregationTemporality).value_or(0)));
}
Value get_monotonic(Frame& frame) {
  if (type_of(frame) != MetricType::kSum) return {};
  const std::string_view data = frame.message().nested(field::metric::kSum, frame.arena());
  return Value::of_bool(last_number(data, field::metric_data::kIsMonotonic).value_or(0) != 0);
}
void change_data(Frame& frame, MetricType type, uint32_t number, uint64_t value) {
  MessageEdit data;
  data.start(frame.message().nested(otlp::data_field(type), frame.arena()), 0);
  data.set_number(number, WireType::kVarint, value);
  if (!data.changed()) return;
  otlp::MessageWriter out;
  data.write(out);
  frame.message().put_bytes(otlp::data_field(type), frame.arena().copy(out.take()));
}
void set_temporality(Frame& frame, const Value& value) {
  const MetricType type = type_of(frame);
  if (!expect_type(frame, value, Type::kInt) || !has_temporality(type)) return;
  change_data(frame, type, field::metric_data::kAggregationTemporality, static_cast<uint64_t>(value.integer));
}
void set_monotonic(Frame& frame, const Value& value) {
  if (!expect_type(frame, value, Type::kBool) || type_of(frame) != MetricType::kSum) return;
  change_data(frame, MetricType::kSum, field::metric_data::kIsMonotonic, value.boolean ? 1 : 0);
}
Value get_metadata(Frame& frame) { return Value::of_map(frame.level(kItem).attributes()); }
void set_metadata(Frame& frame, const Value& value) {
  if (!expect_type(frame, value, Type::kMap)) return;
  frame.level(kItem).set_attributes(copy_of(value, frame.arena()).map);
}

constexpr FieldPath kMetricFields[] = {
    {"name", get_text<kItem, field::metric::kName>, set_text<kItem, field::metric::kName>},
    {"description", get_text<kItem, field::metric::kDescription>, set_text<kItem, field::metric::kDescription>},
    {"unit", get_text<kItem, field::metric::kUnit>, set_text<kItem, field::metric::kUnit>},
    {"type", get_type, nullptr},
    {"aggregation_temporality", get_temporality, set_temporality},
    {"is_monotonic", get_monotonic, set_monotonic},
    {"metadata", get_metadata, set_metadata, true},
};

// --- data point: field numbers depend on the metric's type

bool is_number(MetricType type) { return type == MetricType::kGauge || type == MetricType::kSum; }

struct PointNumbers {
  uint32_t start, time, flags, count, sum;
};
PointNumbers numbers_of(MetricType type) {
  if (type == MetricType::kExponentialHistogram) {
    return {field::exponential_point::kStartTime, field::exponential_point::kTime, field::exponential_point::kFlags,
            field::exponential_point::kCount, field::exponential_point::kSum};
  }
  if (type == MetricType::kHistogram) {
    return {field::histogram_point::kStartTime, field::histogram_point::kTime, field::histogram_point::kFlags,
            field::histogram_point::kCount, field::histogram_point::kSum};
  }
  if (type == MetricType::kSummary) {
    return {field::summary_point::kStartTime, field::summary_point::kTime, field::summary_point::kFlags,
            field::summary_point::kCount, field::summary_point::kSum};
  }
  return {field::number_point::kStartTime, field::number_point::kTime, field::number_point::kFlags, 0, 0};
}
MessageEdit& point(Frame& frame) { return frame.level(kPart).edit; }

template <uint32_t PointNumbers::*F, Type T = Type::kInt>
Value get_point(Frame& frame) {
  const uint32_t number = numbers_of(type_of(frame)).*F;
  if (number == 0) return {};
  return Value::of_int(static_cast<int64_t>(point(frame).number(number).value_or(0)), T);
}
template <uint32_t PointNumbers::*F, WireType W, Type T = Type::kInt>
void set_point(Frame& frame, const Value& value) {
  const uint32_t number = numbers_of(type_of(frame)).*F;
  if (!expect_type(frame, value, T) || number == 0) return;
  point(frame).set_number(number, W, static_cast<uint64_t>(value.integer));
}
Value get_sum(Frame& frame) {
  const uint32_t number = numbers_of(type_of(frame)).sum;
  if (number == 0) return {};
  return Value::of_double(std::bit_cast<double>(point(frame).number(number).value_or(0)));
}
void set_sum(Frame& frame, const Value& value) {
  const uint32_t number = numbers_of(type_of(frame)).sum;
  if (!expect_type(frame, value, Type::kDouble) || number == 0) return;
  point(frame).set_number(number, WireType::kFixed64, std::bit_cast<uint64_t>(value.real));
}
Value get_value_double(Frame& frame) {
  if (!is_number(type_of(frame))) return {};
  return Value::of_double(std::bit_cast<double>(point(frame).number(field::number_point::kAsDouble).value_or(0)));
}
Value get_value_int(Frame& frame) {
  if (!is_number(type_of(frame))) return {};
  return Value::of_int(static_cast<int64_t>(point(frame).number(field::number_point::kAsInt).value_or(0)));
}
void set_value_double(Frame& frame, const Value& value) {
  if (!expect_type(frame, value, Type::kDouble) || !is_number(type_of(frame))) return;
  point(frame).clear(field::number_point::kAsInt);
  point(frame).put_number(field::number_point::kAsDouble, WireType::kFixed64, std::bit_cast<uint64_t>(value.real));
}
void set_value_int(Frame& frame, const Value& value) {
  if (!expect_type(frame, value, Type::kInt) || !is_number(type_of(frame))) return;
  point(frame).clear(field::number_point::kAsDouble);
  point(frame).put_number(field::number_point::kAsInt, WireType::kFixed64, static_cast<uint64_t>(value.integer));
}

constexpr auto kFixed = WireType::kFixed64;
constexpr FieldPath kPointFields[] = {
    {"start_time_unix_nano", get_point<&PointNumbers::start>, set_point<&PointNumbers::start, kFixed>},
    {"time_unix_nano", get_point<&PointNumbers::time>, set_point<&PointNumbers::time, kFixed>},
    {"start_time", get_point<&PointNumbers::start, Type::kTime>, set_point<&PointNumbers::start, kFixed, Type::kTime>},
    {"time", get_point<&PointNumbers::time, Type::kTime>, set_point<&PointNumbers::time, kFixed, Type::kTime>},
    {"value_double", get_value_double, set_value_double},
    {"value_int", get_value_int, set_value_int},
    {"flags", get_point<&PointNumbers::flags>, set_point<&PointNumbers::flags, WireType::kVarint>},
    {"count", get_point<&PointNumbers::count>, set_point<&PointNumbers::count, kFixed>},
    {"sum", get_sum, set_sum},
};

// --- log record

Value get_body(Frame& frame) {
  const auto body = frame.message().bytes(field::log_record::kBody);
  return body ? from_any_value_message(*body, frame.arena()) : Value();
}
void set_body(Frame& frame, const Value& value) {
  if (!fits_attribute(value.type)) return frame.fail("a ", name_of(value.type), " cannot be a body; convert it first");
  otlp::MessageWriter out;
  write_any_value(value, out);
  frame.message().set_bytes(field::log_record::kBody, frame.arena().copy(out.take()));
}
Value get_body_string(Frame& frame) {
  std::string text;
  append_text(get_body(frame), text);
  return owned_string(text, frame.arena());
}
void set_body_string(Frame& frame, const Value& value) {
  if (expect_type(frame, value, Type::kString)) set_body(frame, value);
}

template <uint32_t F, Type T>
constexpr FieldPath time_field(std::string_view name) {
  return {name, get_number<kItem, F, T>, set_number<kItem, F, WireType::kFixed64, T>};
}

constexpr FieldPath kLogFields[] = {
    time_field<field::log_record::kTime, Type::kInt>("time_unix_nano"),
    time_field<field::log_record::kObservedTime, Type::kInt>("observed_time_unix_nano"),
    time_field<field::log_record::kTime, Type::kTime>("time"),
    time_field<field::log_record::kObservedTime, Type::kTime>("observed_time"),
    {"severity_number", get_number<kItem, field::log_record::kSeverityNumber>,
     set_number<kItem, field::log_record::kSeverityNumber, WireType::kVarint>},
    {"severity_text", get_text<kItem, field::log_record::kSeverityText>,
     set_text<kItem, field::log_record::kSeverityText>},
    {"body", get_body, set_body, true},
    {"body.string", get_body_string, set_body_string},
    {"dropped_attributes_count", get_number<kItem, field::log_record::kDroppedAttributesCount>,
     set_uint32<kItem, field::log_record::kDroppedAttributesCount>},
    {"flags", get_number<kItem, field::log_record::kFlags>,
     set_uint32<kItem, field::log_record::kFlags, WireType::kFixed32>},
    {"trace_id", fields::get_trace_id<kItem, field::log_record::kTraceId>,
     fields::set_trace_id<kItem, field::log_record::kTraceId>},
    {"trace_id.string", fields::get_trace_id_hex<kItem, field::log_record::kTraceId>,
     fields::set_trace_id_hex<kItem, field::log_record::kTraceId>},
    {"span_id", fields::get_span_id<kItem, field::log_record::kSpanId>,
     fields::set_span_id<kItem, field::log_record::kSpanId>},
    {"span_id.string", fields::get_span_id_hex<kItem, field::log_record::kSpanId>,
     fields::set_span_id_hex<kItem, field::log_record::kSpanId>},
    {"event_name", get_text<kItem, field::log_record::kEventName>, set_text<kItem, field::log_record::kEventName>},
};

// --- names of numbers

struct EnumName {
  std::string_view name;
  int64_t value;
};
constexpr EnumName kSpanEnums[] = {
    {"SPAN_KIND_UNSPECIFIED", 0}, {"SPAN_KIND_INTERNAL", 1}, {"SPAN_KIND_SERVER", 2},
    {"SPAN_KIND_CLIENT", 3},      {"SPAN_KIND_PRODUCER", 4}, {"SPAN_KIND_CONSUMER", 5},
    {"STATUS_CODE_UNSET", 0},     {"STATUS_CODE_OK", 1},     {"STATUS_CODE_ERROR", 2},
};
constexpr EnumName kMetricEnums[] = {
    {"AGGREGATION_TEMPORALITY_UNSPECIFIED", 0},
    {"AGGREGATION_TEMPORALITY_DELTA", 1},
    {"AGGREGATION_TEMPORALITY_CUMULATIVE", 2},
    {"METRIC_DATA_TYPE_NONE", 0},
    {"METRIC_DATA_TYPE_GAUGE", 1},
    {"METRIC_DATA_TYPE_SUM", 2},
    {"METRIC_DATA_TYPE_HISTOGRAM", 3},
    {"METRIC_DATA_TYPE_EXPONENTIAL_HISTOGRAM", 4},
    {"METRIC_DATA_TYPE_SUMMARY", 5},
};
constexpr EnumName kPointEnums[] = {{"FLAG_NONE", 0}, {"FLAG_NO_RECORDED_VALUE", 1}};
constexpr EnumName kLogEnums[] = {
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

std::vector<std::span<const EnumName>> enums_of(Context context) {
  switch (context) {
    case Context::kSpan:
    case Context::kSpanEvent:
      return {kSpanEnums};
    case Context::kMetric:
      return {kMetricEnums};
    case Context::kDataPoint:
      return {kPointEnums, kMetricEnums};
    case Context::kLog:
      return {kLogEnums};
    default:
      return {};
  }
}

}  // namespace

std::span<const FieldPath> metric_fields() { return kMetricFields; }
std::span<const FieldPath> point_fields() { return kPointFields; }
std::span<const FieldPath> log_fields() { return kLogFields; }

bool enum_value(Context context, std::string_view name, int64_t& value) {
  for (std::span<const EnumName> names : enums_of(context)) {
    for (const EnumName& candidate : names) {
      if (candidate.name != name) continue;
      value = candidate.value;
      return true;
    }
  }
  return false;
}

std::vector<std::string> enum_names(Context context) {
  std::vector<std::string> result;
  for (std::span<const EnumName> names : enums_of(context)) {
    for (const EnumName& candidate : names) result.emplace_back(candidate.name);
  }
  return result;
}

}  // namespace weir::ottl
