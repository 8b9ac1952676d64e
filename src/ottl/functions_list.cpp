// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ottl/functions.h"

// Converters of lists and maps.
namespace weir::ottl {

namespace {

Value coalesce(Call& call) {
  for (const Value& value : call[0].list) {
    if (!value.is_nil()) return value;
  }
  return {};
}
std::string check_coalesce(const Site& site) {
  const Value* literal = site.literal(0);
  return literal != nullptr && literal->type == Type::kList && literal->list.size == 0 ? "needs at least one value"
                                                                                       : "";
}

Value contains_value(Call& call) {
  return Value::of_bool(std::any_of(call[0].list.begin(), call[0].list.end(), [&call](const Value& value) {
    return compare(value, call[1], Comparison::kEqual);
  }));
}

Value index(Call& call) {
  if (call[0].is_string()) {
    if (!call[1].is_string()) return call.fail("Index in a string takes a string");
    const size_t at = call.text(0).find(call.text(1));
    return Value::of_int(at == std::string_view::npos ? -1 : static_cast<int64_t>(at));
  }
  if (call[0].type != Type::kList) return call.fail("expected list or string but got ", name_of(call[0].type));
  for (size_t i = 0; i < call[0].list.size; ++i) {
    if (compare(call[0].list.values[i], call[1], Comparison::kEqual)) return Value::of_int(static_cast<int64_t>(i));
  }
  return Value::of_int(-1);
}

Value keys(Call& call) {
  std::vector<Value> result;
  for (const Entry& entry : call[0].map) result.push_back(Value::of_string(entry.key));
  return Value::of_list(make_list(result, call.arena()));
}
Value values(Call& call) {
  std::vector<Value> result;
  for (const Entry& entry : call[0].map) result.push_back(value_of(entry, call.arena()));
  return Value::of_list(make_list(result, call.arena()));
}

// How a list is sorted: by numbers, or by text as soon as one element is no number. Lists of other things stay.
enum class SortBy { kNothing, kInt, kDouble, kText };
SortBy sort_by(const List& list) {
  bool any_int = false, any_double = false, any_text = false;
  for (const Value& value : list) {
    if (value.type > Type::kString) return SortBy::kNothing;
    any_int |= value.type == Type::kInt;
    any_double |= value.type == Type::kDouble;
    any_text |= value.type == Type::kString || value.type == Type::kBool || value.is_nil();
  }
  if (any_text) return SortBy::kText;
  if (any_double) return SortBy::kDouble;
  return any_int ? SortBy::kInt : SortBy::kNothing;
}

Value sort(Call& call) {
  const SortBy by = sort_by(call[0].list);
  if (by == SortBy::kNothing) return call[0];
  const bool down = call.text_or(1, "asc") == "desc";
  std::vector<std::pair<std::string, Value>> all;
  for (const Value& value : call[0].list) {
    all.emplace_back("", value);
    if (by == SortBy::kText) append_text(value, all.back().first);
  }
  std::stable_sort(all.begin(), all.end(), [by, down](const auto& x, const auto& y) {
    const auto& [text_a, a] = down ? y : x;
    const auto& [text_b, b] = down ? x : y;
    return by == SortBy::kText ? text_a < text_b : compare(a, b, Comparison::kLess);
  });
  std::vector<Value> sorted;
  for (const auto& [text, value] : all) sorted.push_back(value);
  return Value::of_list(make_list(sorted, call.arena()));
}
std::string check_order(const Site& site) {
  if (!site.has(1)) return "";
  const std::string_view order = site.literal(1)->text();
  if (order == "asc" || order == "desc") return "";
  return "the order is \"asc\" or \"desc\", not \"" + std::string(order) + "\"";
}

// The value at a path of keys; fails where there is none.
bool at_path(Call& call, const Value& element, const List& path, Value& out) {
  out = element;
  for (const Value& key : path) {
    const Entry* entry = out.type == Type::kMap ? out.map.find(key.text()) : nullptr;
    if (entry == nullptr) {
      call.fail("an element of the list has no \"", key.text(), "\"");
      return false;
    }
    out = value_of(*entry, call.arena());
  }
  return true;
}

Value slice_to_map(Call& call) {
  MapBuilder builder(call.arena());
  const List& list = call[0].list;
  for (size_t i = 0; i < list.size; ++i) {
    Value key = call.string(std::to_string(i));
    Value value = list.values[i];
    if (call.has(1) && !at_path(call, list.values[i], call[1].list, key)) return {};
    if (call.has(2) && !at_path(call, list.values[i], call[2].list, value)) return {};
    if (!key.is_string()) return call.fail("the key of an element is a ", name_of(key.type), ", not a string");
    builder.put(key.text(), value);
  }
  return Value::of_map(builder.build());
}

std::string quoted_for(std::string text, std::string_view delimiter, std::string_view pair_delimiter) {
  for (size_t at = text.find('"'); at != std::string::npos; at = text.find('"', at + 2)) text.insert(at, "\\");
  const bool quote = text.find(delimiter) != std::string::npos || text.find(pair_delimiter) != std::string::npos;
  return quote ? "\"" + text + "\"" : text;
}

Value to_key_value_string(Call& call) {
  const std::string_view delimiter = call.text_or(1, "=");
  const std::string_view pair_delimiter = call.text_or(2, " ");
  std::vector<Entry> entries(call[0].map.begin(), call[0].map.end());
  if (call.has(3) && call[3].boolean) {
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.key < b.key; });
  }
  std::string out;
  for (const Entry& entry : entries) {
    if (!out.empty()) out += pair_delimiter;
    std::string text;
    append_plain_text(value_of(entry, call.arena()), text);
    out += quoted_for(std::string(entry.key), delimiter, pair_delimiter);
    out += delimiter;
    out += quoted_for(std::move(text), delimiter, pair_delimiter);
  }
  return call.string(out);
}

}  // namespace

// Delimiters of key-value texts: arguments 1 and 2.
std::string check_delimiters(const Site& site) {
  const std::string_view delimiter = site.has(1) ? site.literal(1)->text() : "=";
  const std::string_view pair_delimiter = site.has(2) ? site.literal(2)->text() : " ";
  if (delimiter.empty() || pair_delimiter.empty()) return "a delimiter cannot be empty";
  return delimiter == pair_delimiter ? "the delimiter and the pair delimiter cannot be the same" : "";
}

std::span<const Function> list_functions() {
  static const std::vector<Function> table{
      {"Coalesce", {{"values", Take::kList}}, coalesce, true, check_coalesce},
      {"ContainsValue", {{"target", Take::kList}, {"item", Take::kAny}}, contains_value},
      {"Index", {{"target", Take::kAny}, {"value", Take::kAny}}, index},
      {"Keys", {{"target", Take::kMap}}, keys},
      {"Values", {{"target", Take::kMap}}, values},
      {"Sort", {{"target", Take::kList}, {"order", Take::kPlainString, true}}, sort, true, check_order},
      {"SliceToMap",
       {{"target", Take::kList}, {"key_path", Take::kPlainStrings, true}, {"value_path", Take::kPlainStrings, true}},
       slice_to_map},
      {"ToKeyValueString",
       {{"target", Take::kMap},
        {"delimiter", Take::kPlainString, true},
        {"pair_delimiter", Take::kPlainString, true},
        {"sort_output", Take::kPlainBool, true}},
       to_key_value_string,
       true,
       check_delimiters},
  };
  return table;
}

}  // namespace weir::ottl
