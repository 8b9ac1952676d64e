// SPDX-License-Identifier: Apache-2.0
// The HTTP client through proxies that are played by the test.
#include "client_caller.h"
#include "net/page_server.h"
#include "stock_tls.h"
#include "tls_peer.h"

using namespace weir;
using namespace weir::net;
using namespace weir::net::test;
using Failure = HttpClient::Failure;
using weir::test::TestAuthority;

namespace {

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

std::string at(uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

HttpClient::Options through(const std::string& proxy) {
  HttpClient::Options options;
  options.proxy = proxy;
  return options;
}

HttpClient::Options securely_through(const std::string& proxy, const TestAuthority& authority) {
  HttpClient::Options options = through(proxy);
  options.url.scheme = "https";
  options.tls = TlsClient::make(client_settings(authority), {"http/1.1"}).client;
  return options;
}

// Carries bytes both ways until either side ends.
void relay(RawSocket& left, RawSocket& right) {
  const auto carry = [](RawSocket& from, RawSocket& to) {
    char chunk[65536];
    for (;;) {
      const ssize_t got = ::recv(from.fd(), chunk, sizeof chunk, 0);
      if (got <= 0) break;
      to.send({chunk, static_cast<size_t>(got)});
    }
    ::shutdown(to.fd(), SHUT_RDWR);
    ::shutdown(from.fd(), SHUT_RDWR);
  };
  std::thread back([&] { carry(right, left); });
  carry(left, right);
  back.join();
}

struct SecureSite {
  explicit SecureSite(const TestAuthority& authority) : world(1) {
    const auto page = [](const PageRequest& request, PageDone done) { done({200, "text/plain", request.path}); };
    TlsServer::Made made = TlsServer::make(server_settings(authority.issue()), {"http/1.1"});
    server = PageServer::start(world.loops, "127.0.0.1:0", page, 0, made.server).server;
    REQUIRE(server);
    world.loops.run();
  }
  ~SecureSite() {
    world.loops.stop();
    world.loops.join();
  }
  Loops world;
  std::unique_ptr<PageServer> server;
};

}  // namespace

TEST_CASE("plain http asks the proxy for the whole URL, on kept connections") {
  std::string first, second;
  Promised<bool> both;
  RawServer proxy([&](RawSocket& peer, int) {
    first = peer.read_message(1);
    peer.send(kOk);
    second = peer.read_message();
    peer.send(kOk);
    both.set(true);
    peer.read_to_end();
  });
  Caller caller(4318, through("http://me:pass%20word@" + at(proxy.port())), "collector.invalid");
  CHECK(caller.post({"x"}).body == "ok");
  CHECK(caller.get("/a?b=c").body == "ok");
  both.wait();
  CHECK(first ==
        "POST http://collector.invalid:4318/v1/traces HTTP/1.1\r\nHost: collector.invalid:4318\r\n"
        "Proxy-Authorization: Basic bWU6cGFzcyB3b3Jk\r\nX-Tenant: a\r\nContent-Length: 1\r\n\r\nx");
  CHECK(second ==
        "GET http://collector.invalid:4318/a?b=c HTTP/1.1\r\nHost: collector.invalid:4318\r\n"
        "Proxy-Authorization: Basic bWU6cGFzcyB3b3Jk\r\n\r\n");
}

TEST_CASE("https goes through a tunnel") {
  TestAuthority authority;
  SecureSite site(authority);
  Promised<std::string> asked;
  RawServer proxy([&](RawSocket& peer, int) {
    asked.set(peer.read_message());
    RawSocket onward = RawSocket::connect(site.server->port());
    peer.send("HTTP/1.1 200 ");  // in two pieces
    peer.send("Connection established\r\nVia: test\r\n\r\n");
    relay(peer, onward);
  });
  {
    Caller caller(443, securely_through("http://u:p@" + at(proxy.port()), authority), "localhost");
    CHECK(caller.get("/one").body == "/one");
    CHECK(caller.get("/two").body == "/two");  // in the same tunnel
  }
  CHECK(asked.wait() ==
        "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\nProxy-Authorization: Basic dTpw\r\n\r\n");
}

TEST_CASE("the certificate behind a tunnel is the server's, not the proxy's") {
  TestAuthority authority;
  SecureSite site(authority);
  RawServer proxy([&](RawSocket& peer, int) {
    peer.read_message();
    RawSocket onward = RawSocket::connect(site.server->port());
    peer.send("HTTP/1.1 200 OK\r\n\r\n");
    relay(peer, onward);
  });
  Caller caller(443, securely_through(at(proxy.port()), authority), "elsewhere.invalid");
  const Reply reply = caller.get("/");
  CHECK(reply.failure == Failure::kConnect);
  CHECK(reply.error == "proxy: tls: failed to verify certificate: hostname mismatch");
}

TEST_CASE("a proxy of https, for http and in front of a tunnel") {
  TestAuthority authority;
  const auto own = authority.issue();
  Promised<std::string> asked;
  RawServer proxy([&](RawSocket& socket, int) {
    StockTls peer = StockTls::accept(std::move(socket), own);
    asked.set(peer.read_until("\r\n\r\n"));
    peer.write(kOk);
    peer.read();
  });
  HttpClient::Options options = securely_through("https://" + at(proxy.port()), authority);
  options.url.scheme = "http";
  {
    Caller caller(80, options, "collector.invalid");
    CHECK(caller.get("/x").body == "ok");
  }
  CHECK(asked.wait() == "GET http://collector.invalid/x HTTP/1.1\r\nHost: collector.invalid\r\n\r\n");

  EchoSite echo(server_settings(own));  // TLS that sends back what it gets: no tunnel
  Caller caller(443, securely_through("https://" + at(echo.port()), authority), "localhost");
  CHECK(caller.get("/").error.starts_with("proxy: the proxy's reply is no HTTP: "));
}

TEST_CASE("proxies that give no tunnel") {
  TestAuthority authority;
  const auto reply_to = [&](std::string answer) {
    RawServer proxy([answer = std::move(answer)](RawSocket& peer, int) {
      peer.read_message();
      peer.send(answer);
    });
    Caller caller(4318, securely_through("http://me:secret@" + at(proxy.port()), authority), "collector.invalid");
    const Reply reply = caller.post({"x"});
    CHECK(reply.failure == Failure::kConnect);
    CHECK(reply.error.find("secret") == std::string::npos);
    return reply.error;
  };
  CHECK(reply_to("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 9\r\n\r\nwho goes?") ==
        "proxy: the proxy refused a tunnel to collector.invalid:4318: 407 Proxy Authentication Required");
  CHECK(reply_to("HTTP/1.1 502 Bad Gateway\r\n\r\n") ==
        "proxy: the proxy refused a tunnel to collector.invalid:4318: 502 Bad Gateway");
  CHECK(reply_to("") == "proxy: the proxy closed the connection");
  CHECK(reply_to("HTTP/1.1 200 OK\r\n") == "proxy: the proxy closed the connection");
  CHECK(reply_to("HTTP/1.1 200 OK\r\n\r\nhello") == "proxy: the proxy sent more than its reply");
  CHECK(reply_to("220 mail.example ESMTP\r\n").starts_with("proxy: the proxy's reply is no HTTP: "));
  CHECK(reply_to("HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x')).starts_with("proxy: "));
}

TEST_CASE("the time limit covers the proxy, and a proxy that is not there is a failed connect") {
  TestAuthority authority;
  RawServer silent([](RawSocket& peer, int) { peer.read_to_end(); });
  {
    Caller caller(443, securely_through(at(silent.port()), authority), "localhost");
    CHECK(caller.post({"x"}, std::chrono::milliseconds(50)).failure == Failure::kTimeout);
  }
  uint16_t closed = 0;
  {
    RawServer gone([](RawSocket&, int) {});
    closed = gone.port();
  }
  const Reply reply = Caller(443, securely_through(at(closed), authority), "localhost").post({"x"});
  CHECK(reply.failure == Failure::kConnect);
  CHECK(reply.error == "proxy: connect to " + at(closed) + ": Connection refused");
}
