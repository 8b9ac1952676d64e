// SPDX-License-Identifier: Apache-2.0
#include "config/endpoint.h"

#include "support/catch.h"

namespace weir::config {
namespace {

std::string read(const std::string& text) {
  std::string error;
  auto endpoint = parse_endpoint(text, "10.0.0.1", error);
  return endpoint ? endpoint->to_string() : error;
}

TEST_CASE("endpoints are host and port, with the default host where none is written") {
  CHECK(read("localhost:4317") == "localhost:4317");
  CHECK(read("0.0.0.0:4317") == "0.0.0.0:4317");
  CHECK(read(":4317") == "10.0.0.1:4317");
  CHECK(read("[::]:4317") == "[::]:4317");
  CHECK(read("[::1%eth0]:0") == "[::1%eth0]:0");
  CHECK(read("collector.example.org:65535") == "collector.example.org:65535");
  CHECK(read("unix:/run/w.sock") == "unix:/run/w.sock");
  CHECK(read("unix:///run/w.sock") == "unix:/run/w.sock");
  CHECK(read("unix-abstract:w") == "unix-abstract:w");
}

TEST_CASE("what is no endpoint is refused in Go's words") {
  CHECK(read("") == "address \"\": missing port in address, expected host:port");
  CHECK(read("nonsense") == "address nonsense: missing port in address, expected host:port");
  CHECK(read("[::1]") == "address [::1]: missing port in address, expected host:port");
  CHECK(read("[::1") == "address [::1: missing ']' in address, expected host:port");
  CHECK(read("::1:4317") ==
        "address ::1:4317: too many colons in address; put an IPv6 host in [ ], expected host:port");
  CHECK(read("http://x:4317") ==
        "address http://x:4317: too many colons in address; put an IPv6 host in [ ], expected host:port");
  CHECK(read("a b:1") == "address a b:1: unexpected character in address, expected host:port");
  for (const char* port : {"", "65536", "-1", "+1", "4317x", "0x10"}) {
    CHECK(read("h:" + std::string(port)) ==
          "address h:" + std::string(port) + ": invalid port \"" + port + "\", expected a number from 0 to 65535");
  }
  CHECK(read("unix:") == "address unix:: missing path, expected unix:/path");
}

TEST_CASE("the default host is 127.0.0.1 until it is set") {
  CHECK(default_host() == "127.0.0.1");
  set_default_host("0.0.0.0");
  CHECK(default_host() == "0.0.0.0");
  set_default_host("127.0.0.1");
}

}  // namespace
}  // namespace weir::config
