// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ottl/path.h"

// Getters and setters that any message's fields have in common.
namespace weir::ottl::fields {

template <Level L, uint32_t F>
Value get_text(Frame& frame) {
  return Value::of_string(frame.level(L).edit.bytes(F).value_or(std::string_view()));
}
template <Level L, uint32_t F>
void set_text(Frame& frame, const Value& value) {
  if (!expect_type(frame, value, Type::kString)) return;
  LevelState& level = frame.level(L);
  level.edit.set_bytes(F, level.arena->copy(value.text()));
}

template <Level L, uint32_t F, Type T = Type::kInt>
Value get_number(Frame& frame) {
  return Value::of_int(static_cast<int64_t>(frame.level(L).edit.number(F).value_or(0)), T);
}
template <Level L, uint32_t F, otlp::WireType W, Type T = Type::kInt>
void set_number(Frame& frame, const Value& value) {
  if (expect_type(frame, value, T)) frame.level(L).edit.set_number(F, W, static_cast<uint64_t>(value.integer));
}
// int32 fields and enums: wider numbers are cut.
template <Level L, uint32_t F>
void set_int32(Frame& frame, const Value& value) {
  if (!expect_type(frame, value, Type::kInt)) return;
  frame.level(L).edit.set_number(F, otlp::WireType::kVarint,
                                 static_cast<uint64_t>(static_cast<int32_t>(value.integer)));
}
// uint32 fields.
template <Level L, uint32_t F, otlp::WireType W = otlp::WireType::kVarint>
void set_uint32(Frame& frame, const Value& value) {
  if (!expect_type(frame, value, Type::kInt)) return;
  frame.level(L).edit.set_number(F, W, static_cast<uint32_t>(value.integer));
}

template <Level L, uint32_t F>
TraceId trace_id_of(Frame& frame) {
  return TraceId::from_bytes(frame.level(L).edit.bytes(F).value_or(std::string_view()));
}
template <Level L, uint32_t F>
SpanId span_id_of(Frame& frame) {
  return SpanId::from_bytes(frame.level(L).edit.bytes(F).value_or(std::string_view()));
}
// An empty id, or zeros, is no id.
template <Level L, uint32_t F>
void set_id_bytes(Frame& frame, std::string_view bytes, bool empty) {
  LevelState& level = frame.level(L);
  level.edit.set_bytes(F, empty ? std::string_view() : level.arena->copy(bytes));
}

template <Level L, uint32_t F>
Value get_trace_id(Frame& frame) {
  return Value::of_trace_id(trace_id_of<L, F>(frame));
}
template <Level L, uint32_t F>
void set_trace_id(Frame& frame, const Value& value) {
  if (!expect_type(frame, value, Type::kTraceId)) return;
  set_id_bytes<L, F>(frame, value.trace_id().bytes(), value.trace_id().empty());
}
template <Level L, uint32_t F>
Value get_span_id(Frame& frame) {
  return Value::of_span_id(span_id_of<L, F>(frame));
}
template <Level L, uint32_t F>
void set_span_id(Frame& frame, const Value& value) {
  if (!expect_type(frame, value, Type::kSpanId)) return;
  set_id_bytes<L, F>(frame, value.span_id().bytes(), value.span_id().empty());
}

// As hex; an absent id is all zeros there, as in the collector.
Value hex_text(Frame& frame, std::string_view bytes);
// The bytes of a hex text of exactly that many; fails otherwise.
bool parse_hex(Frame& frame, const Value& value, char* out, size_t size);

template <Level L, uint32_t F>
Value get_trace_id_hex(Frame& frame) {
  const TraceId id = trace_id_of<L, F>(frame);
  return hex_text(frame, id.bytes());
}
template <Level L, uint32_t F>
void set_trace_id_hex(Frame& frame, const Value& value) {
  TraceId id;
  if (!parse_hex(frame, value, reinterpret_cast<char*>(id.word), 16)) return;
  set_id_bytes<L, F>(frame, id.bytes(), id.empty());
}
template <Level L, uint32_t F>
Value get_span_id_hex(Frame& frame) {
  const SpanId id = span_id_of<L, F>(frame);
  return hex_text(frame, id.bytes());
}
template <Level L, uint32_t F>
void set_span_id_hex(Frame& frame, const Value& value) {
  SpanId id;
  if (!parse_hex(frame, value, reinterpret_cast<char*>(&id.word), 8)) return;
  set_id_bytes<L, F>(frame, id.bytes(), id.empty());
}

}  // namespace weir::ottl::fields
