// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/codecs.h"
#include "net/http_server.h"
#include "receivers/otlp/cors.h"
#include "receivers/otlp/intake.h"
#include "receivers/otlp/request_auth.h"

namespace weir {

// OTLP/HTTP: POSTs of protobuf or JSON to one path per signal.
class HttpHandler final : public net::RequestHandler {
 public:
  struct Settings {
    std::array<std::string, 3> paths;    // index = Signal
    uint32_t limit = 64 << 20;           // bytes of a body, before and after inflation
    std::vector<std::string> encodings;  // names that are taken, "" = identity; empty: all
    bool include_metadata = false;
    std::map<std::string, std::string> response_headers;  // names in lower case
    Cors cors;
    RequestAuth auth;
  };
  // Where the answer to a request goes, and the origin that it has to name ("": none).
  struct Reply {
    net::Responder responder;
    std::string origin;
  };

  HttpHandler(Intake& intake, Settings settings) : intake_(intake), settings_(std::move(settings)) {}
  std::unique_ptr<net::RequestSink> on_request(const net::RequestHead& head, const net::ConnectionInfo& connection,
                                               net::Responder responder) override;

  void respond(const Reply& reply, net::Response&& response) const;

 private:
  struct Request;  // what a head asks for
  void send(const net::Responder& responder, net::Response&& response) const;
  std::optional<net::Response> check_auth(const net::RequestHead& head) const;
  std::optional<net::Response> route(const net::RequestHead& head, Request& request) const;
  std::optional<net::Response> read_head(const net::RequestHead& head, Request& request) const;
  std::optional<net::Codec> encoding_of(std::string_view name) const;

  Intake& intake_;
  const Settings settings_;
};

// The path of a request target without its query, as a server's routing sees it: "/v1/traces" of
// "http://host/v1/traces?x".
std::string_view path_of_target(std::string_view target);
// Without empty, "." and ".." segments.
std::string clean_path(std::string_view path);

}  // namespace weir
