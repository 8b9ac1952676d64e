// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ottl/expr.h"

namespace weir::ottl {

// One field of a record that statements can name: "status.code". `set` fails in the frame where the value is of a wrong
// type.
struct FieldPath {
  std::string_view name;  // behind its context: "name", "kind.string"
  Value (*get)(Frame&);
  void (*set)(Frame&, const Value&);
  bool keys = false;  // may be indexed: its value is a map, or (log.body) anything
};

// The fields that a context has of its own; all but cache and attributes.
std::span<const FieldPath> fields_of(Context context);
// The contexts whose paths statements of a context may name, itself last.
std::vector<Context> contexts_seen_by(Context context);
// SPAN_KIND_SERVER and the like; false where there is none of that name.
bool enum_value(Context context, std::string_view name, int64_t& value);
std::vector<std::string> enum_names(Context context);

// attributes and attributes["key"] of a level.
ExprPtr make_attributes(Level level);
ExprPtr make_attribute(Unit& unit, Level level, std::string key);
ExprPtr make_cache();
ExprPtr make_field(const FieldPath& field);
ExprPtr make_trace_state_key(std::string key);
// base[key][key]…: reading what is absent gives nil, setting makes maps and lists on the way. needs_value: not so where
// base itself is nil.
ExprPtr make_indexed(ExprPtr base, std::vector<ExprPtr> keys, bool needs_value = false);

// Fails unless the value is of that type.
bool expect_type(Frame& frame, const Value& value, Type type);

}  // namespace weir::ottl
