// SPDX-License-Identifier: Apache-2.0
#include "scripted_handler.h"
#include "support/catch.h"

namespace weir::net::test {
namespace {

struct Fixture {
  explicit Fixture(ServerLimits limits = {}) {
    session = make_http1_session({&handler, limits, {"peer", nullptr}, &open}, at_second(0));
  }
  ScriptedHandler handler;
  std::atomic<uint64_t> open{0};
  std::shared_ptr<ServerSession> session;
};

const std::string kPost = "POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";

TEST_CASE("http1: the exact bytes of an answer") {
  Fixture f;
  f.session->receive(kPost);
  CHECK(output_of(*f.session) ==
        "HTTP/1.1 200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\ncontent-length: 1\r\n\r\n5");
  CHECK(f.handler.requests.at(0)->body == "hello");
  CHECK(f.handler.requests.at(0)->gone);
  CHECK(f.open == 0);
  CHECK(f.session->wants_input());
  CHECK(!f.session->finished());
}

TEST_CASE("http1: HEAD has a length and no body; 1.0 is closed unless asked") {
  Fixture f;
  f.session->receive("HEAD / HTTP/1.1\r\n\r\n");
  CHECK(output_of(*f.session).ends_with("content-length: 1\r\n\r\n"));
  f.session->receive("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(output_of(*f.session).find("connection: keep-alive") != std::string::npos);
  f.session->receive("GET / HTTP/1.0\r\n\r\n");
  CHECK(output_of(*f.session).find("connection: close") != std::string::npos);
  CHECK(f.session->finished());
}

TEST_CASE("http1: two hosts, or a body whose end is not known, are refused") {
  for (const char* fields : {"Host: a\r\nHost: b\r\n", "Transfer-Encoding: chunked, chunked\r\n",
                             "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: identity\r\n"}) {
    INFO(fields);
    Fixture f;
    f.session->receive("POST /a HTTP/1.1\r\n" + std::string(fields) + "\r\n1\r\nx\r\n0\r\n\r\n");
    CHECK(output_of(*f.session).starts_with("HTTP/1.1 400 Bad Request"));
    CHECK(f.handler.requests.empty());
    CHECK(f.session->finished());
  }
}

TEST_CASE("http1: requests wait for the answer of the one before") {
  Fixture f;
  f.handler.answer_at_end = false;
  f.session->receive(kPost + kPost);
  CHECK(f.handler.requests.size() == 1);
  CHECK(!f.session->wants_input());
  CHECK(f.open == 1);
  int woken = 0;
  f.session->on_output = [&] { ++woken; };
  f.handler.requests[0]->responder.respond(Response{.status = 200});
  CHECK(woken == 1);
  REQUIRE(f.handler.requests.size() == 2);
  f.handler.requests[0]->responder.respond(Response{.status = 500});  // a second answer to the first: ignored
  f.handler.requests[1]->responder.respond(Response{.status = 503});
  const std::string out = output_of(*f.session);
  CHECK(out.starts_with("HTTP/1.1 200 OK"));
  CHECK(out.find("HTTP/1.1 503 Service Unavailable") != std::string::npos);
  CHECK(out.find("500") == std::string::npos);
  CHECK(f.session->wants_input());
}

TEST_CASE("http1: the short rest of a refused request is read, a long one is not") {
  Fixture f;
  f.handler.refuse_at_head = true;
  f.session->receive("POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n");
  CHECK(output_of(*f.session).starts_with("HTTP/1.1 404"));
  f.session->receive(std::string(1000, 'x'));
  CHECK(!f.session->finished());
  f.session->receive(kPost);
  CHECK(f.handler.requests.size() == 2);
  output_of(*f.session);
  f.session->receive("POST / HTTP/1.1\r\nContent-Length: 10000000\r\n\r\n");
  CHECK(output_of(*f.session).find("connection: close") != std::string::npos);
  CHECK(f.session->finished());
}

TEST_CASE("http1: a head that is never complete, a body that stalls, a connection that idles") {
  ServerLimits limits;
  limits.idle_timeout = std::chrono::seconds(60);
  Fixture slow_head(limits);
  slow_head.session->on_tick(at_second(30));
  slow_head.session->receive("POST / HT");
  slow_head.session->on_tick(at_second(39.9));
  CHECK(output_of(*slow_head.session).empty());
  slow_head.session->on_tick(at_second(40.1));
  CHECK(output_of(*slow_head.session).starts_with("HTTP/1.1 408"));
  CHECK(slow_head.session->finished());

  Fixture slow_body(limits);
  slow_body.session->receive("POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\nx");
  slow_body.session->on_tick(at_second(9.9));
  CHECK(!slow_body.handler.requests[0]->stalled);
  slow_body.session->receive(std::string(3000, 'x'));  // enough until 3 s after the grace
  slow_body.session->on_tick(at_second(12.5));
  CHECK(!slow_body.handler.requests[0]->stalled);
  CHECK(slow_body.handler.requests[0]->ticks == 2);
  slow_body.session->on_tick(at_second(13.5));
  CHECK(slow_body.handler.requests[0]->stalled);
  CHECK(output_of(*slow_body.session).starts_with("HTTP/1.1 408"));
  CHECK(slow_body.session->finished());
  CHECK(slow_body.open == 0);

  Fixture idle(limits);
  idle.session->receive(kPost);
  output_of(*idle.session);
  idle.session->on_tick(at_second(59));
  CHECK(!idle.session->finished());
  idle.session->on_tick(at_second(61));
  CHECK(idle.session->finished());
}

TEST_CASE("http1: the peer's end, before, in and after a request") {
  Fixture before;
  before.session->receive_end();
  CHECK(before.session->finished());
  Fixture within;
  within.session->receive("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf");
  within.session->receive_end();
  CHECK(within.session->finished());
  CHECK(within.handler.requests[0]->gone);
  CHECK(within.open == 0);
  Fixture after;
  after.handler.answer_at_end = false;
  after.session->receive(kPost);
  after.session->receive_end();
  CHECK(!after.session->finished());
  after.handler.requests[0]->responder.respond(Response{});
  CHECK(output_of(*after.session).starts_with("HTTP/1.1 200"));
  CHECK(after.session->finished());
}

TEST_CASE("http1: a Responder may outlive its session") {
  Responder responder;
  {
    Fixture f;
    f.handler.answer_at_end = false;
    f.session->receive(kPost);
    responder = f.handler.requests[0]->responder;
    CHECK(f.open == 1);
    f.session.reset();
    CHECK(f.open == 0);
  }
  responder.respond(Response{});
}

}  // namespace
}  // namespace weir::net::test
