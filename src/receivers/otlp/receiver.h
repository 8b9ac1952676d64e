// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "receivers/otlp/config.h"
#include "weir/component.h"

namespace weir {

// The edges of the graph for one receiver; null where no pipeline wants the signal: such requests are answered 404 /
// UNIMPLEMENTED.
struct OtlpAdmissions {
  Admission* traces = nullptr;
  Admission* metrics = nullptr;
  Admission* logs = nullptr;
};

// The `otlp` receiver: OTLP/gRPC (HTTP/2) and OTLP/HTTP (HTTP/1.1 and HTTP/2), each with TLS or without, on the shards
// of EventLoops. Order of use: construct, bind, start, on_tick …, drain, close, destroy (after the loops have stopped).
class OtlpReceiver {
 public:
  // env.shards are those of net::EventLoops; env.pipeline and env.signal are not read. All of env outlives the
  // receiver.
  OtlpReceiver(OtlpReceiverConfig config, const ComponentEnv& env, const OtlpAdmissions& admissions);
  ~OtlpReceiver();

  // Binds every listener; connections wait in the kernel until start(). "" or why it cannot be bound, with the key to
  // change: "receivers::otlp::protocols::grpc::endpoint: cannot listen on 127.0.0.1:4317: address already in use by …
  // (pid …)".
  std::string bind();
  void start();
  // "grpc 127.0.0.1:4317", "http [::]:4318": real addresses, for the log. After bind().
  std::vector<std::string> addresses() const;
  uint16_t grpc_port() const;  // 0 where the protocol is off
  uint16_t http_port() const;

  // On that shard's thread, about every 25 ms.
  void on_tick(uint32_t shard, Time now);

  // Requests that were begun and are not answered yet; any thread.
  uint64_t open_requests() const;
  // Clients that are connected; any thread.
  uint64_t connections() const;
  // When the last request came (monotonic); any thread.
  Duration last_request() const;
  // The end: listeners close, connections are told to go (GOAWAY, "Connection: close"), requests that still come are
  // refused to be tried elsewhere (503 / UNAVAILABLE); those under way are answered. Any thread.
  void drain();
  // Closes what is left at once. On its shard's thread each; drain() was called before.
  void close(uint32_t shard);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
