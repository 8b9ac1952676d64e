// SPDX-License-Identifier: Apache-2.0
#include "exporters/debug/text.h"

#include <algorithm>
#include <iterator>

#include "otlp/fields.h"
#include "otlp/wire.h"

namespace weir::debug_text_parts {

namespace {

using otlp::FieldCursor;
using otlp::WireType;

void line(std::string& out, std::string_view key, std::string_view value) {
  out.append("    ").append(key);
  out.append(15 - std::min<size_t>(15, key.size()), ' ').append(": ").append(value).append("\n");
}

std::string_view name_of(SpanKind kind) {
  static constexpr std::string_view kNames[] = {"Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"};
  const auto index = static_cast<size_t>(kind);
  return index < std::size(kNames) ? kNames[index] : "";
}

std::string_view name_of(StatusCode code) {
  static constexpr std::string_view kNames[] = {"Unset", "Ok", "Error"};
  const auto index = static_cast<size_t>(code);
  return index < std::size(kNames) ? kNames[index] : "";
}

uint64_t number_in(std::string_view message, uint32_t field) {
  uint64_t value = 0;
  FieldCursor cursor(message);
  while (cursor.next()) {
    if (cursor.is(field, WireType::kVarint)) value = cursor.value();
  }
  return value;
}

std::string_view text_in(std::string_view message, uint32_t field) {
  std::string_view text;
  FieldCursor cursor(message);
  while (cursor.next()) {
    if (cursor.is(field, WireType::kBytes)) text = cursor.bytes();
  }
  return text;
}

void append_dropped(std::string& out, std::string_view message) {
  namespace field = otlp::field::span;
  line(out, "DroppedAttributesCount", std::to_string(number_in(message, field::kDroppedAttributesCount)));
  line(out, "DroppedEventsCount", std::to_string(number_in(message, field::kDroppedEventsCount)));
  line(out, "DroppedLinksCount", std::to_string(number_in(message, field::kDroppedLinksCount)));
}

void append_event(std::string& out, const otlp::SpanEvent& event, size_t number) {
  namespace field = otlp::field::event;
  out += "SpanEvent #" + std::to_string(number) + "\n";
  out.append("     -> Name: ").append(event.name).append("\n");
  out += "     -> Timestamp: " + timestamp(event.time_ns) + "\n";
  out += "     -> DroppedAttributesCount: " + std::to_string(number_in(event.message, field::kDroppedAttributesCount)) +
         "\n";
  attributes(out, "     -> Attributes:", "          ",
             [&](auto&& f) { otlp::for_each_attribute(event.message, field::kAttributes, f); });
}

void append_link(std::string& out, const otlp::SpanLink& link, size_t number) {
  namespace field = otlp::field::link;
  out += "SpanLink #" + std::to_string(number) + "\n";
  out += "     -> Trace ID: " + hex_id(link.trace_id.bytes()) + "\n";
  out += "     -> ID: " + hex_id(link.span_id.bytes()) + "\n";
  out.append("     -> TraceState: ").append(text_in(link.message, field::kTraceState)).append("\n");
  out += "     -> DroppedAttributesCount: " + std::to_string(number_in(link.message, field::kDroppedAttributesCount)) +
         "\n";
  attributes(out, "     -> Attributes:", "          ",
             [&](auto&& f) { otlp::for_each_attribute(link.message, field::kAttributes, f); });
}

}  // namespace

void append_span(std::string& out, const Batch& batch, const SpanRecord& span) {
  line(out, "Trace ID", hex_id(span.trace_id.bytes()));
  line(out, "Parent ID", hex_id(span.parent_id.bytes()));
  line(out, "ID", hex_id(span.span_id.bytes()));
  line(out, "Name", batch.name(span));
  line(out, "Kind", name_of(span.kind));
  if (const std::string_view state = otlp::trace_state(batch, span); !state.empty()) line(out, "TraceState", state);
  line(out, "Start time", timestamp(span.start_ns));
  line(out, "End time", timestamp(span.end_ns));
  line(out, "Status code", name_of(span.status));
  line(out, "Status message", otlp::status_message(batch, span));
  append_dropped(out, batch.body(span));
  attributes(out, "Attributes", "     ", [&](auto&& f) { otlp::for_each_span_attribute(batch, span, f); });
  size_t events = 0;
  otlp::for_each_event(batch, span, [&](const otlp::SpanEvent& event) {
    if (events == 0) out += "Events:\n";
    append_event(out, event, events++);
  });
  size_t links = 0;
  otlp::for_each_link(batch, span, [&](const otlp::SpanLink& link) {
    if (links == 0) out += "Links:\n";
    append_link(out, link, links++);
  });
}

void append_span_line(std::string& out, const Batch& batch, const SpanRecord& span) {
  out.append(batch.name(span)).append(" ").append(hex_id(span.trace_id.bytes())).append(" ");
  out.append(hex_id(span.span_id.bytes()));
  inline_attributes(out, [&](auto&& f) { otlp::for_each_span_attribute(batch, span, f); });
  out += "\n";
}

}  // namespace weir::debug_text_parts
