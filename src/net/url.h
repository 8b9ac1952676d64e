// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::net {

struct Url {
  std::string scheme;             // "http" or "https"
  std::string host;               // without the brackets of an IPv6 address
  uint16_t port = 0;              // 80 or 443 where not written
  std::string path;               // with the query, from the first '/'; "" where absent
  std::string authority() const;  // "host:port" as a Host header says it: default ports left out, IPv6 in brackets
};

// An absolute http or https URL; otherwise empty and `error` says why (credentials in a URL are refused and never
// repeated).
std::optional<Url> parse_url(std::string_view text, std::string& error);

}  // namespace weir::net
