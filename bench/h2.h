// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace weir::bench {

// One HTTP/2 connection (h2c, prior knowledge) on a non-blocking socket, client or server: the bare minimum that sends
// or takes gRPC messages, driven by somebody's epoll loop. Not thread-safe.
class Connection {
 public:
  Connection(int fd, bool server);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_; }
  bool on_readable();  // false: the connection is over
  bool flush();        // writes what nghttp2 wants to write; false: the connection is over
  bool wants_write() const { return out_at_ < out_.size() || nghttp2_session_want_write(session_) != 0; }

  // Client: starts a call and names its stream; `message` is the bare message. on_reply gets the grpc-status (-1:
  // reset).
  int32_t call(const std::string& path, std::string message);
  std::function<void(int32_t stream, int grpc_status)> on_reply;
  // Server: gets each complete message's bytes (with the compressed flag); the reply is an empty OK.
  std::function<void(std::string& body, bool compressed)> on_message;

 private:
  struct Stream {
    std::string body;  // to send (client) or received (server)
    size_t sent = 0;
    int grpc_status = -1;
  };
  friend struct Callbacks;
  void answer(int32_t stream_id);

  int fd_;
  bool server_;
  nghttp2_session* session_ = nullptr;
  std::unordered_map<int32_t, std::unique_ptr<Stream>> streams_;
  std::string out_;
  size_t out_at_ = 0;
};

int listen_on(const std::string& address, uint16_t port);
int connect_to(const std::string& address, uint16_t port);

}  // namespace weir::bench
