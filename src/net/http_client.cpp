// SPDX-License-Identifier: Apache-2.0
#include "net/http_client.h"

#include <algorithm>
#include <deque>

#include "net/client_connection.h"

namespace weir::net {

namespace {

using Failure = HttpClient::Failure;

// Header lines come from a configuration; a line break in one would start a line of its own.
bool has_line_break(const HttpClient::Request& request) {
  const auto bad = [](std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos; };
  return bad(request.method) || bad(request.path) ||
         std::any_of(request.headers.begin(), request.headers.end(),
                     [&](const auto& h) { return bad(h.first) || bad(h.second); });
}

HttpClient::Reply failed(Failure failure, std::string error) {
  HttpClient::Reply reply;
  reply.failure = failure;
  reply.error = std::move(error);
  return reply;
}

}  // namespace

struct HttpClient::Pool final : ClientPool, std::enable_shared_from_this<HttpClient::Pool> {
  Pool(Shard& on, Options with) : shard(loop_of(on)), options(std::move(with)) {
    route.to = options.url;
    route.tls = options.tls;
    ProxyChoice choice = choose_proxy(options.proxy, options.url);
    route.proxy = std::move(choice.proxy);
    refusal = std::move(choice.error);
    const bool wants_tls = options.url.scheme == "https" || (route.proxy && route.proxy->url.scheme == "https");
    if (!wants_tls || route.tls || !refusal.empty()) return;
    TlsClient::Made made = TlsClient::make({}, {"http/1.1"});
    route.tls = std::move(made.client);
    refusal = std::move(made.error);
  }

  void send(Request request, Duration timeout, Done done) {
    auto call = std::make_shared<ClientCall>(std::move(request), std::move(done), shard);
    if (std::string why = why_refused(call->request); !why.empty()) {
      shard.post([call, why = std::move(why)] { call->done(failed(Failure::kNotSupported, why)); });
      return;
    }
    call->timer.expires_after(timeout);
    call->timer.async_wait([self = shared_from_this(), call](const boost::system::error_code& error) {
      if (!error) self->on_timeout(call);
    });
    waiting.push_back(std::move(call));
    dispatch();
  }

  std::string why_refused(const Request& request) const {
    return has_line_break(request) ? "a header contains a line break" : refusal;
  }

  void dispatch() {
    while (!waiting.empty()) {
      ClientCallRef call = waiting.front();
      const bool reuse = !idle.empty() && !call->sent_again;
      if (!reuse && !make_way()) return;
      waiting.pop_front();
      std::shared_ptr<ClientConnection> connection;
      if (reuse) {
        connection = std::move(idle.back());
        idle.pop_back();
      } else {
        connection = std::make_shared<ClientConnection>(shard, options, route, *this);
        open.push_back(connection);
      }
      call->connection = connection;
      reuse ? connection->start(std::move(call)) : connection->connect(std::move(call));
    }
  }

  // Room for a new connection; an idle one goes where the call at hand must not use it.
  bool make_way() {
    if (open.size() < std::max(options.max_connections, 1u)) return true;
    if (idle.empty()) return false;
    idle.front()->forget_pool();
    drop(idle.front());
    return true;
  }

  void drop(std::shared_ptr<ClientConnection> connection) {
    std::erase(open, connection);
    std::erase(idle, connection);
  }

  void on_timeout(const ClientCallRef& call) {
    call->timed_out = true;
    if (call->connection) return call->connection->abort(Failure::kTimeout, "no reply in time");
    std::erase(waiting, call);
    finish(call, failed(Failure::kTimeout, "no connection was free in time"));
  }

  void on_reply(const std::shared_ptr<ClientConnection>& connection, ClientCallRef call, Reply reply,
                bool reusable) override {
    const auto self = shared_from_this();  // `done` may destroy the client
    reusable ? idle.push_back(connection) : drop(connection);
    call->connection = nullptr;
    dispatch();
    finish(call, std::move(reply));
  }

  void on_stale(const std::shared_ptr<ClientConnection>& connection, ClientCallRef call) override {
    const auto self = shared_from_this();
    drop(connection);
    call->connection = nullptr;
    if (call->timed_out) return finish(call, failed(Failure::kTimeout, "no reply in time"));
    call->sent_again = true;
    waiting.push_front(std::move(call));
    dispatch();
  }

  void on_idle_end(const std::shared_ptr<ClientConnection>& connection) override { drop(connection); }

  void finish(const ClientCallRef& call, Reply reply) {
    call->timer.cancel();
    Done done = std::move(call->done);
    call->done = nullptr;
    if (done) done(std::move(reply));
  }

  // The sockets are closed first, so nothing uses the bytes of a call when its `done` is told.
  void shut_down() {
    std::deque<ClientCallRef> left;
    left.swap(waiting);
    for (const auto& connection : open) {
      if (ClientCallRef call = connection->call()) left.push_back(std::move(call));
      connection->forget_pool();
    }
    open.clear();
    idle.clear();
    for (const ClientCallRef& call : left) {
      call->connection = nullptr;
      finish(call, failed(Failure::kClosed, "the client was closed"));
    }
  }

  LoopShard& shard;
  const Options options;
  Route route;
  std::string refusal;  // why nothing can be sent, or ""
  std::deque<ClientCallRef> waiting;
  std::vector<std::shared_ptr<ClientConnection>> open;
  std::vector<std::shared_ptr<ClientConnection>> idle;  // of `open`; the last was used last
};

std::string_view HttpClient::Reply::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

HttpClient::HttpClient(Shard& shard, Options options) : pool_(std::make_shared<Pool>(shard, std::move(options))) {}

HttpClient::~HttpClient() { pool_->shut_down(); }

void HttpClient::send(Request request, Duration timeout, Done done) {
  pool_->send(std::move(request), timeout, std::move(done));
}

}  // namespace weir::net
