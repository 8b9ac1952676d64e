// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/request_auth.h"

#include <algorithm>

#include "receivers/otlp/text.h"

namespace weir {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// "a%20b+c" -> "a b c"; empty where an escape is cut or not hexadecimal.
std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size()) return {};
    const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return {};
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace

std::optional<std::string> query_parameter(std::string_view target, std::string_view name) {
  const size_t question = target.find('?');
  if (question == target.npos) return {};
  std::string_view rest = target.substr(question + 1);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const size_t equals = std::min(pair.find('='), pair.size());
    if (unescaped(pair.substr(0, equals)) != name) continue;
    if (auto value = unescaped(pair.substr(std::min(equals + 1, pair.size())))) return value;
  }
  return {};
}

std::optional<Verdict> RequestAuth::refusal(const net::RequestHead& head) const {
  if (!server_) return {};
  std::vector<std::pair<std::string, std::string>> from_query;
  for (const std::string& name : params_) {
    if (auto value = query_parameter(head.target(), name)) from_query.emplace_back(lower(name), std::move(*value));
  }
  std::optional<AuthRefusal> refused = server_->refusal([&](std::string_view name) -> std::string_view {
    for (const auto& [param, value] : from_query) {
      if (param == name) return value;
    }
    return head.find(name);
  });
  if (!refused) return {};
  if (refused->later) return Verdict{Verdict::Kind::kBusy, std::move(refused->why), kRetryAfter};
  return Verdict{Verdict::Kind::kUnauthenticated, std::move(refused->why)};
}

}  // namespace weir
