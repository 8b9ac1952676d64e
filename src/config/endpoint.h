// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::config {

// Where to listen or connect: host and port, or the path of a unix socket.
struct Endpoint {
  std::string host;  // without brackets: "::1"
  uint16_t port = 0;
  std::string unix_path;  // "/run/weir.sock"; an abstract one starts with "@"
  bool is_unix() const { return !unix_path.empty(); }
  std::string to_string() const;  // "host:port", "[::1]:4317", "unix:/run/weir.sock"
};

// Reads "host:port", ":4317" (the host is `default_host`), "[::1]:4317", "unix:/path", "unix:///path",
// "unix-abstract:name". Nothing, and what is wrong in `error` (with Go's words, as the collector shows it), otherwise.
// Schemes ("http://…", "dns:///…") are the caller's.
std::optional<Endpoint> parse_endpoint(std::string_view text, std::string_view default_host, std::string& error);

// The host where the config names none: WEIR_DEFAULT_HOST, "127.0.0.1" until set. Set once, before any config is
// decoded.
const std::string& default_host();
void set_default_host(std::string host);

}  // namespace weir::config
