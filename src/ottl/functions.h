// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ottl/expr.h"
#include "ottl/pattern.h"

namespace weir::ottl {

// What a function takes in one place. "Like" kinds convert, and pass nil on; the others refuse what is of another type.
enum class Take : uint8_t {
  kAny,
  kString,
  kText,  // string-like
  kInt,
  kIntLike,
  kDouble,
  kDoubleLike,
  kBool,
  kBoolLike,
  kBytesLike,
  kMap,
  kList,
  kTime,
  kDuration,
  kTarget,      // a path that can be set
  kMapTarget,   // one whose value is a map
  kListTarget,  // one whose value is a list
  kPattern,     // a regular expression; compiled once where it is a literal
  kGlob,
  kTexts,        // a list of string-likes
  kStrings,      // a list of strings
  kFunction,     // the name of a converter
  kPlainString,  // literals only
  kPlainInt,
  kPlainDouble,
  kPlainBool,
  kPlainStrings,
};

struct Parameter {
  std::string_view name;
  Take take;
  bool optional = false;
};

class Call;
struct Site;

struct Function {
  std::string_view name;
  std::vector<Parameter> parameters;
  Value (*body)(Call&);
  bool pure = true;  // gives the same for the same arguments: may be folded
  // What is wrong with the literals of a call; "" where nothing is.
  std::string (*check)(const Site&) = nullptr;
  // Makes a shorter expression for a common form of the call; null where the call is of another.
  ExprPtr (*shorter)(Site&) = nullptr;

  bool is_editor() const { return name[0] >= 'a' && name[0] <= 'z'; }
};

inline constexpr size_t kMaxArguments = 6;

// One place where a function is called. Arguments stand by parameter; absent ones are null.
struct Site {
  const Function* function = nullptr;
  std::array<ExprPtr, kMaxArguments> arguments;
  std::array<std::shared_ptr<const Pattern>, kMaxArguments> patterns;
  std::array<std::shared_ptr<const Glob>, kMaxArguments> globs;
  const Function* named = nullptr;  // kFunction

  bool has(size_t i) const { return arguments[i] != nullptr; }
  // The literal at a place; null where it is none.
  const Value* literal(size_t i) const { return has(i) ? arguments[i]->constant() : nullptr; }
};

// One call under way: its arguments, evaluated and of the types that the function takes.
class Call {
 public:
  Call(Frame& frame, const Site& site) : frame_(frame), site_(site) {}
  // Evaluates all arguments; false where one failed.
  bool prepare();

  Frame& frame() { return frame_; }
  Arena& arena() { return frame_.arena(); }
  const Site& site() const { return site_; }
  bool has(size_t i) const { return site_.has(i); }
  const Value& operator[](size_t i) const { return args_[i]; }
  Value& argument(size_t i) { return args_[i]; }
  std::string_view text(size_t i) const { return args_[i].text(); }
  std::string_view text_or(size_t i, std::string_view otherwise) const { return has(i) ? args_[i].text() : otherwise; }
  int64_t integer(size_t i) const { return args_[i].integer; }
  const Expr& target(size_t i) const { return *site_.arguments[i]; }
  // Null, and the call failed, where the text is no pattern.
  std::shared_ptr<const Pattern> pattern(size_t i);
  std::shared_ptr<const Glob> glob(size_t i);

  Value string(std::string_view text) { return owned_string(text, arena()); }
  Value fail(std::string_view what, std::string_view more = {}, std::string_view end = {}) {
    frame_.fail(what, more, end);
    return {};
  }

 private:
  Frame& frame_;
  const Site& site_;
  std::array<Value, kMaxArguments> args_;
};

// Calls a converter with one argument (others are left out).
Value call_with(Frame& frame, const Function& function, const Value& argument);

// The value as a parameter takes it; fails in the frame where it cannot be.
Value taken_as(Frame& frame, Take take, const Value& value);
std::string_view name_of(Take take);

// By name; null where there is none. Some editors know one context only.
const Function* find_function(std::string_view name, Context context);
std::vector<std::string> function_names(bool editors);

std::span<const Function> editors();
std::span<const Function> pattern_editors();
std::span<const Function> span_functions();  // of spans alone
std::span<const Function> span_editors();
std::span<const Function> metric_functions();  // of metrics alone
std::span<const Function> text_functions();
std::span<const Function> case_functions();
std::span<const Function> type_functions();
std::span<const Function> time_functions();
std::span<const Function> format_time_functions();
std::span<const Function> hash_functions();
std::span<const Function> parse_functions();
std::span<const Function> list_functions();
std::span<const Function> check_functions();

}  // namespace weir::ottl
