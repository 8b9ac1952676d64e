// SPDX-License-Identifier: Apache-2.0
#include "ottl/program.h"

#include <algorithm>
#include <utility>

#include "ottl/compile.h"
#include "ottl/lexer.h"
#include "ottl/parser.h"

namespace weir::ottl {

namespace {

// f(path) for each path in a tree.
template <class F>
void for_each_path(const Node& node, F&& f) {
  if (node.kind == Node::Kind::kPath) f(node);
  for (const NodePtr& child : node.children) for_each_path(*child, f);
  for (const NodePtr& key : node.keys) for_each_path(*key, f);
  for (const Argument& argument : node.arguments) for_each_path(*argument.value, f);
  for (const PathStep& step : node.steps) {
    for (const NodePtr& key : step.keys) for_each_path(*key, f);
  }
}

// Keeps the innermost context seen so far.
void note_contexts(const Node& node, std::optional<Context>& innermost) {
  for_each_path(node, [&innermost](const Node& path) {
    if (path.steps.size() < 2) return;
    const auto context = context_named(path.steps[0].name);
    if (context && (!innermost || *context > *innermost)) innermost = context;
  });
}

std::string names_of(Signal signal) {
  std::string names;
  for (Context context : contexts_of(signal))
    names.append(names.empty() ? "" : ", ").append(name_of(context)).append(".");
  return names;
}

bool belongs(Signal signal, Context context) {
  const auto contexts = contexts_of(signal);
  return std::find(contexts.begin(), contexts.end(), context) != contexts.end();
}

std::string no_context(Signal signal) {
  return "no path names a context, so none can be inferred; paths begin with one of " + names_of(signal);
}

class GroupCompiler {
 public:
  GroupCompiler(Unit& unit, Signal signal, const GroupText& text, GroupMistake& mistake)
      : unit_(unit), signal_(signal), text_(text), mistake_(mistake) {}

  std::optional<Group> run() {
    if (!parse_all() || !find_context()) return std::nullopt;
    Group group;
    group.context = context_;
    group.error_mode = text_.error_mode;
    if (!compile_conditions(group) || !compile_statements(group)) return std::nullopt;
    return group;
  }

 private:
  void at(bool in_conditions, size_t index) {
    mistake_.in_conditions = in_conditions;
    mistake_.index = index;
  }
  bool parse_all() {
    for (size_t i = 0; i < text_.conditions.size(); ++i) {
      at(true, i);
      conditions_.push_back(parse_condition(text_.conditions[i], mistake_.mistake));
      if (!conditions_.back()) return false;
    }
    for (size_t i = 0; i < text_.statements.size(); ++i) {
      at(false, i);
      auto statement = parse_statement(text_.statements[i], mistake_.mistake);
      if (!statement) return false;
      statements_.push_back(std::move(*statement));
    }
    return true;
  }
  bool find_context() {
    if (text_.context) {
      context_ = *text_.context;
      return true;
    }
    std::optional<Context> innermost;
    for (const NodePtr& condition : conditions_) note_contexts(*condition, innermost);
    for (const ParsedStatement& statement : statements_) {
      note_contexts(*statement.call, innermost);
      if (statement.where) note_contexts(*statement.where, innermost);
    }
    at(false, 0);
    if (!innermost) {
      mistake_.mistake = {1, 1, no_context(signal_)};
      return false;
    }
    if (!belongs(signal_, *innermost)) {
      mistake_.mistake = {1, 1,
                          "the context " + std::string(name_of(*innermost)) + " is none of " +
                              std::string(weir::name_of(signal_)) + "; there are " + names_of(signal_)};
      return false;
    }
    context_ = *innermost;
    return true;
  }
  Paths paths() const { return text_.context ? Paths::kOwn : Paths::kPrefixed; }

  bool compile_conditions(Group& group) {
    for (size_t i = 0; i < conditions_.size(); ++i) {
      at(true, i);
      Compiler compiler(unit_, context_, paths(), text_.conditions[i]);
      group.conditions.push_back({compiler.condition(*conditions_[i]), text_.conditions[i]});
      if (!compiler.failed()) continue;
      mistake_.mistake = compiler.mistake();
      return false;
    }
    return true;
  }
  bool compile_statements(Group& group) {
    for (size_t i = 0; i < statements_.size(); ++i) {
      at(false, i);
      Compiler compiler(unit_, context_, paths(), text_.statements[i]);
      Statement statement{compiler.editor(*statements_[i].call), nullptr, text_.statements[i]};
      if (!compiler.failed() && statements_[i].where) statement.where = compiler.condition(*statements_[i].where);
      if (compiler.failed()) {
        mistake_.mistake = compiler.mistake();
        return false;
      }
      group.writes_outside = group.writes_outside || compiler.writes_outside();
      group.statements.push_back(std::move(statement));
    }
    return true;
  }

  Unit& unit_;
  Signal signal_;
  const GroupText& text_;
  GroupMistake& mistake_;
  Context context_ = Context::kSpan;
  std::vector<NodePtr> conditions_;
  std::vector<ParsedStatement> statements_;
};

}  // namespace

std::optional<Context> context_named(std::string_view name) {
  if (name == "instrumentation_scope") return Context::kScope;
  for (auto context : {Context::kResource, Context::kScope, Context::kSpan, Context::kSpanEvent, Context::kMetric,
                       Context::kDataPoint, Context::kLog}) {
    if (name_of(context) == name) return context;
  }
  return std::nullopt;
}

std::vector<Context> contexts_of(Signal signal) {
  switch (signal) {
    case Signal::kTraces:
      return {Context::kResource, Context::kScope, Context::kSpan, Context::kSpanEvent};
    case Signal::kMetrics:
      return {Context::kResource, Context::kScope, Context::kMetric, Context::kDataPoint};
    case Signal::kLogs:
      return {Context::kResource, Context::kScope, Context::kLog};
  }
  return {};
}

std::optional<Group> compile_group(Unit& unit, Signal signal, const GroupText& text, GroupMistake& mistake) {
  return GroupCompiler(unit, signal, text, mistake).run();
}

std::optional<Condition> compile_condition(Unit& unit, Context context, bool prefixed, const std::string& text,
                                           Mistake& mistake) {
  const NodePtr node = parse_condition(text, mistake);
  if (!node) return std::nullopt;
  Compiler compiler(unit, context, prefixed ? Paths::kPrefixed : Paths::kOwn, text);
  Condition condition{compiler.condition(*node), text};
  if (!compiler.failed()) return condition;
  mistake = compiler.mistake();
  return std::nullopt;
}

std::optional<Context> infer_context(Signal signal, const std::string& condition, Mistake& mistake) {
  const NodePtr node = parse_condition(condition, mistake);
  if (!node) return std::nullopt;
  std::optional<Context> innermost;
  note_contexts(*node, innermost);
  if (innermost && belongs(signal, *innermost)) return innermost;
  mistake = {1, 1, no_context(signal)};
  return std::nullopt;
}

void ErrorReport::failed(const std::string& statement, std::string error) {
  if (log_ == nullptr || !said_.insert(&statement).second) return;
  log_->warn(component_, "a statement failed", {{"statement", statement}, {"error", std::move(error)}});
}

namespace {

// False where the batch is to fail.
bool goes_on(Frame& frame, ErrorMode mode, const std::string& text, ErrorReport& report) {
  std::string error = frame.take_error();
  if (mode == ErrorMode::kPropagate) {
    report.keep("\"" + text + "\": " + error);
    return false;
  }
  if (mode == ErrorMode::kIgnore) report.failed(text, std::move(error));
  return true;
}

}  // namespace

Verdict any_holds(std::span<const Condition> conditions, Frame& frame, ErrorMode mode, ErrorReport& report) {
  for (const Condition& condition : conditions) {
    if (condition.test->test(frame)) return Verdict::kYes;
    if (frame.failed() && !goes_on(frame, mode, condition.text, report)) return Verdict::kFailed;
  }
  return Verdict::kNo;
}

bool execute(const Group& group, Frame& frame, ErrorReport& report) {
  if (!group.conditions.empty()) {
    const Verdict outcome = any_holds(group.conditions, frame, group.error_mode, report);
    if (outcome != Verdict::kYes) return outcome == Verdict::kNo;
  }
  for (const Statement& statement : group.statements) {
    const bool runs = !statement.where || statement.where->test(frame);
    if (runs && !frame.failed()) statement.editor->eval(frame);
    if (frame.failed() && !goes_on(frame, group.error_mode, statement.text, report)) return false;
  }
  return true;
}

}  // namespace weir::ottl
