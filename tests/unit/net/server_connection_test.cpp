// SPDX-License-Identifier: Apache-2.0
// Connections of a server on real sockets, whose time the test tells: peers that say nothing, or do not stop.
#include "net/http_server.h"
#include "stock_tls.h"
#include "tls_peer.h"

using namespace weir;
using namespace weir::net;
using namespace weir::net::test;
using weir::test::TestAuthority;

namespace {

constexpr Duration kSecond = std::chrono::seconds(1);

// Refuses everything before its body.
struct Refuser final : RequestHandler {
  std::unique_ptr<RequestSink> on_request(const RequestHead&, const ConnectionInfo&, Responder responder) override {
    Response response{.status = 404, .close = true};
    response.body = "no";
    responder.respond(std::move(response));
    return nullptr;
  }
};

// Time stands still; the connections hear of a later one by ticks.
struct StandingClock final : Clock {
  Time now() const override { return {std::chrono::hours(1), std::chrono::hours(1)}; }
};

struct Site {
  explicit Site(ServerProtocol protocol, std::shared_ptr<TlsServer> tls = nullptr) : world(1) {
    auto started = HttpServer::bind(world.loops, {"127.0.0.1", 0, ""}, protocol, ServerLimits{}, handler, clock,
                                    {std::move(tls), nullptr, "otlp"});
    REQUIRE(started.error == "");
    server = std::move(started.server);
    server->start();
    world.loops.run();
  }
  ~Site() {
    world.loops.stop();
    world.loops.join();
  }
  RawSocket connect() {
    const uint64_t before = server->connections();
    RawSocket peer = RawSocket::connect(server->port());
    poll_until([&] { return server->connections() > before; });
    return peer;
  }
  // That long after everything began.
  void tick(Duration later) {
    Time now = clock.now();
    now.mono += later;
    on(world.loops.at(0), [&] { return server->on_tick(0, now), true; });
  }
  bool is_served() { return server->connections() == 1; }

  Refuser handler;
  StandingClock clock;
  Loops world;
  std::unique_ptr<HttpServer> server;
};

const std::string kUpload = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n";

}  // namespace

TEST_CASE("peers that connect and say nothing are not kept") {
  for (const std::string& opening : std::vector<std::string>{"", "PR"}) {
    CAPTURE(opening);
    Site site(ServerProtocol::kAny);
    RawSocket peer = site.connect();
    peer.send(opening);
    site.tick(59 * kSecond);
    CHECK(site.is_served());
    site.tick(61 * kSecond);
    CHECK(peer.read_to_end() == "");
  }
  Site http2(ServerProtocol::kHttp2);
  RawSocket peer = http2.connect();
  http2.tick(9 * kSecond);
  CHECK(http2.is_served());
  http2.tick(11 * kSecond);
  CHECK(peer.read_to_end().size() < 100);  // our settings
}

TEST_CASE("peers that shake hands and say nothing are not kept either") {
  TestAuthority authority;
  for (const char* protocol : {"h2", "http/1.1"}) {
    CAPTURE(protocol);
    Site site(ServerProtocol::kAny, TlsServer::make(server_settings(authority.issue()), {"h2", "http/1.1"}).server);
    StockTls peer = StockTls::connect(site.server->port(), protocol);
    poll_until([&] { return site.is_served(); });
    site.tick(9 * kSecond);
    CHECK(site.is_served());
    site.tick(61 * kSecond);
    while (peer.read() != "") {
    }
    site.tick(64 * kSecond);  // last words are waited for
    CHECK_FALSE(site.is_served());
  }
}

TEST_CASE("a refused upload over HTTP/1 is read for a while, bounded in bytes") {
  Site site(ServerProtocol::kAny);
  RawSocket peer = site.connect();
  peer.send(kUpload);
  const std::string block(1 << 20, 'x');
  for (int i = 0; i < 8; ++i) peer.send(block);
  CHECK(site.is_served());
  const std::string answer = peer.read_to_end();  // half the connection is over
  CHECK(answer.starts_with("HTTP/1.1 404"));
  CHECK(answer.ends_with("\r\n\r\nno"));
  for (int i = 0; i < 40; ++i) peer.send(block);
  site.tick(Duration(0));
  CHECK_FALSE(site.is_served());
}

TEST_CASE("a refused upload over HTTP/1 is read for a while, bounded in time") {
  Site site(ServerProtocol::kAny);
  RawSocket peer = site.connect();
  peer.send(kUpload);
  CHECK(peer.read_to_end().starts_with("HTTP/1.1 404"));
  peer.send("x");
  site.tick(kSecond);
  CHECK(site.is_served());
  site.tick(3 * kSecond);
  CHECK_FALSE(site.is_served());
}
