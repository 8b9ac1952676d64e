// SPDX-License-Identifier: Apache-2.0
#include "config/fields.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace weir::config {
namespace {

// What stands there, for a message: numbers and booleans as written, strings in quotes.
std::string shown(const Value& value) {
  constexpr size_t kLongest = 60;
  if (value.kind == Value::Kind::kString) {
    return "the string \"" + (value.text.size() > kLongest ? value.text.substr(0, kLongest) + "…" : value.text) + "\"";
  }
  bool scalar =
      value.kind == Value::Kind::kBool || value.kind == Value::Kind::kInt || value.kind == Value::Kind::kDouble;
  return scalar ? value.text : std::string(value.kind_name());
}

// Unsigned integers above the range of int64 are doubles in the tree; their text still has every digit.
bool big_unsigned(const Value& value, uint64_t& out) {
  const char* end = value.text.data() + value.text.size();
  auto [rest, error] = std::from_chars(value.text.data(), end, out);
  return error == std::errc() && rest == end;
}

bool integral(const Value& value, int64_t& out) {
  if (value.kind == Value::Kind::kInt) {
    out = value.integer;
    return true;
  }
  constexpr double kExact = 9007199254740992.0;  // 2^53: above it a double is no longer a count
  if (value.kind != Value::Kind::kDouble || std::nearbyint(value.real) != value.real || std::abs(value.real) > kExact)
    return false;
  out = static_cast<int64_t>(value.real);
  return true;
}

template <class Int>
bool decode_int(const At& at, Int& out) {
  if (at.value.broken) return false;
  int64_t number = 0;
  if (!integral(at.value, number)) {
    bool number_in_quotes = at.value.kind == Value::Kind::kString && !at.value.text.empty() &&
                            at.value.text.find_first_not_of("0123456789") == std::string::npos;
    at.error("expected an integer, got " + shown(at.value) + (number_in_quotes ? "; remove the quotes" : ""));
    return false;
  }
  constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<Int>::max());
  bool fits = number < 0 ? number >= static_cast<int64_t>(std::numeric_limits<Int>::min())
                         : static_cast<uint64_t>(number) <= kMost;
  if (!fits) {
    at.error("expected an integer from " + std::to_string(std::numeric_limits<Int>::min()) + " to " +
             std::to_string(kMost) + ", got " + at.value.text);
    return false;
  }
  out = static_cast<Int>(number);
  return true;
}

}  // namespace

bool decode_scalar(const At& at, bool& out) {
  if (at.value.broken) return false;
  if (at.value.kind != Value::Kind::kBool) {
    at.error("expected true or false, got " + shown(at.value));
    return false;
  }
  out = at.value.boolean;
  return true;
}

bool decode_scalar(const At& at, int32_t& out) { return decode_int(at, out); }
bool decode_scalar(const At& at, uint32_t& out) { return decode_int(at, out); }
bool decode_scalar(const At& at, int64_t& out) { return decode_int(at, out); }
bool decode_scalar(const At& at, uint64_t& out) {
  if (at.value.kind == Value::Kind::kDouble && big_unsigned(at.value, out)) return true;
  return decode_int(at, out);
}

bool decode_scalar(const At& at, double& out) {
  if (at.value.broken) return false;
  if (at.value.kind == Value::Kind::kDouble) {
    out = at.value.real;
    return true;
  }
  if (at.value.kind == Value::Kind::kInt) {
    out = static_cast<double>(at.value.integer);
    return true;
  }
  at.error("expected a number, got " + shown(at.value));
  return false;
}

// The value is not shown: it may be a secret. A refused scalar is taken all the same, so that the rule "must not be
// empty" says no more about it.
bool decode_scalar(const At& at, std::string& out) {
  if (at.value.kind == Value::Kind::kString || at.value.expanded || at.value.broken) {
    out = at.value.text;
    return true;
  }
  bool scalar = !at.value.is_map() && !at.value.is_list() && !at.value.is_null();
  at.error("expected a string, got " + std::string(at.value.kind_name()) + (scalar ? "; put it in quotes" : ""));
  if (scalar) out = at.value.text;
  return false;
}

bool decode_scalar(const At& at, Duration& out) {
  if (at.value.broken) return false;
  bool zero = at.value.kind == Value::Kind::kInt && at.value.integer == 0;
  std::optional<Duration> parsed = at.value.kind == Value::Kind::kString ? parse_duration(at.value.text) : std::nullopt;
  if (!zero && !parsed) {
    bool unit_missing = at.value.kind == Value::Kind::kInt || at.value.kind == Value::Kind::kDouble;
    at.error((unit_missing ? "missing unit in duration, got " : "invalid duration, got ") + shown(at.value) +
             ", expected one like \"200ms\", \"10s\" or \"1h30m\"");
    return false;
  }
  out = zero ? Duration{0} : *parsed;
  return true;
}

namespace {

// One `{name: a, value: b}` of the list form of a string map.
void decode_pair(const At& at, std::map<std::string, std::string>& out) {
  const Value* name = at.value.find("name");
  const Value* value = at.value.find("value");
  if (name == nullptr || value == nullptr || at.value.map.size() != 2) return at.error("expected {name: …, value: …}");
  std::string key, text;
  if (!decode_scalar(At{*name, at.path + "::name", at.problems}, key)) return;
  if (!decode_scalar(At{*value, at.path + "::value", at.problems}, text)) return;
  if (!out.emplace(key, text).second) at.error("the name \"" + key + "\" is there twice");
}

}  // namespace

bool decode_string_map(const At& at, std::map<std::string, std::string>& out) {
  if (at.value.broken) return false;
  if (!at.value.is_map() && !at.value.is_list() && !at.value.is_null()) {
    at.error("expected a map, got " + std::string(at.value.kind_name()));
    return false;
  }
  out.clear();
  for (const auto& [key, value] : at.value.map) {
    if (value.is_null()) {
      out[key] = "";
    } else {
      decode_scalar(At{value, at.path + "::" + key, at.problems}, out[key]);
    }
  }
  for (size_t i = 0; i < at.value.list.size(); ++i) {
    decode_pair(At{at.value.list[i], at.path + "::" + std::to_string(i), at.problems}, out);
  }
  return true;
}

bool take_enabled(const At& at, Value& rest) {
  const auto found =
      std::find_if(rest.map.begin(), rest.map.end(), [](const auto& key) { return key.first == "enabled"; });
  const auto index = found - rest.map.begin();
  bool on = true;
  decode_scalar(At{found->second, join_path(at.path, "enabled"), at.problems}, on);
  rest.map.erase(found);
  if (static_cast<size_t>(index) < rest.key_places.size()) rest.key_places.erase(rest.key_places.begin() + index);
  return on;
}

void split_list(std::string_view text, std::vector<std::string>& out) {
  while (!text.empty()) {
    size_t comma = text.find(',');
    out.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return;
    text.remove_prefix(comma + 1);
    if (text.empty()) out.emplace_back();
  }
}

void unknown_key(const At& at, std::string_view key, const Place& place, const std::vector<std::string>& known) {
  std::string text = "has invalid keys: " + std::string(key);
  std::string near = nearest(key, known);
  if (known.empty()) {
    text += "; no keys are expected here";
  } else {
    text += "; expected";
    for (size_t i = 0; i < known.size(); ++i) text += (i == 0 ? " " : ", ") + known[i];
  }
  if (!near.empty()) text += "; did you mean \"" + near + "\"?";
  at.problems.error(place, at.path, std::move(text));
}

}  // namespace weir::config
