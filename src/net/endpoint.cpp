// SPDX-License-Identifier: Apache-2.0
#include "net/endpoint.h"

#include <algorithm>
#include <charconv>

#include "net/url.h"

namespace weir::net {

namespace {

std::optional<uint16_t> parse_port(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return port;
}

std::string join(const std::string& host, const std::string& port) {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + port;
}

struct HostPort {
  std::string_view host;
  std::optional<std::string_view> port;
};

// Splits "host", "host:port", "[v6]" and "[v6]:port"; empty where brackets or colons do not fit.
std::optional<HostPort> split(std::string_view text) {
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return {};
    const std::string_view rest = text.substr(close + 1);
    if (rest.empty()) return HostPort{text.substr(1, close - 1), {}};
    if (rest.front() != ':') return {};
    return HostPort{text.substr(1, close - 1), rest.substr(1)};
  }
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return HostPort{text, {}};
  if (text.find(':', colon + 1) != std::string_view::npos) return {};
  return HostPort{text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

std::string Endpoint::to_string() const {
  return unix_path.empty() ? join(host, ":" + std::to_string(port)) : "unix:" + unix_path;
}

std::optional<Endpoint> parse_endpoint(std::string_view text, std::string& error) {
  if (text.starts_with("unix:")) {
    std::string_view path = text.substr(5);
    if (path.starts_with("//")) path.remove_prefix(2);
    if (!path.empty()) return Endpoint{"", 0, std::string(path)};
    error = "expected a path after \"unix:\"";
    return {};
  }
  const std::optional<HostPort> parts = split(text);
  const std::optional<uint16_t> port = parts && parts->port ? parse_port(*parts->port) : std::nullopt;
  if (port) return Endpoint{std::string(parts->host), *port, ""};
  error = "expected host:port (an IPv6 host in brackets), got \"" + std::string(text) + "\"";
  return {};
}

std::string Url::authority() const {
  const bool is_default = port == (scheme == "https" ? 443 : 80);
  return join(host, is_default ? "" : ":" + std::to_string(port));
}

std::optional<Url> parse_url(std::string_view text, std::string& error) {
  const size_t scheme_end = text.find("://");
  Url url;
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; })) {
    error = "a URL cannot hold spaces or control characters";
    return {};
  }
  if (scheme_end != std::string_view::npos) url.scheme = text.substr(0, scheme_end);
  for (char& c : url.scheme) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (url.scheme != "http" && url.scheme != "https") {
    error = "expected a URL that starts with http:// or https://";
    return {};
  }
  const std::string_view rest = text.substr(scheme_end + 3);
  const size_t authority_end = rest.find_first_of("/?#");
  const std::string_view authority = rest.substr(0, authority_end);
  if (authority_end != std::string_view::npos) url.path = rest.substr(authority_end, rest.find('#') - authority_end);
  if (url.path.starts_with('?')) url.path.insert(0, "/");
  if (authority.find('@') != std::string_view::npos) {
    error = "credentials in a URL are not supported, use headers or an authenticator";
    return {};
  }
  const std::optional<HostPort> parts = split(authority);
  const std::optional<uint16_t> port =
      parts && parts->port ? parse_port(*parts->port) : std::optional<uint16_t>(url.scheme == "https" ? 443 : 80);
  if (!parts || parts->host.empty() || !port || *port == 0) {
    error = "expected host or host:port in the URL, got \"" + std::string(authority) + "\"";
    return {};
  }
  url.host = parts->host;
  url.port = *port;
  return url;
}

}  // namespace weir::net
