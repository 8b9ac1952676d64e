// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ottl/format.h"
#include "ottl/functions.h"

// Converters from text to text.
namespace weir::ottl {

namespace {

Value concat(Call& call) {
  std::string out;
  bool first = true;
  for (const Value& value : call[0].list) {
    if (!std::exchange(first, false)) out += call.text(1);
    if (value.is_nil()) {
      out += "<nil>";
    } else {
      out += value.text();
    }
  }
  return call.string(out);
}

// An empty delimiter splits into characters.
Value split(Call& call) {
  std::string_view rest = call.text(0);
  const std::string_view delimiter = call.text(1);
  std::vector<Value> parts;
  if (delimiter.empty()) {
    while (!rest.empty()) {
      size_t size = 1;
      while (size < rest.size() && (static_cast<unsigned char>(rest[size]) & 0xc0) == 0x80) ++size;
      parts.push_back(Value::of_string(rest.substr(0, size)));
      rest.remove_prefix(size);
    }
    return Value::of_list(make_list(parts, call.arena()));
  }
  for (size_t at = rest.find(delimiter); at != std::string_view::npos; at = rest.find(delimiter)) {
    parts.push_back(Value::of_string(rest.substr(0, at)));
    rest.remove_prefix(at + delimiter.size());
  }
  parts.push_back(Value::of_string(rest));
  return Value::of_list(make_list(parts, call.arena()));
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

Value substring(Call& call) {
  const std::string_view text = call.text(0);
  const auto size = static_cast<int64_t>(text.size());
  const int64_t start = call.integer(1);
  const int64_t length = call.integer(2);
  if (start < 0) return call.fail("the start of a substring cannot be negative");
  if (length <= 0) return call.fail("the length of a substring must be greater than 0");
  if (start > size || length > size - start) return call.fail("the substring ends behind the end of the text");
  auto first = static_cast<size_t>(start);
  auto last = static_cast<size_t>(start + length);
  if (call.has(3) && call[3].boolean) {
    while (first < text.size() && continues_character(text[first])) ++first;
    while (first < last && last < text.size() && continues_character(text[last])) --last;
    last = std::max(first, last);
  }
  return Value::of_string(text.substr(first, last - first));
}

Value trim(Call& call) {
  std::string_view text = call.text(0);
  const std::string_view set = call.text_or(1, " ");
  while (!text.empty() && set.find(text.front()) != std::string_view::npos) text.remove_prefix(1);
  while (!text.empty() && set.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  return Value::of_string(text);
}
Value trim_prefix(Call& call) {
  const std::string_view text = call.text(0);
  return Value::of_string(text.starts_with(call.text(1)) ? text.substr(call.text(1).size()) : text);
}
Value trim_suffix(Call& call) {
  const std::string_view text = call.text(0);
  const size_t size = call.text(1).size();
  return Value::of_string(text.ends_with(call.text(1)) ? text.substr(0, text.size() - size) : text);
}
Value has_prefix(Call& call) { return Value::of_bool(call.text(0).starts_with(call.text(1))); }
Value has_suffix(Call& call) { return Value::of_bool(call.text(0).ends_with(call.text(1))); }

Value is_match(Call& call) {
  if (call[0].is_nil()) return Value::of_bool(false);
  if (const Pattern* compiled = call.site().patterns[1].get()) return Value::of_bool(compiled->matches(call.text(0)));
  const auto pattern = call.pattern(1);
  return Value::of_bool(pattern && pattern->matches(call.text(0)));
}

// With a pattern that is a literal.
class IsMatchExpr final : public Expr {
 public:
  IsMatchExpr(ExprPtr target, std::shared_ptr<const Pattern> pattern)
      : target_(std::move(target)), pattern_(std::move(pattern)) {}
  Value eval(Frame& frame) const override {
    Value value = target_->eval(frame);
    if (value.is_nil() || frame.failed()) return Value::of_bool(false);
    if (!value.is_string()) value = taken_as(frame, Take::kText, value);
    return Value::of_bool(pattern_->matches(value.text()));
  }

 private:
  ExprPtr target_;
  std::shared_ptr<const Pattern> pattern_;
};
ExprPtr shorter_is_match(Site& site) {
  if (!site.patterns[1]) return nullptr;
  return std::make_unique<IsMatchExpr>(std::move(site.arguments[0]), std::move(site.patterns[1]));
}

Value extract_patterns(Call& call) {
  const auto pattern = call.pattern(1);
  if (!pattern) return {};
  const auto& names = pattern->group_names();
  if (std::all_of(names.begin(), names.end(), [](const std::string& name) { return name.empty(); })) {
    return call.fail("the pattern has no named group");
  }
  std::vector<std::pair<std::string, std::string_view>> groups;
  pattern->groups(call.text(0), groups);
  MapBuilder builder(call.arena());
  for (const auto& [name, text] : groups) builder.put(call.arena().copy(name), Value::of_string(text));
  return Value::of_map(builder.build());
}
std::string check_extract(const Site& site) {
  const Pattern* pattern = site.patterns[1].get();
  if (pattern == nullptr) return "";
  const auto& names = pattern->group_names();
  const bool any = std::any_of(names.begin(), names.end(), [](const std::string& name) { return !name.empty(); });
  return any ? "" : "the pattern has no named group";
}

Value format(Call& call) {
  std::string out;
  format_text(call.text(0), {call[1].list.values, call[1].list.size}, out);
  return call.string(out);
}

}  // namespace

std::span<const Function> text_functions() {
  static const std::vector<Function> table{
      {"Concat", {{"vals", Take::kTexts}, {"delimiter", Take::kString}}, concat},
      {"Split", {{"target", Take::kString}, {"delimiter", Take::kString}}, split},
      {"Substring",
       {{"target", Take::kString},
        {"start", Take::kInt},
        {"length", Take::kInt},
        {"utf8_safe", Take::kPlainBool, true}},
       substring},
      {"Trim", {{"target", Take::kString}, {"replacement", Take::kPlainString, true}}, trim},
      {"TrimPrefix", {{"target", Take::kString}, {"prefix", Take::kString}}, trim_prefix},
      {"TrimSuffix", {{"target", Take::kString}, {"suffix", Take::kString}}, trim_suffix},
      {"HasPrefix", {{"target", Take::kString}, {"prefix", Take::kString}}, has_prefix},
      {"HasSuffix", {{"target", Take::kString}, {"suffix", Take::kString}}, has_suffix},
      {"IsMatch", {{"target", Take::kText}, {"pattern", Take::kPattern}}, is_match, true, nullptr, shorter_is_match},
      {"ExtractPatterns",
       {{"target", Take::kString}, {"pattern", Take::kPattern}},
       extract_patterns,
       true,
       check_extract},
      {"Format", {{"format", Take::kPlainString}, {"vals", Take::kList}}, format},
  };
  return table;
}

}  // namespace weir::ottl
