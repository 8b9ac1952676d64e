// SPDX-License-Identifier: Apache-2.0
// HTTP over TLS: our servers and our client, with one another and with strangers.
#include <algorithm>
#include <atomic>

#include "client_caller.h"
#include "kept_log.h"
#include "net/http_server.h"
#include "net/page_server.h"
#include "stock_tls.h"
#include "support/http2_peer.h"
#include "tls_peer.h"

using namespace weir;
using namespace weir::net;
using namespace weir::net::test;
using Failure = HttpClient::Failure;
using weir::test::Http2Peer;
using weir::test::TestAuthority;

namespace {

std::shared_ptr<TlsServer> server_of(const TlsServerSettings& settings, std::vector<std::string> protocols) {
  TlsServer::Made made = TlsServer::make(settings, std::move(protocols));
  INFO(made.error);
  REQUIRE(made.server);
  return made.server;
}

HttpClient::Options trusting(const TestAuthority& authority) {
  HttpClient::Options options;
  options.url.scheme = "https";
  options.tls = TlsClient::make(client_settings(authority), {"http/1.1"}).client;
  return options;
}

struct Pages {
  explicit Pages(const TlsServerSettings& settings) : world(1) {
    const auto page = [](const PageRequest& request, PageDone done) { done({200, "text/plain", request.path}); };
    auto started = PageServer::start(world.loops, "127.0.0.1:0", page, 0, server_of(settings, {"http/1.1"}));
    REQUIRE(started.error == "");
    server = std::move(started.server);
    world.loops.run();
  }
  ~Pages() {
    world.loops.stop();
    world.loops.join();
  }
  Loops world;
  std::unique_ptr<PageServer> server;
};

// Answers with the request's body, from any thread's connection.
struct EchoHandler final : RequestHandler {
  struct Sink final : RequestSink {
    explicit Sink(Responder to) : responder(std::move(to)) {}
    void on_body(std::string_view bytes) override { body += bytes; }
    void on_end() override {
      Response response;
      response.body = std::move(body);
      responder.respond(std::move(response));
    }
    void on_stalled() override {}
    Responder responder;
    std::string body;
  };
  std::unique_ptr<RequestSink> on_request(const RequestHead&, const ConnectionInfo&, Responder responder) override {
    return std::make_unique<Sink>(std::move(responder));
  }
};

struct Site {
  Site(ServerProtocol protocol, const TlsServerSettings& settings, uint32_t most_handshakes = 256) : world(2) {
    auto protocols = std::vector<std::string>{"h2"};
    if (protocol == ServerProtocol::kAny) protocols.push_back("http/1.1");
    auto started =
        HttpServer::bind(world.loops, {"127.0.0.1", 0, ""}, protocol, ServerLimits{}, handler, world.clock,
                         {server_of(settings, std::move(protocols)), &log, "otlp", &budget, most_handshakes});
    REQUIRE(started.error == "");
    server = std::move(started.server);
    world.loops.start_ticks(std::chrono::milliseconds(10),
                            [this](uint32_t shard, Time now) { server->on_tick(shard, now); });
    server->start();
    world.loops.run();
  }
  ~Site() {
    world.loops.stop();
    world.loops.join();
  }
  uint16_t port() const { return server->port(); }
  EchoHandler handler;
  KeptLog log;
  ByteBudget budget{1 << 20};
  Loops world;
  std::unique_ptr<HttpServer> server;
};

std::string echoed_by_http2(StockTls& tls, const std::string& body) {
  Http2Peer peer;
  const int32_t stream = peer.begin({{":method", "POST"}, {":scheme", "https"}, {":path", "/"}, {":authority", "a"}});
  peer.send_body(stream, body, true);
  tls.write(peer.take_output());
  while (!peer.answer(stream).ended) {
    const std::string more = tls.read();
    if (more.empty()) break;
    peer.receive(more);
    const std::string out = peer.take_output();
    if (!out.empty()) tls.write(out);
  }
  return peer.answer(stream).body;
}

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

}  // namespace

TEST_CASE("pages over https, many over few connections") {
  TestAuthority authority;
  Pages pages(server_settings(authority.issue()));
  HttpClient::Options options = trusting(authority);
  options.max_connections = 3;
  Caller caller(pages.server->port(), options, "localhost");
  std::vector<Promised<Reply>> replies(100);
  for (size_t i = 0; i < replies.size(); ++i) caller.send({"GET", "/" + std::to_string(i), {}, {}}, replies[i]);
  for (size_t i = 0; i < replies.size(); ++i) CHECK(replies[i].wait().body == "/" + std::to_string(i));
}

TEST_CASE("large bodies both ways over https") {
  TestAuthority authority;
  Site site(ServerProtocol::kAny, server_settings(authority.issue()));
  HttpClient::Options options = trusting(authority);
  options.max_reply_bytes = 64 << 20;
  Caller caller(site.port(), options);
  std::string large(20'000'000, 'x');
  for (size_t i = 0; i < large.size(); i += 11) large[i] = static_cast<char>('a' + i % 26);
  for (int i = 0; i < 2; ++i) {
    const Reply reply = caller.post({"head", large, "tail"});
    CHECK(reply.error == "");
    CHECK(reply.body == "head" + large + "tail");
  }
}

TEST_CASE("ALPN decides what is spoken") {
  TestAuthority authority;
  const TlsServerSettings settings = server_settings(authority.issue());
  const std::string body(300'000, 'h');
  for (const ServerProtocol protocol : {ServerProtocol::kHttp2, ServerProtocol::kAny}) {
    Site site(protocol, settings);
    for (const char* offered : {"h2", ""}) {  // without ALPN, prior knowledge
      StockTls peer = StockTls::connect(site.port(), offered);
      CHECK(peer.protocol() == offered);
      CHECK(echoed_by_http2(peer, body) == body);
    }
  }
  Site site(ServerProtocol::kAny, settings);
  for (const char* offered : {"http/1.1", ""}) {
    StockTls peer = StockTls::connect(site.port(), offered);
    CHECK(peer.protocol() == offered);
    peer.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
    CHECK(peer.read_until("hello").starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(peer.read() == "");
  }
}

TEST_CASE("who does not shake hands is told, closed, and written down") {
  TestAuthority authority;
  Site site(ServerProtocol::kAny, server_settings(authority.issue()));
  RawSocket plain = RawSocket::connect(site.port());
  plain.send("POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd");
  CHECK(plain.read_to_end() == "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
  poll_until([&] { return site.log.first() != ""; });
  CHECK(site.log.first().starts_with("warn otlp TLS handshake failed error=TLS handshake with 127.0.0.1:"));
  CHECK(site.log.first().find("http request") != std::string::npos);
}

TEST_CASE("draining and closing while hands are shaken") {
  TestAuthority authority;
  Site site(ServerProtocol::kAny, server_settings(authority.issue()));
  std::vector<RawSocket> silent;
  for (int i = 0; i < 4; ++i) {
    silent.push_back(RawSocket::connect(site.port()));
    silent.back().send("\x16\x03\x01");
  }
  StockTls open = StockTls::connect(site.port(), "http/1.1");  // whoever came before is being served
  open.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(open.read_until("\r\n\r\n").starts_with("HTTP/1.1 200"));
  site.server->drain();
  CHECK(open.read() == "");
  for (uint32_t shard = 0; shard < 2; ++shard) {
    on(site.world.loops.at(shard), [&] { return site.server->close(shard), true; });
  }
  for (RawSocket& peer : silent) CHECK(peer.read_to_end() == "");
}

TEST_CASE("silent peers do not keep others from shaking hands for long") {
  TestAuthority authority;
  Site site(ServerProtocol::kAny, server_settings(authority.issue()), 4);
  std::vector<RawSocket> silent;
  for (int i = 0; i < 40; ++i) {
    silent.push_back(RawSocket::connect(site.port()));
    silent.back().send("\x16\x03\x01");
  }
  poll_until([&] { return site.log.first() != ""; });
  CHECK(site.log.first().starts_with("warn otlp too many TLS handshakes at once, some were turned away count="));
  poll_until([&] { return site.budget.used() == 8 * 51 * 1024; });  // four on each of two shards
  for (int good = 0; good < 4;) {
    try {
      StockTls peer = StockTls::connect(site.port(), "http/1.1");
      peer.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      CHECK(peer.read_until("\r\n\r\n").starts_with("HTTP/1.1 200"));
      ++good;
    } catch (const std::runtime_error&) {
      std::this_thread::yield();  // the silent ones have their second
    }
  }
  silent.clear();
  poll_until([&] { return site.budget.used() == 0; });
  const std::vector<std::string> lines = site.log.take();
  CHECK(std::count_if(lines.begin(), lines.end(), [](const auto& line) { return line.starts_with("warn"); }) == 1);
}

TEST_CASE("an https server that cannot be trusted or does not shake hands") {
  TestAuthority authority;
  Site site(ServerProtocol::kAny, server_settings(authority.issue({"x", {"DNS:other.test"}})));
  {
    Caller caller(site.port(), trusting(authority));
    const Reply reply = caller.post({"x"});
    CHECK(reply.failure == Failure::kConnect);
    CHECK(reply.error == "tls: failed to verify certificate: IP address mismatch");
  }
  {
    HttpClient::Options defaults;
    defaults.url.scheme = "https";
    Caller caller(site.port(), defaults);
    CHECK(caller.post({"x"}).error == "tls: failed to verify certificate: unable to get local issuer certificate");
  }
  RawServer plain([](RawSocket& peer, int) { peer.send(kOk); });
  CHECK(Caller(plain.port(), trusting(authority)).post({"x"}).error == "tls: wrong version number");
  RawServer silent([](RawSocket& peer, int) { peer.read_to_end(); });
  Caller caller(silent.port(), trusting(authority));
  CHECK(caller.post({"x"}, std::chrono::milliseconds(50)).failure == Failure::kTimeout);
  RawServer closing([](RawSocket&, int) {});
  CHECK(Caller(closing.port(), trusting(authority)).post({"x"}).failure == Failure::kConnect);
}

TEST_CASE("a client without a certificate hears why it is refused") {
  TestAuthority authority;
  weir::test::TestDirectory directory;
  TlsServerSettings settings = server_settings(authority.issue());
  settings.client_ca_file = directory.write("clients.pem", authority.certificate());
  Site site(ServerProtocol::kAny, settings);
  Caller caller(site.port(), trusting(authority));
  const std::string large(5'000'000, 'x');
  for (const std::string_view body : {std::string_view("x"), std::string_view(large)}) {
    const Reply reply = caller.post({body});
    CHECK(reply.failure == Failure::kClosed);
    CHECK(reply.error == "tls: tlsv13 alert certificate required");
  }
}

TEST_CASE("a reply that the connection's end cuts short is none") {
  TestAuthority authority;
  const auto own = authority.issue();
  for (const bool goodbye : {true, false}) {
    RawServer server([&](RawSocket& socket, int) {
      StockTls peer = StockTls::accept(std::move(socket), own);
      peer.read_until("\r\n\r\n");
      peer.write("HTTP/1.1 200 OK\r\n\r\nto the end");
      if (goodbye) peer.say_goodbye();
    });
    Caller caller(server.port(), trusting(authority));
    const Reply reply = caller.get("/");
    CHECK(reply.body == (goodbye ? "to the end" : ""));
    CHECK(reply.failure == (goodbye ? Failure::kNone : Failure::kClosed));
  }
}
