// SPDX-License-Identifier: Apache-2.0
#include "otlp/span_reader.h"

#include <cstring>

#include "otlp/fields.h"
#include "otlp/wire.h"

namespace weir::otlp {
namespace {

using schema::Verdict;

// Whether this is an attribute of the usual form with a scalar value, and well-formed; anything else is left to
// schema::validate.
inline bool is_plain_attribute(std::string_view message) {
  constexpr char kStringTag = 0x0a, kBoolTag = 0x10, kIntTag = 0x18, kDoubleTag = 0x21;
  std::string_view key;
  std::string_view value;
  if (!wire::split_plain_attribute(message, key, value) || value.size() < 2) return false;
  if (value[0] == kStringTag) return static_cast<unsigned char>(value[1]) == value.size() - 2;
  if (value[0] == kDoubleTag) return value.size() == 9;
  if (value[0] != kIntTag && value[0] != kBoolTag) return false;
  uint64_t ignored = 0;
  const char* const end = value.data() + value.size();
  return wire::read_varint(value.data() + 1, end, ignored) == end;
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

// A tag of one byte, as field numbers below 16 have it.
constexpr unsigned char tag(uint32_t number, WireType type) {
  return static_cast<unsigned char>(number << 3 | static_cast<unsigned>(type));
}

class SpanReader {
 public:
  SpanReader(const char* base, SpanRecord& span) : base_(base), span_(span) {}

  // The fields that every span has are read here, tag by tag; all else by read_other.
  Verdict run(std::string_view message) {
    const char* at = message.data();
    const char* const end = at + message.size();
    while (at != end) {
      const char* const field = at;
      std::string_view bytes;
      switch (static_cast<unsigned char>(*at)) {
        case tag(field::span::kAttributes, WireType::kBytes):
          at = wire::read_bytes(at + 1, end, bytes);
          if (at == nullptr) return Verdict::kMalformed;
          note_attribute(field, at);
          if (is_plain_attribute(bytes)) continue;
          if (const Verdict verdict = schema::validate(schema::kKeyValue, bytes); verdict != Verdict::kOk)
            return verdict;
          continue;
        case tag(field::span::kTraceId, WireType::kBytes):
        case tag(field::span::kSpanId, WireType::kBytes):
        case tag(field::span::kParentSpanId, WireType::kBytes):
        case tag(field::span::kName, WireType::kBytes):
          at = wire::read_bytes(at + 1, end, bytes);
          if (at == nullptr) return Verdict::kMalformed;
          read_bytes_field(static_cast<unsigned char>(*field) >> 3, bytes);
          continue;
        case tag(field::span::kStartTime, WireType::kFixed64):
        case tag(field::span::kEndTime, WireType::kFixed64):
          if (end - at < 9) return Verdict::kMalformed;
          std::memcpy(*field == tag(field::span::kEndTime, WireType::kFixed64) ? &span_.end_ns : &span_.start_ns,
                      at + 1, 8);
          at += 9;
          continue;
        default:
          FieldCursor cursor({at, static_cast<size_t>(end - at)});
          if (!cursor.next()) return Verdict::kMalformed;
          if (const Verdict verdict = read_other(cursor); verdict != Verdict::kOk) return verdict;
          at += cursor.raw().size();
      }
    }
    return bad_id_ ? Verdict::kBadId : Verdict::kOk;
  }

 private:
  void read_bytes_field(unsigned number, std::string_view bytes) {
    if (number == field::span::kName) {
      span_.name = range_of(bytes);
    } else if (number == field::span::kTraceId) {
      bad_id_ |= !bytes.empty() && bytes.size() != 16;
      span_.trace_id = TraceId::from_bytes(bytes);
    } else {
      bad_id_ |= !bytes.empty() && bytes.size() != 8;
      (number == field::span::kSpanId ? span_.span_id : span_.parent_id) = SpanId::from_bytes(bytes);
    }
  }
  void note_attribute(const char* begin, const char* end) {
    const auto offset = static_cast<uint32_t>(begin - base_);
    if (span_.attributes.length == 0) span_.attributes.offset = offset;
    span_.attributes.length = static_cast<uint32_t>(end - base_) - span_.attributes.offset;
  }

  Verdict read_other(const FieldCursor& cursor) {
    const schema::Field* field = schema::kSpan.find(cursor.number());
    if (field == nullptr) return Verdict::kOk;
    if (cursor.type() != schema::wire_type_of(field->kind)) return Verdict::kWrongWireType;
    switch (cursor.number()) {
      // a tag that was not written in one byte
      case field::span::kTraceId:
      case field::span::kSpanId:
      case field::span::kParentSpanId:
      case field::span::kName:
        read_bytes_field(cursor.number(), cursor.bytes());
        break;
      case field::span::kStartTime:
        span_.start_ns = cursor.value();
        break;
      case field::span::kEndTime:
        span_.end_ns = cursor.value();
        break;
      case field::span::kAttributes:
        note_attribute(cursor.raw().data(), cursor.raw().data() + cursor.raw().size());
        return schema::validate(schema::kKeyValue, cursor.bytes());
      case field::span::kTraceState:
        span_.has_trace_state = !cursor.bytes().empty();
        break;
      case field::span::kKind:
        span_.kind = kind_of(cursor.value());
        break;
      case field::span::kEvents:
        span_.has_events = true;
        return note(schema::validate(schema::kEvent, cursor.bytes()));
      case field::span::kLinks:
        return note(schema::validate(schema::kLink, cursor.bytes()));
      case field::span::kStatus:
        return read_status(cursor.bytes());
      default:
        break;
    }
    return Verdict::kOk;
  }
  Verdict read_status(std::string_view message) {
    FieldCursor status(message);
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

  const char* const base_;
  SpanRecord& span_;
  bool bad_id_ = false;
};

}  // namespace

Verdict read_span(std::string_view message, const char* base, SpanRecord& span) {
  return SpanReader(base, span).run(message);
}

}  // namespace weir::otlp
