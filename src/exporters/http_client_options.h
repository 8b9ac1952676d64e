// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "config/tls.h"
#include "exporters/client_auth.h"
#include "net/http_client.h"
#include "net/tls.h"

namespace weir {

// What the exporters over HTTP have in common: TLS, the proxy, the headers.

// What is wrong with a key: problem(key, text).
using ProblemAt = std::function<void(std::string_view key, const std::string& text)>;

// What can be told without reading a file: a config is checked elsewhere than where its certificates are.
void check_tls(const config::TlsClientConfig& tls, bool https, const ProblemAt& problem);
void check_proxy(const std::string& proxy_url, const ProblemAt& problem);
// Names and values that cannot stand in a request. A value is a secret and never repeated.
void check_headers(const std::map<std::string, std::string>& headers, const ProblemAt& problem);

// `options.url` is set; adds TLS and the proxy. `log`: hears of certificates, as the exporter's id. Throws
// std::runtime_error where a certificate cannot be read, or the proxy of the environment cannot be used.
void set_way(net::HttpClient::Options& options, const config::TlsClientConfig& tls, const std::string& proxy_url,
             const net::TlsLog& log);

// A header replaces another of the same name.
void set_header(net::HttpClient::Headers& headers, const std::string& name, const std::string& value);
// Those of the authenticator, as of now; null = none.
void sign(net::HttpClient::Headers& headers, const ClientAuth* auth);

}  // namespace weir
