// SPDX-License-Identifier: Apache-2.0
#include "ottl/value.h"

#include <algorithm>

namespace weir::ottl {

void Arena::more(size_t size) {
  const size_t take = blocks_.empty() ? kBlock : std::max(size, kBlock);
  blocks_.emplace_back(new char[take]);
  at_ = blocks_.back().get();
  end_ = at_ + take;
  if (size > take) more(size);
}

std::string_view name_of(Type type) {
  static constexpr std::string_view kNames[] = {"nil",  "bool", "int64",    "float64",  "string",  "bytes", "map",
                                                "list", "time", "duration", "trace id", "span id", "list"};
  return kNames[static_cast<int>(type)];
}

const Entry* Map::find(std::string_view key) const {
  for (const Entry& entry : *this) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

Value Value::of_bool(bool value) {
  Value result;
  result.type = Type::kBool;
  result.boolean = value;
  return result;
}
Value Value::of_int(int64_t value, Type type) {
  Value result;
  result.type = type;
  result.integer = value;
  return result;
}
Value Value::of_double(double value) {
  Value result;
  result.type = Type::kDouble;
  result.real = value;
  return result;
}
Value Value::of_string(std::string_view text, Type type) {
  Value result;
  result.type = type;
  result.bytes = {text.data(), text.size()};
  return result;
}
Value Value::of_map(Map map) {
  Value result;
  result.type = Type::kMap;
  result.map = map;
  return result;
}
Value Value::of_list(List list) {
  Value result;
  result.type = Type::kList;
  result.list = list;
  return result;
}
Value Value::of_trace_id(const TraceId& id) {
  Value result;
  result.type = Type::kTraceId;
  result.id[0] = id.word[0];
  result.id[1] = id.word[1];
  return result;
}
Value Value::of_span_id(const SpanId& id) {
  Value result;
  result.type = Type::kSpanId;
  result.id[0] = id.word;
  return result;
}

TraceId Value::trace_id() const {
  TraceId result;
  result.word[0] = id[0];
  result.word[1] = id[1];
  return result;
}
SpanId Value::span_id() const {
  SpanId result;
  result.word = id[0];
  return result;
}

bool fits_attribute(Type type) { return type <= Type::kList; }

bool fits_attribute(const Value& value) {
  if (value.type == Type::kMap) {
    return std::all_of(value.map.begin(), value.map.end(),
                       [](const Entry& entry) { return !entry.raw.empty() || fits_attribute(entry.made); });
  }
  if (value.type == Type::kList) {
    return std::all_of(value.list.begin(), value.list.end(), [](const Value& one) { return fits_attribute(one); });
  }
  return fits_attribute(value.type);
}

Entry* MapBuilder::find(std::string_view key) {
  constexpr size_t kFew = 64;
  if (entries_.size() <= kFew) {
    const auto at = std::find_if(entries_.begin(), entries_.end(), [key](const Entry& e) { return e.key == key; });
    return at == entries_.end() ? nullptr : &*at;
  }
  if (indexed_ == 0) index_.clear();
  for (; indexed_ < entries_.size(); ++indexed_) index_.try_emplace(entries_[indexed_].key, indexed_);
  const auto at = index_.find(key);
  return at == index_.end() ? nullptr : &entries_[at->second];
}

void MapBuilder::put(std::string_view key, const Value& value) {
  if (Entry* entry = find(key)) {
    entry->raw = {};
    entry->made = value;
  } else {
    add(key, value);
  }
}

Map MapBuilder::build() const {
  auto* entries = arena_.array<Entry>(entries_.size());
  std::copy(entries_.begin(), entries_.end(), entries);
  return {entries, entries_.size()};
}

List make_list(std::span<const Value> values, Arena& arena) {
  auto* copy = arena.array<Value>(values.size());
  std::copy(values.begin(), values.end(), copy);
  return {copy, values.size()};
}

Value copy_of(const Value& value, Arena& arena) {
  if (value.type == Type::kString || value.type == Type::kBytes) return owned_string(value.text(), arena, value.type);
  if (value.type == Type::kMap) {
    auto* entries = arena.array<Entry>(value.map.size);
    for (size_t i = 0; i < value.map.size; ++i) {
      const Entry& from = value.map.entries[i];
      entries[i] = {arena.copy(from.key), arena.copy(from.raw), from.raw.empty() ? copy_of(from.made, arena) : Value()};
    }
    return Value::of_map({entries, value.map.size});
  }
  if (value.type == Type::kList) {
    auto* values = arena.array<Value>(value.list.size);
    for (size_t i = 0; i < value.list.size; ++i) values[i] = copy_of(value.list.values[i], arena);
    return Value::of_list({values, value.list.size});
  }
  return value;
}

}  // namespace weir::ottl
