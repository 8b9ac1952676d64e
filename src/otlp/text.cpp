// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "otlp/attributes.h"
#include "otlp/fields.h"
#include "otlp/json_out.h"

namespace weir::otlp {
namespace {

using Type = AnyValue::Type;

template <class T>
void append_number(T value, std::string& out) {
  char text[24];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  out.append(text, end);
}

void append_real(double value, std::string& out) {
  if (std::isfinite(value)) return append_double(value, out);
  out += std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

// Length of the valid UTF-8 sequence at `at`, 0 where there is none.
size_t utf8_length(const unsigned char* at, size_t room) {
  const auto follows = [at, room](size_t i) { return i < room && (at[i] & 0xc0) == 0x80; };
  if (at[0] < 0x80) return 1;
  if (at[0] >= 0xc2 && at[0] < 0xe0) return follows(1) ? 2 : 0;
  if (at[0] >= 0xe0 && at[0] < 0xf0) {
    if (!follows(1) || !follows(2)) return 0;
    const bool overlong = at[0] == 0xe0 && at[1] < 0xa0;
    const bool surrogate = at[0] == 0xed && at[1] >= 0xa0;
    return overlong || surrogate ? 0 : 3;
  }
  if (at[0] < 0xf0 || at[0] > 0xf4 || !follows(1) || !follows(2) || !follows(3)) return 0;
  const bool overlong = at[0] == 0xf0 && at[1] < 0x90;
  const bool beyond = at[0] == 0xf4 && at[1] >= 0x90;
  return overlong || beyond ? 0 : 4;
}

void append_escaped(unsigned char c, std::string& out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  static constexpr std::string_view kPlain = "\"\\\n\r\t", kLetters = "\"\\nrt";
  const size_t known = kPlain.find(static_cast<char>(c));
  out += '\\';
  if (known != std::string_view::npos) {
    out += kLetters[known];
    return;
  }
  out += "u00";
  out += kDigits[c >> 4];
  out += kDigits[c & 15];
}

// Go's JSON also escapes what JavaScript would trip over.
std::string_view go_escape(std::string_view character) {
  if (character == "\b") return "\\b";
  if (character == "\f") return "\\f";
  if (character == "\xe2\x80\xa8") return "\\u2028";
  if (character == "\xe2\x80\xa9") return "\\u2029";
  return {};
}

enum class Style : uint8_t { kPlain, kGo };

// Length of the run of characters at the front that need no second look in either style.
size_t plain_run(std::string_view text) {
  const auto plain = [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  return static_cast<size_t>(std::find_if_not(text.begin(), text.end(), plain) - text.begin());
}

void append_quoted(std::string_view text, Style style, std::string& out) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  out += '"';
  for (size_t i = 0; i < text.size();) {
    const size_t run = plain_run(text.substr(i));
    out.append(text, i, run);
    i += run;
    if (i == text.size()) break;
    const size_t length = utf8_length(at + i, text.size() - i);
    const std::string_view character = text.substr(i, length);
    if (length == 0) {
      out += style == Style::kGo ? "\\ufffd" : "\xef\xbf\xbd";
    } else if (const auto escape = style == Style::kGo ? go_escape(character) : std::string_view(); !escape.empty()) {
      out += escape;
    } else if (at[i] < 0x20 || at[i] == '"' || at[i] == '\\') {
      append_escaped(at[i], out);
    } else {
      out += character;
    }
    i += length == 0 ? 1 : length;
  }
  out += '"';
}

// JSON of nested values as Go writes it: a map has sorted keys and each key once (the last one counts).
class RawJson {
 public:
  explicit RawJson(std::string& out) : out_(out) {}

  // False where JSON cannot say it (NaN, infinities): the whole text is empty then, as in the collector.
  bool write(const AnyValue& value) {
    switch (value.type) {
      case Type::kEmpty:
        out_ += "null";
        return true;
      case Type::kString:
        append_quoted(value.bytes, Style::kGo, out_);
        return true;
      case Type::kBytes:
        out_ += '"';
        append_base64(value.bytes, out_);
        out_ += '"';
        return true;
      case Type::kArray:
        return write_array(value.bytes);
      case Type::kKvlist:
        return write_map(value.bytes);
      case Type::kDouble:
        if (!std::isfinite(value.real)) return false;
        [[fallthrough]];
      default:
        append_text(value, out_);
        return true;
    }
  }

 private:
  bool write_array(std::string_view message) {
    out_ += '[';
    bool first = true;
    const bool ok = detail::for_each_payload(message, field::list::kValues, [&](std::string_view value) {
      if (!std::exchange(first, false)) out_ += ',';
      return write(parse_any_value(value));
    });
    out_ += ']';
    return ok;
  }
  bool write_map(std::string_view message) {
    out_ += '{';
    bool first = true;
    for (const Attribute& entry : sorted_entries(message)) {
      if (!std::exchange(first, false)) out_ += ',';
      append_quoted(entry.key, Style::kGo, out_);
      out_ += ':';
      if (!write(entry.value)) return false;
    }
    out_ += '}';
    return true;
  }
  static std::vector<Attribute> sorted_entries(std::string_view message) {
    std::vector<Attribute> entries;
    for_each_attribute(message, field::list::kValues, [&entries](const Attribute& entry) { entries.push_back(entry); });
    std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    const auto last_of_key = [](const Attribute& a, const Attribute& b) { return a.key == b.key; };
    entries.erase(entries.begin(), std::unique(entries.rbegin(), entries.rend(), last_of_key).base());
    return entries;
  }

  std::string& out_;
};

void append_nested(const AnyValue& value, std::string& out) {
  const size_t start = out.size();
  if (!RawJson(out).write(value)) out.resize(start);
}

}  // namespace

void append_double(double value, std::string& out) {
  const double size = std::fabs(value);
  const bool exponent = size != 0 && (size < 1e-6 || size >= 1e21);
  char text[400];
  const auto format = exponent ? std::chars_format::scientific : std::chars_format::fixed;
  const auto [end, error] = std::to_chars(text, text + sizeof text, value, format);
  std::string_view written(text, static_cast<size_t>(end - text));
  const size_t e = written.find('e');
  if (e != std::string_view::npos && written[e + 1] == '-' && written[e + 2] == '0') {
    out.append(written.substr(0, e + 2)).append(written.substr(e + 3));  // e-09 is written e-9
  } else {
    out.append(written);
  }
}

void append_base64(std::string_view bytes, std::string& out) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (size_t k = 0; k < 4; ++k) out += i + k <= bytes.size() ? kAlphabet[group >> (18 - 6 * k) & 63] : '=';
  }
}

void append_json_string(std::string_view text, std::string& out) { append_quoted(text, Style::kPlain, out); }

void append_text(const AnyValue& value, std::string& out) {
  switch (value.type) {
    case Type::kEmpty:
      break;
    case Type::kString:
      out += value.bytes;
      break;
    case Type::kBool:
      out += value.boolean ? "true" : "false";
      break;
    case Type::kInt:
      append_number(value.integer, out);
      break;
    case Type::kDouble:
      append_real(value.real, out);
      break;
    case Type::kBytes:
      append_base64(value.bytes, out);
      break;
    case Type::kArray:
    case Type::kKvlist:
      append_nested(value, out);
      break;
  }
}

std::string to_text(const AnyValue& value) {
  std::string out;
  append_text(value, out);
  return out;
}

}  // namespace weir::otlp
