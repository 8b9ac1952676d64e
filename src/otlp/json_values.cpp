// SPDX-License-Identifier: Apache-2.0
#include "otlp/json_values.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <system_error>

namespace weir::otlp::json {
namespace {

using schema::Kind;

template <class T>
std::optional<T> parse_whole(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class T>
std::optional<uint64_t> parse_as(std::string_view text) {
  const std::optional<T> value = parse_whole<T>(text);
  if (!value) return std::nullopt;
  return static_cast<uint64_t>(static_cast<int64_t>(*value));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

// The 16-bit unit of an escape \uXXXX at `at`, or -1.
int escaped_unit(std::string_view json, size_t at) {
  if (at + 6 > json.size() || json[at] != '\\' || json[at + 1] != 'u') return -1;
  return parse_whole<uint16_t>(json.substr(at + 2, 4), 16).value_or(0);
}
bool is_high(int unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool is_low(int unit) { return unit >= 0xdc00 && unit < 0xe000; }

}  // namespace

std::optional<uint64_t> parse_integer(Kind kind, std::string_view text, bool quoted) {
  const bool is_signed =
      kind != Kind::kUint32 && kind != Kind::kFixed32 && kind != Kind::kUint64 && kind != Kind::kFixed64;
  if (quoted && is_signed && text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  switch (kind) {
    case Kind::kEnum:
    case Kind::kInt32:
      return parse_as<int32_t>(text);
    case Kind::kSint32: {
      const auto value = parse_whole<int32_t>(text);
      if (!value) return std::nullopt;
      return static_cast<uint32_t>(*value) << 1 ^ static_cast<uint32_t>(*value >> 31);
    }
    case Kind::kInt64:
    case Kind::kSfixed64:
      return parse_as<int64_t>(text);
    case Kind::kUint32:
    case Kind::kFixed32:
      return parse_as<uint32_t>(text);
    default:
      return parse_whole<uint64_t>(text);
  }
}

std::optional<uint64_t> parse_real(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  if (text.find('(') != std::string_view::npos) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    value = std::strtod(std::string(text).c_str(), nullptr);  // too small is zero or denormal, too large is an error
    if (std::isinf(value)) return std::nullopt;
  }
  if (std::isnan(value)) return 0x7ff8000000000001;  // the collector's, which hashes of values show
  return std::bit_cast<uint64_t>(value);
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string out;
  uint32_t group = 0;
  int digits = 0;
  int padding = 0;
  for (char c : text) {
    if (c == '\r' || c == '\n') continue;
    const int digit = c == '=' ? 0 : base64_digit(c);
    if (digit < 0 || (c != '=' && padding > 0) || (c == '=' && digits < 2)) return std::nullopt;
    if (padding > 0 && digits == 0) return std::nullopt;
    padding += c == '=';
    group = group << 6 | static_cast<uint32_t>(digit);
    if (++digits < 4) continue;
    for (int i = 0; i < 3 - padding; ++i) out += static_cast<char>(group >> (16 - 8 * i) & 0xff);
    group = 0;
    digits = 0;
  }
  if (digits != 0) return std::nullopt;
  return out;
}

std::optional<std::string> decode_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

std::optional<std::string> repair_surrogates(std::string_view json) {
  std::optional<std::string> repaired;
  for (size_t at = json.find('\\'); at != std::string_view::npos; at = json.find('\\', at)) {
    const int unit = escaped_unit(json, at);
    if (is_high(unit) && is_low(escaped_unit(json, at + 6))) {
      at += 12;
    } else if (is_high(unit) || is_low(unit)) {
      if (!repaired) repaired.emplace(json);
      repaired->replace(at + 2, 4, "fffd");
      at += 6;
    } else {
      at += 2;
    }
  }
  return repaired;
}

}  // namespace weir::otlp::json
