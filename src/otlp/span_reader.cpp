// SPDX-License-Identifier: Apache-2.0
#include "otlp/span_reader.h"

#include "otlp/fields.h"
#include "otlp/wire.h"

namespace weir::otlp {
namespace {

using schema::Verdict;

// Nearly all attributes look like this: key, value, nothing else, each length in one byte, a scalar value. Tells whether
// this is one of them and well-formed; anything else is left to schema::validate.
inline bool is_plain_attribute(std::string_view message) {
  constexpr unsigned char kKeyTag = 0x0a, kValueTag = 0x12, kStringTag = 0x0a, kBoolTag = 0x10, kIntTag = 0x18, kDoubleTag = 0x21;
  const auto* at = reinterpret_cast<const unsigned char*>(message.data());
  const size_t size = message.size();
  if (size < 6 || at[0] != kKeyTag || at[1] >= 0x80 || at[1] + 6U > size) return false;
  const size_t value_at = at[1] + 2U;
  const size_t value_size = size - value_at - 2;
  if (at[value_at] != kValueTag || at[value_at + 1] != value_size || value_size >= 0x80) return false;
  const unsigned char* value = at + value_at + 2;
  if (value[0] == kStringTag) return value[1] == value_size - 2;
  if (value[0] == kDoubleTag) return value_size == 9;
  if (value[0] != kIntTag && value[0] != kBoolTag) return false;
  uint64_t ignored = 0;
  const auto* number = reinterpret_cast<const char*>(value + 1);
  return wire::read_varint(number, number + value_size - 1, ignored) == number + value_size - 1;
}

// Kinds and codes beyond what OTLP defines count as unset in the record; the bytes keep them. An enum is an int32.
SpanKind kind_of(uint64_t value) {
  const auto kind = static_cast<uint32_t>(value);
  return kind <= 5 ? static_cast<SpanKind>(kind) : SpanKind::kUnspecified;
}
StatusCode code_of(uint64_t value) {
  const auto code = static_cast<uint32_t>(value);
  return code <= 2 ? static_cast<StatusCode>(code) : StatusCode::kUnset;
}

class SpanReader {
 public:
  SpanReader(std::string_view message, const char* base, SpanRecord& span) : cursor_(message), base_(base), span_(span) {}

  Verdict run() {
    while (cursor_.next()) {
      const uint32_t number = cursor_.number();
      if (number >= kKinds.size() || kKinds[number] == Expect::kAnything) continue;
      if (static_cast<uint8_t>(cursor_.type()) != static_cast<uint8_t>(kKinds[number])) return Verdict::kWrongWireType;
      const Verdict verdict = read_field(number);
      if (verdict != Verdict::kOk) return verdict;
    }
    if (!cursor_.ok()) return Verdict::kMalformed;
    return bad_id_ ? Verdict::kBadId : Verdict::kOk;
  }

 private:
  enum class Expect : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5, kAnything = 7 };
  static constexpr std::array<Expect, 17> kKinds = {
      Expect::kAnything, Expect::kBytes,   Expect::kBytes,   Expect::kBytes, Expect::kBytes,  Expect::kBytes,
      Expect::kVarint,   Expect::kFixed64, Expect::kFixed64, Expect::kBytes, Expect::kVarint, Expect::kBytes,
      Expect::kVarint,   Expect::kBytes,   Expect::kVarint,  Expect::kBytes, Expect::kFixed32};

  Verdict read_field(uint32_t number) {
    switch (number) {
      case field::span::kTraceId:
        bad_id_ |= !cursor_.bytes().empty() && cursor_.bytes().size() != 16;
        span_.trace_id = TraceId::from_bytes(cursor_.bytes());
        break;
      case field::span::kSpanId:
        span_.span_id = read_span_id();
        break;
      case field::span::kParentSpanId:
        span_.parent_id = read_span_id();
        break;
      case field::span::kTraceState:
        span_.has_trace_state = !cursor_.bytes().empty();
        break;
      case field::span::kName:
        span_.name = range_of(cursor_.bytes());
        break;
      case field::span::kKind:
        span_.kind = kind_of(cursor_.value());
        break;
      case field::span::kStartTime:
        span_.start_ns = cursor_.value();
        break;
      case field::span::kEndTime:
        span_.end_ns = cursor_.value();
        break;
      case field::span::kAttributes:
        return read_attribute();
      case field::span::kEvents:
        span_.has_events = true;
        return note(schema::validate(schema::kEvent, cursor_.bytes()));
      case field::span::kLinks:
        return note(schema::validate(schema::kLink, cursor_.bytes()));
      case field::span::kStatus:
        return read_status();
      default:
        break;
    }
    return Verdict::kOk;
  }

  SpanId read_span_id() {
    bad_id_ |= !cursor_.bytes().empty() && cursor_.bytes().size() != 8;
    return SpanId::from_bytes(cursor_.bytes());
  }
  Verdict read_attribute() {
    const Range range = range_of(cursor_.raw());
    if (span_.attributes.length == 0) span_.attributes.offset = range.offset;
    span_.attributes.length = range.offset + range.length - span_.attributes.offset;
    if (is_plain_attribute(cursor_.bytes())) return Verdict::kOk;
    return schema::validate(schema::kKeyValue, cursor_.bytes());
  }
  Verdict read_status() {
    FieldCursor status(cursor_.bytes());
    while (status.next()) {
      if (status.number() == field::status::kCode) {
        if (status.type() != WireType::kVarint) return Verdict::kWrongWireType;
        span_.status = code_of(status.value());
      } else if (status.number() == field::status::kMessage && status.type() != WireType::kBytes) {
        return Verdict::kWrongWireType;
      }
    }
    return status.ok() ? Verdict::kOk : Verdict::kMalformed;
  }
  // A link with an id of wrong length condemns its span, not the request.
  Verdict note(Verdict verdict) {
    if (verdict != Verdict::kBadId) return verdict;
    bad_id_ = true;
    return Verdict::kOk;
  }
  Range range_of(std::string_view bytes) const {
    return {static_cast<uint32_t>(bytes.data() - base_), static_cast<uint32_t>(bytes.size())};
  }

  FieldCursor cursor_;
  const char* const base_;
  SpanRecord& span_;
  bool bad_id_ = false;
};

}  // namespace

Verdict read_span(std::string_view message, const char* base, SpanRecord& span) {
  return SpanReader(message, base, span).run();
}

}  // namespace weir::otlp
