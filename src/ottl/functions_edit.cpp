// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <utility>

#include "ottl/functions.h"

// Editors that change a path or a map.
namespace weir::ottl {

namespace {

Value set(Call& call) {
  if (!call[1].is_nil()) call.target(0).set(call.frame(), call[1]);
  return {};
}

// Without asking for the target's value.
class SetExpr final : public Expr {
 public:
  SetExpr(ExprPtr target, ExprPtr value) : target_(std::move(target)), value_(std::move(value)) {}
  Value eval(Frame& frame) const override {
    const Value value = value_->eval(frame);
    if (!frame.failed() && !value.is_nil()) target_->set(frame, value);
    return {};
  }

 private:
  ExprPtr target_, value_;
};
ExprPtr shorter_set(Site& site) {
  return std::make_unique<SetExpr>(std::move(site.arguments[0]), std::move(site.arguments[1]));
}

template <class F>
Value keep_if(Call& call, F&& keep) {
  MapBuilder builder(call.arena());
  for (const Entry& entry : call[0].map) {
    if (keep(entry.key)) builder.entries().push_back(entry);
  }
  call.target(0).set(call.frame(), Value::of_map(builder.build()));
  return {};
}

Value delete_key(Call& call) {
  bool gone = false;  // of keys that are there twice only the first
  return keep_if(call, [&](std::string_view key) { return key != call.text(1) || std::exchange(gone, true); });
}
Value delete_matching_keys(Call& call) {
  const auto pattern = call.pattern(1);
  return pattern ? keep_if(call, [&](std::string_view key) { return !pattern->matches(key); }) : Value();
}
Value keep_keys(Call& call) {
  const List& keys = call[1].list;
  return keep_if(call, [&](std::string_view key) {
    return std::any_of(keys.begin(), keys.end(), [key](const Value& one) { return one.text() == key; });
  });
}
Value keep_matching_keys(Call& call) {
  const auto pattern = call.pattern(1);
  return pattern ? keep_if(call, [&](std::string_view key) { return pattern->matches(key); }) : Value();
}

Value limit(Call& call) {
  const Map& map = call[0].map;
  const auto most = static_cast<size_t>(call.integer(1));
  if (map.size <= most) return {};
  const List& first = call[2].list;
  const auto has_priority = [&](std::string_view key) {
    return std::any_of(first.begin(), first.end(), [key](const Value& one) { return one.text() == key; });
  };
  auto count = static_cast<size_t>(
      std::count_if(first.begin(), first.end(), [&map](const Value& key) { return map.find(key.text()) != nullptr; }));
  return keep_if(call, [&](std::string_view key) { return has_priority(key) || (count < most && ++count > 0); });
}
std::string check_limit(const Site& site) {
  const int64_t most = site.literal(1)->integer;
  if (most < 0) return "the limit cannot be negative";
  if (most < static_cast<int64_t>(site.literal(2)->list.size)) {
    return "the limit cannot be less than the number of priority keys";
  }
  return "";
}

Value truncate_all(Call& call) {
  const auto most = static_cast<size_t>(call.integer(1));
  const bool whole_characters = !call.has(2) || call[2].boolean;
  const std::string marker(call.text_or(3, ""));
  MapBuilder builder(call.arena(), call[0].map);
  for (Entry& entry : builder.entries()) {
    const Value value = value_of(entry, call.arena());
    if (!value.is_string() || value.text().size() <= most) continue;
    size_t cut = most - marker.size();
    while (whole_characters && cut > 0 && (static_cast<unsigned char>(value.text()[cut]) & 0xc0) == 0x80) --cut;
    entry.raw = {};
    entry.made = call.string(std::string(value.text().substr(0, cut)) + marker);
  }
  call.target(0).set(call.frame(), Value::of_map(builder.build()));
  return {};
}
std::string check_truncate(const Site& site) {
  const int64_t most = site.literal(1)->integer;
  if (most < 0) return "the limit cannot be negative";
  if (site.has(3) && site.literal(3)->bytes.size > static_cast<size_t>(most)) {
    return "the truncation marker is longer than the limit";
  }
  return "";
}

Value stringify_all(Call& call) {
  MapBuilder builder(call.arena(), call[0].map);
  for (Entry& entry : builder.entries()) {
    const Value value = value_of(entry, call.arena());
    if (value.is_string()) continue;
    std::string text;
    append_plain_text(value, text);
    entry.raw = {};
    entry.made = call.string(text);
  }
  call.target(0).set(call.frame(), Value::of_map(builder.build()));
  return {};
}

Value merge_maps(Call& call) {
  const std::string_view strategy = call.text(2);
  MapBuilder builder(call.arena(), call[0].map);
  for (const Entry& entry : call[1].map) {
    Entry* there = builder.find(entry.key);
    if (there == nullptr && strategy != "update") builder.add(entry);
    if (there != nullptr && strategy != "insert") {
      there->raw = entry.raw;
      there->made = entry.made;
    }
  }
  call.target(0).set(call.frame(), Value::of_map(builder.build()));
  return {};
}
std::string check_strategy(const Site& site) {
  const std::string_view strategy = site.literal(2)->text();
  if (strategy == "insert" || strategy == "update" || strategy == "upsert") return "";
  return "the strategy is \"insert\", \"update\" or \"upsert\", not \"" + std::string(strategy) + "\"";
}

class Flattener {
 public:
  Flattener(Call& call, int64_t depth, bool resolve)
      : arena_(call.arena()), out_(call.arena()), most_(depth), resolve_(resolve) {}

  void map(const Map& map, std::string prefix, int64_t depth) {
    if (!prefix.empty()) prefix += ".";
    for (const Entry& entry : map) value(prefix + std::string(entry.key), value_of(entry, arena_), depth);
  }
  Map result() const { return out_.build(); }

 private:
  void value(const std::string& key, const Value& value, int64_t depth) {
    if (value.type == Type::kMap && depth < most_) return map(value.map, key, depth + 1);
    if (value.type == Type::kList && depth < most_) return list(key, value.list, depth);
    put(key, value);
  }
  void list(const std::string& key, const List& list, int64_t depth) {
    for (size_t i = 0; i < list.size; ++i) {
      const std::string element_key = key + "." + std::to_string(i);
      const Value& element = list.values[i];
      const bool deeper = depth + 1 < most_;
      if (element.type == Type::kMap && deeper) {
        map(element.map, element_key, depth + 2);
      } else if (element.type == Type::kList && deeper) {
        this->list(element_key, element.list, depth + 2);
      } else {
        put(resolve_ ? key : element_key, element);
      }
    }
  }
  void put(const std::string& key, const Value& value) {
    if (!resolve_) return out_.put(arena_.copy(key), value);
    if (out_.find(key) == nullptr) return out_.add(arena_.copy(key), value);
    for (int number = 0;; ++number) {
      const std::string candidate = key + "." + std::to_string(number);
      if (out_.find(candidate) == nullptr) return out_.add(arena_.copy(candidate), value);
    }
  }

  Arena& arena_;
  MapBuilder out_;
  int64_t most_;
  bool resolve_;
};

Value flatten(Call& call) {
  const int64_t depth = call.has(2) ? call.integer(2) : std::numeric_limits<int64_t>::max();
  Flattener flattener(call, depth, call.has(3) && call[3].boolean);
  flattener.map(call[0].map, std::string(call.text_or(1, "")), 0);
  call.target(0).set(call.frame(), Value::of_map(flattener.result()));
  return {};
}
std::string check_flatten(const Site& site) {
  return site.has(2) && site.literal(2)->integer < 1 ? "the depth must be greater than 0" : "";
}

Value append(Call& call) {
  std::vector<Value> values;
  const Value& now = call[0];
  if (now.type == Type::kMap) return call.fail("a map cannot be appended to");
  if (now.type == Type::kList) {
    values.assign(now.list.begin(), now.list.end());
  } else if (!now.is_nil()) {
    values.push_back(now);
  }
  if (call.has(1)) values.push_back(call[1]);
  if (call.has(2)) values.insert(values.end(), call[2].list.begin(), call[2].list.end());
  for (const Value& value : values) {
    if (!fits_attribute(value)) return call.fail("a ", name_of(value.type), " cannot be stored in a list");
  }
  call.target(0).set(call.frame(), Value::of_list(make_list(values, call.arena())));
  return {};
}
std::string check_append(const Site& site) {
  return site.has(1) || site.has(2) ? "" : "needs a value or values to append";
}

Value delete_index(Call& call) {
  const List& list = call[0].list;
  const auto size = static_cast<int64_t>(list.size);
  const int64_t first = call.integer(1);
  const int64_t last = call.has(2) ? call.integer(2) : first + 1;
  const bool all = first == 0 && last == size;
  if (!all && (first < 0 || first >= size)) return call.fail("index ", std::to_string(first), " out of bounds");
  if (last < first || last > size) return call.fail("end index ", std::to_string(last), " out of bounds");
  std::vector<Value> values(list.begin(), list.begin() + first);
  values.insert(values.end(), list.begin() + last, list.end());
  call.target(0).set(call.frame(), Value::of_list(make_list(values, call.arena())));
  return {};
}

}  // namespace

std::span<const Function> editors() {
  static const std::vector<Function> table{
      {"set", {{"target", Take::kTarget}, {"value", Take::kAny}}, set, false, nullptr, shorter_set},
      {"delete_key", {{"target", Take::kMapTarget}, {"key", Take::kString}}, delete_key, false},
      {"delete_matching_keys",
       {{"target", Take::kMapTarget}, {"pattern", Take::kPattern}},
       delete_matching_keys,
       false},
      {"keep_keys", {{"target", Take::kMapTarget}, {"keys", Take::kStrings}}, keep_keys, false},
      {"keep_matching_keys", {{"target", Take::kMapTarget}, {"pattern", Take::kPattern}}, keep_matching_keys, false},
      {"limit",
       {{"target", Take::kMapTarget}, {"limit", Take::kPlainInt}, {"priority_keys", Take::kPlainStrings}},
       limit,
       false,
       check_limit},
      {"truncate_all",
       {{"target", Take::kMapTarget},
        {"limit", Take::kPlainInt},
        {"utf8_safe", Take::kPlainBool, true},
        {"truncation_marker", Take::kPlainString, true}},
       truncate_all,
       false,
       check_truncate},
      {"stringify_all", {{"target", Take::kMapTarget}}, stringify_all, false},
      {"merge_maps",
       {{"target", Take::kMapTarget}, {"source", Take::kMap}, {"strategy", Take::kPlainString}},
       merge_maps,
       false,
       check_strategy},
      {"flatten",
       {{"target", Take::kMapTarget},
        {"prefix", Take::kPlainString, true},
        {"depth", Take::kPlainInt, true},
        {"resolve_conflicts", Take::kPlainBool, true}},
       flatten,
       false,
       check_flatten},
      {"append",
       {{"target", Take::kTarget}, {"value", Take::kAny, true}, {"values", Take::kList, true}},
       append,
       false,
       check_append},
      {"delete_index",
       {{"target", Take::kListTarget}, {"start_index", Take::kInt}, {"end_index", Take::kInt, true}},
       delete_index,
       false},
  };
  return table;
}

}  // namespace weir::ottl
