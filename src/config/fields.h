// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "weir/clock.h"
#include "config/value.h"

namespace weir::config {

// The field table of a config struct: key, type, default (that of a default-made struct), one-line doc, secret. The
// table drives decoding, did-you-mean and the generated reference. A struct T takes part by
//
//   static const Fields<T>& fields();                                             // required
//   void validate(const Value& at, const std::string& path, Problems&) [const];   // optional: rules between fields
//
// Field types: bool, int32_t, uint32_t, int64_t, uint64_t, double, std::string, Duration ("200ms"; a bare number other
// than 0 is refused), std::vector<T>, std::map<std::string, std::string>, a struct with fields(), and std::optional<T>
// (absent: empty; a struct with a null body: a default T, so `grpc:` turns the protocol on). Scalars are as strict as
// in the collector: no string for a number, no number for a string (unless it came out of a ${…}), "a,b" for a list of
// strings.

// Where decoding stands.
struct At {
  const Value& value;
  std::string path;
  Problems& problems;
  void error(std::string text) const { problems.error(value.place, path, std::move(text)); }
  void warn(std::string text) const { problems.warn(value.place, path, std::move(text)); }
};

// "a" + "b" -> "a::b"; at the root just "b".
inline std::string join_path(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : (path + "::").append(key);
}

template <class T>
struct Field {
  std::string_view key;
  std::string_view doc;
  bool secret = false;
  std::string_view type_name;
  std::function<void(const At&, T&)> decode;
};

template <class T>
using Fields = std::vector<Field<T>>;

template <class T>
concept HasFields = requires {
  T::fields();
};

template <class T>
concept HasValidate = requires(T& t, const Value& v, const std::string& p, Problems& problems) {
  t.validate(v, p, problems);
};

bool decode_scalar(const At& at, bool& out);
bool decode_scalar(const At& at, int32_t& out);
bool decode_scalar(const At& at, uint32_t& out);
bool decode_scalar(const At& at, int64_t& out);
bool decode_scalar(const At& at, uint64_t& out);
bool decode_scalar(const At& at, double& out);
bool decode_scalar(const At& at, std::string& out);
bool decode_scalar(const At& at, Duration& out);
bool decode_string_map(const At& at, std::map<std::string, std::string>& out);
// A Go duration ("1h30m", "1.5s", "-2ms"); empty where the text is not one.
std::optional<Duration> parse_duration(std::string_view text);
// Reports a key that no field has, with the nearest one that is there.
void unknown_key(const At& at, std::string_view key, const Place& place, const std::vector<std::string>& known);

template <HasFields T>
void decode(const At& at, T& out);

template <class V>
void decode_any(const At& at, V& out) {
  if constexpr (HasFields<V>) {
    decode(at, out);
  } else if constexpr (std::is_same_v<V, std::map<std::string, std::string>>) {
    decode_string_map(at, out);
  } else {
    decode_scalar(at, out);
  }
}

// A struct that stands for something which may be left out: it takes `enabled: false`, which means the same as leaving
// it out, beside its own keys (the collector's configoptional).
template <class V>
concept CanBeOff = HasFields<V> && requires {
  V::kCanBeOff;
};
// Takes the key off `rest`; whether it is on.
bool take_enabled(const At& at, Value& rest);

template <HasFields T>
void decode_keys(const At& at, T& out);

template <CanBeOff V>
void decode_with_enabled(const At& at, std::optional<V>& out) {
  Value rest = at.value;
  const bool on = take_enabled(at, rest);
  const At inner_at{rest, at.path, at.problems};
  V inner = out.value_or(V{});
  if (!on) {
    decode_keys(inner_at, inner);
    return out.reset();
  }
  decode(inner_at, inner);
  out = std::move(inner);
}

// What a null body means depends on what is inside: for a struct it is "on, with its defaults", for a scalar "not set".
template <class V>
void decode_any(const At& at, std::optional<V>& out) {
  if (at.value.is_null() && !HasFields<V>) return;
  if constexpr (CanBeOff<V>) {
    if (at.value.find("enabled") != nullptr) return decode_with_enabled(at, out);
  }
  V inner = out.value_or(V{});
  if (!at.value.is_null()) decode_any(at, inner);
  out = std::move(inner);
}

// "a,b" is a list of strings, as in the collector.
void split_list(std::string_view text, std::vector<std::string>& out);

template <class V>
void decode_any(const At& at, std::vector<V>& out) {
  if (at.value.broken) return;
  out.clear();
  if (at.value.is_null()) return;
  if constexpr (std::is_same_v<V, std::string>) {
    bool text = at.value.kind == Value::Kind::kString || (at.value.expanded && !at.value.is_list());
    if (text) return split_list(at.value.text, out);
  }
  if (!at.value.is_list()) return at.error("expected a list, got " + std::string(at.value.kind_name()));
  for (size_t i = 0; i < at.value.list.size(); ++i) {
    V element{};
    decode_any(At{at.value.list[i], join_path(at.path, std::to_string(i)), at.problems}, element);
    out.push_back(std::move(element));
  }
}

template <class V>
std::string_view type_name_of() {
  if constexpr (std::is_same_v<V, bool>)
    return "bool";
  else if constexpr (std::is_same_v<V, double>)
    return "number";
  else if constexpr (std::is_integral_v<V>)
    return "int";
  else if constexpr (std::is_same_v<V, std::string>)
    return "string";
  else if constexpr (std::is_same_v<V, Duration>)
    return "duration";
  else
    return "map or list";
}

// A field that is a plain member. A null value leaves the default (as in the collector), except for optionals, and for
// strings where an empty reference stands (${env:UNSET} is the empty string).
template <class T, class V>
Field<T> field(std::string_view key, V T::*member, std::string_view doc) {
  return {key, doc, false, type_name_of<V>(), [member](const At& at, T& out) {
            constexpr bool is_optional = requires(V v) { v.has_value(); };
            constexpr bool is_string = std::is_same_v<V, std::string>;
            if (at.value.is_null() && !is_optional && !(is_string && at.value.expanded)) return;
            decode_any(at, out.*member);
          }};
}

template <class T, class V>
Field<T> secret_field(std::string_view key, V T::*member, std::string_view doc) {
  Field<T> f = field<T, V>(key, member, doc);
  f.secret = true;
  return f;
}

// A field of an enum type, written as one of a few words.
template <class T, class E>
Field<T> choice(std::string_view key, E T::*member, std::vector<std::pair<std::string, E>> words,
                std::string_view doc) {
  return {key, doc, false, "string", [member, words = std::move(words)](const At& at, T& out) {
            if (at.value.is_null() || at.value.broken) return;
            std::string text, all;
            if (!decode_scalar(at, text)) return;
            for (const auto& [word, value] : words) {
              if (word == text) return void(out.*member = value);
              all += (all.empty() ? "" : ", ") + word;
            }
            std::vector<std::string> candidates;
            for (const auto& w : words) candidates.push_back(w.first);
            std::string near = nearest(text, candidates);
            at.error("unknown value \"" + text + "\", expected one of: " + all +
                     (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
          }};
}

// A key that is taken and does nothing; `why` is warned about where it is set ("" = silently).
template <class T>
Field<T> accepted(std::string_view key, std::string why) {
  return {key, "accepted, does nothing", false, "any", [why = std::move(why)](const At& at, T&) {
            if (!why.empty()) at.warn(why);
          }};
}

// A key of the dialect that weir does not have yet: refused with its place, never ignored.
template <class T>
Field<T> unsupported(std::string_view key, std::string why = "not supported by this version of weir") {
  return {key, "not supported", false, "any", [why = std::move(why)](const At& at, T&) {
            if (!at.value.is_null()) at.error(why);
          }};
}

// A key decoded by hand.
template <class T>
Field<T> custom(std::string_view key, std::string_view type_name, std::function<void(const At&, T&)> decode_fn,
                std::string_view doc) {
  return {key, doc, false, type_name, std::move(decode_fn)};
}

template <HasFields T>
void decode_keys(const At& at, T& out) {
  if (at.value.broken) return;
  if (!at.value.is_null() && !at.value.is_map()) {
    return at.error("expected a map, got " + std::string(at.value.kind_name()));
  }
  for (size_t i = 0; i < at.value.map.size(); ++i) {
    const auto& [key, value] = at.value.map[i];
    bool known = false;
    for (const Field<T>& f : T::fields()) {
      if (f.key != key) continue;
      known = true;
      f.decode(At{value, join_path(at.path, key), at.problems}, out);
    }
    if (known) continue;
    std::vector<std::string> names;
    for (const Field<T>& f : T::fields()) names.emplace_back(f.key);
    unknown_key(at, key, at.value.key_places.size() > i ? at.value.key_places[i] : value.place, names);
  }
}

template <HasFields T>
void decode(const At& at, T& out) {
  decode_keys(at, out);
  if (at.value.broken || (!at.value.is_null() && !at.value.is_map())) return;
  if constexpr (HasValidate<T>) out.validate(at.value, at.path, at.problems);
}

// All fields of U as fields of T, for a struct that holds a U whose keys stand beside T's own (mapstructure ",squash").
template <class T, class U>
void squash(Fields<T>& into, U T::*member) {
  for (const Field<U>& f : U::fields()) {
    into.push_back(
        {f.key, f.doc, f.secret, f.type_name, [f, member](const At& at, T& out) { f.decode(at, out.*member); }});
  }
}

}  // namespace weir::config
