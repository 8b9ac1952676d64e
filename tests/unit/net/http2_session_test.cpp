// SPDX-License-Identifier: Apache-2.0
#include "http2_fixture.h"

namespace weir::net::test {
namespace {

using Fixture = Http2Fixture;

TEST_CASE("http2: a body larger than every window, in both directions of flow control") {
  ServerLimits limits;
  limits.stream_window = limits.connection_window = 65535;
  Fixture f(limits);
  const int32_t stream = f.post(std::string(5'000'000, 'x'));
  CHECK(f.peer.answer(stream).body == "5000000");
  CHECK(f.peer.answer(stream).field(":status") == "200");
  CHECK(f.peer.answer(stream).field("content-length") == "7");
  CHECK(f.handler.requests[0]->gone);
  CHECK(f.open == 0);
}

TEST_CASE("http2: trailers, and trailers only") {
  Fixture f;
  f.handler.answer_at_end = false;
  const int32_t with_trailers = f.post("a");
  const int32_t only = f.post("b");
  CHECK(f.open == 2);
  Response response{.body = std::string(100'000, 'y')};
  response.trailers.push_back({"grpc-status", "0"});
  f.handler.requests[0]->responder.respond(std::move(response));
  Response refusal;
  refusal.fields.push_back({"grpc-status", "14"});
  f.handler.requests[1]->responder.respond(std::move(refusal));
  f.exchange();
  CHECK(f.peer.answer(with_trailers).header_frames == 2);
  CHECK(f.peer.answer(with_trailers).body.size() == 100'000);
  CHECK(f.peer.answer(with_trailers).field("grpc-status") == "0");
  CHECK(f.peer.answer(with_trailers).fields.count("content-length") == 0);
  CHECK(f.peer.answer(only).fields.count("content-length") == 0);
  CHECK(f.peer.answer(only).header_frames == 1);
  CHECK(f.peer.answer(only).ended);
  CHECK(f.open == 0);
}

TEST_CASE("http2: the answer to a HEAD has no body") {
  Fixture f;
  const int32_t head =
      f.peer.begin({{":method", "HEAD"}, {":scheme", "http"}, {":path", "/"}, {":authority", "test"}}, true);
  f.exchange();
  CHECK(f.peer.answer(head).field("content-length") == "1");
  CHECK(f.peer.answer(head).body == "");
  CHECK(f.peer.answer(head).header_frames == 1);
  CHECK(f.peer.answer(head).ended);
}

TEST_CASE("http2: the rest of an answered stream is taken for a while, then let go") {
  Fixture f;
  f.handler.answer_at_end = false;
  f.handler.take_rest = true;
  const int32_t stream = f.post("first", false);
  f.peer.send_body(stream, "late", false);
  const std::string late = f.peer.take_output();
  f.handler.requests[0]->responder.respond(Response{.body = "ok"});
  f.exchange();
  CHECK(f.peer.answer(stream).reset == 0);
  f.session->receive(late);
  CHECK(f.handler.requests[0]->body == "firstlate");
  f.session->on_tick(at_second(2.9));
  CHECK(!f.handler.requests[0]->gone);
  f.session->on_tick(at_second(3.1));
  CHECK(output_of(*f.session).empty());  // the reset that the peer knows of is not sent again
  CHECK(f.handler.requests[0]->gone);
  f.handler.answer_at_end = true;
  CHECK(f.peer.answer(f.post("next")).body == "4");
}

TEST_CASE("http2: a stream that says nothing is answered") {
  Fixture f;
  f.handler.answer_at_end = false;
  const int32_t stream = f.post("", false);
  f.session->on_tick(at_second(10));
  CHECK(!f.handler.requests[0]->stalled);
  f.session->on_tick(at_second(11.1));
  CHECK(f.handler.requests[0]->stalled);
  f.exchange();
  CHECK(f.peer.answer(stream).field(":status") == "408");
}

TEST_CASE("http2: a client that resets its stream, and an answer that comes too late") {
  Fixture f;
  f.handler.answer_at_end = false;
  const int32_t stream = f.post("x", false);
  const Responder responder = f.handler.requests[0]->responder;
  f.peer.reset(stream);
  f.exchange();
  CHECK(f.handler.requests[0]->gone);
  CHECK(f.open == 0);
  f.handler.answer_at_end = true;
  const int32_t next = f.post("four");  // takes the place of the lost one
  responder.respond(Response{.status = 500});
  f.exchange();
  CHECK(f.peer.answer(next).field(":status") == "200");
}

TEST_CASE("http2: a head over the limit, and a malformed one") {
  ServerLimits limits;
  limits.header_bytes = 30'000;
  Fixture f(limits);
  const int32_t large = f.peer.begin(Http2Peer::grpc_fields("/p", {{"x-a", std::string(40'000, 'a')}}), true);
  f.exchange();
  CHECK(f.peer.answer(large).field(":status") == "431");
  const int32_t malformed = f.peer.begin(Http2Peer::grpc_fields("/p", {{"x-a", "a\nb"}}), true);
  f.exchange();
  CHECK(f.peer.answer(malformed).reset == 1);  // PROTOCOL_ERROR
  CHECK(f.handler.requests.empty());
  CHECK(f.open == 0);
  CHECK(f.peer.answer(f.post("still")).body == "5");
}

TEST_CASE("http2: ends in two steps and never names stream 0") {
  Fixture idle;
  idle.session->drain();
  idle.exchange();
  CHECK(idle.peer.goaways() == std::vector<int32_t>{INT32_MAX});
  idle.session->on_tick(at_second(5));
  idle.exchange();
  CHECK(idle.session->finished());
  CHECK(idle.peer.goaways() == std::vector<int32_t>{INT32_MAX});

  Fixture busy;
  busy.handler.answer_at_end = false;
  const int32_t first = busy.post("a");
  busy.session->drain();
  const std::string notice = output_of(*busy.session);
  const int32_t crossing = busy.post("b");  // sent before the client knew
  busy.peer.receive(notice);
  busy.exchange();
  busy.session->on_tick(at_second(5));
  busy.exchange();
  CHECK(busy.peer.goaways() == std::vector<int32_t>{INT32_MAX, crossing});
  CHECK(!busy.session->finished());
  for (const auto& request : busy.handler.requests) request->responder.respond(Response{.body = "ok"});
  busy.exchange();
  CHECK(busy.peer.answer(first).body == "ok");
  CHECK(busy.peer.answer(crossing).body == "ok");
  CHECK(busy.session->finished());
}

TEST_CASE("http2: a peer hears that the connection is about to be closed, drained before or not") {
  Fixture idle;
  idle.session->say_goodbye();
  idle.exchange();
  CHECK(idle.peer.goaways() == std::vector<int32_t>{INT32_MAX});
  for (const bool drained : {false, true}) {
    Fixture used;
    const int32_t last = used.post("a");
    if (drained) used.session->drain();
    used.session->say_goodbye();
    used.exchange();
    CHECK(used.peer.goaways() == std::vector<int32_t>{INT32_MAX, last});
  }
}

TEST_CASE("http2: keepalive: probes, dead peers, and peers that probe too often") {
  ServerLimits limits;
  limits.ping_interval = std::chrono::seconds(10);
  limits.ping_timeout = std::chrono::seconds(5);
  Fixture f(limits);
  f.session->on_tick(at_second(12));
  const std::string ping = output_of(*f.session);
  CHECK(ping.size() == 17);  // a frame of 8 bytes
  f.session->on_tick(at_second(16));
  CHECK(!f.session->finished());
  f.session->on_tick(at_second(18));
  CHECK(f.session->finished());

  Fixture flood;
  for (int i = 0; i < 3; ++i) {
    flood.peer.ping();
    flood.exchange();
  }
  CHECK(!flood.session->finished());
  flood.peer.ping();
  flood.exchange();
  CHECK(flood.session->finished());
  CHECK(flood.peer.goaway_error() == 11);  // ENHANCE_YOUR_CALM
}

TEST_CASE("http2: idle and old connections are told to go") {
  ServerLimits limits;
  limits.max_connection_idle = std::chrono::seconds(30);
  Fixture idle(limits);
  idle.session->on_tick(at_second(32));
  idle.exchange();
  CHECK(idle.peer.goaways().size() == 1);
  limits = {};
  limits.max_connection_age = std::chrono::seconds(100);
  limits.max_connection_age_grace = std::chrono::seconds(10);
  Fixture old(limits);
  old.handler.answer_at_end = false;
  old.post("x");
  old.session->on_tick(at_second(89));
  CHECK(output_of(*old.session).empty());
  old.session->on_tick(at_second(112));
  old.exchange();
  CHECK(old.peer.goaways().size() == 1);
  CHECK(!old.session->finished());
  old.session->on_tick(at_second(123));
  CHECK(old.session->finished());
}

TEST_CASE("http2: what is not HTTP/2 ends the connection") {
  ScriptedHandler handler;
  const auto session = make_http2_session({&handler, {}, {"peer", nullptr}, nullptr}, at_second(0));
  session->receive("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  output_of(*session);
  CHECK(session->finished());
  Fixture garbage;
  garbage.session->receive(std::string(1000, '\xff'));
  garbage.exchange();
  CHECK(garbage.session->finished());
  CHECK(garbage.peer.goaway_error() == 6);  // FRAME_SIZE_ERROR
}

}  // namespace
}  // namespace weir::net::test
