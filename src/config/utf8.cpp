// SPDX-License-Identifier: Apache-2.0
#include "config/utf8.h"

#include <algorithm>
#include <cstdint>

namespace weir::config {
namespace {

// Length of the well-formed UTF-8 sequence at the front of `text`, 0 where there is none (Unicode, table 3-7).
size_t sequence_length(std::string_view text) {
  auto byte = [&text](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
  auto within = [&byte](size_t i, int low, int high) { return byte(i) >= low && byte(i) <= high; };
  uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return within(1, 0x80, 0xBF) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    int low = first == 0xE0 ? 0xA0 : 0x80, high = first == 0xED ? 0x9F : 0xBF;
    return within(1, low, high) && within(2, 0x80, 0xBF) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    int low = first == 0xF0 ? 0x90 : 0x80, high = first == 0xF4 ? 0x8F : 0xBF;
    return within(1, low, high) && within(2, 0x80, 0xBF) && within(3, 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

BadCharacter bad_at(std::string_view text, size_t at, std::string what) {
  std::string_view before = text.substr(0, at);
  size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return {static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1, static_cast<int>(at - line_start) + 1,
          std::move(what)};
}

}  // namespace

std::optional<BadCharacter> find_bad_character(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    char c = text[at];
    bool control = (c >= 0 && c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == '\x7f';
    if (control) return bad_at(text, at, "control characters are not allowed");
    size_t length = sequence_length(text.substr(at));
    if (length == 0) return bad_at(text, at, "not UTF-8 text");
    at += length;
  }
  return std::nullopt;
}

}  // namespace weir::config
