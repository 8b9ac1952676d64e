// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "net/http_server.h"

namespace weir::net {

// What all sessions of a server have in common.
struct SessionEnv {
  RequestHandler* handler = nullptr;
  ServerLimits limits;
  ConnectionInfo connection;
  std::atomic<uint64_t>* open_requests = nullptr;  // may be null
};

// The protocol of one server-side connection: bytes in, requests to the handler, bytes out. Needs no socket.
// Single-threaded.
class ServerSession : public ResponseTarget, public std::enable_shared_from_this<ServerSession> {
 public:
  // Bytes from the peer; all are taken.
  virtual void receive(std::string_view bytes) = 0;
  // The peer has sent its last byte.
  virtual void receive_end() = 0;
  // Appends what is ready to be sent. Not from inside a sink's call.
  virtual void take_output(std::string& out) = 0;
  // False while the peer has to wait: its bytes stay in the kernel.
  virtual bool wants_input() const = 0;
  // Nothing will come out any more: close when what was taken is written.
  virtual bool finished() const = 0;
  virtual void on_tick(Time now) = 0;
  // Ends gracefully: what was begun is answered.
  virtual void drain() = 0;
  // The connection is about to be closed: says so, where the protocol has words for it.
  virtual void say_goodbye() {}

  // Called when output appears outside of receive() and on_tick().
  std::function<void()> on_output;
};

// `now`: what on_tick will count on from.
std::shared_ptr<ServerSession> make_http1_session(SessionEnv env, Time now);
std::shared_ptr<ServerSession> make_http2_session(SessionEnv env, Time now);

}  // namespace weir::net
