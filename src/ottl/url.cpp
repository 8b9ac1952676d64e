// SPDX-License-Identifier: Apache-2.0
#include "ottl/url.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace weir::ottl {

namespace {

bool unescape(std::string_view text, std::string& out) {
  out.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned char byte = 0;
    if (i + 2 >= text.size()) return false;
    const auto result = std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
    if (result.ec != std::errc{} || result.ptr != text.data() + i + 3) return false;
    out += static_cast<char>(byte);
    i += 2;
  }
  return true;
}

// "scheme:" off the front; false where a colon stands where no scheme can be.
bool take_scheme(std::string_view& rest, std::string& scheme) {
  const size_t end = rest.find_first_of(":/?#");
  if (end == std::string_view::npos || rest[end] != ':') return true;
  const std::string_view name = rest.substr(0, end);
  const auto allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
  };
  if (name.empty() || std::isalpha(static_cast<unsigned char>(name[0])) == 0) return false;
  if (!std::all_of(name.begin(), name.end(), allowed)) return false;
  for (char c : name) scheme += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  rest.remove_prefix(end + 1);
  return true;
}

bool take_user(std::string_view user_info, Url& out) {
  out.has_user = true;
  out.user_info = user_info;
  const size_t colon = user_info.find(':');
  out.has_password = colon != std::string_view::npos;
  return unescape(user_info.substr(0, colon), out.user) &&
         (!out.has_password || unescape(user_info.substr(colon + 1), out.password));
}

bool take_authority(std::string_view authority, Url& out) {
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    if (!take_user(authority.substr(0, at), out)) return false;
    authority.remove_prefix(at + 1);
  }
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.rfind(':');
  const bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  std::string_view host = has_port ? authority.substr(0, colon) : authority;
  if (has_port && colon + 1 < authority.size()) {
    const char* end = authority.data() + authority.size();
    const auto result = std::from_chars(authority.data() + colon + 1, end, out.port);
    if (result.ec != std::errc{} || result.ptr != end || out.port < 0) return false;
  }
  if (host.starts_with("[")) {
    if (!host.ends_with("]")) return false;
    host = host.substr(1, host.size() - 2);
  } else if (host.find_first_of(" <>\"") != std::string_view::npos) {
    return false;
  }
  return unescape(host, out.host);
}

}  // namespace

bool parse_url(std::string_view text, Url& out) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(text.begin(), text.end(), control)) return false;
  if (const size_t hash = text.find('#'); hash != std::string_view::npos) {
    if (!unescape(text.substr(hash + 1), out.fragment)) return false;
    text = text.substr(0, hash);
  }
  if (!take_scheme(text, out.scheme)) return false;
  if (const size_t mark = text.find('?'); mark != std::string_view::npos) {
    out.query = text.substr(mark + 1);
    text = text.substr(0, mark);
  }
  if (!out.scheme.empty() && !text.starts_with("/")) return true;  // "mailto:someone": opaque
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    const size_t slash = text.find('/');
    if (!take_authority(text.substr(0, slash), out)) return false;
    text = slash == std::string_view::npos ? std::string_view() : text.substr(slash);
  }
  return unescape(text, out.path);
}

}  // namespace weir::ottl
