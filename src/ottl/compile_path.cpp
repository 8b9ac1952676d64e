// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "config/value.h"
#include "ottl/compile.h"

namespace weir::ottl {

namespace {

std::string full_name(const Node& node, size_t first, size_t count) {
  std::string name;
  for (size_t i = first; i < first + count; ++i) name += (name.empty() ? "" : ".") + node.steps[i].name;
  return name;
}

// "instrumentation_scope" is the scope's old name.
bool context_named(std::string_view name, Context& out) {
  if (name == "instrumentation_scope") name = "scope";
  for (Context context : {Context::kResource, Context::kScope, Context::kSpan, Context::kSpanEvent, Context::kMetric,
                          Context::kDataPoint, Context::kLog}) {
    if (name_of(context) != name) continue;
    out = context;
    return true;
  }
  return false;
}

bool has_attributes(Context context) { return context != Context::kMetric; }

}  // namespace

// Which context a path belongs to and where its own steps begin.
bool Compiler::context_of(const Node& node, Context& context, size_t& first) {
  context = context_;
  first = 0;
  Context named{};
  if (node.steps.size() > 1 && node.steps[0].keys.empty() && context_named(node.steps[0].name, named)) {
    const auto seen = contexts_seen_by(context_);
    if (std::find(seen.begin(), seen.end(), named) == seen.end()) {
      fail(node.at,
           "\"" + node.steps[0].name + "\" cannot be reached from the context " + std::string(name_of(context_)));
      return false;
    }
    context = named;
    first = 1;
    return true;
  }
  if (paths_ == Paths::kOwn) return true;
  std::string names;
  for (Context one : contexts_seen_by(context_)) {
    names.append(names.empty() ? "" : ", ").append(name_of(one)).append(".");
  }
  fail(node.at, "the path \"" + full_name(node, 0, node.steps.size()) + "\" needs its context in front: " + names);
  return false;
}

ExprPtr Compiler::path(const Node& node) {
  Context context{};
  size_t first = 0;
  if (!context_of(node, context, first)) return nullptr;
  return path_in(node, context, first);
}

ExprPtr Compiler::path_in(const Node& node, Context context, size_t first) {
  const PathStep& step = node.steps[first];
  const size_t count = node.steps.size() - first;
  if (count == 1 && step.name == "attributes" && has_attributes(context)) return attributes_path(context, step);
  if (count == 1 && step.name == "cache") {
    if (context != context_)
      return fail(step.at, "only the context " + std::string(name_of(context_)) + " has a cache here");
    return indexed(make_cache(), step.keys);
  }
  if (count == 1 && step.name == "trace_state" && context == Context::kSpan && !step.keys.empty()) {
    return trace_state_path(step);
  }
  const std::string name = full_name(node, first, count);
  for (const FieldPath& field : fields_of(context)) {
    if (field.name != name) continue;
    for (size_t i = first; i < node.steps.size(); ++i) {
      const bool may = field.keys && i + 1 == node.steps.size();
      if (!node.steps[i].keys.empty() && !may) return fail(node.steps[i].at, "\"" + name + "\" cannot be indexed");
    }
    return indexed(make_field(field), node.steps.back().keys, context == Context::kLog);
  }
  return unknown_path(node, context, first);
}

ExprPtr Compiler::attributes_path(Context context, const PathStep& step) {
  const Level level = level_of(context);
  if (step.keys.empty()) return make_attributes(level);
  std::vector<ExprPtr> keys;
  if (!compiled_keys(step.keys, keys)) return nullptr;
  const Value* key = keys[0]->constant();
  if (key != nullptr && !key->is_string()) {
    return fail(step.keys[0]->at, "attributes are indexed by a string, got " + std::string(name_of(key->type)));
  }
  if (key == nullptr) return make_indexed(make_attributes(level), std::move(keys));
  ExprPtr attribute = make_attribute(unit_, level, std::string(key->text()));
  if (keys.size() == 1) return attribute;
  keys.erase(keys.begin());
  return make_indexed(std::move(attribute), std::move(keys));
}

ExprPtr Compiler::trace_state_path(const PathStep& step) {
  std::vector<ExprPtr> keys;
  if (!compiled_keys(step.keys, keys)) return nullptr;
  const Value* key = keys[0]->constant();
  if (keys.size() != 1 || key == nullptr || !key->is_string()) {
    return fail(step.at, "trace_state takes exactly one key, a text");
  }
  return make_trace_state_key(std::string(key->text()));
}

std::nullptr_t Compiler::unknown_path(const Node& node, Context context, size_t first) {
  std::vector<std::string> names{"cache"};
  if (has_attributes(context)) names.emplace_back("attributes");
  for (const FieldPath& field : fields_of(context)) names.emplace_back(field.name);
  const std::string name = full_name(node, first, node.steps.size() - first);
  const std::string near = config::nearest(name, names);
  return fail(node.steps[first].at, "the context " + std::string(name_of(context)) + " has no path \"" + name + "\"" +
                                        (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
}

bool Compiler::compiled_keys(const std::vector<NodePtr>& keys, std::vector<ExprPtr>& out) {
  for (const NodePtr& key : keys) {
    out.push_back(value(*key));
    if (failed()) return false;
    const Value* constant = out.back()->constant();
    if (constant == nullptr || constant->is_string() || constant->type == Type::kInt) continue;
    fail(key->at, "expected a string or an int64 as key, got " + std::string(name_of(constant->type)));
    return false;
  }
  return true;
}

ExprPtr Compiler::indexed(ExprPtr base, const std::vector<NodePtr>& keys, bool needs_value) {
  if (keys.empty() || failed()) return base;
  std::vector<ExprPtr> compiled;
  if (!compiled_keys(keys, compiled)) return nullptr;
  return make_indexed(std::move(base), std::move(compiled), needs_value);
}

}  // namespace weir::ottl
