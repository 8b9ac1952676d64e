// SPDX-License-Identifier: Apache-2.0
#include <clocale>
#include <cwctype>
#include <string>

#include "ottl/functions.h"

// Converters of upper and lower case.
namespace weir::ottl {

namespace {

// Unicode's simple case rules, whatever the process's locale is.
locale_t unicode() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

// The next character; -1, and one byte taken, where the bytes are none.
int32_t take_character(std::string_view& rest) {
  const auto first = static_cast<unsigned char>(rest[0]);
  const size_t size = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
  bool good = size != 0 && size <= rest.size();
  int32_t code = size <= 1 ? first : first & (0xff >> (size + 1));
  for (size_t i = 1; good && i < size; ++i) {
    good = (static_cast<unsigned char>(rest[i]) & 0xc0) == 0x80;
    code = code << 6 | (rest[i] & 0x3f);
  }
  rest.remove_prefix(good ? size : 1);
  return good ? code : -1;
}

void append_character(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  const int extra = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  static constexpr unsigned kFirst[] = {0, 0xc0, 0xe0, 0xf0};
  out += static_cast<char>(kFirst[extra] | code >> (6 * extra));
  for (int i = extra - 1; i >= 0; --i) out += static_cast<char>(0x80 | (code >> (6 * i) & 0x3f));
}

std::string in_case(std::string_view text, bool upper) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const int32_t code = take_character(text);
    if (code < 0) {
      out += "\xef\xbf\xbd";
    } else {
      const auto wide = static_cast<wint_t>(code);
      append_character(static_cast<uint32_t>(upper ? towupper_l(wide, unicode()) : towlower_l(wide, unicode())), out);
    }
  }
  return out;
}

bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
bool is_small(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool separates(char c) { return c == ' ' || c == '_' || c == '-' || c == '.'; }
char small(char c) { return is_capital(c) ? static_cast<char>(c + 32) : c; }
char capital(char c) { return is_small(c) ? static_cast<char>(c - 32) : c; }

std::string_view trimmed(std::string_view text) {
  static constexpr std::string_view kSpace = " \t\n\v\f\r";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// Words end where the kind of character changes; the last capital of several begins a word (JSONData: json_data).
std::string snake(std::string_view text) {
  text = trimmed(text);
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    const bool border = (is_capital(c) && (is_small(next) || is_digit(next))) ||
                        (is_small(c) && (is_capital(next) || is_digit(next))) ||
                        (is_digit(c) && (is_capital(next) || is_small(next)));
    if (!border) {
      out += separates(c) ? '_' : small(c);
      continue;
    }
    if (is_capital(c) && is_small(next) && i > 0 && is_capital(text[i - 1])) out += '_';
    out += small(c);
    if (is_small(c) || is_digit(c) || is_digit(next)) out += '_';
  }
  return out;
}

std::string camel(std::string_view text) {
  text = trimmed(text);
  const bool acronym = text == "ID";
  if (acronym) text = "id";
  std::string out;
  bool raise = true;
  bool after_capital = false;
  for (char c : text) {
    const bool was_capital = is_capital(c);
    if (raise) {
      c = capital(c);
    } else if (after_capital && was_capital && !acronym) {
      c = small(c);
    }
    after_capital = was_capital;
    if (is_capital(c) || is_small(c)) {
      out += c;
      raise = false;
    } else if (is_digit(c)) {
      out += c;
      raise = true;
    } else {
      raise = separates(c);
    }
  }
  return out;
}

Value lower_case(Call& call) { return call.string(in_case(call.text(0), false)); }
Value upper_case(Call& call) { return call.string(in_case(call.text(0), true)); }
Value snake_case(Call& call) { return call.string(snake(call.text(0))); }
Value camel_case(Call& call) { return call.string(camel(call.text(0))); }

Value convert_case(Call& call) {
  const std::string_view wanted = call.text(1);
  if (wanted == "lower") return lower_case(call);
  if (wanted == "upper") return upper_case(call);
  return wanted == "snake" ? snake_case(call) : camel_case(call);
}
std::string check_case(const Site& site) {
  const std::string_view wanted = site.literal(1)->text();
  if (wanted == "lower" || wanted == "upper" || wanted == "snake" || wanted == "camel") return "";
  return "the case is \"lower\", \"upper\", \"snake\" or \"camel\", not \"" + std::string(wanted) + "\"";
}

}  // namespace

std::span<const Function> case_functions() {
  static const std::vector<Function> table{
      {"ToLowerCase", {{"target", Take::kString}}, lower_case},
      {"ToUpperCase", {{"target", Take::kString}}, upper_case},
      {"ToSnakeCase", {{"target", Take::kString}}, snake_case},
      {"ToCamelCase", {{"target", Take::kString}}, camel_case},
      {"ConvertCase", {{"target", Take::kString}, {"to_case", Take::kPlainString}}, convert_case, true, check_case},
  };
  return table;
}

}  // namespace weir::ottl
