// SPDX-License-Identifier: Apache-2.0
// Answers that leave while the request is still coming.
#include <vector>

#include "http2_fixture.h"

namespace weir::net::test {
namespace {

using Fixture = Http2Fixture;
constexpr uint32_t kNotReset = UINT32_MAX;

TEST_CASE("http2: a refused upload hears its answer, not a reset, and may send on for a while") {
  Fixture f;
  f.handler.refuse_at_head = true;
  const int32_t stream = f.post(std::string(1'000'000, 'x'), false);
  CHECK(f.peer.answer(stream).field(":status") == "404");
  CHECK(f.peer.answer(stream).ended);
  CHECK(f.peer.answer(stream).reset == kNotReset);
  CHECK(f.open == 0);
  f.peer.send_body(stream, std::string(9'000'000, 'x'), true);  // more than the stream's window
  f.exchange();
  CHECK(f.peer.answer(stream).closed);
  CHECK(f.peer.answer(stream).reset == kNotReset);
  f.handler.refuse_at_head = false;
  CHECK(f.peer.answer(f.post("next")).body == "4");
}

TEST_CASE("http2: a client that understands it is told at once to send no more") {
  Fixture f;
  f.handler.reset_client = true;
  const int32_t stream = f.post("first", false);
  f.handler.requests[0]->responder.respond(Response{.status = 404});
  f.exchange();
  CHECK(f.peer.answer(stream).field(":status") == "404");
  CHECK(f.peer.answer(stream).ended);
  CHECK(f.peer.answer(stream).reset == 0);
  CHECK(f.open == 0);
}

TEST_CASE("http2: an upload that goes on after its refusal is reset when its time is over") {
  Fixture f;
  f.handler.refuse_at_head = true;
  const int32_t stream = f.post("first", false);
  f.session->on_tick(at_second(10.9));
  f.exchange();
  CHECK(f.peer.answer(stream).reset == kNotReset);
  f.session->on_tick(at_second(11.1));
  f.exchange();
  CHECK(f.peer.answer(stream).reset == 0);
  CHECK(f.peer.answer(stream).closed);
}

TEST_CASE("http2: of what comes after a refusal only so much is read, and others go on meanwhile") {
  Fixture f;
  f.handler.refuse_at_head = true;
  const int32_t endless = f.post("x", false);
  const size_t before = f.received;
  f.peer.send_body(endless, std::string(150'000'000, 'x'), true);
  f.exchange();
  const size_t read = f.received - before;
  CHECK(read > 64 << 20);
  CHECK(read < 70 << 20);  // and a window's worth
  f.handler.refuse_at_head = false;
  CHECK(f.peer.answer(f.post(std::string(30'000'000, 'y'))).body == "30000000");
  f.session->on_tick(at_second(12));
  f.exchange();
  CHECK(f.peer.answer(endless).reset == 0);
  CHECK(f.peer.answer(endless).field(":status") == "404");
}

TEST_CASE("http2: the end of the connection does not wait for a refused upload") {
  Fixture f;
  f.handler.refuse_at_head = true;
  f.post("x", false);
  f.session->drain();
  f.exchange();
  f.session->on_tick(at_second(2.5));
  f.exchange();
  CHECK(f.session->finished());
}

TEST_CASE("http2: streams that rest take nothing of what the client was granted, where it holds them for closed") {
  ServerLimits limits;
  limits.max_concurrent_streams = 4;
  Http2Fixture f(limits);
  f.handler.answer_at_end = false;
  f.handler.take_rest = f.handler.reset_client = true;
  const int32_t resting = f.post("first", false);
  f.handler.requests[0]->responder.respond(Response{.body = "ok"});
  f.exchange();
  CHECK(f.peer.answer(resting).reset == 0);
  std::vector<int32_t> streams;
  for (int i = 0; i < 4; ++i) streams.push_back(f.post("x", false));
  CHECK(f.peer.goaways().empty());
  CHECK(!f.session->finished());
  REQUIRE(f.handler.requests.size() == 5);
  streams.push_back(f.post("x"));  // which the client keeps to itself until one of the four ends
  CHECK(f.handler.requests.size() == 5);
  CHECK(f.peer.answer(streams.back()).reset == kNotReset);
  f.handler.answer_at_end = true;
  for (int i = 1; i < 5; ++i) f.handler.requests[static_cast<size_t>(i)]->responder.respond(Response{.body = "ok"});
  f.exchange();
  for (size_t i = 0; i < 4; ++i) CHECK(f.peer.answer(streams[i]).body == "ok");
  CHECK(f.peer.answer(streams[4]).body == "1");
}

TEST_CASE("http2: an answer that the client does not let in is given up") {
  Fixture f;
  f.peer.set_window(0);
  const int32_t stream = f.post("abc");
  CHECK(f.peer.answer(stream).field(":status") == "200");
  CHECK(!f.peer.answer(stream).ended);
  f.session->on_tick(at_second(30));
  f.exchange();
  CHECK(f.peer.answer(stream).reset == kNotReset);
  f.session->on_tick(at_second(31.1));
  f.exchange();
  CHECK(f.peer.answer(stream).reset == 8);  // CANCEL
}

}  // namespace
}  // namespace weir::net::test
