// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/endpoint.h"
#include "net/stream.h"
#include "weir/shard.h"

namespace weir::net {

// One listening socket (SO_REUSEADDR, never SO_REUSEPORT: a second process must not take half of the traffic silently).
// An accepted connection goes to the shard with the fewest connections, with TCP_NODELAY set. Where the process has as
// many as its limit of descriptors allows, further ones wait in the kernel.
class Listener {
 public:
  // Called on the stream's shard. May still be called shortly after stop_accepting() or the Listener's end with a
  // connection that was on its way to its shard: refer to shared state only.
  using OnStream = std::function<void(std::unique_ptr<Stream>)>;
  struct Bound {
    std::unique_ptr<Listener> listener;  // empty: see error
    std::string error;  // "cannot listen on 127.0.0.1:4317: address already in use by otelcol (pid 4711)"
  };

  // Binds and listens; connections wait in the kernel until start(). `shards` are those of EventLoops and outlive the
  // listener. `only_shard`: all connections go there instead, and whoever takes them bounds their number.
  static Bound bind(Shards& shards, const Endpoint& endpoint, OnStream on_stream,
                    std::optional<uint32_t> only_shard = {});
  ~Listener();  // any thread

  void start();
  void stop_accepting();  // closes the listening socket; any thread
  // How often accepting had to pause because there were too many connections; any thread.
  uint64_t pauses() const;
  uint16_t port() const;               // the real one; 0 for a Unix socket
  const std::string& address() const;  // "127.0.0.1:4317", "[::]:4317", "unix:/path"

 private:
  struct Impl;
  explicit Listener(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace weir::net
