// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "config/yaml.h"

namespace weir::config {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The base of Go's integer literals; takes the prefix off. A leading 0 means octal.
int take_base(std::string_view& digits) {
  if (digits.size() < 2 || digits[0] != '0') return 10;
  char mark = digits[1];
  int base = mark == 'x' || mark == 'X' ? 16 : mark == 'o' || mark == 'O' ? 8 : mark == 'b' || mark == 'B' ? 2 : 0;
  digits.remove_prefix(base == 0 ? 1 : 2);
  return base == 0 ? 8 : base;
}

struct Magnitude {
  uint64_t value = 0;
  bool negative = false;
};

std::optional<Magnitude> parse_integer(std::string_view text) {
  Magnitude out;
  out.negative = text[0] == '-';
  if (out.negative || text[0] == '+') text.remove_prefix(1);
  int base = take_base(text);
  if (text.empty() || text[0] == '-' || text[0] == '+') return std::nullopt;
  auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), out.value, base);
  if (error != std::errc() || rest != text.data() + text.size()) return std::nullopt;
  return out;
}

// [-+]? ( .digits | digits ( .digits? )? ) ( e [-+]? digits )?
std::optional<double> parse_float(std::string_view text) {
  std::string_view body = text;
  if (body[0] == '-' || body[0] == '+') body.remove_prefix(1);
  size_t at = 0, digits = 0;
  for (; at < body.size() && is_digit(body[at]); ++at) ++digits;
  if (at < body.size() && body[at] == '.') {
    for (++at; at < body.size() && is_digit(body[at]); ++at) ++digits;
  }
  if (digits == 0) return std::nullopt;
  if (at < body.size() && (body[at] == 'e' || body[at] == 'E')) {
    ++at;
    if (at < body.size() && (body[at] == '-' || body[at] == '+')) ++at;
    size_t exponent = at;
    while (at < body.size() && is_digit(body[at])) ++at;
    if (at == exponent) return std::nullopt;
  }
  if (at != body.size()) return std::nullopt;
  double out = 0;
  auto [rest, error] = std::from_chars(body.data(), body.data() + body.size(), out);
  if (error != std::errc() || rest != body.data() + body.size()) return std::nullopt;
  return text[0] == '-' ? -out : out;
}

bool resolve_word(Value& value) {
  std::string_view text = value.text;
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) {
    value.kind = Value::Kind::kNull;
  } else if (is_one_of(text, {"true", "True", "TRUE", "false", "False", "FALSE"})) {
    value.kind = Value::Kind::kBool;
    value.boolean = text[0] == 't' || text[0] == 'T';
  } else if (is_one_of(text, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"})) {
    value.kind = Value::Kind::kDouble;
    value.real = text[0] == '-' ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  } else if (is_one_of(text, {".nan", ".NaN", ".NAN"})) {
    value.kind = Value::Kind::kDouble;
    value.real = std::numeric_limits<double>::quiet_NaN();
  } else {
    return false;
  }
  return true;
}

void set_real(Value& value, double real) {
  value.kind = Value::Kind::kDouble;
  value.real = real;
}

void set_integer(Value& value, const Magnitude& number) {
  constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (number.value > kMost + (number.negative ? 1 : 0)) {
    return set_real(value, static_cast<double>(number.value) * (number.negative ? -1 : 1));
  }
  value.kind = Value::Kind::kInt;
  value.integer = static_cast<int64_t>(number.negative ? 0 - number.value : number.value);
}

}  // namespace

void resolve_plain_scalar(Value& value) {
  if (resolve_word(value)) return;
  value.kind = Value::Kind::kString;
  char first = value.text[0];
  if (!is_digit(first) && first != '-' && first != '+' && first != '.') return;
  std::string plain = value.text;
  std::erase(plain, '_');
  if (auto number = first == '.' ? std::nullopt : parse_integer(plain)) return set_integer(value, *number);
  if (auto real = parse_float(plain)) set_real(value, *real);
}

}  // namespace weir::config
