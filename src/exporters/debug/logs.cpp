// SPDX-License-Identifier: Apache-2.0
#include "exporters/debug/text.h"
#include "otlp/fields.h"
#include "otlp/wire.h"

namespace weir::debug_text_parts {

namespace {

using otlp::WireType;
namespace field = otlp::field::log_record;

struct LogView {
  uint64_t time_ns = 0;
  uint64_t observed_ns = 0;
  uint64_t severity = 0;
  uint64_t dropped = 0;
  uint64_t flags = 0;
  std::string_view severity_text, trace_id, span_id, event_name;
  otlp::AnyValue body;
};

LogView read_log(std::string_view message) {
  LogView log;
  otlp::FieldCursor cursor(message);
  while (cursor.next()) {
    if (cursor.is(field::kTime, WireType::kFixed64)) log.time_ns = cursor.value();
    if (cursor.is(field::kObservedTime, WireType::kFixed64)) log.observed_ns = cursor.value();
    if (cursor.is(field::kSeverityNumber, WireType::kVarint)) log.severity = cursor.value();
    if (cursor.is(field::kSeverityText, WireType::kBytes)) log.severity_text = cursor.bytes();
    if (cursor.is(field::kBody, WireType::kBytes)) log.body = otlp::parse_any_value(cursor.bytes());
    if (cursor.is(field::kDroppedAttributesCount, WireType::kVarint)) log.dropped = cursor.value();
    if (cursor.is(field::kFlags, WireType::kFixed32)) log.flags = cursor.value();
    if (cursor.is(field::kTraceId, WireType::kBytes)) log.trace_id = cursor.bytes();
    if (cursor.is(field::kSpanId, WireType::kBytes)) log.span_id = cursor.bytes();
    if (cursor.is(field::kEventName, WireType::kBytes)) log.event_name = cursor.bytes();
  }
  return log;
}

// SeverityNumber: four steps to each of six names.
std::string name_of_severity(uint64_t number) {
  static constexpr std::string_view kNames[] = {"Trace", "Debug", "Info", "Warn", "Error", "Fatal"};
  if (number == 0) return "Unspecified";
  if (number > 24) return "";
  const uint64_t step = (number - 1) % 4;
  return std::string(kNames[(number - 1) / 4]) + (step == 0 ? "" : std::to_string(step + 1));
}

}  // namespace

void append_log_record(std::string& out, std::string_view body) {
  const LogView log = read_log(body);
  out += "ObservedTimestamp: " + timestamp(log.observed_ns) + "\n";
  out += "Timestamp: " + timestamp(log.time_ns) + "\n";
  out.append("SeverityText: ").append(log.severity_text).append("\n");
  out += "SeverityNumber: " + name_of_severity(log.severity) + "(" + std::to_string(log.severity) + ")\n";
  if (!log.event_name.empty()) out.append("EventName: ").append(log.event_name).append("\n");
  out += "Body: " + typed(log.body) + "\n";
  attributes(out, "Attributes", "     ", [&](auto&& f) { otlp::for_each_attribute(body, field::kAttributes, f); });
  out += "Trace ID: " + hex_id(log.trace_id) + "\n";
  out += "Span ID: " + hex_id(log.span_id) + "\n";
  out += "Flags: " + std::to_string(log.flags) + "\n";
}

void append_log_line(std::string& out, std::string_view body) {
  otlp::append_text(read_log(body).body, out);
  const size_t end = out.size();
  inline_attributes(out, [&](auto&& f) { otlp::for_each_attribute(body, field::kAttributes, f); });
  out += out.size() == end ? " \n" : "\n";
}

}  // namespace weir::debug_text_parts
