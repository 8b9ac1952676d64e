// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "otlp/wire.h"
#include "weir/batch.h"

// What OTLP 1.x says about its messages, as one table. It drives what handles any message alike: validation, JSON in,
// JSON out. The hot path (walker.cpp) knows its few messages by heart.
namespace weir::otlp::schema {

enum class Kind : uint8_t {
  kString,
  kBytes,
  kTraceId,
  kSpanId,
  kMessage,  // length-delimited
  kBool,
  kEnum,
  kInt32,
  kUint32,
  kInt64,
  kUint64,
  kSint32,  // varint
  kFixed64,
  kSfixed64,
  kDouble,   // 8 bytes
  kFixed32,  // 4 bytes
};
WireType wire_type_of(Kind kind);

enum class Presence : uint8_t {
  kPlain,     // proto3: the default value means absent
  kRepeated,  // numbers may be packed
  kExplicit,  // `optional`
  kOneof,     // the last one set wins; no message of OTLP has two oneofs
  kAlways,    // plain, but written in JSON even where it is empty, as the collector does
};

struct Message;

struct EnumValue {
  std::string_view name;
  int32_t number;
};

struct Field {
  uint32_t number;
  std::string_view json;  // lowerCamelCase
  Kind kind;
  Presence presence = Presence::kPlain;
  const Message* message = nullptr;        // kMessage
  std::span<const EnumValue> values = {};  // kEnum
};

struct Message {
  std::string_view name;
  std::span<const Field> fields;        // in the order of the specification, which is the order in JSON
  bool nests = false;                   // ArrayValue, KeyValueList: one level of attribute nesting
  std::array<uint8_t, 32> by_number{};  // index in fields plus one

  constexpr Message(std::string_view message_name, std::span<const Field> all, bool nesting = false)
      : name(message_name), fields(all), nests(nesting) {
    for (size_t i = 0; i < all.size(); ++i) by_number[all[i].number] = static_cast<uint8_t>(i + 1);
  }
  const Field* find(uint32_t number) const {
    return number < by_number.size() && by_number[number] != 0 ? &fields[by_number[number] - 1U] : nullptr;
  }
  // By lowerCamelCase or snake_case key.
  const Field* find(std::string_view key) const;
};

extern const Message kResource, kScope, kKeyValue, kAnyValue, kSpan, kEvent, kLink, kStatus, kMetric, kLogRecord;
extern const Message kTracesRequest, kMetricsRequest, kLogsRequest;
const Message& request_of(Signal signal);

enum class Verdict : uint8_t {
  kOk,
  kBadId,          // well-formed, but a trace or span id somewhere has a wrong length
  kMalformed,      // cut off, a bad tag, a group
  kWrongWireType,  // of a field that OTLP defines
  kTooDeep,        // attribute values nested beyond kMaxValueDepth
};

// Checks `bytes` as a message of that type with all that is nested in it; contents of unknown fields and UTF-8 are not
// looked at. Linear, no recursion.
Verdict validate(const Message& message, std::string_view bytes);

}  // namespace weir::otlp::schema
