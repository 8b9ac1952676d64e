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

// f(node) for each node of a tree.
template <class F>
void for_each_node(const Node& node, F&& f) {
  f(node);
  for (const NodePtr& child : node.children) for_each_node(*child, f);
  for (const NodePtr& key : node.keys) for_each_node(*key, f);
  for (const Argument& argument : node.arguments) for_each_node(*argument.value, f);
}

// Whether a context knows all functions and enums of a tree.
bool knows_names(const Node& tree, Context context) {
  bool all = true;
  for_each_node(tree, [&](const Node& node) {
    int64_t number = 0;
    if (node.kind == Node::Kind::kCall) all = all && find_function(node.text, context) != nullptr;
    if (node.kind == Node::Kind::kEnum) all = all && enum_value(context, node.text, number);
  });
  return all;
}

// The context itself, or the innermost one inside of it that knows all names; itself where none does.
template <class F>
Context knowing(Signal signal, Context found, F&& knows) {
  if (knows(found)) return found;
  const std::vector<Context> contexts = contexts_of(signal);
  for (auto inner = contexts.rbegin(); inner != contexts.rend() && *inner != found; ++inner) {
    if (knows(*inner)) return *inner;
  }
  return found;
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
  GroupCompiler(Unit& unit, Signal signal, const GroupText& text, std::vector<GroupMistake>& mistakes)
      : unit_(unit), signal_(signal), text_(text), mistakes_(mistakes) {}

  // What does not parse has no say in the context; the rest is compiled all the same, so that all mistakes come at
  // once.
  std::optional<Group> run() {
    parse_all();
    if (!find_context()) return std::nullopt;
    Group group;
    group.context = context_;
    group.error_mode = text_.error_mode;
    compile_conditions(group);
    compile_statements(group);
    if (!mistakes_.empty()) return std::nullopt;
    return group;
  }

 private:
  void fail(bool in_conditions, size_t index, Mistake mistake) {
    mistakes_.push_back({in_conditions, index, std::move(mistake)});
  }
  void parse_all() {
    for (size_t i = 0; i < text_.conditions.size(); ++i) {
      Mistake mistake;
      conditions_.push_back(parse_condition(text_.conditions[i], mistake));
      if (!conditions_.back()) fail(true, i, std::move(mistake));
    }
    for (size_t i = 0; i < text_.statements.size(); ++i) {
      Mistake mistake;
      statements_.push_back(parse_statement(text_.statements[i], mistake));
      if (!statements_.back()) fail(false, i, std::move(mistake));
    }
  }
  std::optional<Context> innermost() const {
    std::optional<Context> innermost;
    for (const NodePtr& condition : conditions_) {
      if (condition) note_contexts(*condition, innermost);
    }
    for (const auto& statement : statements_) {
      if (statement) note_contexts(*statement->call, innermost);
      if (statement && statement->where) note_contexts(*statement->where, innermost);
    }
    return innermost;
  }
  bool knows_all(Context context) const {
    const auto knows = [context](const NodePtr& node) { return !node || knows_names(*node, context); };
    return std::all_of(conditions_.begin(), conditions_.end(), knows) &&
           std::all_of(statements_.begin(), statements_.end(), [&knows](const auto& statement) {
             return !statement || (knows(statement->call) && knows(statement->where));
           });
  }
  bool find_context() {
    if (text_.context) {
      context_ = *text_.context;
      return true;
    }
    const std::optional<Context> found = innermost();
    if (!found) {
      if (mistakes_.empty()) fail(false, 0, {1, 1, no_context(signal_)});
      return false;
    }
    if (!belongs(signal_, *found)) {
      fail(false, 0,
           {1, 1,
            "the context " + std::string(name_of(*found)) + " is none of " + std::string(weir::name_of(signal_)) +
                "; there are " + names_of(signal_)});
      return false;
    }
    context_ = knowing(signal_, *found, [this](Context context) { return knows_all(context); });
    return true;
  }
  Paths paths() const { return text_.context ? Paths::kOwn : Paths::kPrefixed; }

  void compile_conditions(Group& group) {
    for (size_t i = 0; i < conditions_.size(); ++i) {
      if (!conditions_[i]) continue;
      Compiler compiler(unit_, context_, paths(), text_.conditions[i]);
      group.conditions.push_back({compiler.condition(*conditions_[i]), text_.conditions[i]});
      if (compiler.failed()) fail(true, i, compiler.mistake());
    }
  }
  void compile_statements(Group& group) {
    for (size_t i = 0; i < statements_.size(); ++i) {
      if (!statements_[i]) continue;
      Compiler compiler(unit_, context_, paths(), text_.statements[i]);
      Statement statement{compiler.editor(*statements_[i]->call), nullptr, text_.statements[i]};
      if (!compiler.failed() && statements_[i]->where) statement.where = compiler.condition(*statements_[i]->where);
      if (compiler.failed()) fail(false, i, compiler.mistake());
      group.writes_outside = group.writes_outside || compiler.writes_outside();
      group.statements.push_back(std::move(statement));
    }
  }

  Unit& unit_;
  Signal signal_;
  const GroupText& text_;
  std::vector<GroupMistake>& mistakes_;
  Context context_ = Context::kSpan;
  std::vector<NodePtr> conditions_;
  std::vector<std::optional<ParsedStatement>> statements_;
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

std::optional<Group> compile_group(Unit& unit, Signal signal, const GroupText& text,
                                   std::vector<GroupMistake>& mistakes) {
  return GroupCompiler(unit, signal, text, mistakes).run();
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
  if (innermost && belongs(signal, *innermost)) {
    return knowing(signal, *innermost, [&node](Context context) { return knows_names(*node, context); });
  }
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
