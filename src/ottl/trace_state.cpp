// SPDX-License-Identifier: Apache-2.0
#include "ottl/trace_state.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace weir::ottl {

namespace {

constexpr size_t kMaxMembers = 32;
using Members = std::vector<std::pair<std::string_view, std::string_view>>;

bool key_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '*' || c == '/';
}
bool letter(char c) { return c >= 'a' && c <= 'z'; }
bool letter_or_digit(char c) { return letter(c) || (c >= '0' && c <= '9'); }

bool good_key(std::string_view key) {
  const size_t at = key.find('@');
  if (at == std::string_view::npos) {
    return !key.empty() && key.size() <= 256 && letter(key[0]) && std::all_of(key.begin(), key.end(), key_char);
  }
  const std::string_view tenant = key.substr(0, at), system = key.substr(at + 1);
  return !tenant.empty() && tenant.size() <= 241 && letter_or_digit(tenant[0]) && !system.empty() &&
         system.size() <= 14 && letter(system[0]) && std::all_of(tenant.begin(), tenant.end(), key_char) &&
         std::all_of(system.begin(), system.end(), key_char);
}

bool good_value(std::string_view value) {
  return !value.empty() && value.size() <= 256 && value.back() != ' ' &&
         std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool has(const Members& members, std::string_view key) {
  return std::any_of(members.begin(), members.end(), [key](const auto& member) { return member.first == key; });
}

bool parse(std::string_view state, Members& out) {
  while (!state.empty()) {
    const size_t comma = state.find(',');
    const std::string_view member = trimmed(state.substr(0, comma));
    state = comma == std::string_view::npos ? std::string_view() : state.substr(comma + 1);
    if (member.empty()) continue;
    const size_t equal = member.find('=');
    if (equal == std::string_view::npos) return false;
    const std::string_view key = member.substr(0, equal), value = member.substr(equal + 1);
    if (!good_key(key) || !good_value(value) || has(out, key) || out.size() == kMaxMembers) return false;
    out.emplace_back(key, value);
  }
  return true;
}

}  // namespace

std::optional<std::string_view> trace_state_value(std::string_view state, std::string_view key) {
  Members members;
  if (!parse(state, members)) return std::nullopt;
  for (const auto& [name, value] : members) {
    if (name == key) return value;
  }
  return std::string_view();
}

std::optional<std::string> with_trace_state(std::string_view state, std::string_view key, std::string_view value) {
  Members members;
  if (!parse(state, members) || !good_key(key) || !good_value(value)) return std::nullopt;
  const bool replaces = has(members, key);
  if (!replaces && members.size() == kMaxMembers) members.pop_back();
  std::string result = std::string(key) + "=" + std::string(value);
  for (const auto& [name, old] : members) {
    if (name != key) result.append(",").append(name).append("=").append(old);
  }
  return result;
}

}  // namespace weir::ottl
