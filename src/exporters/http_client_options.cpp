// SPDX-License-Identifier: Apache-2.0
#include "exporters/http_client_options.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include "exporters/tls_without_files.h"
#include "net/proxy.h"
#include "net/tls.h"

namespace weir {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// RFC 9110: a token.
bool is_name(std::string_view text) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) != 0 || kMarks.find(static_cast<char>(c)) != std::string_view::npos);
  });
}

bool is_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

// Settings that a URL of plain http does not need must be right all the same, as in the collector.
bool counts(const config::TlsClientConfig& tls, bool https) {
  return https || (tls.wants_tls_settings() && !tls.insecure);
}

}  // namespace

void check_tls(const config::TlsClientConfig& tls, bool https, const ProblemAt& problem) {
  if (!counts(tls, https)) return;
  const std::string error = net::TlsClient::make(without_files(tls), {"http/1.1"}).error;
  if (!error.empty()) problem("tls", error);
}

void check_proxy(const std::string& proxy_url, const ProblemAt& problem) {
  if (proxy_url.empty()) return;
  const std::string error = net::parse_proxy(proxy_url).error;
  if (!error.empty()) problem("proxy_url", "`proxy_url`: " + error);
}

void check_headers(const std::map<std::string, std::string>& headers, const ProblemAt& problem) {
  for (const auto& [name, value] : headers) {
    if (!is_name(name)) {
      problem("headers", "\"" + name + "\" cannot be the name of a header");
    } else if (!is_value(value)) {
      problem("headers", "the value of header \"" + name + "\" has control characters");
    }
  }
}

void set_way(net::HttpClient::Options& options, const config::TlsClientConfig& tls, const std::string& proxy_url,
             const net::TlsLog& log) {
  const std::string& exporter = log.component;
  options.proxy = proxy_url;
  const std::string error = net::choose_proxy(proxy_url, options.url).error;
  if (!error.empty()) throw std::runtime_error("exporters::" + exporter + ": " + error);
  if (!counts(tls, options.url.scheme == "https")) return;
  net::TlsClient::Made made = net::TlsClient::make(tls, {"http/1.1"}, log);
  if (!made.error.empty()) throw std::runtime_error("exporters::" + exporter + "::tls: " + made.error);
  options.tls = std::move(made.client);
}

void set_header(net::HttpClient::Headers& headers, const std::string& name, const std::string& value) {
  std::erase_if(headers, [&](const auto& header) { return same_name(header.first, name); });
  headers.emplace_back(name, value);
}

// What cannot stand in a request is left out: the server refuses, and says so.
void sign(net::HttpClient::Headers& headers, const ClientAuth* auth) {
  if (auth == nullptr) return;
  for (const auto& [name, value] : auth->headers()) {
    if (is_name(name) && is_value(value)) set_header(headers, name, value);
  }
}

}  // namespace weir
