// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "scripted_handler.h"
#include "support/catch.h"
#include "support/http2_peer.h"

namespace weir::net::test {

using weir::test::Http2Peer;

// A session and a client of it, without sockets.
struct Http2Fixture {
  explicit Http2Fixture(ServerLimits limits = {}) {
    session = make_http2_session({&handler, limits, {"peer", nullptr}, &open}, at_second(1));
    exchange();
  }
  // Bytes to and fro until both are silent.
  void exchange() {
    for (int i = 0; i < 1000; ++i) {
      const std::string to_server = peer.take_output();
      received += to_server.size();
      if (!to_server.empty()) session->receive(to_server);
      const std::string to_client = output_of(*session);
      if (!to_client.empty()) peer.receive(to_client);
      if (to_server.empty() && to_client.empty()) return;
    }
    FAIL("client and server do not come to an end");
  }
  int32_t post(std::string_view body, bool end = true) {
    const int32_t stream = peer.begin(Http2Peer::grpc_fields("/p"));
    peer.send_body(stream, body, end);
    exchange();
    return stream;
  }
  ScriptedHandler handler;
  std::atomic<uint64_t> open{0};
  size_t received = 0;  // by the session
  Http2Peer peer;
  std::shared_ptr<ServerSession> session;
};

}  // namespace weir::net::test
