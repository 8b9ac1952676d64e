// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <utility>

#include "config/value.h"
#include "ottl/compile.h"

namespace weir::ottl {

namespace {

class CallExpr final : public Expr {
 public:
  explicit CallExpr(std::unique_ptr<Site> site) : site_(std::move(site)) {}
  Value eval(Frame& frame) const override {
    Call call(frame, *site_);
    return call.prepare() ? site_->function->body(call) : Value();
  }

 private:
  std::unique_ptr<Site> site_;
};

ExprPtr call_of(std::unique_ptr<Site> site) {
  ExprPtr shorter = site->function->shorter == nullptr ? nullptr : site->function->shorter(*site);
  return shorter ? std::move(shorter) : std::make_unique<CallExpr>(std::move(site));
}

bool literal_only(Take take) {
  return take == Take::kPlainString || take == Take::kPlainInt || take == Take::kPlainDouble ||
         take == Take::kPlainBool || take == Take::kPlainStrings;
}
bool is_target(Take take) { return take == Take::kTarget || take == Take::kMapTarget || take == Take::kListTarget; }

// In snake case or in camel case.
bool same_name(std::string_view snake, std::string_view written) {
  size_t at = 0;
  for (size_t i = 0; i < snake.size(); ++i) {
    const bool skip = snake[i] == '_' && at < written.size() && written[at] != '_';
    if (skip) ++i;
    const char wanted = skip ? static_cast<char>(std::toupper(static_cast<unsigned char>(snake[i]))) : snake[i];
    if (at >= written.size() || written[at++] != wanted) return false;
  }
  return at == written.size();
}

bool all_constant(const Site& site) {
  return std::all_of(site.arguments.begin(), site.arguments.end(),
                     [](const ExprPtr& argument) { return !argument || argument->constant() != nullptr; });
}

}  // namespace

std::nullptr_t Compiler::unknown_function(const Node& node) {
  const bool editor = node.text[0] >= 'a' && node.text[0] <= 'z';
  const std::string near = config::nearest(node.text, function_names(editor));
  return fail(node.at, std::string("unknown ") + (editor ? "editor" : "converter") + " \"" + node.text + "\"" +
                           (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
}

ExprPtr Compiler::editor(const Node& node) {
  const Function* function = find_function(node.text, context_);
  if (function == nullptr) return unknown_function(node);
  auto site = std::make_unique<Site>();
  if (!bind(node, *function, *site)) return nullptr;
  return call_of(std::move(site));
}

ExprPtr Compiler::call(const Node& node) {
  const Function* function = find_function(node.text, context_);
  if (function == nullptr) return unknown_function(node);
  auto site = std::make_unique<Site>();
  if (!bind(node, *function, *site)) return nullptr;
  const bool fold = function->pure && all_constant(*site);
  ExprPtr expr = call_of(std::move(site));
  if (fold) expr = folded(std::move(expr));
  return indexed(std::move(expr), node.keys);
}

// Arguments by position, then by name.
bool Compiler::bind(const Node& node, const Function& function, Site& site) {
  site.function = &function;
  const auto& parameters = function.parameters;
  bool named = false;
  for (size_t i = 0; i < node.arguments.size(); ++i) {
    const Argument& argument = node.arguments[i];
    size_t place = i;
    if (!argument.name.empty()) {
      named = true;
      const auto found = std::find_if(parameters.begin(), parameters.end(),
                                      [&](const Parameter& one) { return same_name(one.name, argument.name); });
      place = static_cast<size_t>(found - parameters.begin());
      if (found == parameters.end()) {
        fail(argument.at, node.text + " has no parameter \"" + argument.name + "\"");
        return false;
      }
    } else if (named) {
      fail(argument.at, "an argument without a name cannot follow one with a name");
      return false;
    }
    if (place >= parameters.size()) {
      fail(argument.at, node.text + " takes " + std::to_string(parameters.size()) + " arguments at most");
      return false;
    }
    if (site.has(place)) {
      fail(argument.at, "\"" + std::string(parameters[place].name) + "\" is given twice");
      return false;
    }
    if (!bind_one(node, argument, parameters[place], site, place)) return false;
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (site.has(i) || parameters[i].optional) continue;
    fail(node.end > 0 ? node.end - 1 : node.at, node.text + " needs the argument \"" + std::string(parameters[i].name) +
                                                    "\" (" + std::string(name_of(parameters[i].take)) + ")");
    return false;
  }
  const std::string wrong = function.check == nullptr ? "" : function.check(site);
  if (!wrong.empty()) fail(node.at, node.text + ": " + wrong);
  return wrong.empty();
}

bool Compiler::bind_one(const Node& node, const Argument& argument, const Parameter& parameter, Site& site, size_t i) {
  if (parameter.take == Take::kFunction) {
    const bool is_name = argument.value->kind == Node::Kind::kFunction || argument.value->kind == Node::Kind::kEnum;
    site.named = is_name ? find_function(argument.value->text, context_) : nullptr;
    if (site.named == nullptr || site.named->parameters.empty()) {
      fail(argument.value->at, node.text + ": \"" + std::string(parameter.name) + "\" takes the name of a converter");
      return false;
    }
    site.arguments[i] = std::make_unique<Constant>(Value());
    return true;
  }
  site.arguments[i] = value(*argument.value);
  if (failed()) return false;
  if (is_target(parameter.take) && !site.arguments[i]->settable()) {
    fail(argument.value->at, "expected " + std::string(name_of(parameter.take)) + " that can be changed as \"" +
                                 std::string(parameter.name) + "\"");
    return false;
  }
  if (is_target(parameter.take)) note_target(*argument.value);
  return check_literal(argument, parameter, site, i) && compile_patterns(argument, parameter, site, i);
}

void Compiler::note_target(const Node& path) {
  Context context{};
  size_t first = 0;
  if (context_of(path, context, first) && context != context_) writes_outside_ = true;
}

// Literals are of the type that is taken, and are converted once.
bool Compiler::check_literal(const Argument& argument, const Parameter& parameter, Site& site, size_t i) {
  const Value* literal = site.arguments[i]->constant();
  if (literal == nullptr) {
    if (!literal_only(parameter.take)) return true;
    fail(argument.value->at, "\"" + std::string(parameter.name) + "\" takes " + std::string(name_of(parameter.take)));
    return false;
  }
  Frame frame(unit_.keys);
  const Value taken = taken_as(frame, parameter.take, *literal);
  if (frame.failed()) {
    fail(argument.value->at, "\"" + std::string(parameter.name) + "\": " + frame.take_error());
    return false;
  }
  site.arguments[i] = std::make_unique<Constant>(copy_of(taken, unit_.constants));
  return true;
}

bool Compiler::compile_patterns(const Argument& argument, const Parameter& parameter, Site& site, size_t i) {
  const Value* literal = site.literal(i);
  if (literal == nullptr) return true;
  std::string error;
  bool good = true;
  if (parameter.take == Take::kPattern) {
    site.patterns[i] = Pattern::compile(literal->text(), error);
    good = site.patterns[i] != nullptr;
  } else if (parameter.take == Take::kGlob) {
    site.globs[i] = Glob::compile(literal->text(), error);
    good = site.globs[i] != nullptr;
  }
  if (!good) fail(argument.value->at, "\"" + std::string(parameter.name) + "\" is not a pattern: " + error);
  return good;
}

}  // namespace weir::ottl
