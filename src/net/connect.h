// SPDX-License-Identifier: Apache-2.0
// For .cpp files of src/net only.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "net/plain_stream.h"

namespace weir::net {

struct Connected {
  std::unique_ptr<Stream> stream;  // empty: see error
  bool name_failed = false;        // the name has no address
  std::string error;               // "connect to 127.0.0.1:4318: Connection refused"
};

// One attempt to reach host:port: resolves the name (in a thread of its own: getaddrinfo blocks, sometimes for very
// long) and tries the addresses one after the other. `done` is called once on the shard, never inside start(), not
// after cancel().
class Connect : public std::enable_shared_from_this<Connect> {
 public:
  using Done = absl::AnyInvocable<void(Connected)>;
  static std::shared_ptr<Connect> start(LoopShard& shard, std::string host, uint16_t port, Done done);
  Connect(LoopShard& shard, std::string host, uint16_t port, Done done);

  void cancel();

 private:
  struct Lookup {
    std::vector<boost::asio::ip::tcp::endpoint> addresses;
    std::string error;
  };
  static Lookup look_up(const std::string& host, uint16_t port);
  void resolve();
  void on_resolved(Lookup lookup);
  void try_next();
  void on_connected(const boost::system::error_code& error);
  void finish(Connected outcome);

  LoopShard& shard_;
  const std::string host_;
  const uint16_t port_;
  Done done_;  // null after the end
  Lookup found_;
  size_t next_ = 0;
  PlainSocket socket_;
  boost::asio::steady_timer attempt_;
  std::string last_error_;
};

}  // namespace weir::net
