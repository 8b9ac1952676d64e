// SPDX-License-Identifier: Apache-2.0
#include "otlp/attributes.h"

namespace weir::otlp {
namespace {

using Type = AnyValue::Type;

// Takes over the member that `field` sets; other fields leave the value as it is.
void read_member(const FieldCursor& field, AnyValue& value) {
  namespace number = field::any_value;
  static constexpr Type kTypes[] = {Type::kEmpty,  Type::kString, Type::kBool,   Type::kInt,
                                    Type::kDouble, Type::kArray,  Type::kKvlist, Type::kBytes};
  static constexpr WireType kWire[] = {WireType::kBytes,   WireType::kBytes, WireType::kVarint, WireType::kVarint,
                                       WireType::kFixed64, WireType::kBytes, WireType::kBytes,  WireType::kBytes};
  if (field.is(number::kStringIndex, WireType::kVarint)) value = {};
  if (field.number() > number::kBytes || field.number() == 0 || field.type() != kWire[field.number()]) return;
  value = {};
  value.type = kTypes[field.number()];
  switch (value.type) {
    case Type::kBool:
      value.boolean = field.value() != 0;
      break;
    case Type::kInt:
      value.integer = static_cast<int64_t>(field.value());
      break;
    case Type::kDouble:
      value.real = field.real();
      break;
    default:
      value.bytes = field.bytes();
  }
}

void read_any_value(std::string_view message, AnyValue& value) {
  FieldCursor cursor(message);
  while (cursor.next()) read_member(cursor, value);
}

std::string_view last_bytes(std::string_view message, uint32_t field) {
  std::string_view found;
  FieldCursor cursor(message);
  while (cursor.next()) {
    if (cursor.is(field, WireType::kBytes)) found = cursor.bytes();
  }
  return found;
}

template <class Entry>
std::string_view last_header_bytes(const Batch& batch, const Entry& entry, uint32_t field) {
  std::string_view found;
  detail::for_each_header_payload(batch, entry, field, [&found](std::string_view payload) { found = payload; });
  return found;
}

// The last `inner` field over all occurrences of the scope message.
std::string_view scope_field(const Batch& batch, uint32_t scope, uint32_t inner) {
  std::string_view found;
  detail::for_each_header_payload(
      batch, batch.scopes[scope], field::scope_group::kScope, [&](std::string_view message) {
        detail::for_each_payload(message, inner, [&found](std::string_view payload) { found = payload; });
      });
  return found;
}

// Stops at the first attribute of that key.
auto finder(std::string_view key, std::optional<AnyValue>& found) {
  return [key, &found](std::string_view entry) {
    if (attribute_key(entry) != key) return true;
    found = parse_attribute(entry).value;
    return false;
  };
}

}  // namespace

AnyValue parse_any_value(std::string_view message) {
  AnyValue value;
  read_any_value(message, value);
  return value;
}

Attribute parse_attribute(std::string_view key_value) {
  Attribute attribute;
  std::string_view value;
  if (wire::split_plain_attribute(key_value, attribute.key, value)) {
    read_any_value(value, attribute.value);
    return attribute;
  }
  FieldCursor cursor(key_value);
  while (cursor.next()) {
    if (cursor.is(field::key_value::kKey, WireType::kBytes)) attribute.key = cursor.bytes();
    if (cursor.is(field::key_value::kValue, WireType::kBytes)) read_any_value(cursor.bytes(), attribute.value);
  }
  return attribute;
}

std::string_view attribute_key(std::string_view key_value) {
  std::string_view key;
  std::string_view value;
  if (wire::split_plain_attribute(key_value, key, value)) return key;
  return last_bytes(key_value, field::key_value::kKey);
}

std::optional<AnyValue> find_attribute(std::string_view message, uint32_t field, std::string_view key) {
  std::optional<AnyValue> found;
  detail::for_each_payload(message, field, finder(key, found));
  return found;
}

std::string_view trace_state(const Batch& batch, const SpanRecord& span) {
  return span.has_trace_state ? last_bytes(batch.body(span), field::span::kTraceState) : std::string_view();
}

std::string_view status_message(const Batch& batch, const SpanRecord& span) {
  std::string_view found;
  detail::for_each_payload(batch.body(span), field::span::kStatus, [&found](std::string_view status) {
    detail::for_each_payload(status, field::status::kMessage, [&found](std::string_view text) { found = text; });
  });
  return found;
}

uint32_t span_flags(const Batch& batch, const SpanRecord& span) {
  uint32_t flags = 0;
  FieldCursor cursor(batch.body(span));
  while (cursor.next()) {
    if (cursor.is(field::span::kFlags, WireType::kFixed32)) flags = static_cast<uint32_t>(cursor.value());
  }
  return flags;
}

SpanEvent parse_event(std::string_view message) {
  SpanEvent event;
  event.message = message;
  FieldCursor cursor(message);
  while (cursor.next()) {
    if (cursor.is(field::event::kTime, WireType::kFixed64)) event.time_ns = cursor.value();
    if (cursor.is(field::event::kName, WireType::kBytes)) event.name = cursor.bytes();
  }
  return event;
}

SpanLink parse_link(std::string_view message) {
  SpanLink link;
  link.message = message;
  FieldCursor cursor(message);
  while (cursor.next()) {
    if (cursor.is(field::link::kTraceId, WireType::kBytes)) link.trace_id = TraceId::from_bytes(cursor.bytes());
    if (cursor.is(field::link::kSpanId, WireType::kBytes)) link.span_id = SpanId::from_bytes(cursor.bytes());
  }
  return link;
}

std::optional<AnyValue> find_resource_attribute(const Batch& batch, uint32_t resource, std::string_view key) {
  std::optional<AnyValue> found;
  detail::for_each_header_payload(
      batch, batch.resources[resource], field::resource_group::kResource, [&](std::string_view message) {
        return detail::for_each_payload(message, field::resource::kAttributes, finder(key, found));
      });
  return found;
}

std::optional<AnyValue> find_scope_attribute(const Batch& batch, uint32_t scope, std::string_view key) {
  std::optional<AnyValue> found;
  detail::for_each_header_payload(
      batch, batch.scopes[scope], field::scope_group::kScope, [&](std::string_view message) {
        return detail::for_each_payload(message, field::scope::kAttributes, finder(key, found));
      });
  return found;
}

std::optional<std::string_view> service_name(const Batch& batch, uint32_t resource) {
  const std::optional<AnyValue> value = find_resource_attribute(batch, resource, "service.name");
  if (!value) return std::nullopt;
  return value->is_string() ? value->bytes : std::string_view();
}

std::string_view scope_name(const Batch& batch, uint32_t scope) {
  return scope_field(batch, scope, field::scope::kName);
}

std::string_view scope_version(const Batch& batch, uint32_t scope) {
  return scope_field(batch, scope, field::scope::kVersion);
}

std::string_view resource_schema_url(const Batch& batch, uint32_t resource) {
  return last_header_bytes(batch, batch.resources[resource], field::resource_group::kSchemaUrl);
}

std::string_view scope_schema_url(const Batch& batch, uint32_t scope) {
  return last_header_bytes(batch, batch.scopes[scope], field::scope_group::kSchemaUrl);
}

}  // namespace weir::otlp
