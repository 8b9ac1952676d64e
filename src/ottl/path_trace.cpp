// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "otlp/fields.h"
#include "ottl/path_fields.h"
#include "ottl/trace_state.h"

namespace weir::ottl {

namespace fields {

Value hex_text(Frame& frame, std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  char* out = frame.arena().bytes(bytes.size() * 2);
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    out[2 * i] = kDigits[byte >> 4];
    out[2 * i + 1] = kDigits[byte & 15];
  }
  return Value::of_string({out, bytes.size() * 2});
}

bool parse_hex(Frame& frame, const Value& value, char* out, size_t size) {
  if (!expect_type(frame, value, Type::kString)) return false;
  const std::string_view text = value.text();
  bool good = text.size() == 2 * size;
  for (size_t i = 0; good && i < size; ++i) {
    unsigned char byte = 0;
    const auto result = std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, byte, 16);
    good = result.ec == std::errc{} && result.ptr == text.data() + 2 * i + 2;
    out[i] = static_cast<char>(byte);
  }
  if (!good) frame.fail("an id of ", std::to_string(size), " bytes needs " + std::to_string(2 * size) + " hex digits");
  return good;
}

}  // namespace fields

namespace {

namespace field = otlp::field;
using fields::get_number, fields::get_text, fields::set_number, fields::set_text, fields::set_uint32;
using otlp::WireType;

constexpr Level kResource = Level::kResource, kScope = Level::kScope, kItem = Level::kItem, kPart = Level::kPart;

// --- resource and scope

Value get_resource_schema(Frame& frame) {
  const auto& changed = frame.level(kResource).schema_url;
  return Value::of_string(changed ? *changed : otlp::resource_schema_url(frame.batch(), frame.resource()));
}
Value get_scope_schema(Frame& frame) {
  const auto& changed = frame.level(kScope).schema_url;
  return Value::of_string(changed ? *changed : otlp::scope_schema_url(frame.batch(), frame.scope()));
}
void set_schema(Frame& frame, LevelState& level, const Value& now, const Value& value) {
  if (expect_type(frame, value, Type::kString) && !same(now, value)) {
    level.schema_url = level.arena->copy(value.text());
  }
}
void set_resource_schema(Frame& frame, const Value& value) {
  set_schema(frame, frame.level(kResource), get_resource_schema(frame), value);
}
void set_scope_schema(Frame& frame, const Value& value) {
  set_schema(frame, frame.level(kScope), get_scope_schema(frame), value);
}

constexpr FieldPath kResourceFields[] = {
    {"dropped_attributes_count", get_number<kResource, field::resource::kDroppedAttributesCount>,
     set_uint32<kResource, field::resource::kDroppedAttributesCount>},
    {"schema_url", get_resource_schema, set_resource_schema},
};
constexpr FieldPath kScopeFields[] = {
    {"name", get_text<kScope, field::scope::kName>, set_text<kScope, field::scope::kName>},
    {"version", get_text<kScope, field::scope::kVersion>, set_text<kScope, field::scope::kVersion>},
    {"dropped_attributes_count", get_number<kScope, field::scope::kDroppedAttributesCount>,
     set_uint32<kScope, field::scope::kDroppedAttributesCount>},
    {"schema_url", get_scope_schema, set_scope_schema},
};

// --- span: what the walk noted is read from the record, as long as it is not changed

template <uint32_t F>
bool untouched(Frame& frame) {
  return !frame.message().changed(F);
}

Value get_name(Frame& frame) {
  if (untouched<field::span::kName>(frame)) return Value::of_string(frame.batch().name(frame.span()));
  return get_text<kItem, field::span::kName>(frame);
}
Value get_kind(Frame& frame) {
  if (untouched<field::span::kKind>(frame)) return Value::of_int(static_cast<int64_t>(frame.span().kind));
  return get_number<kItem, field::span::kKind>(frame);
}
void set_kind_number(Frame& frame, int64_t kind) {
  const Value now = get_kind(frame);
  if (now.integer == kind) return;
  frame.message().put_number(field::span::kKind, WireType::kVarint, static_cast<uint64_t>(static_cast<int32_t>(kind)));
}
void set_kind(Frame& frame, const Value& value) {
  if (expect_type(frame, value, Type::kInt)) set_kind_number(frame, value.integer);
}

constexpr std::string_view kKinds[] = {"Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"};
constexpr std::string_view kOldKinds[] = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
                                          "SPAN_KIND_CLIENT",      "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};

Value kind_word(Frame& frame, std::span<const std::string_view> words) {
  const auto kind = static_cast<uint64_t>(get_kind(frame).integer);
  return Value::of_string(kind < words.size() ? words[kind] : std::string_view());
}
void set_kind_word(Frame& frame, const Value& value, std::span<const std::string_view> words) {
  if (!expect_type(frame, value, Type::kString)) return;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == value.text()) return set_kind_number(frame, static_cast<int64_t>(i));
  }
  frame.fail("unknown span kind \"", value.text(), "\"");
}
Value get_kind_string(Frame& frame) { return kind_word(frame, kKinds); }
void set_kind_string(Frame& frame, const Value& value) { set_kind_word(frame, value, kKinds); }
Value get_kind_old(Frame& frame) { return kind_word(frame, kOldKinds); }
void set_kind_old(Frame& frame, const Value& value) { set_kind_word(frame, value, kOldKinds); }

Value get_status_code(Frame& frame) {
  if (untouched<field::span::kStatus>(frame)) return Value::of_int(static_cast<int64_t>(frame.span().status));
  const std::string_view status = frame.message().nested(field::span::kStatus, frame.arena());
  return Value::of_int(static_cast<int32_t>(last_number(status, field::status::kCode).value_or(0)));
}
Value get_status_message(Frame& frame) {
  const std::string_view status = frame.message().nested(field::span::kStatus, frame.arena());
  return Value::of_string(last_bytes(status, field::status::kMessage).value_or(std::string_view()));
}
template <class F>
void change_status(Frame& frame, F&& change) {
  MessageEdit status;
  status.start(frame.message().nested(field::span::kStatus, frame.arena()), 0);
  change(status);
  if (!status.changed()) return;
  otlp::MessageWriter out;
  status.write(out);
  frame.message().put_bytes(field::span::kStatus, frame.arena().copy(out.take()));
}
void set_status_code(Frame& frame, const Value& value) {
  if (!expect_type(frame, value, Type::kInt)) return;
  const auto code = static_cast<uint64_t>(static_cast<int32_t>(value.integer));
  change_status(frame,
                [code](MessageEdit& status) { status.set_number(field::status::kCode, WireType::kVarint, code); });
}
void set_status_message(Frame& frame, const Value& value) {
  if (!expect_type(frame, value, Type::kString)) return;
  change_status(frame, [&](MessageEdit& status) { status.set_bytes(field::status::kMessage, value.text()); });
}

template <uint32_t F>
Value count_messages(Frame& frame) {
  return Value::of_int(static_cast<int64_t>(frame.message().count(F)), Type::kMessages);
}

template <uint32_t F, Type T>
constexpr FieldPath time_field(std::string_view name) {
  return {name, get_number<kItem, F, T>, set_number<kItem, F, WireType::kFixed64, T>};
}
template <uint32_t F>
constexpr FieldPath count_field(std::string_view name) {
  return {name, get_number<kItem, F>, set_uint32<kItem, F>};
}

void set_flags(Frame& frame, const Value& value) {
  if (!expect_type(frame, value, Type::kInt)) return;
  if (value.integer < 0 || value.integer > UINT32_MAX) return frame.fail("flags are a number of 32 bits");
  set_uint32<kItem, field::span::kFlags, WireType::kFixed32>(frame, value);
}

Value get_event_index(Frame& frame) { return Value::of_int(static_cast<int64_t>(frame.part_index())); }

constexpr FieldPath kSpanFields[] = {
    {"trace_id", fields::get_trace_id<kItem, field::span::kTraceId>,
     fields::set_trace_id<kItem, field::span::kTraceId>},
    {"trace_id.string", fields::get_trace_id_hex<kItem, field::span::kTraceId>,
     fields::set_trace_id_hex<kItem, field::span::kTraceId>},
    {"span_id", fields::get_span_id<kItem, field::span::kSpanId>, fields::set_span_id<kItem, field::span::kSpanId>},
    {"span_id.string", fields::get_span_id_hex<kItem, field::span::kSpanId>,
     fields::set_span_id_hex<kItem, field::span::kSpanId>},
    {"parent_span_id", fields::get_span_id<kItem, field::span::kParentSpanId>,
     fields::set_span_id<kItem, field::span::kParentSpanId>},
    {"parent_span_id.string", fields::get_span_id_hex<kItem, field::span::kParentSpanId>,
     fields::set_span_id_hex<kItem, field::span::kParentSpanId>},
    {"trace_state", get_text<kItem, field::span::kTraceState>, set_text<kItem, field::span::kTraceState>},
    {"name", get_name, set_text<kItem, field::span::kName>},
    {"kind", get_kind, set_kind},
    {"kind.string", get_kind_string, set_kind_string},
    {"kind.deprecated_string", get_kind_old, set_kind_old},
    time_field<field::span::kStartTime, Type::kInt>("start_time_unix_nano"),
    time_field<field::span::kEndTime, Type::kInt>("end_time_unix_nano"),
    time_field<field::span::kStartTime, Type::kTime>("start_time"),
    time_field<field::span::kEndTime, Type::kTime>("end_time"),
    {"status.code", get_status_code, set_status_code},
    {"status.message", get_status_message, set_status_message},
    {"events", count_messages<field::span::kEvents>, nullptr},
    {"links", count_messages<field::span::kLinks>, nullptr},
    count_field<field::span::kDroppedAttributesCount>("dropped_attributes_count"),
    count_field<field::span::kDroppedEventsCount>("dropped_events_count"),
    count_field<field::span::kDroppedLinksCount>("dropped_links_count"),
    {"flags", get_number<kItem, field::span::kFlags>, set_flags},
};

constexpr FieldPath kEventFields[] = {
    {"name", get_text<kPart, field::event::kName>, set_text<kPart, field::event::kName>},
    {"time_unix_nano", get_number<kPart, field::event::kTime>,
     set_number<kPart, field::event::kTime, WireType::kFixed64>},
    {"time", get_number<kPart, field::event::kTime, Type::kTime>,
     set_number<kPart, field::event::kTime, WireType::kFixed64, Type::kTime>},
    {"dropped_attributes_count", get_number<kPart, field::event::kDroppedAttributesCount>,
     set_uint32<kPart, field::event::kDroppedAttributesCount>},
    {"event_index", get_event_index, nullptr},
};

class TraceStateKey final : public Expr {
 public:
  explicit TraceStateKey(std::string key) : key_(std::move(key)) {}
  Value eval(Frame& frame) const override {
    const Value state = get_text<kItem, field::span::kTraceState>(frame);
    const auto value = trace_state_value(state.text(), key_);
    return value ? Value::of_string(*value) : Value();
  }
  bool settable() const override { return true; }
  void set(Frame& frame, const Value& value) const override {
    if (!expect_type(frame, value, Type::kString)) return;
    const Value state = get_text<kItem, field::span::kTraceState>(frame);
    const auto changed = with_trace_state(state.text(), key_, value.text());
    if (changed) frame.message().set_bytes(field::span::kTraceState, frame.arena().copy(*changed));
  }

 private:
  std::string key_;
};

}  // namespace

ExprPtr make_trace_state_key(std::string key) { return std::make_unique<TraceStateKey>(std::move(key)); }

std::span<const FieldPath> metric_fields();
std::span<const FieldPath> point_fields();
std::span<const FieldPath> log_fields();

std::span<const FieldPath> fields_of(Context context) {
  switch (context) {
    case Context::kResource:
      return kResourceFields;
    case Context::kScope:
      return kScopeFields;
    case Context::kSpan:
      return kSpanFields;
    case Context::kSpanEvent:
      return kEventFields;
    case Context::kMetric:
      return metric_fields();
    case Context::kDataPoint:
      return point_fields();
    case Context::kLog:
      return log_fields();
  }
  return {};
}

}  // namespace weir::ottl
