// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "otlp/attributes.h"
#include "otlp/writer.h"
#include "ottl/arena.h"
#include "weir/ids.h"

namespace weir::ottl {

enum class Type : uint8_t {
  kNil,
  kBool,
  kInt,
  kDouble,
  kString,
  kBytes,
  kMap,
  kList,
  kTime,      // nanoseconds since 1970-01-01 UTC
  kDuration,  // nanoseconds
  kTraceId,
  kSpanId,
  kMessages,  // a span's events or links: only their number is known
};
// The word for messages: "int64", "string", "map".
std::string_view name_of(Type type);

struct Value;
struct Entry;

// Immutable once made: whoever changes a map or a list makes a new one. Lives in an arena, or as long as the program.
struct Map {
  const Entry* entries = nullptr;
  size_t size = 0;
  const Entry* begin() const { return entries; }
  const Entry* end() const;
  // The first entry of that key; null where there is none.
  const Entry* find(std::string_view key) const;
};
struct List {
  const Value* values = nullptr;
  size_t size = 0;
  const Value* begin() const { return values; }
  const Value* end() const;
};

struct Bytes {
  const char* data = nullptr;
  size_t size = 0;
};

// A value of OTTL: 24 bytes, copied freely. Texts, maps and lists lie elsewhere: in the request, an arena or the
// program.
struct Value {
  Type type = Type::kNil;
  union {
    bool boolean;
    int64_t integer;  // kInt, kTime, kDuration, kMessages (their number)
    double real;
    Bytes bytes;
    Map map;
    List list;
    uint64_t id[2];
  };

  Value() : id{0, 0} {}
  static Value of_bool(bool value);
  static Value of_int(int64_t value, Type type = Type::kInt);
  static Value of_double(double value);
  static Value of_string(std::string_view text, Type type = Type::kString);
  static Value of_map(Map map);
  static Value of_list(List list);
  static Value of_trace_id(const TraceId& id);
  static Value of_span_id(const SpanId& id);

  bool is_nil() const { return type == Type::kNil; }
  bool is_string() const { return type == Type::kString; }
  std::string_view text() const { return {bytes.data, bytes.size}; }
  TraceId trace_id() const;
  SpanId span_id() const;
};

// One entry of a map. As long as it is as a sender wrote it, `raw` is its whole KeyValue message and the value is read
// from there when it is asked for.
struct Entry {
  std::string_view key;
  std::string_view raw;  // empty: `made` is the value
  Value made;
};

inline const Entry* Map::end() const { return entries + size; }
inline const Value* List::end() const { return values + size; }

Value value_of(const Entry& entry, Arena& arena);
Value from_any_value(const otlp::AnyValue& any, Arena& arena);
// An AnyValue message.
Value from_any_value_message(std::string_view message, Arena& arena);
// The KeyValue messages in field `field` of `message`, in order; several messages may be given one after the other.
Map read_map(std::string_view message, uint32_t field, Arena& arena);
// f is a value as attributes and log bodies hold it; types that they do not know (ids, times) become nothing.
void write_any_value(const Value& value, otlp::MessageWriter& out);
void write_map(const Map& map, uint32_t field, otlp::MessageWriter& out);
bool fits_attribute(Type type);
// Also everything that a map or a list holds.
bool fits_attribute(const Value& value);

// A copy that lives as long as `arena`.
Value copy_of(const Value& value, Arena& arena);

// Equal in type and content, as bytes that are written would be.
bool same(const Value& a, const Value& b);

enum class Comparison : uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };
// The rules of the language: numbers compare whatever their type, nil only equals nil, other types are unequal and in
// no order.
bool compare(const Value& a, const Value& b, Comparison how);

// Text as converters take a "string like" value: bytes in hex, lists and maps as JSON. False for nil.
bool append_text(const Value& value, std::string& out);

// Text as pdata's AsString has it: bytes in base64, nothing for nil. For types that fit attributes.
void append_plain_text(const Value& value, std::string& out);

// Builds a new map from an old one.
class MapBuilder {
 public:
  explicit MapBuilder(Arena& arena) : arena_(arena) {}
  MapBuilder(Arena& arena, const Map& from) : arena_(arena) {
    entries_.reserve(from.size + 2);
    entries_.assign(from.begin(), from.end());
  }

  // For changes of all kinds.
  std::vector<Entry>& entries() {
    indexed_ = 0;
    return entries_;
  }
  Entry* find(std::string_view key);
  void add(std::string_view key, const Value& value) { add({key, {}, value}); }
  void add(const Entry& entry) { entries_.push_back(entry); }
  // Changes the first entry of that key, or adds one.
  void put(std::string_view key, const Value& value);
  Map build() const;

 private:
  Arena& arena_;
  std::vector<Entry> entries_;
  absl::flat_hash_map<std::string_view, size_t> index_;  // of the first indexed_ entries: where a key is first
  size_t indexed_ = 0;
};

List make_list(std::span<const Value> values, Arena& arena);
inline Value owned_string(std::string_view text, Arena& arena, Type type = Type::kString) {
  return Value::of_string(arena.copy(text), type);
}

}  // namespace weir::ottl
