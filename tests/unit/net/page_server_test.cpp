// SPDX-License-Identifier: Apache-2.0
#include "net/page_server.h"

#include <thread>

#include "loop_fixture.h"
#include "net/codecs.h"
#include "raw_peer.h"

using namespace weir;
using namespace weir::net;
using namespace weir::net::test;

namespace {

struct Site {
  explicit Site(PageServer::Handler handler) : world(2) {
    auto started = PageServer::start(world.loops, "127.0.0.1:0", std::move(handler), 1);
    REQUIRE(started.error.empty());
    server = std::move(started.server);
    world.loops.run();
  }
  ~Site() {
    world.loops.stop();
    world.loops.join();
  }
  RawSocket connect() const { return RawSocket::connect(server->port()); }
  Loops world;
  std::unique_ptr<PageServer> server;
};

void echo_request(const PageRequest& request, PageDone done) {
  done({200, "text/plain", request.method + " " + request.path + " " + request.query + " " + request.accept});
}

std::string body_of(const std::string& message) { return message.substr(message.find("\r\n\r\n") + 4); }

}  // namespace

TEST_CASE("a page, its headers, and the next page on the same connection") {
  Site site(echo_request);
  RawSocket client = site.connect();
  client.send("GET /metrics?a=b HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n");
  const std::string first = client.read_message(26);
  CHECK(first.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 26\r\n"));
  CHECK(body_of(first) == "GET /metrics a=b text/html");
  client.send("GET /x HTTP/1.1\r\nHost: x\r\n\r\nGET /y HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string rest = client.read_to_end();
  CHECK(rest.find("GET /x  ") != std::string::npos);
  CHECK(rest.ends_with("Connection: close\r\n\r\nGET /y  "));
}

TEST_CASE("HEAD has the headers alone; other methods, bodies and broken requests are refused") {
  Site site(echo_request);
  const auto ask = [&](std::string_view request) {
    RawSocket client = site.connect();
    client.send(request);
    return client.read_to_end();
  };
  const std::string head = ask("HEAD / HTTP/1.0\r\n\r\n");
  CHECK(head.find("Content-Length: 8\r\n") != std::string::npos);
  CHECK(body_of(head).empty());
  CHECK(ask("POST / HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 405 Method Not Allowed\r\n"));
  CHECK(ask("POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc").starts_with("HTTP/1.1 413 "));
  CHECK(ask("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
  CHECK(ask("GET / HTTP/1.0\r\nx: " + std::string(20000, 'x') + "\r\n\r\n").starts_with("HTTP/1.1 431 "));
}

TEST_CASE("a request in crumbs is one request") {
  Site site(echo_request);
  RawSocket client = site.connect();
  for (char c : std::string_view("GET /slow HTTP/1.1\r\nConnection: close\r\n\r\n")) client.send({&c, 1});
  CHECK(client.read_to_end().ends_with("GET /slow  "));
}

TEST_CASE("the answer may come later and from any thread") {
  std::thread later;
  {
    Site site([&](const PageRequest&, PageDone done) {
      later = std::thread([done = std::move(done)]() mutable { done({503, "text/plain", "late"}); });
    });
    RawSocket client = site.connect();
    client.send("GET / HTTP/1.0\r\n\r\n");
    const std::string reply = client.read_to_end();
    CHECK(reply.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
    CHECK(body_of(reply) == "late");
    later.join();
  }
}

TEST_CASE("large pages are gzipped for whoever accepts that") {
  const std::string page(100000, 'p');
  Site site([&](const PageRequest&, PageDone done) { done({200, "text/plain", page}); });
  const auto ask = [&](std::string_view accept) {
    RawSocket client = site.connect();
    client.send("GET / HTTP/1.0\r\n" + std::string(accept) + "\r\n");
    return client.read_to_end();
  };
  const std::string zipped = ask("Accept-Encoding: br, gzip\r\n");
  CHECK(zipped.find("Content-Encoding: gzip\r\n") != std::string::npos);
  ByteBudget budget(1 << 20);
  CHECK(decompress(Codec::kGzip, body_of(zipped), 1 << 20, budget).bytes->view() == page);
  CHECK(body_of(ask("")) == page);
  CHECK(body_of(ask("Accept-Encoding: gzip;q=0\r\n")) == page);
}

TEST_CASE("a client that leaves before its answer harms nobody") {
  std::vector<PageDone> waiting;
  Promised<bool> asked;
  Site site([&](const PageRequest& request, PageDone done) {
    if (request.path != "/wait") return echo_request(request, std::move(done));
    waiting.push_back(std::move(done));
    asked.set(true);
  });
  {
    RawSocket client = site.connect();
    client.send("GET /wait HTTP/1.1\r\n\r\n");
    asked.wait();
  }
  on(site.world.loops.at(1), [&] {
    for (PageDone& done : waiting) done({200, "text/plain", std::string(1000, 'x')});
    waiting.clear();
    return true;
  });
  RawSocket next = site.connect();
  next.send("GET /n HTTP/1.0\r\n\r\n");
  CHECK(next.read_to_end().ends_with("GET /n  "));
}

TEST_CASE("the end of the server ends idle connections") {
  Site site(echo_request);
  RawSocket client = site.connect();
  client.send("GET / HTTP/1.1\r\n\r\n");
  client.read_message(7);
  site.server.reset();
  CHECK(client.read_to_end().empty());
}

TEST_CASE("a bad or busy endpoint is told") {
  Loops world(1);
  CHECK(PageServer::start(world.loops, "nonsense", echo_request).error.find("host:port") != std::string::npos);
  auto first = PageServer::start(world.loops, "127.0.0.1:0", echo_request);
  CHECK(PageServer::start(world.loops, first.server->address(), echo_request).error.find("already in use") !=
        std::string::npos);
}
