// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::net {

// Where to listen: "host:port", "[v6]:port", ":port" (every address, both families), "unix:/path" or "unix:///path".
// Port 0 means a free one.
struct Endpoint {
  std::string host;
  uint16_t port = 0;
  std::string unix_path;  // set: a Unix socket ("@name": an abstract one), host and port mean nothing
  std::string to_string() const;
};

// Empty where the text is no endpoint; `error` then says why.
std::optional<Endpoint> parse_endpoint(std::string_view text, std::string& error);

}  // namespace weir::net
