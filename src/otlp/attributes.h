// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "otlp/fields.h"
#include "otlp/wire.h"
#include "weir/batch.h"

namespace weir::otlp {

// An attribute's value, decoded one level deep. Views live as long as the bytes they were read from.
struct AnyValue {
  enum class Type : uint8_t { kEmpty, kString, kBool, kInt, kDouble, kArray, kKvlist, kBytes };
  Type type = Type::kEmpty;
  bool boolean = false;
  int64_t integer = 0;
  double real = 0;
  std::string_view bytes = {};  // kString, kBytes: the value; kArray, kKvlist: the ArrayValue or KeyValueList message

  bool is_string() const { return type == Type::kString; }
};

struct Attribute {
  std::string_view key;
  AnyValue value;
};

AnyValue parse_any_value(std::string_view message);
Attribute parse_attribute(std::string_view key_value);
// The key alone (cheaper than parse_attribute).
std::string_view attribute_key(std::string_view key_value);

namespace detail {
// Calls f(args) and tells whether to go on: f returns void, or false to stop.
template <class F, class T>
bool go_on(F& f, T&& value) {
  if constexpr (std::is_void_v<std::invoke_result_t<F&, T>>) {
    f(std::forward<T>(value));
    return true;
  } else {
    return f(std::forward<T>(value));
  }
}

// f(std::string_view payload) for each length-delimited field `field` of `message`; false when f stopped.
template <class F>
bool for_each_payload(std::string_view message, uint32_t field, F&& f) {
  FieldCursor cursor(message);
  while (cursor.next()) {
    if (cursor.is(field, WireType::kBytes) && !go_on(f, cursor.bytes())) return false;
  }
  return true;
}

// The same over the header of a resource or scope entry of a batch (all ranges in order).
template <class Entry, class F>
bool for_each_header_payload(const Batch& batch, const Entry& entry, uint32_t field, F&& f) {
  for (uint32_t i = 0; i < entry.range_count; ++i) {
    if (!for_each_payload(batch.view(entry.part, batch.ranges[entry.first_range + i]), field, f)) return false;
  }
  return true;
}
}  // namespace detail

// f(const Attribute&) for each KeyValue in the repeated field `field` of `message`, in order; f may return false to
// stop. Returns false when it was stopped.
template <class F>
bool for_each_attribute(std::string_view message, uint32_t field, F&& f) {
  return detail::for_each_payload(message, field,
                                  [&f](std::string_view entry) { return detail::go_on(f, parse_attribute(entry)); });
}
// The first attribute of that key, as the collector finds it where keys are there twice.
std::optional<AnyValue> find_attribute(std::string_view message, uint32_t field, std::string_view key);

// --- spans of a batch

inline std::string_view attribute_bytes(const Batch& batch, const SpanRecord& span) {
  return batch.view(span.part, span.attributes);
}
template <class F>
bool for_each_span_attribute(const Batch& batch, const SpanRecord& span, F&& f) {
  return for_each_attribute(attribute_bytes(batch, span), field::span::kAttributes, f);
}
inline std::optional<AnyValue> find_span_attribute(const Batch& batch, const SpanRecord& span, std::string_view key) {
  return find_attribute(attribute_bytes(batch, span), field::span::kAttributes, key);
}
std::string_view trace_state(const Batch& batch, const SpanRecord& span);     // "" where absent
std::string_view status_message(const Batch& batch, const SpanRecord& span);  // "" where absent
uint32_t span_flags(const Batch& batch, const SpanRecord& span);

// An event of a span; its attributes: for_each_attribute(event.message, field::event::kAttributes, f).
struct SpanEvent {
  uint64_t time_ns = 0;
  std::string_view name;
  std::string_view message;  // the whole Event message
};
SpanEvent parse_event(std::string_view message);
// f(const SpanEvent&) for each event; cheap where span.has_events is false.
template <class F>
bool for_each_event(const Batch& batch, const SpanRecord& span, F&& f) {
  if (!span.has_events) return true;
  return detail::for_each_payload(batch.body(span), field::span::kEvents,
                                  [&f](std::string_view event) { return detail::go_on(f, parse_event(event)); });
}

// A link of a span; its attributes: for_each_attribute(link.message, field::link::kAttributes, f).
struct SpanLink {
  TraceId trace_id;
  SpanId span_id;
  std::string_view message;
};
SpanLink parse_link(std::string_view message);
template <class F>
bool for_each_link(const Batch& batch, const SpanRecord& span, F&& f) {
  return detail::for_each_payload(batch.body(span), field::span::kLinks,
                                  [&f](std::string_view link) { return detail::go_on(f, parse_link(link)); });
}

// --- resources and scopes of a batch (repeated occurrences of field 1 in a header count as one merged message)

template <class F>
bool for_each_resource_attribute(const Batch& batch, uint32_t resource, F&& f) {
  return detail::for_each_header_payload(
      batch, batch.resources[resource], field::resource_group::kResource,
      [&f](std::string_view message) { return for_each_attribute(message, field::resource::kAttributes, f); });
}
template <class F>
bool for_each_scope_attribute(const Batch& batch, uint32_t scope, F&& f) {
  return detail::for_each_header_payload(
      batch, batch.scopes[scope], field::scope_group::kScope,
      [&f](std::string_view message) { return for_each_attribute(message, field::scope::kAttributes, f); });
}
std::optional<AnyValue> find_resource_attribute(const Batch& batch, uint32_t resource, std::string_view key);
std::optional<AnyValue> find_scope_attribute(const Batch& batch, uint32_t scope, std::string_view key);

// The resource's service.name: nothing where it is absent, "" where it is not a string.
std::optional<std::string_view> service_name(const Batch& batch, uint32_t resource);
std::string_view scope_name(const Batch& batch, uint32_t scope);
std::string_view scope_version(const Batch& batch, uint32_t scope);
std::string_view resource_schema_url(const Batch& batch, uint32_t resource);
std::string_view scope_schema_url(const Batch& batch, uint32_t scope);

// --- text

// The value as the collector's Value.AsString writes it: strings as they are, numbers as in JSON (beside
// NaN, Infinity and -Infinity), bytes in base64, arrays and lists as compact JSON with sorted keys, "" for no value.
std::string to_text(const AnyValue& value);
void append_text(const AnyValue& value, std::string& out);
// The shortest decimal text that reads back as the same double, with an exponent below 1e-6 and from 1e21 on (as JSON
// in Go and JavaScript). Finite values only.
void append_double(double value, std::string& out);
void append_base64(std::string_view bytes, std::string& out);

}  // namespace weir::otlp
