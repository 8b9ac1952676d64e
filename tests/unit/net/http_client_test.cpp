// SPDX-License-Identifier: Apache-2.0
#include "net/http_client.h"

#include <atomic>
#include <memory>

#include "client_caller.h"
#include "net/page_server.h"
#include "raw_peer.h"

using namespace weir;
using namespace weir::net;
using namespace weir::net::test;
using Failure = HttpClient::Failure;

namespace {

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

size_t body_size_of(const std::string& head) {
  const size_t at = head.find("Content-Length: ");
  return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
}

std::string read_request(RawSocket& peer) {
  return peer.read_until([](const std::string& all) {
    const size_t end = all.find("\r\n\r\n");
    return end != std::string::npos && all.size() >= end + 4 + body_size_of(all);
  });
}

// Reads a request and says `reply`, for every connection.
RawServer answering(std::string reply) {
  return RawServer([reply = std::move(reply)](RawSocket& peer, int) {
    read_request(peer);
    peer.send(reply);
  });
}

}  // namespace

TEST_CASE("a request on the wire, and its reply") {
  Promised<std::string> seen;
  RawServer server([&](RawSocket& peer, int) {
    seen.set(read_request(peer));
    peer.send("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy");
  });
  Caller caller(server.port());
  const std::string large(3'000'000, 'z');
  const Reply reply = caller.post({"ab", "", "cd", large});
  CHECK(seen.wait() == "POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                           "\r\nX-Tenant: a\r\nContent-Length: 3000004\r\n\r\nabcd" + large);
  CHECK(reply.failure == Failure::kNone);
  CHECK(reply.status == 503);
  CHECK(reply.header("retry-after") == "7");
  CHECK(reply.body == "busy");
}

TEST_CASE("a client and our own page server, many requests over few connections") {
  Loops site(1);
  auto started = PageServer::start(site.loops, "127.0.0.1:0", [](const PageRequest& request, PageDone done) {
    done({200, "text/plain", request.path});
  });
  site.loops.run();
  HttpClient::Options options;
  options.max_connections = 3;
  Caller caller(started.server->port(), options, "localhost");
  std::vector<Promised<Reply>> replies(200);
  for (size_t i = 0; i < replies.size(); ++i) caller.send({"GET", "/" + std::to_string(i), {}, {}}, replies[i]);
  for (size_t i = 0; i < replies.size(); ++i) CHECK(replies[i].wait().body == "/" + std::to_string(i));
  site.loops.stop();
  site.loops.join();
}

TEST_CASE("chunked replies, interim replies, and bodies that end with the connection") {
  RawServer server([](RawSocket& peer, int index) {
    read_request(peer);
    if (index == 0) {
      peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
      peer.send("2;x=y\r\nde\r\n0\r\n\r\n");
      read_request(peer);
    }
    peer.send("HTTP/1.1 200 OK\r\n\r\nto the end");
  });
  Caller caller(server.port());
  CHECK(caller.get("/").body == "abcde");
  const Reply second = caller.get("/");
  CHECK(second.status == 200);
  CHECK(second.body == "to the end");
  CHECK(caller.get("/").body == "to the end");  // on a new connection
}

TEST_CASE("connections are kept and used again") {
  std::atomic<int> connections{0};
  RawServer server([&](RawSocket& peer, int) {
    ++connections;
    while (!read_request(peer).empty()) peer.send(kOk);
  });
  Caller caller(server.port());
  for (int i = 0; i < 5; ++i) CHECK(caller.post({"x"}).body == "ok");
  CHECK(connections == 1);
}

TEST_CASE("a kept connection that the server has closed costs nothing") {
  std::atomic<int> connections{0};
  RawServer server([&](RawSocket& peer, int index) {
    ++connections;
    read_request(peer);
    peer.send(kOk);
    if (index == 0) read_request(peer);  // the second request is taken and the connection closed without a word
  });
  Caller caller(server.port());
  CHECK(caller.post({"x"}).status == 200);
  CHECK(caller.post({"x"}).status == 200);
  CHECK(connections == 2);
}

TEST_CASE("a server that never answers a whole reply") {
  const auto failure_with = [](const std::string& reply) {
    RawServer server = answering(reply);
    Caller caller(server.port());
    return caller.post({"x"});
  };
  CHECK(failure_with("").failure == Failure::kClosed);
  CHECK(failure_with("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc").failure == Failure::kClosed);
  CHECK(failure_with("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab").failure == Failure::kClosed);
  CHECK(failure_with("SSH-2.0-OpenSSH\r\n\r\n").failure == Failure::kBadReply);
}

TEST_CASE("a reply larger than its limit ends the request, whatever form it has") {
  for (const char* head : {"Content-Length: 99999999", "Transfer-Encoding: chunked", "X: y"}) {
    CAPTURE(head);
    RawServer server([&](RawSocket& peer, int) {
      read_request(peer);
      peer.send("HTTP/1.1 200 OK\r\n" + std::string(head) + "\r\n\r\n");
      const std::string block(10000, 'b');
      for (int i = 0; i < 20; ++i) peer.send(std::string_view(head)[0] == 'T' ? "2710\r\n" + block + "\r\n" : block);
      peer.read_to_end();
    });
    HttpClient::Options options;
    options.max_reply_bytes = 65536;
    Caller caller(server.port(), options);
    CHECK(caller.post({"x"}).failure == Failure::kReplyTooLarge);
  }
  RawServer server = answering("HTTP/1.1 200 OK\r\nX: " + std::string(30000, 'h') + "\r\n\r\n");
  Caller caller(server.port());
  CHECK(caller.post({"x"}).failure == Failure::kReplyTooLarge);
}

TEST_CASE("timeouts: a silent server, and waiting in line behind it") {
  RawServer server([&](RawSocket& peer, int) { peer.read_to_end(); });
  HttpClient::Options options;
  options.max_connections = 1;
  Caller caller(server.port(), options);
  Promised<Reply> first;
  Promised<Reply> second;
  const std::string large(20'000'000, 'x');
  caller.send({"POST", "/", {}, {large}}, first, std::chrono::milliseconds(300));
  caller.send({"POST", "/", {}, {"y"}}, second, std::chrono::milliseconds(100));
  const Reply in_line = second.wait();
  CHECK(in_line.failure == Failure::kTimeout);
  CHECK(in_line.error == "no connection was free in time");
  CHECK(first.wait().error == "no reply in time");
}

TEST_CASE("an early refusal of a large body is heard") {
  RawServer server([](RawSocket& peer, int) {
    peer.read_until([](const std::string& all) { return all.find("\r\n\r\n") != std::string::npos; });
    peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    ::shutdown(peer.fd(), SHUT_WR);
    peer.read_to_end();
  });
  Caller caller(server.port());
  const std::string large(50'000'000, 'x');
  CHECK(caller.post({large}).status == 413);
}

TEST_CASE("no server, no name, no TLS, no smuggled headers") {
  uint16_t port = 0;
  { port = answering(kOk).port(); }
  {
    Caller caller(port);
    const Reply reply = caller.post({"x"});
    CHECK(reply.failure == Failure::kConnect);
    CHECK(reply.error == "connect to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
    Promised<Reply> smuggled;
    caller.send({"POST", "/", {{"X", "a\r\nY: b"}}, {}}, smuggled);
    CHECK(smuggled.wait().failure == Failure::kNotSupported);
  }
  {
    Caller caller(port, {}, "no-such-host.invalid");
    const Reply reply = caller.post({"x"});
    CHECK(reply.failure == Failure::kResolve);
    CHECK(reply.error.starts_with("look up no-such-host.invalid: "));
  }
  HttpClient::Options socks;
  socks.proxy = "socks5://127.0.0.1:1080";
  Caller caller(port, socks);
  const Reply reply = caller.post({"x"});
  CHECK(reply.failure == Failure::kNotSupported);
  CHECK(reply.error == "proxy_url: a proxy of type socks5:// is not supported, only http:// and https://");
}

TEST_CASE("all addresses of a name are tried") {
  RawServer server = answering(kOk);  // 127.0.0.1 only; localhost is ::1 too where the machine has IPv6
  Caller caller(server.port(), {}, "localhost");
  CHECK(caller.post({"x"}).body == "ok");
}

TEST_CASE("the end of the client tells whoever waits") {
  RawServer server([](RawSocket& peer, int) { peer.read_to_end(); });
  HttpClient::Options options;
  options.max_connections = 1;
  Promised<Reply> first;
  Promised<Reply> second;
  {
    Caller caller(server.port(), options);
    caller.send({"POST", "/", {}, {"x"}}, first);
    caller.send({"POST", "/", {}, {"x"}}, second);
  }
  CHECK(first.wait().failure == Failure::kClosed);
  CHECK(second.wait().failure == Failure::kClosed);
}

TEST_CASE("a client may be destroyed in its own callback") {
  RawServer server = answering(kOk);
  Caller caller(server.port());
  Promised<int> status;
  caller.world.loops.at(0).post([&] {
    caller.client->send({"GET", "/", {}, {}}, kLong, [&](Reply reply) {
      caller.client.reset();
      status.set(reply.status);
    });
  });
  CHECK(status.wait() == 200);
}

TEST_CASE("Retry-After") {
  using std::chrono::seconds;
  const Duration now = seconds(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT
  CHECK(parse_retry_after("120", now) == seconds(120));
  CHECK(parse_retry_after(" 0 ", now) == seconds(0));
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now) == seconds(60));
  CHECK(parse_retry_after("Sunday, 06-Nov-94 08:50:37 GMT", now) == seconds(60));
  CHECK(parse_retry_after("Sun Nov  6 08:50:37 1994", now) == seconds(60));
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now) == seconds(0));
  CHECK(parse_retry_after("99999999999999999999", now) > seconds(86400));
  for (const char* bad : {"", "soon", "-5", "1.5", "12 s"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_retry_after(bad, now));
  }
}
