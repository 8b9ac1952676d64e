// SPDX-License-Identifier: Apache-2.0
#include "net/dial.h"

#include <boost/asio/buffer.hpp>
#include <cstring>

namespace weir::net {

namespace http = boost::beast::http;

namespace {

std::string authority_with_port(const Url& url) {
  const bool v6 = url.host.find(':') != std::string::npos;
  return (v6 ? "[" + url.host + "]" : url.host) + ":" + std::to_string(url.port);
}

}  // namespace

std::shared_ptr<Dial> Dial::start(LoopShard& shard, const Route& route, Done done) {
  auto self = std::make_shared<Dial>(shard, route, std::move(done));
  self->go();
  return self;
}

void Dial::go() {
  const Url& first = route_.proxy ? route_.proxy->url : route_.to;
  connecting_ = Connect::start(shard_, first.host, first.port, [weak = weak_from_this()](Connected outcome) {
    if (const auto self = weak.lock()) self->on_connected(std::move(outcome));
  });
}

void Dial::cancel() {
  done_ = nullptr;
  if (connecting_) connecting_->cancel();
  connecting_ = nullptr;
  handshake_ = nullptr;
  if (stream_) stream_->close();
}

void Dial::on_connected(Connected outcome) {
  connecting_ = nullptr;
  if (!outcome.stream) return fail(std::move(outcome.error), outcome.name_failed);
  if (!route_.proxy) return reach_server(std::move(outcome.stream));
  const auto then = route_.asks_proxy() ? &Dial::succeed : &Dial::ask_for_tunnel;
  if (route_.proxy->url.scheme == "http") return (this->*then)(std::move(outcome.stream));
  secure(std::move(outcome.stream), route_.proxy->url.host, then);
}

void Dial::secure(std::unique_ptr<Stream> stream, const std::string& host,
                  void (Dial::*then)(std::unique_ptr<Stream>)) {
  handshake_ = route_.tls->connect(std::move(stream), host, [weak = weak_from_this(), then](TlsAccepted accepted) {
    const auto self = weak.lock();
    if (!self || !self->done_) return;
    const TlsHandshake ended = std::move(self->handshake_);
    if (!accepted.stream) return self->fail(std::move(accepted.error));
    (self.get()->*then)(std::move(accepted.stream));
  });
}

void Dial::reach_server(std::unique_ptr<Stream> stream) {
  if (route_.to.scheme == "http") return succeed(std::move(stream));
  secure(std::move(stream), route_.to.host, &Dial::succeed);
}

// --- the tunnel

void Dial::ask_for_tunnel(std::unique_ptr<Stream> stream) {
  stream_ = std::move(stream);
  const std::string server = authority_with_port(route_.to);
  request_ = "CONNECT " + server + " HTTP/1.1\r\nHost: " + server;
  const std::string& authorization = route_.proxy->authorization;
  if (!authorization.empty()) request_ += "\r\nProxy-Authorization: " + authorization;
  request_ += "\r\n\r\n";
  parser_.emplace();
  parser_->header_limit(static_cast<uint32_t>(buffer_.size()));
  parser_->skip(true);  // a tunnel's reply has no body
  const std::string_view bytes = request_;
  // Where the write fails, the read does too, and tells.
  stream_->write({&bytes, 1}, [self = shared_from_this()](IoResult) {});
  read_tunnel();
}

void Dial::read_tunnel() {
  stream_->read(buffer_.data() + filled_, buffer_.size() - filled_,
                [self = shared_from_this()](IoResult result) { self->on_tunnel_read(std::move(result)); });
}

void Dial::on_tunnel_read(IoResult result) {
  if (!done_) return;
  if (!result.ok()) return fail(result.end ? "the proxy closed the connection" : result.error.message());
  filled_ += result.bytes;
  boost::system::error_code error;
  const size_t used = parser_->put(boost::asio::buffer(buffer_.data(), filled_), error);
  filled_ -= used;
  std::memmove(buffer_.data(), buffer_.data() + used, filled_);
  if (error && error != http::error::need_more) return fail("the proxy's reply is no HTTP: " + error.message());
  if (parser_->is_done()) return on_tunnel();
  filled_ < buffer_.size() ? read_tunnel() : fail("the proxy's reply is too large");
}

void Dial::on_tunnel() {
  const auto& reply = parser_->get();
  if (reply.result_int() != 200) {
    return fail("the proxy refused a tunnel to " + authority_with_port(route_.to) + ": " +
                std::to_string(reply.result_int()) + " " + std::string(reply.reason()));
  }
  if (filled_ > 0) return fail("the proxy sent more than its reply");
  secure(std::move(stream_), route_.to.host, &Dial::succeed);
}

// --- the end

void Dial::succeed(std::unique_ptr<Stream> stream) { finish({std::move(stream), false, ""}); }

void Dial::fail(std::string error, bool name_failed) {
  if (stream_) stream_->close();
  finish({nullptr, name_failed, (route_.proxy ? "proxy: " : "") + error});
}

void Dial::finish(Connected outcome) {
  Done done = std::move(done_);
  done_ = nullptr;
  done(std::move(outcome));
}

}  // namespace weir::net
