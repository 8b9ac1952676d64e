// SPDX-License-Identifier: Apache-2.0
// For .cpp files of src/net only.
#pragma once

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>
#include <string>

#include "net/dial.h"
#include "net/http_client.h"

namespace weir::net {

class ClientConnection;

// A request from send() to its `done`.
struct ClientCall {
  ClientCall(HttpClient::Request with, HttpClient::Done then, LoopShard& shard)
      : request(std::move(with)), done(std::move(then)), timer(shard.io()) {}
  HttpClient::Request request;
  HttpClient::Done done;
  boost::asio::steady_timer timer;
  std::shared_ptr<ClientConnection> connection;  // null while it waits in line
  bool sent_again = false;
  bool timed_out = false;
};
using ClientCallRef = std::shared_ptr<ClientCall>;

// What a connection tells its pool; each is the last thing it does in a callback.
class ClientPool {
 public:
  virtual ~ClientPool() = default;
  // `reusable`: the connection is idle now, otherwise it is gone.
  virtual void on_reply(const std::shared_ptr<ClientConnection>& connection, ClientCallRef call,
                        HttpClient::Reply reply, bool reusable) = 0;
  // A kept connection turned out to be closed before a byte of the reply; it is gone.
  virtual void on_stale(const std::shared_ptr<ClientConnection>& connection, ClientCallRef call) = 0;
  // An idle connection was closed by the server or by time.
  virtual void on_idle_end(const std::shared_ptr<ClientConnection>& connection) = 0;
};

// One connection of a pool: at most one call at a time. A read is always under way, so that an idle connection notices
// its end.
class ClientConnection : public std::enable_shared_from_this<ClientConnection> {
 public:
  // `options` and `route` outlive it.
  ClientConnection(LoopShard& shard, const HttpClient::Options& options, const Route& route, ClientPool& pool);

  void connect(ClientCallRef call);
  void start(ClientCallRef call);  // while idle
  // Gives its call, if any, this reply, and ends. The pool hears of it when nothing uses the call's bytes any more.
  void abort(HttpClient::Failure failure, std::string error);
  const ClientCallRef& call() const { return call_; }
  // The pool is going away: ends without another word to it.
  void forget_pool();

 private:
  using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;

  void send_call();
  void on_written(IoResult result);
  void read_more();
  void on_read(IoResult result);
  void on_closed(IoResult result);
  void parse();
  bool parse_once(boost::system::error_code& error);
  void new_parser();
  void on_message();
  void end(HttpClient::Reply reply, bool reusable);
  void deliver();
  void become_idle();

  LoopShard& shard_;
  const HttpClient::Options& options_;
  const Route& route_;
  ClientPool* pool_;  // null: over
  std::shared_ptr<Dial> connecting_;
  std::unique_ptr<Stream> stream_;
  boost::asio::steady_timer idle_timer_;
  ClientCallRef call_;
  std::string head_;
  bool writing_ = false;
  bool reused_ = false;
  bool heard_ = false;  // a byte of this call's reply
  std::optional<Parser> parser_;
  std::optional<HttpClient::Reply> reply_;  // waits for the write to end
  bool reusable_ = false;
  bool stale_ = false;
  size_t filled_ = 0;
  std::array<char, 16384> buffer_;
};

}  // namespace weir::net
