// SPDX-License-Identifier: Apache-2.0
#include "net/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>

#include "net/descriptors.h"
#include "net/listening_socket.h"
#include "net/plain_stream.h"

namespace weir::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr int kAcceptsPerTurn = 64;
// Where there is no room for more connections, trying again at once would only burn the CPU.
constexpr auto kAcceptPause = std::chrono::milliseconds(50);

asio::generic::stream_protocol protocol_of(int family) { return {family, family == AF_UNIX ? 0 : IPPROTO_TCP}; }

}  // namespace

struct Listener::Impl : std::enable_shared_from_this<Listener::Impl> {
  Impl(Shards& of, ListeningSocket socket, OnStream handler, std::optional<uint32_t> only)
      : shards(of),
        home(loop_of(of.at(only.value_or(0)))),
        only_shard(only),
        on_stream(std::move(handler)),
        family(socket.family),
        port(socket.port),
        address(std::move(socket.address)),
        unlink_path(std::move(socket.unlink_path)),
        acceptor(home.io(), socket.fd.release()),
        pause(home.io()) {}

  ~Impl() { remove_path(); }

  void remove_path() {
    if (!unlink_path.empty()) ::unlink(unlink_path.c_str());
    unlink_path.clear();
  }

  void close() {
    error_code ignored;
    acceptor.close(ignored);
    pause.cancel();
    remove_path();
  }

  void wait() {
    acceptor.async_wait(asio::posix::stream_descriptor::wait_read,
                        [self = shared_from_this()](const error_code& error) {
                          if (!error) self->accept_some();
                        });
  }

  void accept_some() {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
      if (full()) return wait_a_while();
      sockaddr_storage from{};
      socklen_t length = sizeof from;
      UniqueFd fd(::accept4(acceptor.native_handle(), reinterpret_cast<sockaddr*>(&from), &length,
                            SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (fd.get() >= 0) {
        hand_over(std::move(fd), from);
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        return wait_a_while();
      } else if (errno == EAGAIN) {
        break;
      }  // anything else is the fate of that one connection
    }
    wait();
  }

  bool full() const {
    if (only_shard) return false;
    uint32_t open = 0;
    for (uint32_t i = 0; i < shards.size(); ++i) open += loop_of(shards.at(i)).connections();
    return open >= most;
  }

  void wait_a_while() {
    pauses.fetch_add(1, std::memory_order_relaxed);
    pause.expires_after(kAcceptPause);
    pause.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error) self->wait();
    });
  }

  LoopShard& fewest() {
    if (only_shard) return home;
    LoopShard* best = &loop_of(shards.at(0));
    for (uint32_t i = 1; i < shards.size(); ++i) {
      LoopShard& loop = loop_of(shards.at(i));
      if (loop.connections() < best->connections()) best = &loop;
    }
    return *best;
  }

  void hand_over(UniqueFd fd, const sockaddr_storage& from) {
    if (family != AF_UNIX) {
      const int on = 1;
      ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    LoopShard& shard = fewest();
    // Counted from here: a burst must not go to one shard because its first connection has not arrived there yet.
    ++shard.connections();
    shard.post([self = shared_from_this(), &shard, fd = std::move(fd), peer = text_of(from)]() mutable {
      PlainSocket socket(shard.io());
      error_code error;
      socket.assign(protocol_of(self->family), fd.get(), error);
      if (error) {
        --shard.connections();
        return;
      }
      fd.release();
      self->on_stream(make_plain_stream(shard, std::move(socket), std::move(peer), true));
    });
  }

  Shards& shards;
  LoopShard& home;
  const std::optional<uint32_t> only_shard;
  const OnStream on_stream;
  const int family;
  const uint16_t port;
  const std::string address;
  std::string unlink_path;
  asio::posix::stream_descriptor acceptor;
  asio::steady_timer pause;
  std::atomic<uint64_t> pauses{0};
  uint32_t most = 0;  // connections of the process
};

Listener::Bound Listener::bind(Shards& shards, const Endpoint& endpoint, OnStream on_stream,
                               std::optional<uint32_t> only_shard) {
  ListeningSocket socket = listen_at(endpoint);
  if (!socket.error.empty()) return {nullptr, std::move(socket.error)};
  auto impl = std::make_shared<Impl>(shards, std::move(socket), std::move(on_stream), only_shard);
  return {std::unique_ptr<Listener>(new Listener(std::move(impl))), ""};
}

Listener::Listener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Listener::~Listener() { stop_accepting(); }

void Listener::start() {
  impl_->home.post([impl = impl_] {
    impl->most = connections_to_allow();
    impl->wait();
  });
}

void Listener::stop_accepting() {
  impl_->home.post([impl = impl_] { impl->close(); });
}

uint64_t Listener::pauses() const { return impl_->pauses.load(std::memory_order_relaxed); }

uint16_t Listener::port() const { return impl_->port; }

const std::string& Listener::address() const { return impl_->address; }

}  // namespace weir::net
