// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "net/http_message.h"
#include "net/listener.h"
#include "net/tls.h"
#include "weir/budget.h"
#include "weir/clock.h"
#include "weir/log.h"
#include "weir/shard.h"

namespace weir::net {

// The server side of HTTP. HTTP/1.1 (Beast) and HTTP/2 (nghttp2) drive the same sinks; whoever answers does not know
// which.

// The protocol's end of the answers of one connection.
class ResponseTarget {
 public:
  virtual ~ResponseTarget() = default;
  // On the connection's shard. Ignored where request `id` is gone or answered: the first answer counts.
  virtual void respond(uint64_t id, Response&& response) = 0;
};

// Answers one request; may outlive request and connection, then it does nothing. Copyable; any thread may call it.
class Responder {
 public:
  Responder() = default;
  // On the connection's shard's thread.
  Responder(std::weak_ptr<ResponseTarget> target, uint64_t id, Shard* shard)
      : target_(std::move(target)), id_(id), shard_(shard), owner_(std::this_thread::get_id()) {}
  // Carries the answer to the connection's shard where it is called on another thread.
  void respond(Response&& response) const;

 private:
  std::weak_ptr<ResponseTarget> target_;
  uint64_t id_ = 0;
  Shard* shard_ = nullptr;  // null: tests without loops
  std::thread::id owner_;
};

// One request on its way in. Called on its connection's shard; destroyed when the request is answered or lost.
class RequestSink {
 public:
  virtual ~RequestSink() = default;
  // The next bytes of the body, as they lie in the socket's buffer: reserve, then copy.
  virtual void on_body(std::string_view bytes) = 0;
  virtual void on_end() = 0;
  // The client sends too slowly, or nothing: answer now.
  virtual void on_stalled() = 0;
  // Every 50 ms or so until the request is answered.
  virtual void on_tick(Time now) { (void)now; }
  // After the answer, while the client has not ended its request: true to be given the rest (HTTP/2, for a short time).
  virtual bool wants_rest() const { return false; }
  // True where clients know that a reset may follow the answer (gRPC): it tells them at once to send no more.
  virtual bool resets_client() const { return false; }
};

struct ConnectionInfo {
  std::string peer;  // "address:port"
  Shard* shard = nullptr;
};

// Where requests go. One handler serves all connections of a server on all shards' threads.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  // A head is complete. Null: it is answered (or will be) and its body does not matter. `head` is valid in this call
  // only.
  virtual std::unique_ptr<RequestSink> on_request(const RequestHead& head, const ConnectionInfo& connection,
                                                  Responder responder) = 0;
};

// Limits of one connection. Zero durations mean "no limit".
struct ServerLimits {
  uint32_t header_bytes = 64 << 10;
  Duration header_timeout = std::chrono::seconds(10);  // HTTP/1: from the first byte of a head to its end
  Duration body_timeout{0};                            // HTTP/1: the whole request
  Duration body_grace = std::chrono::seconds(10);      // from then on a body must keep up body_rate
  uint32_t body_rate = 1024;                           // bytes per second
  Duration write_timeout = std::chrono::seconds(30);   // without progress
  Duration idle_timeout{0};                            // HTTP/1: between requests
  bool keep_alive = true;                              // HTTP/1
  // HTTP/2
  uint32_t max_concurrent_streams = 256;
  uint32_t stream_window = 4 << 20;
  uint32_t connection_window = 16 << 20;
  Duration max_connection_idle{0};
  Duration max_connection_age{0};
  Duration max_connection_age_grace{0};
  Duration ping_interval = std::chrono::hours(2);
  Duration ping_timeout = std::chrono::seconds(20);
  Duration min_peer_ping_interval = std::chrono::minutes(5);
  bool pings_without_stream = false;
  Duration rest_timeout = std::chrono::seconds(2);  // how long a sink that wants the rest of an answered stream gets it
};

enum class ServerProtocol : uint8_t {
  kHttp2,  // prior knowledge
  kAny,    // HTTP/1.1, or HTTP/2 where the client opens with its preface
};

// TLS of a listener, and who hears of what goes wrong before there is a request. A client has 10 s for its handshake;
// where ALPN chose h2, that is what is spoken.
struct ServerTls {
  std::shared_ptr<TlsServer> tls;  // null: plaintext
  Log* log = nullptr;              // hears of handshakes that fail, as `component`; outlives the server
  std::string component;
  ByteBudget* budget = nullptr;    // pays for handshakes under way, where it is set; outlives the server
  uint32_t most_handshakes = 256;  // under way, on each shard
};

// A listener and its connections on all shards.
class HttpServer {
 public:
  struct Started {
    std::unique_ptr<HttpServer> server;  // empty: see error
    std::string error;
  };
  // Binds; nothing is accepted before start(). `shards` are those of EventLoops; handler, shards and clock outlive the
  // server, and the server is destroyed after the loops have stopped.
  static Started bind(Shards& shards, const Endpoint& endpoint, ServerProtocol protocol, const ServerLimits& limits,
                      RequestHandler& handler, const Clock& clock, ServerTls tls = {});
  ~HttpServer();

  void start();
  uint16_t port() const;
  const std::string& address() const;

  // On that shard's thread, about every 10 ms.
  void on_tick(uint32_t shard, Time now);
  // No new connections; open ones are told to go and end when their requests are answered. Any thread.
  void drain();
  // On that shard's thread: closes its connections at once.
  void close(uint32_t shard);
  // Requests begun and not answered; any thread.
  uint64_t open_requests() const;
  // Open ones, some ticks behind; any thread.
  uint64_t connections() const;

 private:
  struct Impl;
  explicit HttpServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace weir::net
