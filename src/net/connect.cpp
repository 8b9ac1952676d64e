// SPDX-License-Identifier: Apache-2.0
#include "net/connect.h"

#include <netdb.h>
#include <netinet/tcp.h>

#include <boost/asio/ip/address.hpp>
#include <cstring>
#include <system_error>
#include <thread>

#include "net/listening_socket.h"

namespace weir::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// An address that swallows packets must not eat the whole timeout while others wait to be tried.
constexpr auto kOneAddressOfMany = std::chrono::seconds(3);

std::string peer_text(const asio::ip::tcp::endpoint& address) {
  sockaddr_storage storage{};
  std::memcpy(&storage, address.data(), address.size());
  return text_of(storage);
}

}  // namespace

std::shared_ptr<Connect> Connect::start(LoopShard& shard, std::string host, uint16_t port, Done done) {
  auto self = std::make_shared<Connect>(shard, std::move(host), port, std::move(done));
  self->resolve();
  return self;
}

Connect::Connect(LoopShard& shard, std::string host, uint16_t port, Done done)
    : shard_(shard),
      host_(std::move(host)),
      port_(port),
      done_(std::move(done)),
      socket_(shard.io()),
      attempt_(shard.io()) {}

void Connect::cancel() {
  done_ = nullptr;
  attempt_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

Connect::Lookup Connect::look_up(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  int failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0) {  // a machine with nothing but a loopback has no "configured" address, yet it reaches localhost
    hints.ai_flags = AI_NUMERICSERV;
    failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  }
  if (failed != 0) return {{}, "look up " + host + ": " + ::gai_strerror(failed)};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  Lookup lookup;
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    asio::ip::tcp::endpoint address;
    address.resize(a->ai_addrlen);
    std::memcpy(address.data(), a->ai_addr, a->ai_addrlen);
    lookup.addresses.push_back(address);
  }
  return lookup;
}

// The thread knows this object only weakly: whatever the loop owns must not end on another thread.
void Connect::resolve() {
  error_code not_numeric;
  const asio::ip::address address = asio::ip::make_address(host_, not_numeric);
  const auto answer = [](std::weak_ptr<Connect> to, Lookup lookup) {
    return [to = std::move(to), lookup = std::move(lookup)]() mutable {
      if (const auto self = to.lock()) self->on_resolved(std::move(lookup));
    };
  };
  if (!not_numeric) return shard_.post(answer(weak_from_this(), {{{address, port_}}, ""}));
  try {
    std::thread([door = shard_.door(), host = host_, port = port_, weak = weak_from_this(), answer] {
      door->post(answer(weak, look_up(host, port)));
    }).detach();
  } catch (const std::system_error& error) {
    shard_.post(answer(weak_from_this(), {{}, "look up " + host_ + ": " + error.what()}));
  }
}

void Connect::on_resolved(Lookup lookup) {
  if (!done_) return;
  found_ = std::move(lookup);
  if (!found_.error.empty()) return finish({nullptr, true, std::move(found_.error)});
  try_next();
}

void Connect::try_next() {
  if (next_ == found_.addresses.size()) return finish({nullptr, false, std::move(last_error_)});
  const asio::ip::tcp::endpoint& address = found_.addresses[next_++];
  socket_ = PlainSocket(shard_.io());
  if (next_ < found_.addresses.size()) {
    attempt_.expires_after(kOneAddressOfMany);
    attempt_.async_wait([self = shared_from_this(), attempt = next_](const error_code& error) {
      error_code ignored;
      if (!error && self->next_ == attempt) self->socket_.close(ignored);
    });
  }
  socket_.async_connect(asio::generic::stream_protocol::endpoint(address),
                        [self = shared_from_this()](const error_code& error) { self->on_connected(error); });
}

void Connect::on_connected(const error_code& error) {
  if (!done_) return;
  attempt_.cancel();
  const std::string peer = peer_text(found_.addresses[next_ - 1]);
  if (error || !socket_.is_open()) {
    const std::string why = !error || error == asio::error::operation_aborted ? "timed out" : error.message();
    last_error_ = "connect to " + peer + ": " + why;
    return try_next();
  }
  const int on = 1;
  ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  finish({make_plain_stream(shard_, std::move(socket_), peer, false), false, ""});
}

void Connect::finish(Connected outcome) {
  Done done = std::move(done_);
  done_ = nullptr;
  done(std::move(outcome));
}

}  // namespace weir::net
