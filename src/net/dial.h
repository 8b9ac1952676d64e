// SPDX-License-Identifier: Apache-2.0
// For .cpp files of src/net only.
#pragma once

#include <array>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <memory>
#include <optional>
#include <string>

#include "net/connect.h"
#include "net/proxy.h"
#include "net/tls.h"

namespace weir::net {

// How a client reaches its server.
struct Route {
  Url to;
  std::shared_ptr<TlsClient> tls;  // null: the URL and the proxy are plain http
  std::optional<Proxy> proxy;
  // Plain HTTP goes through a proxy without a tunnel: it is asked for the whole URL.
  bool asks_proxy() const { return proxy && to.scheme == "http"; }
};

// One attempt on a route: the socket, TLS to an https proxy, the tunnel (CONNECT) where TLS goes through a proxy, and
// TLS to the server. `done` is called once on the shard, never inside start(), not after cancel(). The caller watches
// the time.
class Dial : public std::enable_shared_from_this<Dial> {
 public:
  using Done = Connect::Done;
  // `route` outlives the attempt.
  static std::shared_ptr<Dial> start(LoopShard& shard, const Route& route, Done done);
  Dial(LoopShard& shard, const Route& route, Done done) : shard_(shard), route_(route), done_(std::move(done)) {}

  void cancel();

 private:
  void go();
  void on_connected(Connected outcome);
  void secure(std::unique_ptr<Stream> stream, const std::string& host, void (Dial::*then)(std::unique_ptr<Stream>));
  void reach_server(std::unique_ptr<Stream> stream);
  void ask_for_tunnel(std::unique_ptr<Stream> stream);
  void read_tunnel();
  void on_tunnel_read(IoResult result);
  void on_tunnel();
  void succeed(std::unique_ptr<Stream> stream);
  void fail(std::string error, bool name_failed = false);
  void finish(Connected outcome);

  LoopShard& shard_;
  const Route& route_;
  Done done_;  // null after the end
  std::shared_ptr<Connect> connecting_;
  TlsHandshake handshake_;
  // The tunnel while it is asked for.
  std::unique_ptr<Stream> stream_;
  std::string request_;
  std::optional<boost::beast::http::response_parser<boost::beast::http::empty_body>> parser_;
  size_t filled_ = 0;
  std::array<char, 8192> buffer_;
};

}  // namespace weir::net
