// SPDX-License-Identifier: Apache-2.0
#include "net/proxy.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <cstdlib>

#include "net/grpc_framing.h"

namespace weir::net {

namespace ip = boost::asio::ip;
using boost::system::error_code;

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == text.npos) return "";
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// %XX of a user's name or password; empty where it is broken.
std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return {};
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

// "user:password", percent-encoded, as a Proxy-Authorization value.
std::optional<std::string> basic(std::string_view credentials) {
  const size_t colon = std::min(credentials.find(':'), credentials.size());
  const std::optional<std::string> user = percent_decode(credentials.substr(0, colon));
  const std::optional<std::string> password =
      percent_decode(credentials.substr(std::min(colon + 1, credentials.size())));
  if (!user || !password) return {};
  std::string value = base64_encode(*user + ":" + *password);
  value.append((4 - value.size() % 4) % 4, '=');
  return "Basic " + value;
}

std::optional<ip::address> parse_address(const std::string& text) {
  error_code error;
  const ip::address address = ip::make_address(text, error);
  if (error) return {};
  if (address.is_v6() && address.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  return address;
}

// Empty where the rule is no block of addresses.
std::optional<bool> in_block(const std::string& rule, const std::optional<ip::address>& address) {
  error_code error;
  if (const ip::network_v4 block = ip::make_network_v4(rule, error); !error) {
    if (!address || !address->is_v4()) return false;
    const ip::network_v4 own(address->to_v4(), block.prefix_length());
    return own.network() == block.network();
  }
  if (const ip::network_v6 block = ip::make_network_v6(rule, error); !error) {
    if (!address || !address->is_v6()) return false;
    const ip::network_v6 own(address->to_v6(), block.prefix_length());
    return own.network() == block.network();
  }
  return {};
}

struct Server {
  std::string host;  // in lower case
  std::optional<ip::address> address;
  std::string port;
};

// "host", "host:port", "[v6]:port", "v6"
std::pair<std::string, std::string> split_port(std::string_view rule) {
  const size_t colon = rule.rfind(':');
  const bool has_port = colon != rule.npos && (rule.find(':') == colon || rule[colon - 1] == ']');
  std::string_view host = rule.substr(0, has_port ? colon : rule.size());
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return {std::string(host), std::string(has_port ? rule.substr(colon + 1) : "")};
}

bool exempts(const std::string& rule, const Server& to) {
  if (rule == "*") return true;
  if (const std::optional<bool> block = in_block(rule, to.address)) return *block;
  auto [host, port] = split_port(rule);
  if (host.empty() || (!port.empty() && port != to.port)) return false;
  if (const auto address = parse_address(host)) return to.address == address;
  if (host.starts_with("*.")) host.erase(0, 1);
  if (host.front() == '.') return to.host.ends_with(host);
  return to.host == host || to.host.ends_with("." + host);
}

bool goes_directly(std::string_view no_proxy, const Url& url) {
  const Server to{lower(url.host), parse_address(url.host), std::to_string(url.port)};
  if (to.host == "localhost" || (to.address && to.address->is_loopback())) return true;
  while (!no_proxy.empty()) {
    const size_t comma = std::min(no_proxy.find(','), no_proxy.size());
    const std::string rule = lower(trim(no_proxy.substr(0, comma)));
    if (!rule.empty() && exempts(rule, to)) return true;
    no_proxy.remove_prefix(std::min(comma + 1, no_proxy.size()));
  }
  return false;
}

}  // namespace

std::string process_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

ProxyChoice parse_proxy(std::string_view text) {
  text = trim(text);
  const size_t found = text.find("://");
  const std::string scheme = found == text.npos ? "http" : lower(text.substr(0, found));
  if (scheme != "http" && scheme != "https") {
    return {{}, "a proxy of type " + scheme + ":// is not supported, only http:// and https://"};
  }
  std::string_view rest = found == text.npos ? text : text.substr(found + 3);
  const size_t at = rest.substr(0, rest.find_first_of("/?#")).rfind('@');
  Proxy proxy;
  proxy.text = scheme + "://" + std::string(rest);
  if (at != rest.npos) {
    const std::optional<std::string> authorization = basic(rest.substr(0, at));
    if (!authorization) return {{}, "the credentials in the proxy's URL are not percent-encoded as they should be"};
    proxy.authorization = *authorization;
    rest.remove_prefix(at + 1);
  }
  std::string error;
  std::optional<Url> url = parse_url(scheme + "://" + std::string(rest), error);
  if (!url) return {{}, "expected a proxy as http://host:port"};
  proxy.url = std::move(*url);
  return {std::move(proxy), ""};
}

ProxyChoice choose_proxy(std::string_view written, const Url& to, const Environment& environment) {
  if (!written.empty()) {
    ProxyChoice choice = parse_proxy(written);
    if (!choice.error.empty()) choice.error.insert(0, "proxy_url: ");
    return choice;
  }
  const auto read = [&](const char* capitals, const char* small) {
    std::string value = environment(capitals);
    return value.empty() ? environment(small) : value;
  };
  const bool https = to.scheme == "https";
  const std::string text = https ? read("HTTPS_PROXY", "https_proxy") : read("HTTP_PROXY", "http_proxy");
  if (text.empty() || goes_directly(read("NO_PROXY", "no_proxy"), to)) return {};
  ProxyChoice choice = parse_proxy(text);
  if (!choice.error.empty()) choice.error.insert(0, https ? "HTTPS_PROXY: " : "HTTP_PROXY: ");
  return choice;
}

}  // namespace weir::net
