// SPDX-License-Identifier: Apache-2.0
#include "otlp/fields.h"
#include "ottl/path_fields.h"

// Fields of log records, and the names of numbers in all contexts.
namespace weir::ottl {

namespace {

namespace field = otlp::field;
using fields::get_number, fields::get_text, fields::set_number, fields::set_text, fields::set_uint32;
using otlp::WireType;

constexpr Level kItem = Level::kItem;

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
  append_plain_text(get_body(frame), text);
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
     fields::set_int32<kItem, field::log_record::kSeverityNumber>},
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
