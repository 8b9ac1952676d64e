// SPDX-License-Identifier: Apache-2.0
#include "tls_peer.h"

#include "net/asio_access.h"
#include "net/connect.h"

namespace weir::net::test {

struct EchoSite::Echo : std::enable_shared_from_this<EchoSite::Echo> {
  Echo(EchoSite& of, std::unique_ptr<Stream> from) : site(of), stream(std::move(from)) {}
  void read() {
    stream->read(buffer, sizeof buffer, [self = shared_from_this()](IoResult result) {
      if (!result.ok()) {
        self->stream->close();
        return self->site.ends_.push(result);
      }
      const std::string_view pieces[] = {"", {self->buffer, result.bytes}, ""};
      self->stream->write(pieces, [self](IoResult written) {
        if (written.ok()) self->read();
      });
    });
  }
  EchoSite& site;
  std::unique_ptr<Stream> stream;
  char buffer[40000];
};

EchoSite::EchoSite(const TlsServerSettings& settings, Duration limit, std::vector<std::string> protocols, TlsLog log) {
  TlsServer::Made made = TlsServer::make(settings, std::move(protocols), std::move(log));
  INFO(made.error);
  REQUIRE(made.server);
  tls_ = std::move(made.server);
  const auto on_stream = [this, limit](std::unique_ptr<Stream> plain) {
    handshakes_.push_back(tls_->accept(std::move(plain), limit, [this](TlsAccepted accepted) {
      if (!accepted.stream) return errors_.push(accepted.error);
      std::make_shared<Echo>(*this, std::move(accepted.stream))->read();
    }));
  };
  Listener::Bound bound = Listener::bind(world_.loops, {"127.0.0.1", 0, ""}, on_stream);
  REQUIRE(bound.error.empty());
  listener_ = std::move(bound.listener);
  listener_->start();
  world_.loops.run();
}

EchoSite::~EchoSite() {
  world_.loops.stop();
  world_.loops.join();
  handshakes_.clear();
}

uint32_t EchoSite::connections() { return loop_of(shard()).connections(); }

TlsPeer::TlsPeer(uint16_t port, const TlsClientSettings& settings, std::string host,
                 std::vector<std::string> protocols) {
  TlsClient::Made made = TlsClient::make(settings, std::move(protocols));
  INFO(made.error);
  REQUIRE(made.client);
  tls_ = std::move(made.client);
  connect(port, host);
}

TlsPeer::TlsPeer(uint16_t port, std::shared_ptr<TlsClient> tls, const std::string& host) : tls_(std::move(tls)) {
  connect(port, host);
}

void TlsPeer::connect(uint16_t port, const std::string& host) {
  Promised<bool> over;
  LoopShard& loop = loop_of(world_.loops.at(0));
  std::shared_ptr<Connect> connecting;
  loop.post([&] {
    connecting = Connect::start(loop, "127.0.0.1", port, [&](Connected connected) {
      handshake_ = tls_->connect(std::move(connected.stream), host, [&](TlsAccepted accepted) {
        stream_ = std::move(accepted.stream);
        protocol_ = accepted.protocol;
        error_ = accepted.error;
        over.set(true);
      });
    });
  });
  world_.loops.run();
  over.wait();
}

TlsPeer::~TlsPeer() {
  on(world_.loops.at(0), [&] {
    handshake_.reset();
    stream_.reset();
    return true;
  });
}

namespace {

// Reads until `wanted` bytes have come.
struct Reading : std::enable_shared_from_this<Reading> {
  void go(std::shared_ptr<Stream> from, size_t wanted, Promised<bool>& done) {
    from->read(buffer, sizeof buffer, [self = shared_from_this(), from, wanted, &done](IoResult result) {
      self->got.append(self->buffer, result.bytes);
      if (result.ok() && self->got.size() < wanted) return self->go(from, wanted, done);
      done.set(result.ok());
    });
  }
  std::string got;
  char buffer[30000];
};

}  // namespace

std::string TlsPeer::exchange(const std::vector<std::string_view>& pieces) {
  size_t wanted = 0;
  for (std::string_view piece : pieces) wanted += piece.size();
  Promised<bool> read;
  Promised<IoResult> written;
  const auto reading = std::make_shared<Reading>();
  world_.loops.at(0).post([&] {
    reading->go(stream_, wanted, read);
    stream_->write(pieces, [&](IoResult result) { written.set(result); });
  });
  read.wait();
  const IoResult result = written.wait();
  CHECK(result.ok());
  CHECK(result.bytes == wanted);
  return reading->got;
}

IoResult TlsPeer::write(std::string_view text) {
  Promised<IoResult> written;
  world_.loops.at(0).post([&] { stream_->write({&text, 1}, [&](IoResult result) { written.set(result); }); });
  return written.wait();
}

IoResult TlsPeer::read(std::string& into) {
  Promised<IoResult> read;
  into.resize(30000);
  world_.loops.at(0).post([&] { stream_->read(into.data(), into.size(), [&](IoResult result) { read.set(result); }); });
  const IoResult result = read.wait();
  into.resize(result.bytes);
  return result;
}

std::pair<IoResult, IoResult> TlsPeer::close_while_busy(std::string_view text) {
  Promised<IoResult> read;
  Promised<IoResult> written;
  char buffer[10];
  world_.loops.at(0).post([&] {
    stream_->read(buffer, sizeof buffer, [&](IoResult result) { read.set(result); });
    stream_->write({&text, 1}, [&](IoResult result) { written.set(result); });
    stream_->close();
  });
  const IoResult first = read.wait();
  return {first, written.wait()};
}

void TlsPeer::shutdown_write() {
  on(world_.loops.at(0), [&] { return stream_->shutdown_write(), true; });
}

void TlsPeer::close() {
  on(world_.loops.at(0), [&] { return stream_->close(), true; });
}

}  // namespace weir::net::test
