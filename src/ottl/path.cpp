// SPDX-License-Identifier: Apache-2.0
#include "ottl/path.h"

#include <utility>

namespace weir::ottl {

bool expect_type(Frame& frame, const Value& value, Type type) {
  if (value.type == type) return true;
  if (value.is_nil()) {
    frame.fail("a field cannot be set to nil");
  } else {
    frame.fail("expects ", name_of(type), " but got " + std::string(name_of(value.type)));
  }
  return false;
}

namespace {

// Ids and times have no form as an attribute's value.
bool storable(Frame& frame, const Value& value) {
  const bool list = value.type == Type::kList;  // what does not fit there becomes nothing
  if (list || fits_attribute(value)) return true;
  frame.fail("a ", name_of(value.type), " cannot be stored in a map; convert it first");
  return false;
}

class AttributesPath final : public Expr {
 public:
  explicit AttributesPath(Level level) : level_(level) {}
  Value eval(Frame& frame) const override { return Value::of_map(frame.level(level_).attributes()); }
  bool settable() const override { return true; }
  void set(Frame& frame, const Value& value) const override {
    if (!value.is_nil() && !expect_type(frame, value, Type::kMap)) return;
    LevelState& level = frame.level(level_);
    const Value now = Value::of_map(level.attributes());
    const Value wanted = value.is_nil() ? Value::of_map({}) : value;
    if (!same(now, wanted)) level.set_attributes(copy_of(wanted, *level.arena).map);
  }

 private:
  Level level_;
};

class AttributePath final : public Expr {
 public:
  AttributePath(Unit& unit, Level level, std::string key)
      : level_(level), slot_(unit.keys[static_cast<size_t>(level)].slot_of(key)), key_(std::move(key)) {}
  Value eval(Frame& frame) const override { return frame.attribute(level_, slot_); }
  bool settable() const override { return true; }
  void set(Frame& frame, const Value& value) const override {
    if (!storable(frame, value)) return;
    LevelState& level = frame.level(level_);
    const Map now = level.attributes();
    const Entry* there = now.find(key_);
    if (there != nullptr && same(value_of(*there, frame.arena()), value)) return;
    MapBuilder builder(*level.arena, now);
    builder.put(key_, copy_of(value, *level.arena));
    level.set_attributes(builder.build());
  }

 private:
  Level level_;
  uint32_t slot_;
  std::string key_;
};

class CachePath final : public Expr {
 public:
  Value eval(Frame& frame) const override { return frame.cache().is_nil() ? Value::of_map({}) : frame.cache(); }
  bool settable() const override { return true; }
  void set(Frame& frame, const Value& value) const override {
    if (value.is_nil() || expect_type(frame, value, Type::kMap)) frame.set_cache(value);
  }
};

class PlainPath final : public Expr {
 public:
  explicit PlainPath(const FieldPath& field) : field_(field) {}
  Value eval(Frame& frame) const override { return field_.get(frame); }
  bool settable() const override { return field_.set != nullptr; }
  void set(Frame& frame, const Value& value) const override { field_.set(frame, value); }

 private:
  const FieldPath& field_;
};

// base[key]…; also for what converters give.
class IndexedPath final : public Expr {
 public:
  IndexedPath(ExprPtr base, std::vector<ExprPtr> keys, bool needs_value)
      : base_(std::move(base)), keys_(std::move(keys)), needs_value_(needs_value) {}

  Value eval(Frame& frame) const override {
    Value value = base_->eval(frame);
    if (needs_value_ && value.is_nil()) frame.fail("nothing cannot be indexed");
    for (const ExprPtr& key : keys_) {
      if (frame.failed() || value.is_nil()) return {};
      value = step(frame, value, key->eval(frame));
    }
    return value;
  }
  bool settable() const override { return base_->settable(); }
  void set(Frame& frame, const Value& value) const override {
    if (!storable(frame, value)) return;
    const Value now = base_->eval(frame);
    if (needs_value_ && now.is_nil()) return frame.fail("nothing cannot be indexed");
    const Value changed = with(frame, now, 0, value);
    if (!frame.failed()) base_->set(frame, changed);
  }

 private:
  static bool index_of(Frame& frame, const List& list, const Value& key, size_t& index) {
    if (key.type != Type::kInt) {
      frame.fail("a list is indexed by int64, got ", name_of(key.type));
    } else if (key.integer < 0 || static_cast<size_t>(key.integer) >= list.size) {
      frame.fail("index ", std::to_string(key.integer), " out of bounds");
    } else {
      index = static_cast<size_t>(key.integer);
      return true;
    }
    return false;
  }
  static Value step(Frame& frame, const Value& value, const Value& key) {
    if (value.type == Type::kMap) {
      if (!key.is_string()) {
        frame.fail("a map is indexed by string, got ", name_of(key.type));
        return {};
      }
      const Entry* entry = value.map.find(key.text());
      return entry == nullptr ? Value() : value_of(*entry, frame.arena());
    }
    size_t index = 0;
    if (value.type == Type::kList) return index_of(frame, value.list, key, index) ? value.list.values[index] : Value();
    frame.fail("a ", name_of(value.type), " cannot be indexed");
    return {};
  }

  // `at` with what lies behind keys_[depth…] changed.
  Value with(Frame& frame, const Value& at, size_t depth, const Value& value) const {
    if (depth == keys_.size()) return value;
    const Value key = keys_[depth]->eval(frame);
    if (frame.failed()) return {};
    if (at.type == Type::kList) {
      size_t index = 0;
      if (!index_of(frame, at.list, key, index)) return {};
      std::vector<Value> values(at.list.begin(), at.list.end());
      values[index] = with(frame, values[index], depth + 1, value);
      return Value::of_list(make_list(values, frame.arena()));
    }
    if (at.type != Type::kMap && !at.is_nil()) {
      frame.fail("a ", name_of(at.type), " cannot be indexed");
      return {};
    }
    if (at.is_nil() && key.type == Type::kInt) return with_new_list(frame, key.integer, depth, value);
    if (!key.is_string()) {
      frame.fail("a map is indexed by string, got ", name_of(key.type));
      return {};
    }
    return with_entry(frame, at, key.text(), depth, value);
  }
  // A list that is filled up with nothing.
  Value with_new_list(Frame& frame, int64_t index, size_t depth, const Value& value) const {
    static constexpr int64_t kMost = 10'000;
    if (index > kMost) {
      frame.fail("index ", std::to_string(index), " out of bounds");
      return {};
    }
    std::vector<Value> values(static_cast<size_t>(std::max<int64_t>(index, 0)) + 1);
    values.back() = with(frame, Value(), depth + 1, value);
    return Value::of_list(make_list(values, frame.arena()));
  }
  Value with_entry(Frame& frame, const Value& at, std::string_view key, size_t depth, const Value& value) const {
    MapBuilder builder(frame.arena(), at.is_nil() ? Map() : at.map);
    const Entry* there = builder.find(key);
    const Value inner = there == nullptr ? Value() : value_of(*there, frame.arena());
    builder.put(frame.arena().copy(key), with(frame, inner, depth + 1, value));
    return Value::of_map(builder.build());
  }

  ExprPtr base_;
  std::vector<ExprPtr> keys_;
  bool needs_value_;
};

}  // namespace

ExprPtr make_attributes(Level level) { return std::make_unique<AttributesPath>(level); }
ExprPtr make_attribute(Unit& unit, Level level, std::string key) {
  return std::make_unique<AttributePath>(unit, level, std::move(key));
}
ExprPtr make_cache() { return std::make_unique<CachePath>(); }
ExprPtr make_field(const FieldPath& field) { return std::make_unique<PlainPath>(field); }
ExprPtr make_indexed(ExprPtr base, std::vector<ExprPtr> keys, bool needs_value) {
  return std::make_unique<IndexedPath>(std::move(base), std::move(keys), needs_value);
}

std::vector<Context> contexts_seen_by(Context context) {
  using C = Context;
  switch (context) {
    case C::kResource:
      return {C::kResource};
    case C::kScope:
      return {C::kResource, C::kScope};
    case C::kSpan:
    case C::kMetric:
    case C::kLog:
      return {C::kResource, C::kScope, context};
    case C::kSpanEvent:
      return {C::kResource, C::kScope, C::kSpan, context};
    case C::kDataPoint:
      return {C::kResource, C::kScope, C::kMetric, context};
  }
  return {};
}

}  // namespace weir::ottl
