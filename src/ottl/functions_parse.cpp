// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "otlp/json_any.h"
#include "ottl/functions.h"
#include "ottl/url.h"

// Converters that take a text apart.
namespace weir::ottl {

std::string check_delimiters(const Site& site);

namespace {

Value parse_json(Call& call) {
  std::string error;
  const auto message = otlp::json_to_any_value(call.text(0), error);
  if (!message) return call.fail("not JSON: ", error);
  const Value value = from_any_value_message(call.arena().copy(*message), call.arena());
  if (value.type == Type::kMap || value.type == Type::kList) return value;
  return call.fail("ParseJSON takes an object or an array, got a ", name_of(value.type));
}

// Splits at a delimiter outside of quotes; the quotes go, empty parts too. False where a quote has no end.
bool split_quoted(std::string_view text, std::string_view delimiter, std::vector<std::string>& parts) {
  std::string part;
  char quote = '\0';
  bool escaped = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (quote == '\0' && text.substr(i).starts_with(delimiter)) {
      if (!part.empty()) parts.push_back(std::move(part));
      part.clear();
      i += delimiter.size() - 1;
      continue;
    }
    const char c = text[i];
    if (!escaped && quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
      continue;
    }
    if (!escaped && c == quote) {
      quote = '\0';
      continue;
    }
    escaped = !escaped && c == '\\';
    part += c;
  }
  if (!part.empty()) parts.push_back(std::move(part));
  return quote == '\0';
}

std::string_view trimmed(std::string_view text) {
  static constexpr std::string_view kSpace = " \t\n\v\f\r";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

Value parse_key_value(Call& call) {
  const std::string_view delimiter = call.text_or(1, "=");
  if (call.text(0).empty()) return call.fail("ParseKeyValue takes a text that is not empty");
  std::vector<std::string> pairs;
  if (!split_quoted(call.text(0), call.text_or(2, " "), pairs)) return call.fail("a quoted value has no end");
  MapBuilder builder(call.arena());
  for (const std::string& pair : pairs) {
    const size_t at = pair.find(delimiter);
    if (at == std::string::npos) return call.fail("\"", pair, "\" has no delimiter");
    const std::string_view text(pair);
    builder.put(call.arena().copy(trimmed(text.substr(0, at))),
                call.string(trimmed(text.substr(at + delimiter.size()))));
  }
  return Value::of_map(builder.build());
}

// One line of CSV. With `quotes` a field may stand in them, "" inside is one; `lazy` takes stray ones as text.
bool split_csv(std::string_view line, char delimiter, bool quotes, bool lazy, std::vector<std::string>& fields) {
  std::string field;
  size_t i = 0;
  for (;;) {
    field.clear();
    if (quotes && i < line.size() && line[i] == '"') {
      for (++i;; ++i) {
        if (i >= line.size()) return lazy ? (fields.push_back(field), true) : false;
        if (line[i] != '"') {
          field += line[i];
        } else if (line.substr(i).starts_with("\"\"")) {
          field += line[i++];
        } else if (i + 1 == line.size() || line[i + 1] == delimiter) {
          ++i;
          break;
        } else if (lazy) {
          field += '"';
        } else {
          return false;
        }
      }
    } else {
      for (; i < line.size() && line[i] != delimiter; ++i) {
        if (quotes && !lazy && line[i] == '"') return false;
        field += line[i];
      }
    }
    fields.push_back(field);
    if (i >= line.size()) return true;
    ++i;
  }
}

Value parse_csv(Call& call) {
  const char delimiter = call.text_or(2, ",")[0];
  const std::string_view mode = call.text_or(4, "strict");
  const bool quotes = mode != "ignoreQuotes";
  if (call.text(0).empty() || call.text(1).empty()) return call.fail("ParseCSV takes texts that are not empty");
  std::vector<std::string> names, fields;
  split_csv(call.text(1), call.has(3) ? call.text(3)[0] : delimiter, false, true, names);
  std::string_view line = call.text(0);
  if (line.ends_with("\n")) line.remove_suffix(1);
  if (!split_csv(line, delimiter, quotes, mode == "lazyQuotes", fields)) return call.fail("not a line of CSV");
  if (fields.size() != names.size()) {
    return call.fail("the line has ", std::to_string(fields.size()),
                     " fields, the header " + std::to_string(names.size()));
  }
  MapBuilder builder(call.arena());
  for (size_t i = 0; i < names.size(); ++i) builder.put(call.arena().copy(names[i]), call.string(fields[i]));
  return Value::of_map(builder.build());
}
std::string check_csv(const Site& site) {
  for (size_t i : {2, 3}) {
    if (site.has(i) && site.literal(i)->bytes.size != 1) return "a delimiter is a single character";
  }
  if (!site.has(4)) return "";
  const std::string_view mode = site.literal(4)->text();
  if (mode == "strict" || mode == "lazyQuotes" || mode == "ignoreQuotes") return "";
  return "the mode is \"strict\", \"lazyQuotes\" or \"ignoreQuotes\", not \"" + std::string(mode) + "\"";
}

Value url(Call& call) {
  if (call.text(0).empty()) return call.fail("URL takes a text that is not empty");
  Url parts;
  if (!parse_url(call.text(0), parts)) return call.fail("\"", call.text(0), "\" is no URL");
  MapBuilder builder(call.arena());
  const auto put = [&](std::string_view key, std::string_view text) { builder.add(key, call.string(text)); };
  put("url.original", call.text(0));
  put("url.domain", parts.host);
  put("url.scheme", parts.scheme);
  put("url.path", parts.path);
  if (parts.port >= 0) builder.add("url.port", Value::of_int(parts.port));
  if (!parts.fragment.empty()) put("url.fragment", parts.fragment);
  if (parts.has_user) put("url.user_info", parts.user_info);
  if (!parts.user.empty()) put("url.username", parts.user);
  if (parts.has_password) put("url.password", parts.password);
  if (!parts.query.empty()) put("url.query", parts.query);
  const size_t dot = parts.path.rfind('.');
  if (dot != std::string::npos && dot + 1 < parts.path.size()) put("url.extension", parts.path.substr(dot + 1));
  return Value::of_map(builder.build());
}

}  // namespace

std::span<const Function> parse_functions() {
  static const std::vector<Function> table{
      {"ParseJSON", {{"target", Take::kString}}, parse_json},
      {"ParseKeyValue",
       {{"target", Take::kString},
        {"delimiter", Take::kPlainString, true},
        {"pair_delimiter", Take::kPlainString, true}},
       parse_key_value,
       true,
       check_delimiters},
      {"ParseCSV",
       {{"target", Take::kString},
        {"header", Take::kString},
        {"delimiter", Take::kPlainString, true},
        {"header_delimiter", Take::kPlainString, true},
        {"mode", Take::kPlainString, true}},
       parse_csv,
       true,
       check_csv},
      {"URL", {{"uri", Take::kString}}, url},
  };
  return table;
}

}  // namespace weir::ottl
