// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "net/http_server.h"

namespace weir::net {

// When an HTTP/2 connection is probed, ended for its age or idleness, and when a peer pings too often. The rules of
// grpc-go's server, whose keys the dialect has (keepalive.server_parameters, enforcement_policy).
class Http2Keepalive {
 public:
  enum class Action : uint8_t {
    kNone,
    kPing,   // send a PING
    kDrain,  // end gracefully
    kClose,  // end now: no answer to the PING, or the grace of an old connection is over
    kTooManyPings,
  };

  Http2Keepalive(const ServerLimits& limits, Duration now, uint64_t jitter);

  void on_bytes(Duration now);  // anything came
  Action on_peer_ping(Duration now, bool any_stream);
  void on_data_sent() { pings_allowed_ = true; }  // HEADERS or DATA of ours: peers probe bandwidth then
  Action on_tick(Duration now, bool any_stream);

 private:
  static constexpr int kStrikes = 2;

  const ServerLimits& limits_;
  Duration born_;
  Duration max_age_;  // with jitter, so that connections made together do not end together
  Duration last_bytes_;
  Duration idle_since_;
  Duration pinged_{0};  // 0: no PING under way
  Duration last_peer_ping_{0};
  int strikes_ = 0;
  bool pings_allowed_ = false;
  bool draining_ = false;
};

}  // namespace weir::net
