// SPDX-License-Identifier: Apache-2.0
#include "ottl/format.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "otlp/json_out.h"
#include "ottl/time_format.h"

namespace weir::ottl {

namespace {

struct Verb {
  bool minus = false, plus = false, sharp = false, zero = false, space = false;
  int width = -1;
  int precision = -1;
  char letter = '\0';
};

constexpr int kMaxWidth = 1000;
constexpr int kPlainExponents = 6;

size_t character_count(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

void pad(const Verb& verb, std::string_view text, bool zeros, std::string& out) {
  const size_t size = character_count(text);
  const size_t width = verb.width < 0 ? 0 : static_cast<size_t>(verb.width);
  const size_t missing = width > size ? width - size : 0;
  if (verb.minus) {
    out.append(text).append(missing, ' ');
    return;
  }
  if (zeros && missing > 0) {
    const bool sign = text.starts_with("-") || text.starts_with("+") || text.starts_with(" ");
    if (sign) out += text[0];
    out.append(missing, '0').append(text.substr(sign ? 1 : 0));
    return;
  }
  out.append(missing, ' ').append(text);
}

std::string go_name(const Value& value) {
  static constexpr std::string_view kNames[] = {"<nil>",        "bool",          "int64",           "float64",
                                                "string",       "[]uint8",       "pcommon.Map",     "[]interface {}",
                                                "time.Time",    "time.Duration", "pcommon.TraceID", "pcommon.SpanID",
                                                "pcommon.Slice"};
  return std::string(kNames[static_cast<int>(value.type)]);
}

std::string numbers_of(std::string_view bytes) {
  std::string text = "[";
  for (char c : bytes) text += (text.size() > 1 ? " " : "") + std::to_string(static_cast<unsigned char>(c));
  return text + "]";
}

std::string plain_text(const Value& value) {
  if (value.is_nil()) return "<nil>";
  if (value.type == Type::kBytes) return numbers_of(value.text());
  if (value.type == Type::kTime) return go_time_text(value.integer);
  if (value.type == Type::kDuration) return go_duration_text(value.integer);
  std::string text;
  append_text(value, text);
  return text;
}

void format_one(const Verb& verb, const Value& value, std::string& out);

// The value stands there as %v has it, width and all.
void bad_verb(const Verb& verb, const Value& value, std::string& out) {
  out.append("%!").append(1, verb.letter).append("(");
  if (value.is_nil()) {
    out += "<nil>)";
    return;
  }
  Verb plain = verb;
  plain.letter = 'v';
  out += go_name(value) + "=";
  format_one(plain, value, out);
  out += ")";
}

std::string digits(uint64_t magnitude, unsigned base, bool upper) {
  std::string text;
  do {
    const auto digit = static_cast<unsigned>(magnitude % base);
    text += static_cast<char>(digit < 10 ? '0' + digit : (upper ? 'A' : 'a') + digit - 10);
    magnitude /= base;
  } while (magnitude != 0);
  std::reverse(text.begin(), text.end());
  return text;
}

void format_int(const Verb& verb, const Value& value, std::string& out) {
  const bool negative = value.integer < 0;
  const uint64_t magnitude = negative ? 0 - static_cast<uint64_t>(value.integer) : static_cast<uint64_t>(value.integer);
  unsigned base = 10;
  if (verb.letter == 'x' || verb.letter == 'X') base = 16;
  if (verb.letter == 'o') base = 8;
  if (verb.letter == 'b') base = 2;
  std::string text = digits(magnitude, base, verb.letter == 'X');
  if (verb.precision > static_cast<int>(text.size()))
    text.insert(0, static_cast<size_t>(verb.precision) - text.size(), '0');
  if (verb.sharp && base == 16) text.insert(0, verb.letter == 'X' ? "0X" : "0x");
  if (verb.sharp && base == 8) text.insert(0, "0");
  if (negative) {
    text.insert(0, "-");
  } else if (verb.plus || verb.space) {
    text.insert(0, verb.plus ? "+" : " ");
  }
  pad(verb, text, verb.zero && verb.precision < 0, out);
}

void format_double(const Verb& verb, const Value& value, std::string& out) {
  std::string text;
  const char letter = verb.letter == 'v' ? 'g' : verb.letter == 'F' ? 'f' : verb.letter;
  const double real = value.real;
  if (verb.precision < 0 && (letter == 'g' || letter == 'G')) {
    char buffer[400];
    char* end = std::to_chars(buffer, buffer + sizeof buffer, real, std::chars_format::scientific).ptr;
    text.assign(buffer, end);
    const size_t exponent_at = text.find('e');
    const int exponent = exponent_at == std::string::npos ? 0 : std::atoi(text.c_str() + exponent_at + 1);
    // The shortest text, with an exponent below 1e-4 and from 1e6 on.
    if (exponent >= -4 && exponent < kPlainExponents) {
      end = std::to_chars(buffer, buffer + sizeof buffer, real, std::chars_format::fixed).ptr;
      text.assign(buffer, end);
    }
  } else {
    char buffer[512];
    const char spec[] = {'%', '.', '*', letter, '\0'};
    std::snprintf(buffer, sizeof buffer, spec, std::min(verb.precision < 0 ? 6 : verb.precision, 100), real);
    text = buffer;
  }
  if (verb.plus && !text.starts_with("-")) text.insert(0, "+");
  pad(verb, text, verb.zero, out);
}

void format_string(const Verb& verb, std::string text, std::string& out) {
  if (verb.letter == 'x' || verb.letter == 'X') {
    text = to_hex(text);
    if (verb.letter == 'X')
      std::transform(text.begin(), text.end(), text.begin(),
                     [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
  } else if (verb.letter == 'q') {
    std::string quoted;
    otlp::append_json_string(text, quoted);
    text = quoted;
  } else if (verb.precision >= 0) {
    size_t end = 0;
    for (int left = verb.precision; end < text.size() && left > 0; --left) {
      ++end;
      while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
    }
    text.resize(end);
  }
  pad(verb, text, verb.zero, out);
}

bool one_of(char letter, std::string_view letters) { return letters.find(letter) != std::string_view::npos; }

void format_one(const Verb& verb, const Value& value, std::string& out) {
  switch (value.type) {
    case Type::kInt:
      if (one_of(verb.letter, "vdxXob")) return format_int(verb, value, out);
      if (verb.letter == 'c') return pad(verb, std::string(1, static_cast<char>(value.integer)), false, out);
      return bad_verb(verb, value, out);
    case Type::kDouble:
      if (one_of(verb.letter, "vfFeEgG")) return format_double(verb, value, out);
      return bad_verb(verb, value, out);
    case Type::kBool:
      if (one_of(verb.letter, "vt")) return pad(verb, value.boolean ? "true" : "false", verb.zero, out);
      return bad_verb(verb, value, out);
    case Type::kString:
      if (one_of(verb.letter, "vsqxX")) return format_string(verb, std::string(value.text()), out);
      return bad_verb(verb, value, out);
    case Type::kBytes:
      if (one_of(verb.letter, "sqxX")) return format_string(verb, std::string(value.text()), out);
      if (!one_of(verb.letter, "vd")) return bad_verb(verb, value, out);
      return pad(verb, plain_text(value), false, out);
    case Type::kNil:
      if (verb.letter == 'v') return pad(verb, "<nil>", false, out);
      return bad_verb(verb, value, out);
    default:
      if (one_of(verb.letter, "vs")) return pad(verb, plain_text(value), false, out);
      return bad_verb(verb, value, out);
  }
}

int read_number(std::string_view& rest) {
  int number = -1;
  while (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') {
    number = std::min((number < 0 ? 0 : number) * 10 + (rest[0] - '0'), kMaxWidth);
    rest.remove_prefix(1);
  }
  return number;
}

Verb read_verb(std::string_view& rest) {
  Verb verb;
  for (; !rest.empty() && one_of(rest[0], "+-# 0"); rest.remove_prefix(1)) {
    verb.minus |= rest[0] == '-';
    verb.plus |= rest[0] == '+';
    verb.sharp |= rest[0] == '#';
    verb.zero |= rest[0] == '0';
    verb.space |= rest[0] == ' ';
  }
  verb.width = read_number(rest);
  if (rest.starts_with(".")) {
    rest.remove_prefix(1);
    verb.precision = std::max(read_number(rest), 0);
  }
  if (!rest.empty()) {
    verb.letter = rest[0];
    rest.remove_prefix(1);
  }
  if (verb.letter == 'v') verb.plus = false;  // %+v names fields
  return verb;
}

}  // namespace

void format_text(std::string_view format, std::span<const Value> values, std::string& out) {
  size_t next = 0;
  while (!format.empty()) {
    const size_t percent = format.find('%');
    out.append(format.substr(0, percent));
    if (percent == std::string_view::npos) break;
    format.remove_prefix(percent + 1);
    const Verb verb = read_verb(format);
    if (verb.letter == '%') {
      out += '%';
    } else if (verb.letter == '\0') {
      out += "%!(NOVERB)";
    } else if (next >= values.size()) {
      out.append("%!").append(1, verb.letter).append("(MISSING)");
    } else {
      format_one(verb, values[next++], out);
    }
  }
  if (next >= values.size()) return;
  out += "%!(EXTRA ";
  for (size_t i = next; i < values.size(); ++i) {
    if (i > next) out += ", ";
    out += values[i].is_nil() ? "<nil>" : go_name(values[i]) + "=" + plain_text(values[i]);
  }
  out += ")";
}

}  // namespace weir::ottl
