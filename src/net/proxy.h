// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "net/url.h"

namespace weir::net {

// Which proxy leads to a server, by the rules of Go's net/http and httpproxy, which the collector follows.

struct Proxy {
  Url url;                    // http or https; the path means nothing
  std::string authorization;  // "Basic …" from the URL's credentials, or ""; a secret
  std::string text;           // the URL as it was written; a secret where it has credentials
};

struct ProxyChoice {
  std::optional<Proxy> proxy;  // empty: directly, or see error
  std::string error;           // what cannot be used; never repeats the value
};

// A variable's value, "" where it is not set.
using Environment = std::function<std::string(const char* name)>;
std::string process_environment(const char* name);

// "http://user:password@proxy:3128", "https://…" or "host:port" (http). SOCKS is refused.
ProxyChoice parse_proxy(std::string_view text);

// `written` (a component's proxy_url) wins and holds for every server. Else HTTPS_PROXY for https and HTTP_PROXY for
// http, but for servers that NO_PROXY names: "*", hosts with their subdomains, ".subdomains-only", addresses, blocks
// ("10.0.0.0/8"), each but blocks with ":port" where wanted. localhost and loopback addresses are never proxied by the
// environment. Variables are read in capitals first, then in lower case.
ProxyChoice choose_proxy(std::string_view written, const Url& to, const Environment& environment = process_environment);

}  // namespace weir::net
