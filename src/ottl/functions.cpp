// SPDX-License-Identifier: Apache-2.0
#include "ottl/functions.h"

#include <charconv>
#include <cmath>
#include <string>

#include "ottl/time_format.h"

namespace weir::ottl {

std::string_view name_of(Take take) {
  static constexpr std::string_view kNames[] = {"any value",
                                                "string",
                                                "string",
                                                "int64",
                                                "a number",
                                                "float64",
                                                "a number",
                                                "bool",
                                                "bool",
                                                "bytes",
                                                "map",
                                                "list",
                                                "time",
                                                "duration",
                                                "a path",
                                                "a path to a map",
                                                "a path to a list",
                                                "a pattern",
                                                "a pattern",
                                                "a list",
                                                "a list of strings",
                                                "the name of a converter",
                                                "a literal string",
                                                "a literal int64",
                                                "a literal float64",
                                                "a literal bool",
                                                "a literal list of strings"};
  return kNames[static_cast<int>(take)];
}

namespace {

Value mismatch(Frame& frame, Take take, const Value& value) {
  frame.fail("expected ", name_of(take), " but got " + std::string(name_of(value.type)));
  return {};
}

Value exactly(Frame& frame, Take take, const Value& value, Type type) {
  return value.type == type ? value : mismatch(frame, take, value);
}

bool parse_double(std::string_view text, double& out) {
  if (text.starts_with("+")) text.remove_prefix(1);
  const auto result = std::from_chars(text.data(), text.data() + text.size(), out);
  return result.ec == std::errc{} && result.ptr == text.data() + text.size();
}
bool parse_int(std::string_view text, int64_t& out) {
  if (text.starts_with("+") && !text.starts_with("+-")) text.remove_prefix(1);
  const auto result = std::from_chars(text.data(), text.data() + text.size(), out);
  return result.ec == std::errc{} && result.ptr == text.data() + text.size();
}

// Beyond its range a double gives the smallest int64, as on the collector's machines.
int64_t int_of_double(double value) {
  return value >= -9223372036854775808.0 && value < 9223372036854775808.0 ? static_cast<int64_t>(value) : INT64_MIN;
}

Value int_like(Frame& frame, const Value& value) {
  switch (value.type) {
    case Type::kNil:
    case Type::kInt:
      return value;
    case Type::kBool:
      return Value::of_int(value.boolean ? 1 : 0);
    case Type::kDouble:
      return Value::of_int(int_of_double(value.real));
    case Type::kString: {
      int64_t number = 0;
      return parse_int(value.text(), number) ? Value::of_int(number) : Value();
    }
    default:
      return mismatch(frame, Take::kIntLike, value);
  }
}

Value double_like(Frame& frame, const Value& value) {
  switch (value.type) {
    case Type::kNil:
    case Type::kDouble:
      return value;
    case Type::kBool:
      return Value::of_double(value.boolean ? 1 : 0);
    case Type::kInt:
      return Value::of_double(static_cast<double>(value.integer));
    case Type::kString: {
      double number = 0;
      if (parse_double(value.text(), number)) return Value::of_double(number);
      frame.fail("\"", value.text(), "\" is not a number");
      return {};
    }
    default:
      return mismatch(frame, Take::kDoubleLike, value);
  }
}

Value bool_like(Frame& frame, const Value& value) {
  switch (value.type) {
    case Type::kNil:
    case Type::kBool:
      return value;
    case Type::kInt:
      return Value::of_bool(value.integer != 0);
    case Type::kDouble:
      return Value::of_bool(value.real != 0);
    case Type::kString: {
      const std::string_view text = value.text();
      for (std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
        if (text == yes) return Value::of_bool(true);
      }
      for (std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
        if (text == no) return Value::of_bool(false);
      }
      frame.fail("\"", text, "\" is not a bool");
      return {};
    }
    default:
      return mismatch(frame, Take::kBoolLike, value);
  }
}

// As JSON, bytes as numbers.
std::string id_text(std::string_view bytes) {
  std::string text;
  for (char c : bytes) text += (text.empty() ? "[" : ",") + std::to_string(static_cast<unsigned char>(c));
  return text + "]";
}

Value text_like(Frame& frame, const Value& value) {
  if (value.is_nil() || value.is_string()) return value;
  std::string text;
  if (value.type == Type::kTraceId) {
    text = id_text(value.trace_id().bytes());
  } else if (value.type == Type::kSpanId) {
    text = id_text(value.span_id().bytes());
  } else if (value.type == Type::kTime) {
    text = "\"" + rfc3339(value.integer) + "\"";
  } else if (value.type == Type::kMessages) {
    text = "{}";
  } else {
    append_text(value, text);
  }
  // The collector writes two digits of an exponent here, and one where it writes attributes.
  const size_t minus = value.type == Type::kDouble ? text.find("e-") : std::string::npos;
  if (minus != std::string::npos && minus + 3 == text.size()) text.insert(minus + 2, "0");
  return owned_string(text, frame.arena());
}

Value big_endian(Frame& frame, uint64_t bits, size_t size) {
  char* bytes = frame.arena().bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(bits >> (8 * (size - 1 - i)));
  return Value::of_string({bytes, size}, Type::kBytes);
}

Value bytes_like(Frame& frame, const Value& value) {
  switch (value.type) {
    case Type::kNil:
    case Type::kBytes:
      return value;
    case Type::kString:
      return Value::of_string(value.text(), Type::kBytes);
    case Type::kInt:
      return big_endian(frame, static_cast<uint64_t>(value.integer), 8);
    case Type::kDouble:
      return big_endian(frame, std::bit_cast<uint64_t>(value.real), 8);
    case Type::kBool:
      return big_endian(frame, value.boolean ? 1 : 0, 1);
    default:
      return mismatch(frame, Take::kBytesLike, value);
  }
}

Value each(Frame& frame, Take list, Take element, const Value& value) {
  if (value.type != Type::kList) return mismatch(frame, list, value);
  std::vector<Value> values;
  for (const Value& one : value.list) values.push_back(taken_as(frame, element, one));
  return Value::of_list(make_list(values, frame.arena()));
}

}  // namespace

Value taken_as(Frame& frame, Take take, const Value& value) {
  switch (take) {
    case Take::kAny:
    case Take::kTarget:
    case Take::kFunction:
      return value;
    case Take::kString:
    case Take::kPlainString:
    case Take::kPattern:
    case Take::kGlob:
      return exactly(frame, take, value, Type::kString);
    case Take::kInt:
    case Take::kPlainInt:
      return exactly(frame, take, value, Type::kInt);
    case Take::kDouble:
    case Take::kPlainDouble:
      return exactly(frame, take, value, Type::kDouble);
    case Take::kBool:
    case Take::kPlainBool:
      return exactly(frame, take, value, Type::kBool);
    case Take::kMap:
    case Take::kMapTarget:
      return exactly(frame, take, value, Type::kMap);
    case Take::kList:
    case Take::kListTarget:
      return exactly(frame, take, value, Type::kList);
    case Take::kTime:
      return exactly(frame, take, value, Type::kTime);
    case Take::kDuration:
      return exactly(frame, take, value, Type::kDuration);
    case Take::kText:
      return text_like(frame, value);
    case Take::kIntLike:
      return int_like(frame, value);
    case Take::kDoubleLike:
      return double_like(frame, value);
    case Take::kBoolLike:
      return bool_like(frame, value);
    case Take::kBytesLike:
      return bytes_like(frame, value);
    case Take::kTexts:
      return each(frame, take, Take::kText, value);
    case Take::kStrings:
    case Take::kPlainStrings:
      return each(frame, take, Take::kString, value);
  }
  return {};
}

bool Call::prepare() {
  const auto& parameters = site_.function->parameters;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (!has(i)) continue;
    if (parameters[i].take == Take::kFunction) continue;
    args_[i] = site_.arguments[i]->eval(frame_);
    if (frame_.failed()) return false;
    args_[i] = taken_as(frame_, parameters[i].take, args_[i]);
    if (frame_.failed()) return false;
  }
  return true;
}

std::shared_ptr<const Pattern> Call::pattern(size_t i) {
  if (site_.patterns[i]) return site_.patterns[i];
  std::string error;
  auto pattern = Pattern::compile(text(i), error);
  if (!pattern) frame_.fail("not a pattern: ", error);
  return pattern;
}

std::shared_ptr<const Glob> Call::glob(size_t i) {
  if (site_.globs[i]) return site_.globs[i];
  std::string error;
  auto glob = Glob::compile(text(i), error);
  if (!glob) frame_.fail("not a pattern: ", error);
  return glob;
}

Value call_with(Frame& frame, const Function& function, const Value& argument) {
  Site site;
  site.function = &function;
  site.arguments[0] = std::make_unique<Constant>(argument);
  Call call(frame, site);
  return call.prepare() ? function.body(call) : Value();
}

namespace {

// fn(functions) for each table that statements of a context know.
template <class F>
void for_each_table(Context context, F&& f) {
  f(editors());
  f(pattern_editors());
  if (context == Context::kSpan) f(span_editors());
  if (context == Context::kSpan) f(span_functions());
  if (context == Context::kMetric) f(metric_functions());
  f(text_functions());
  f(case_functions());
  f(type_functions());
  f(time_functions());
  f(format_time_functions());
  f(hash_functions());
  f(parse_functions());
  f(list_functions());
  f(check_functions());
}

}  // namespace

const Function* find_function(std::string_view name, Context context) {
  const Function* found = nullptr;
  for_each_table(context, [&](std::span<const Function> functions) {
    for (const Function& function : functions) {
      if (function.name == name) found = &function;
    }
  });
  return found;
}

std::vector<std::string> function_names(bool editors_wanted) {
  std::vector<std::string> names;
  for_each_table(Context::kSpan, [&](std::span<const Function> functions) {
    for (const Function& function : functions) {
      if (function.is_editor() == editors_wanted) names.emplace_back(function.name);
    }
  });
  return names;
}

}  // namespace weir::ottl
