// SPDX-License-Identifier: Apache-2.0
#include "config/component_id.h"

#include <algorithm>
#include <cstdint>

namespace weir::config {
namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n\v\f";
  size_t from = text.find_first_not_of(kSpaces);
  if (from == std::string_view::npos) return "";
  return text.substr(from, text.find_last_not_of(kSpaces) - from + 1);
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool valid_type(std::string_view type) {
  return type.size() <= 63 && is_letter(type[0]) &&
         std::all_of(type.begin(), type.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

// Separators, controls and symbols of ASCII, and the spaces beyond it that look like nothing.
bool valid_name(std::string_view name) {
  constexpr std::string_view kRefused = "$+<=>^`|~";
  constexpr std::string_view kSpaces[] = {"\u00a0", "\u2003", "\u2009", "\u200b", "\u2028",
                                          "\u2029", "\u202f", "\u3000", "\ufeff"};
  bool plain = std::none_of(name.begin(), name.end(), [&](char c) {
    return (static_cast<uint8_t>(c) <= ' ' || c == '\x7f') || kRefused.find(c) != std::string_view::npos;
  });
  return plain && std::none_of(std::begin(kSpaces), std::end(kSpaces),
                               [&](std::string_view s) { return name.find(s) != std::string_view::npos; });
}

size_t characters(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

}  // namespace

std::optional<ComponentId> parse_component_id(std::string_view text, std::string& error) {
  size_t slash = text.find('/');
  bool has_name = slash != std::string_view::npos;
  std::string_view type = trim(text.substr(0, slash));
  std::string_view name = has_name ? trim(text.substr(slash + 1)) : "";
  if (type.empty() && !has_name) {
    error = "id must not be empty";
  } else if (type.empty()) {
    error = "in " + quoted(text) + " id: the part before / should not be empty";
  } else if (has_name && name.empty()) {
    error = "in " + quoted(text) + " id: the part after / should not be empty";
  } else if (characters(name) > 1024) {
    error = "in " + quoted(text.substr(0, 40)) + "… id: the name is longer than 1024 characters";
  } else if (!valid_name(name)) {
    error = "in " + quoted(text) + " id: invalid character(s) in name " + quoted(name);
  } else if (!valid_type(type)) {
    error = "in " + quoted(text) + " id: invalid character(s) in type " + quoted(type);
  } else {
    return ComponentId{std::string(type), std::string(name)};
  }
  return std::nullopt;
}

}  // namespace weir::config
