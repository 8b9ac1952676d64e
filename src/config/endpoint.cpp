// SPDX-License-Identifier: Apache-2.0
#include "config/endpoint.h"

#include <charconv>

namespace weir::config {
namespace {

std::string& stored_default_host() {
  static std::string host = "127.0.0.1";
  return host;
}

struct HostPort {
  std::string_view host;
  std::string_view port;
};

// Splits at the colon before the port; the reason in `why` where there is none.
std::optional<HostPort> split(std::string_view text, std::string& why) {
  size_t colon = text.rfind(':');
  bool bracketed = !text.empty() && text[0] == '[';
  size_t close = text.find(']');
  if (bracketed && close == std::string_view::npos) {
    why = "missing ']' in address";
  } else if (colon == std::string_view::npos || (bracketed && close + 1 == text.size())) {
    why = "missing port in address";
  } else if (bracketed && colon != close + 1) {
    why = colon < close ? "missing port in address" : "too many colons in address";
  } else if (bracketed) {
    return HostPort{text.substr(1, close - 1), text.substr(colon + 1)};
  } else if (text.substr(0, colon).find(':') != std::string_view::npos) {
    why = "too many colons in address; put an IPv6 host in [ ]";
  } else if (text.find_first_of("[]/ \t\r\n") != std::string_view::npos) {
    why = "unexpected character in address";
  } else {
    return HostPort{text.substr(0, colon), text.substr(colon + 1)};
  }
  return std::nullopt;
}

std::optional<std::string> unix_path(std::string_view text) {
  if (text.starts_with("unix-abstract:")) return "@" + std::string(text.substr(14));
  if (text.starts_with("unix://")) return std::string(text.substr(7));
  if (text.starts_with("unix:")) return std::string(text.substr(5));
  return std::nullopt;
}

}  // namespace

std::string Endpoint::to_string() const {
  if (is_unix()) return unix_path[0] == '@' ? "unix-abstract:" + unix_path.substr(1) : "unix:" + unix_path;
  bool six = host.find(':') != std::string::npos;
  return (six ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<Endpoint> parse_endpoint(std::string_view text, std::string_view default_host, std::string& error) {
  constexpr std::string_view kExpected = ", expected host:port";
  Endpoint out;
  if (auto path = unix_path(text)) {
    out.unix_path = *path;
    if (out.is_unix() && out.unix_path != "@") return out;
    error = "address " + std::string(text) + ": missing path, expected unix:/path";
    return std::nullopt;
  }
  std::string why;
  std::optional<HostPort> parts = split(text, why);
  if (!parts) {
    error = "address " + (text.empty() ? "\"\"" : std::string(text)) + ": " + why + std::string(kExpected);
    return std::nullopt;
  }
  auto [rest, code] = std::from_chars(parts->port.data(), parts->port.data() + parts->port.size(), out.port);
  if (code != std::errc() || rest != parts->port.data() + parts->port.size()) {
    error = "address " + std::string(text) + ": invalid port \"" + std::string(parts->port) +
            "\", expected a number from 0 to 65535";
    return std::nullopt;
  }
  out.host = parts->host.empty() ? default_host : parts->host;
  return out;
}

const std::string& default_host() { return stored_default_host(); }
void set_default_host(std::string host) { stored_default_host() = std::move(host); }

}  // namespace weir::config
