// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "net/http_server.h"
#include "receivers/otlp/intake.h"
#include "receivers/otlp/request_auth.h"

namespace weir {

// OTLP/gRPC: unary Export calls of the three collector services.
class GrpcHandler final : public net::RequestHandler {
 public:
  struct Settings {
    uint32_t limit = 64 << 20;  // bytes of a message, before and after inflation
    bool include_metadata = false;
    RequestAuth auth;
  };

  GrpcHandler(Intake& intake, Settings settings) : intake_(intake), settings_(std::move(settings)) {}
  std::unique_ptr<net::RequestSink> on_request(const net::RequestHead& head, const net::ConnectionInfo& connection,
                                               net::Responder responder) override;

 private:
  struct Call;  // what a head asks for
  std::optional<net::Response> read_head(const net::RequestHead& head, Call& call) const;
  std::optional<net::Response> check_protocol(const net::RequestHead& head, Call& call) const;
  std::optional<net::Response> find_method(const net::RequestHead& head, Call& call) const;

  Intake& intake_;
  const Settings settings_;
};

}  // namespace weir
