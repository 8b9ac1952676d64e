// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "otlp/fields.h"
#include "otlp/wire.h"
#include "ottl/value.h"

namespace weir::ottl {

namespace field = otlp::field;

Value from_any_value(const otlp::AnyValue& any, Arena& arena) {
  using Kind = otlp::AnyValue::Type;
  switch (any.type) {
    case Kind::kEmpty:
      return {};
    case Kind::kString:
      return Value::of_string(any.bytes);
    case Kind::kBool:
      return Value::of_bool(any.boolean);
    case Kind::kInt:
      return Value::of_int(any.integer);
    case Kind::kDouble:
      return Value::of_double(any.real);
    case Kind::kBytes:
      return Value::of_string(any.bytes, Type::kBytes);
    case Kind::kKvlist:
      return Value::of_map(read_map(any.bytes, field::list::kValues, arena));
    case Kind::kArray:
      break;
  }
  std::vector<Value> values;
  otlp::detail::for_each_payload(any.bytes, field::list::kValues, [&](std::string_view message) {
    values.push_back(from_any_value_message(message, arena));
  });
  return Value::of_list(make_list(values, arena));
}

Value from_any_value_message(std::string_view message, Arena& arena) {
  return from_any_value(otlp::parse_any_value(message), arena);
}

Value value_of(const Entry& entry, Arena& arena) {
  return entry.raw.empty() ? entry.made : from_any_value(otlp::parse_attribute(entry.raw).value, arena);
}

Map read_map(std::string_view message, uint32_t number, Arena& arena) {
  size_t count = 0;
  otlp::detail::for_each_payload(message, number, [&](std::string_view) { ++count; });
  auto* entries = arena.array<Entry>(count);
  size_t at = 0;
  otlp::detail::for_each_payload(message, number, [&](std::string_view raw) {
    // An empty KeyValue has an empty key and no value; it must not look like a made one.
    std::string_view value;
    if (!otlp::wire::split_plain_attribute(raw, entries[at].key, value)) entries[at].key = otlp::attribute_key(raw);
    entries[at++].raw = raw;
  });
  return {entries, count};
}

namespace {

void write_list(const List& list, otlp::MessageWriter& out) {
  out.begin(field::any_value::kArray);
  for (const Value& value : list) {
    out.begin(field::list::kValues);
    write_any_value(value, out);
    out.end();
  }
  out.end();
}

}  // namespace

void write_any_value(const Value& value, otlp::MessageWriter& out) {
  switch (value.type) {
    case Type::kBool:
      return out.varint(field::any_value::kBool, value.boolean ? 1 : 0);
    case Type::kInt:
      return out.varint(field::any_value::kInt, static_cast<uint64_t>(value.integer));
    case Type::kDouble:
      return out.real(field::any_value::kDouble, value.real);
    case Type::kString:
      return out.bytes(field::any_value::kString, value.text());
    case Type::kBytes:
      return out.bytes(field::any_value::kBytes, value.text());
    case Type::kMap:
      out.begin(field::any_value::kKvlist);
      write_map(value.map, field::list::kValues, out);
      return out.end();
    case Type::kList:
      return write_list(value.list, out);
    default:
      return;
  }
}

void write_map(const Map& map, uint32_t number, otlp::MessageWriter& out) {
  for (const Entry& entry : map) {
    if (!entry.raw.empty()) {
      out.bytes(number, entry.raw);
      continue;
    }
    out.begin(number);
    out.bytes(field::key_value::kKey, entry.key);
    out.begin(field::key_value::kValue);
    write_any_value(entry.made, out);
    out.end();
    out.end();
  }
}

bool append_text(const Value& value, std::string& out) {
  if (value.is_nil()) return false;
  if (value.type == Type::kBytes) {
    out += to_hex(value.text());
    return true;
  }
  if (value.type == Type::kTraceId) {
    out += to_hex(value.trace_id().bytes());
    return true;
  }
  if (value.type == Type::kSpanId) {
    out += to_hex(value.span_id().bytes());
    return true;
  }
  if (!fits_attribute(value.type)) {
    out += std::to_string(value.integer);
    return true;
  }
  append_plain_text(value, out);
  return true;
}

void append_plain_text(const Value& value, std::string& out) {
  otlp::MessageWriter writer;
  write_any_value(value, writer);
  const std::string message = writer.take();
  otlp::append_text(otlp::parse_any_value(message), out);
}

}  // namespace weir::ottl
