// SPDX-License-Identifier: Apache-2.0
#include "net/http_server.h"

#include <atomic>
#include <map>
#include <optional>
#include <utility>

#include "net/server_connection.h"

namespace weir::net {

void Responder::respond(Response&& response) const {
  if (shard_ == nullptr || std::this_thread::get_id() == owner_) {
    if (const auto target = target_.lock()) target->respond(id_, std::move(response));
    return;
  }
  shard_->post([target = target_, id = id_, response = std::move(response)]() mutable {
    if (const auto alive = target.lock()) alive->respond(id, std::move(response));
  });
}

namespace {
constexpr auto kHandshakeTime = std::chrono::seconds(10);
// What a handshake may take where others wait.
constexpr auto kHandshakePatience = std::chrono::seconds(1);
constexpr uint64_t kHandshakeBytes = 51 << 10;  // OpenSSL's share, measured
constexpr auto kTellEvery = std::chrono::minutes(1);

// Something that happens too often for a line each.
struct Tally {
  uint64_t told = 0;
  std::optional<Duration> told_at;

  // How many of `all` are to be told now; 0: none, or not yet.
  uint64_t due(uint64_t all, Duration now) {
    if (all == told || (told_at && now - *told_at < kTellEvery)) return 0;
    told_at = now;
    return all - std::exchange(told, all);
  }
};

}  // namespace

struct HttpServer::Impl {
  struct Shaking {
    TlsHandshake handshake;
    Duration since{0};
    Reservation memory;
  };
  // What belongs to one shard's thread.
  struct Connections {
    std::vector<std::shared_ptr<ServerConnection>> all;
    std::map<uint64_t, Shaking> handshakes;  // the oldest first
    uint64_t handshakes_begun = 0;
    bool told_to_drain = false;
    Duration last_tick{0};
  };

  Impl(uint32_t shards, ServerProtocol protocol_in, const ServerLimits& limits_in, RequestHandler& handler_in,
       const Clock& clock_in, ServerTls secure_in)
      : protocol(protocol_in),
        limits(limits_in),
        handler(&handler_in),
        clock(&clock_in),
        secure(std::move(secure_in)),
        by_shard(shards) {}

  void accept(std::unique_ptr<Stream> stream);
  bool make_room(Connections& mine, Duration now);
  void tell(Duration now);
  void on_handshake(TlsAccepted accepted);
  void serve(std::unique_ptr<Stream> stream, ServerProtocol speaks);

  const ServerProtocol protocol;
  const ServerLimits limits;
  RequestHandler* const handler;
  const Clock* const clock;
  const ServerTls secure;
  std::vector<Connections> by_shard;
  std::atomic<uint64_t> open_requests{0};
  std::atomic<uint64_t> connections{0};
  std::atomic<bool> draining{false};
  std::atomic<uint64_t> turned_away{0};  // handshakes
  Tally told_turned_away, told_pauses;   // of the first shard
  std::unique_ptr<Listener> listener;
};

void HttpServer::Impl::accept(std::unique_ptr<Stream> stream) {
  if (!secure.tls) return serve(std::move(stream), protocol);
  Connections& mine = by_shard[stream->shard().index()];
  const Duration now = clock->now().mono;
  if (!make_room(mine, now)) return;
  const uint64_t number = ++mine.handshakes_begun;
  Shaking& shaking = mine.handshakes[number];
  shaking.since = now;
  if (secure.budget != nullptr) shaking.memory = Reservation::take(*secure.budget, kHandshakeBytes);
  // The handshake belongs to this object: it cannot end later.
  shaking.handshake =
      secure.tls->accept(std::move(stream), kHandshakeTime, [this, &mine, number](TlsAccepted accepted) {
        const auto ended = mine.handshakes.extract(number);
        on_handshake(std::move(accepted));
      });
}

// Handshakes cost memory, and anybody may begin one. Where there are too many, one that has had its time gives way to
// the newcomer. A crowd of clients that do it right is served in its order: then it is the newcomer that has to go.
bool HttpServer::Impl::make_room(Connections& mine, Duration now) {
  if (mine.handshakes.size() < secure.most_handshakes) return true;
  turned_away.fetch_add(1, std::memory_order_relaxed);
  const auto oldest = mine.handshakes.begin();
  if (now - oldest->second.since < kHandshakePatience) return false;
  mine.handshakes.erase(oldest);
  return true;
}

void HttpServer::Impl::tell(Duration now) {
  if (secure.log == nullptr) return;
  const uint64_t away = told_turned_away.due(turned_away.load(std::memory_order_relaxed), now);
  if (away > 0) {
    secure.log->warn(secure.component, "too many TLS handshakes at once, some were turned away",
                     {{"count", std::to_string(away)}});
  }
  if (told_pauses.due(listener->pauses(), now) == 0) return;
  secure.log->warn(secure.component, "as many connections are open as the limit of open files allows, others wait",
                   {{"connections", std::to_string(connections.load(std::memory_order_relaxed))}});
}

void HttpServer::Impl::on_handshake(TlsAccepted accepted) {
  if (accepted.stream)
    return serve(std::move(accepted.stream), accepted.protocol == "h2" ? ServerProtocol::kHttp2 : protocol);
  if (secure.log == nullptr) return;
  // A probe that connects and leaves is nobody's mistake.
  const bool spoke = accepted.error.find(": tls: ") != std::string::npos;
  secure.log->write(spoke ? LogLevel::kWarn : LogLevel::kDebug, secure.component, "TLS handshake failed",
                    {{"error", accepted.error}});
}

// A connection that comes while the server drains is served too, and told to go by the next tick: closing it would lose
// the request that is on its way.
void HttpServer::Impl::serve(std::unique_ptr<Stream> stream, ServerProtocol speaks) {
  Connections& mine = by_shard[stream->shard().index()];
  mine.told_to_drain = false;
  SessionEnv env{handler, limits, {stream->peer(), &stream->shard()}, &open_requests};
  mine.all.push_back(std::make_shared<ServerConnection>(std::move(stream), std::move(env), speaks, clock->now()));
  connections.fetch_add(1, std::memory_order_relaxed);
  mine.all.back()->start();
}

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  impl_->listener.reset();
  for (Impl::Connections& shard : impl_->by_shard) {
    for (const auto& connection : shard.all) connection->close();
    shard.all.clear();
    shard.handshakes.clear();
  }
}

HttpServer::Started HttpServer::bind(Shards& shards, const Endpoint& endpoint, ServerProtocol protocol,
                                     const ServerLimits& limits, RequestHandler& handler, const Clock& clock,
                                     ServerTls tls) {
  auto impl = std::make_shared<Impl>(shards.size(), protocol, limits, handler, clock, std::move(tls));
  // The listener may still call after it is stopped: hold what it needs, weakly (the server is gone when loops have
  // stopped).
  std::weak_ptr<Impl> weak = impl;
  Listener::Bound bound = Listener::bind(shards, endpoint, [weak](std::unique_ptr<Stream> stream) {
    if (const auto alive = weak.lock()) alive->accept(std::move(stream));
  });
  if (!bound.listener) return {nullptr, std::move(bound.error)};
  impl->listener = std::move(bound.listener);
  return {std::unique_ptr<HttpServer>(new HttpServer(std::move(impl))), ""};
}

void HttpServer::start() { impl_->listener->start(); }
uint16_t HttpServer::port() const { return impl_->listener->port(); }
const std::string& HttpServer::address() const { return impl_->listener->address(); }
uint64_t HttpServer::open_requests() const { return impl_->open_requests.load(std::memory_order_relaxed); }

uint64_t HttpServer::connections() const { return impl_->connections.load(std::memory_order_relaxed); }

void HttpServer::on_tick(uint32_t shard, Time now) {
  Impl::Connections& mine = impl_->by_shard[shard];
  if (impl_->draining.load(std::memory_order_acquire) && !std::exchange(mine.told_to_drain, true)) {
    for (size_t i = 0; i < mine.all.size(); ++i) mine.all[i]->drain();
  }
  constexpr Duration kEvery = std::chrono::milliseconds(20);  // what connections watch is slow
  if (now.mono - mine.last_tick < kEvery) return;
  mine.last_tick = now.mono;
  if (shard == 0) impl_->tell(now.mono);
  for (size_t i = 0; i < mine.all.size(); ++i) mine.all[i]->on_tick(now);
  const size_t gone = std::erase_if(mine.all, [](const auto& connection) { return connection->closed(); });
  impl_->connections.fetch_sub(gone, std::memory_order_relaxed);
}

void HttpServer::drain() {
  impl_->listener->stop_accepting();
  impl_->draining.store(true, std::memory_order_release);
}

void HttpServer::close(uint32_t shard) {
  Impl::Connections& mine = impl_->by_shard[shard];
  for (const auto& connection : mine.all) connection->end();
  impl_->connections.fetch_sub(mine.all.size(), std::memory_order_relaxed);
  mine.all.clear();
  mine.handshakes.clear();
}

}  // namespace weir::net
