// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/w3c_trace_state.h"

#include <algorithm>
#include <array>

namespace weir {

namespace {

constexpr size_t kMostMembers = 32;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_key_part(std::string_view part, size_t longest, bool digit_first) {
  if (part.empty() || part.size() > longest) return false;
  if (!is_lower(part[0]) && !(digit_first && is_digit(part[0]))) return false;
  return std::all_of(part.begin(), part.end(),
                     [](char c) { return is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == '*' || c == '/'; });
}

bool is_key(std::string_view key) {
  const size_t at = key.find('@');
  if (at == std::string_view::npos) return is_key_part(key, 256, false);
  return is_key_part(key.substr(0, at), 241, true) && is_key_part(key.substr(at + 1), 14, false);
}

bool is_value(std::string_view value) {
  if (value.empty() || value.size() > 256 || value.back() == ' ') return false;
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; });
}

std::string_view cut(std::string_view& rest, char at) {
  const size_t end = std::min(rest.find(at), rest.size());
  const std::string_view front = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return front;
}

}  // namespace

std::optional<std::string_view> trace_state_member(std::string_view trace_state, std::string_view key) {
  std::array<std::string_view, kMostMembers> keys;
  size_t members = 0;
  std::string_view found;
  while (!trace_state.empty()) {
    std::string_view member = cut(trace_state, ',');
    if (member.empty()) continue;
    if (member.find('=') == std::string_view::npos) return std::nullopt;
    std::string_view name = cut(member, '=');
    name.remove_prefix(std::min(name.find_first_not_of(" \t"), name.size()));
    member = member.substr(0, member.find_last_not_of(" \t") + 1);
    if (!is_key(name) || !is_value(member) || members == kMostMembers) return std::nullopt;
    if (std::find(keys.begin(), keys.begin() + members, name) != keys.begin() + members) return std::nullopt;
    keys[members++] = name;
    if (name == key) found = member;
  }
  return found;
}

}  // namespace weir
