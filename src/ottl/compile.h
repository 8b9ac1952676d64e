// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ottl/ast.h"
#include "ottl/expr.h"
#include "ottl/functions.h"
#include "ottl/path.h"

namespace weir::ottl {

// How paths are written: as the context's own ("name") and others by their context ("resource.attributes"), or all by
// their context ("span.name"), which is how the context of a group is inferred.
enum class Paths : uint8_t { kOwn, kPrefixed };

// Turns a tree into expressions for one context: names are looked up, arguments checked, constants folded, patterns
// compiled. Keep one for all statements of a record type: they share the unit's key tables.
class Compiler {
 public:
  Compiler(Unit& unit, Context context, Paths paths, std::string_view text)
      : unit_(unit), context_(context), paths_(paths), text_(text) {}

  // Null, and mistake() says why.
  ExprPtr value(const Node& node);
  TestPtr condition(const Node& node);
  // The call of an editor.
  ExprPtr editor(const Node& node);
  const Mistake& mistake() const { return *mistake_; }
  bool failed() const { return mistake_.has_value(); }
  // Whether an editor changes something outside of the context's own record.
  bool writes_outside() const { return writes_outside_; }

 private:
  std::nullptr_t fail(size_t at, std::string what);
  ExprPtr literal(const Node& node);
  ExprPtr enumeration(const Node& node);
  ExprPtr list(const Node& node);
  ExprPtr map(const Node& node);
  ExprPtr math(const Node& node);
  ExprPtr negative(const Node& node);
  ExprPtr call(const Node& node);
  ExprPtr indexed(ExprPtr base, const std::vector<NodePtr>& keys, bool needs_value = false);
  bool compiled_keys(const std::vector<NodePtr>& keys, std::vector<ExprPtr>& out);
  ExprPtr folded(ExprPtr expr);

  ExprPtr path(const Node& node);
  ExprPtr path_in(const Node& node, Context context, size_t first);
  ExprPtr attributes_path(Context context, const PathStep& step);
  ExprPtr trace_state_path(const PathStep& step);
  std::nullptr_t unknown_path(const Node& node, Context context, size_t first);
  bool context_of(const Node& node, Context& context, size_t& first);

  bool bind(const Node& node, const Function& function, Site& site);
  bool bind_one(const Node& node, const Argument& argument, const Parameter& parameter, Site& site, size_t i);
  void note_target(const Node& path);
  bool check_literal(const Argument& argument, const Parameter& parameter, Site& site, size_t i);
  bool compile_patterns(const Argument& argument, const Parameter& parameter, Site& site, size_t i);
  std::nullptr_t unknown_function(const Node& node);

  Unit& unit_;
  Context context_;
  Paths paths_;
  std::string_view text_;
  std::optional<Mistake> mistake_;
  bool writes_outside_ = false;
};

}  // namespace weir::ottl
