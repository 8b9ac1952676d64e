// SPDX-License-Identifier: Apache-2.0
// HTTP/2 as attackers speak it, byte by byte: each costs the connection, none costs more than that.
#include <algorithm>

#include "http2_fixture.h"

namespace weir::net::test {
namespace {

enum Type : char { kData, kHeaders, kPriority, kReset, kSettings, kPush, kPing, kGoaway, kWindow, kContinuation };
constexpr char kEndStream = 1;
constexpr char kEndHeaders = 4;
constexpr uint32_t kCalm = 11;  // ENHANCE_YOUR_CALM
constexpr size_t kFewBytes = 2 << 20;

std::string number(uint32_t value, int bytes = 4) {
  std::string out;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
  return out;
}

std::string frame(Type type, char flags, uint32_t stream, std::string_view payload) {
  return number(static_cast<uint32_t>(payload.size()), 3) + static_cast<char>(type) + flags + number(stream) +
         std::string(payload);
}

// POST of "/" in HPACK's static table.
const std::string kHead = "\x83\x86\x84";

std::string request(uint32_t stream, char flags = kEndStream | kEndHeaders) {
  return frame(kHeaders, flags, stream, kHead);
}

// A session that a flood goes to; what it says is read, or not.
struct Flood {
  explicit Flood(ServerLimits limits = {}) {
    session = make_http2_session({&handler, limits, {"peer", nullptr}, &open}, at_second(1));
    session->receive("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(kSettings, 0, 0, ""));
    peer.take_output();
    answer();
  }
  // The peer is to understand answers to a stream that raw bytes began.
  void expect_answer() {
    peer.begin(Http2Peer::grpc_fields("/"), true);
    peer.take_output();
  }
  void answer() {
    const std::string out = output_of(*session);
    said += out.size();
    peer.receive(out);
  }
  // Sends until the session has enough, as the connection's reads would bring it; false where it never has.
  bool ends_it(const std::string& one, size_t times) {
    const size_t per_read = std::max<size_t>(1, 16384 / one.size());
    std::string block;
    for (size_t i = 0; i < per_read; ++i) block += one;
    for (size_t i = 0; i < times && !session->finished(); i += per_read) {
      session->receive(block);
      answer();
    }
    return session->finished();
  }

  ScriptedHandler handler;
  std::atomic<uint64_t> open{0};
  Http2Peer peer;  // reads only
  size_t said = 0;
  std::shared_ptr<ServerSession> session;
};

TEST_CASE("http2 abuse: rapid resets end the connection (CVE-2023-44487)") {
  Flood f;
  f.handler.answer_at_end = false;
  uint32_t stream = 1;
  for (; stream < 60'000 && !f.session->finished(); stream += 2) {
    f.session->receive(request(stream) + frame(kReset, 0, stream, number(8)));
    f.answer();
    if (stream % 1000 == 1) f.handler.requests.clear();
  }
  CHECK(f.session->finished());
  CHECK(stream < 20'000);
  CHECK(f.open == 0);
}

TEST_CASE("http2 abuse: resets that we are made to send are no way around the limit (CVE-2025-8671)") {
  // A window that grows by nothing, or too far, and bytes after the end.
  for (int way = 0; way < 3; ++way) {
    CAPTURE(way);
    Flood f;
    f.handler.answer_at_end = false;
    uint32_t stream = 1;
    for (; stream < 100'000 && !f.session->finished(); stream += 2) {
      const std::string wrong =
          way == 2 ? frame(kData, 0, stream, "x") : frame(kWindow, 0, stream, number(way == 0 ? 0 : 0x7fffffff));
      f.session->receive(request(stream) + wrong);
      f.answer();
      if (stream % 1000 == 1) f.handler.requests.clear();
    }
    CHECK(f.session->finished());
    CHECK(stream < 20'000);
    f.session.reset();
    CHECK(f.open == 0);
  }
}

TEST_CASE("http2 abuse: a head of endless continuations (CVE-2024-27316)") {
  Flood f;
  f.session->receive(frame(kHeaders, 0, 1, kHead));
  CHECK(f.ends_it(frame(kContinuation, 0, 1,
                        std::string("\x10\x01"
                                    "a\x01"
                                    "b",
                                    5)),
                  1000));
  CHECK(f.handler.requests.empty());
  Flood empty;
  empty.session->receive(frame(kHeaders, 0, 1, kHead));
  CHECK(empty.ends_it(frame(kContinuation, 0, 1, ""), 1000));
}

TEST_CASE("http2 abuse: half a head is waited for as long as one of HTTP/1") {
  Flood f;
  f.session->receive(frame(kHeaders, 0, 1, kHead));
  CHECK(f.open == 1);
  f.session->on_tick(at_second(10.9));
  CHECK(!f.session->finished());
  f.session->receive(frame(kContinuation, 0, 1, ""));  // a drop now and then does not help
  f.session->on_tick(at_second(11.1));
  f.answer();
  CHECK(f.session->finished());
  CHECK(f.peer.goaway_error() == kCalm);
  f.session.reset();
  CHECK(f.open == 0);
}

TEST_CASE("http2 abuse: who never opens with a preface and settings is not waited for") {
  for (const std::string& opening : std::vector<std::string>{"", "PRI * HT", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}) {
    CAPTURE(opening);
    ScriptedHandler handler;
    const auto session = make_http2_session({&handler, {}, {"peer", nullptr}, nullptr}, at_second(1));
    session->receive(opening);
    session->on_tick(at_second(10.9));
    output_of(*session);
    CHECK(!session->finished());
    session->on_tick(at_second(11.1));
    output_of(*session);
    CHECK(session->finished());
  }
}

TEST_CASE("http2 abuse: floods of PING and of SETTINGS") {
  Flood pings;
  CHECK(pings.ends_it(frame(kPing, 0, 0, "abcdefgh"), 100));
  CHECK(pings.peer.goaway_error() == kCalm);
  Flood settings;
  CHECK(settings.ends_it(frame(kSettings, 0, 0, ""), 1'000'000));
  CHECK(settings.said < kFewBytes);
  Flood large;
  std::string many;
  for (int i = 0; i < 100; ++i) many += number(0x1234, 2) + number(1);
  CHECK(large.ends_it(frame(kSettings, 0, 0, many), 1));
}

TEST_CASE("http2 abuse: windows that grow beyond all bounds, or by nothing") {
  Flood connection;
  CHECK(connection.ends_it(frame(kWindow, 0, 0, number(0x7fffffff)), 10));
  CHECK(connection.peer.goaway_error() == 3);  // FLOW_CONTROL_ERROR
  Flood nothing;
  CHECK(nothing.ends_it(frame(kWindow, 0, 0, number(0)), 10));
  CHECK(nothing.peer.goaway_error() == 1);  // PROTOCOL_ERROR
}

TEST_CASE("http2 abuse: more bytes than the windows allow") {
  ServerLimits limits;
  limits.stream_window = limits.connection_window = 65535;
  Flood f(limits);
  f.expect_answer();
  f.handler.answer_at_end = false;
  f.session->receive(request(1, kEndHeaders));
  // What a sink has taken opens the window again, but never before we have said so.
  std::string block;
  for (int i = 0; i < 10; ++i) block += frame(kData, 0, 1, std::string(16384, 'x'));
  f.session->receive(block);
  f.answer();
  CHECK((f.session->finished() || f.peer.answer(1).reset != UINT32_MAX));
}

TEST_CASE("http2 abuse: more streams than were granted are refused, and cost nothing") {
  Flood f;
  f.handler.answer_at_end = false;
  for (uint32_t stream = 1; stream < 20'000; stream += 2) f.session->receive(request(stream, kEndHeaders));
  f.answer();
  CHECK(f.handler.requests.size() == ServerLimits{}.max_concurrent_streams);
  CHECK(f.open == ServerLimits{}.max_concurrent_streams);
  CHECK(f.said < kFewBytes);
  f.session->on_tick(at_second(12));  // no byte of a body in the time of grace
  for (const auto& each : f.handler.requests) CHECK(each->stalled);
  f.answer();
  f.session->on_tick(at_second(23));
  f.answer();
  CHECK(f.open == 0);
  for (const auto& each : f.handler.requests) CHECK(each->gone);
}

TEST_CASE("http2 abuse: frames that carry nothing do not keep a request alive") {
  Flood f;
  f.handler.answer_at_end = false;
  f.session->receive(request(1, kEndHeaders));
  for (int second = 2; second < 11; ++second) {
    for (int i = 0; i < 1000; ++i) f.session->receive(frame(kData, 0, 1, "") + frame(kPriority, 0, 1, "\0\0\0\0\1"));
    f.session->on_tick(at_second(second));
  }
  CHECK((f.session->finished() || f.handler.requests[0]->stalled == false));
  f.session->on_tick(at_second(12));
  CHECK((f.session->finished() || f.handler.requests[0]->stalled));
}

TEST_CASE("http2 abuse: a head that unpacks to far more than it was") {
  Flood f;
  f.expect_answer();
  // An entry of 3,900 bytes enters the table, and is named again with one byte 16,000 times.
  const std::string value(3900, 'v');
  std::string head = kHead + std::string("\x40\x01x\x7f", 4) + '\xbd' + '\x1d' + value;
  head += std::string(12'000, '\xbe');
  f.session->receive(frame(kHeaders, kEndStream | kEndHeaders, 1, head));
  f.answer();
  CHECK(f.handler.requests.empty());
  CHECK(f.peer.answer(1).field(":status") == "431");
}

}  // namespace
}  // namespace weir::net::test
