// SPDX-License-Identifier: Apache-2.0
#include "ottl/functions.h"

// Editors that replace texts by patterns.
namespace weir::ottl {

namespace {

// replacement_format: exactly one %s.
bool formatted(Call& call, size_t format_at, std::string& text) {
  if (!call.has(format_at)) return true;
  const std::string format(call.text(format_at));
  const size_t at = format.find("%s");
  if (at == std::string::npos || format.find('%', at + 2) != std::string::npos || format.find('%') != at) {
    call.fail("the replacement format needs one %s and no other %");
    return false;
  }
  text = format.substr(0, at) + text + format.substr(at + 2);
  return true;
}

// The text that stands for `text` when the call names a function (argument `function_at`, its format behind it).
bool through_function(Call& call, size_t function_at, std::string& text) {
  if (!call.has(function_at)) return true;
  const Value result = call_with(call.frame(), *call.site().named, call.string(text));
  if (call.frame().failed()) return false;
  if (!result.is_string()) {
    call.fail("the replacement value must be a string");
    return false;
  }
  text = result.text();
  return formatted(call, function_at + 1, text);
}

// `text` with all that the pattern finds replaced; false where it finds nothing, or the call failed.
bool replaced(Call& call, const Pattern& pattern, std::string_view text, std::string_view replacement,
              size_t function_at, std::string& out) {
  if (!pattern.matches(text)) return false;
  return pattern.replace_each(text, replacement, out,
                              [&](std::string& one) { return through_function(call, function_at, one); });
}

Value replace_pattern(Call& call) {
  if (!call[0].is_string()) return {};
  const auto pattern = call.pattern(1);
  std::string out;
  if (pattern && replaced(call, *pattern, call[0].text(), call.text(2), 3, out)) {
    call.target(0).set(call.frame(), call.string(out));
  }
  return {};
}

Value replace_match(Call& call) {
  if (!call[0].is_string()) return {};
  const auto glob = call.glob(1);
  if (!glob || !glob->matches(call[0].text())) return {};
  std::string text(call.text(2));
  if (through_function(call, 3, text)) call.target(0).set(call.frame(), call.string(text));
  return {};
}

Value replace_all_patterns(Call& call) {
  const auto pattern = call.pattern(2);
  if (!pattern) return {};
  const bool keys = call.text(1) == "key";
  MapBuilder builder(call.arena());
  for (const Entry& entry : call[0].map) {
    const Value value = value_of(entry, call.arena());
    const std::string_view text = keys ? entry.key : value.is_string() ? value.text() : std::string_view();
    std::string out;
    const bool changed = (keys || value.is_string()) && replaced(call, *pattern, text, call.text(3), 4, out);
    if (call.frame().failed()) return {};
    if (!changed) {
      builder.entries().push_back(entry);
    } else if (keys) {
      builder.put(call.arena().copy(out), value);
    } else {
      builder.add(entry.key, call.string(out));
    }
  }
  call.target(0).set(call.frame(), Value::of_map(builder.build()));
  return {};
}
std::string check_mode(const Site& site) {
  const std::string_view mode = site.literal(1)->text();
  if (mode == "key" || mode == "value") return "";
  return "the mode is \"key\" or \"value\", not \"" + std::string(mode) + "\"";
}

Value replace_all_matches(Call& call) {
  const auto glob = call.glob(1);
  if (!glob) return {};
  std::string text(call.text(2));
  if (!through_function(call, 3, text)) return {};
  MapBuilder builder(call.arena(), call[0].map);
  for (Entry& entry : builder.entries()) {
    const Value value = value_of(entry, call.arena());
    if (!value.is_string() || !glob->matches(value.text())) continue;
    entry.raw = {};
    entry.made = call.string(text);
  }
  call.target(0).set(call.frame(), Value::of_map(builder.build()));
  return {};
}

}  // namespace

std::span<const Function> pattern_editors() {
  static const std::vector<Function> table{
      {"replace_pattern",
       {{"target", Take::kTarget},
        {"regex_pattern", Take::kPattern},
        {"replacement", Take::kString},
        {"function", Take::kFunction, true},
        {"replacement_format", Take::kString, true}},
       replace_pattern,
       false},
      {"replace_match",
       {{"target", Take::kTarget},
        {"pattern", Take::kGlob},
        {"replacement", Take::kString},
        {"function", Take::kFunction, true},
        {"replacement_format", Take::kString, true}},
       replace_match,
       false},
      {"replace_all_patterns",
       {{"target", Take::kMapTarget},
        {"mode", Take::kPlainString},
        {"regex_pattern", Take::kPattern},
        {"replacement", Take::kString},
        {"function", Take::kFunction, true},
        {"replacement_format", Take::kString, true}},
       replace_all_patterns,
       false,
       check_mode},
      {"replace_all_matches",
       {{"target", Take::kMapTarget},
        {"pattern", Take::kGlob},
        {"replacement", Take::kString},
        {"function", Take::kFunction, true},
        {"replacement_format", Take::kString, true}},
       replace_all_matches,
       false},
  };
  return table;
}

}  // namespace weir::ottl
