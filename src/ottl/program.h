// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ottl/ast.h"
#include "ottl/expr.h"
#include "weir/log.h"

namespace weir::ottl {

// What a failing statement or condition leads to: the whole batch fails; it is logged and left out; it is left out.
enum class ErrorMode : uint8_t { kPropagate, kIgnore, kSilent };

struct Condition {
  TestPtr test;
  std::string text;
};
struct Statement {
  ExprPtr editor;
  TestPtr where;  // null: always
  std::string text;
};

// Statements of one context that run in order on each record for which one of the conditions holds (or none is there).
struct Group {
  Context context = Context::kSpan;
  ErrorMode error_mode = ErrorMode::kIgnore;
  std::vector<Condition> conditions;
  std::vector<Statement> statements;
  bool writes_outside = false;  // changes something that other records see too
};

// A group as an operator writes it. Without a context it is inferred: every path names its own.
struct GroupText {
  std::optional<Context> context;
  ErrorMode error_mode = ErrorMode::kIgnore;
  std::vector<std::string> conditions;
  std::vector<std::string> statements;
};
struct GroupMistake {
  bool in_conditions = false;
  size_t index = 0;  // of the statement or condition
  Mistake mistake;
};
// Nothing where it does not compile, and the first mistake of each condition and statement that has one.
std::optional<Group> compile_group(Unit& unit, Signal signal, const GroupText& text,
                                   std::vector<GroupMistake>& mistakes);

// One condition of a known context. `prefixed`: paths name their context.
std::optional<Condition> compile_condition(Unit& unit, Context context, bool prefixed, const std::string& text,
                                           Mistake& mistake);
// The innermost context that the paths of a condition name; nothing, and a mistake, where none does.
std::optional<Context> infer_context(Signal signal, const std::string& condition, Mistake& mistake);
std::optional<Context> context_named(std::string_view name);
std::vector<Context> contexts_of(Signal signal);

// Says why statements failed, once per batch and statement.
class ErrorReport {
 public:
  ErrorReport(Log* log, std::string component) : log_(log), component_(std::move(component)) {}
  void next_batch() { said_.clear(); }
  void failed(const std::string& statement, std::string error);
  // Of the failure that ended the batch.
  const std::string& last() const { return last_; }
  void keep(std::string error) { last_ = std::move(error); }

 private:
  Log* log_;
  std::string component_;
  std::set<const void*> said_;
  std::string last_;
};

enum class Verdict : uint8_t { kNo, kYes, kFailed };
// Whether any of the conditions holds for the record that the frame stands on; kFailed under propagate only.
Verdict any_holds(std::span<const Condition> conditions, Frame& frame, ErrorMode mode, ErrorReport& report);
// Runs a group on the record that the frame stands on; false where it failed under propagate.
bool execute(const Group& group, Frame& frame, ErrorReport& report);

}  // namespace weir::ottl
