// SPDX-License-Identifier: Apache-2.0
// Bytes of a peer into the receiver's protocols, without sockets: HTTP/2 frames, HTTP/1.1 text, and the messages of one
// gRPC call. The first byte chooses which, the second how the bytes are cut. They must end without a fault, with every
// byte given back to the budget, and gRPC messages must not depend on the cut.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "net/grpc_framing.h"
#include "net/server_session.h"
#include "receivers/otlp/grpc_handler.h"
#include "receivers/otlp/http_handler.h"
#include "support/http2_peer.h"

namespace weir {
namespace {

struct NoCounters final : Telemetry {
  struct Nothing final : Counter {
    void add(double) override {}
  } nothing;
  Counter& counter(const std::string&, const std::string&, const Labels&) override { return nothing; }
  Gauge& gauge(const std::string&, const std::string&, const Labels&) override { std::abort(); }
  Histogram& histogram(const std::string&, const std::string&, const Labels&, const std::vector<double>&) override {
    std::abort();
  }
};

struct AcceptAll final : Admission {
  void admit(Batch&& batch, AnswerFn answer) override {
    answer(batch.spans.size() % 3 == 0 ? Answer::retry_later("busy") : Answer::accepted());
  }
};

struct World {
  SystemClock clock;
  ByteBudget budget{8 << 20};
  NoCounters telemetry;
  AcceptAll admission;
  ComponentEnv env{.id = "otlp", .clock = &clock, .budget = &budget, .telemetry = &telemetry};
  Intake intake{env, OtlpAdmissions{.traces = &admission}, "fuzz"};
  GrpcHandler grpc{intake, {.limit = 1 << 20}};
  HttpHandler http{intake, {.paths = {"/v1/traces", "/v1/metrics", "/v1/logs"}, .limit = 1 << 20}};
};

template <class F>
void in_pieces(std::string_view bytes, size_t step, F&& f) {
  for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) f(bytes.substr(0, step));
}

void feed(net::ServerSession& session, std::string_view bytes, size_t step) {
  std::string out;
  in_pieces(bytes, step, [&](std::string_view piece) {
    if (session.finished() || !session.wants_input()) return;
    session.receive(piece);
    session.take_output(out);
  });
  session.on_tick({std::chrono::seconds(100), std::chrono::seconds(100)});
  session.receive_end();
  session.take_output(out);
}

struct Messages final : net::GrpcMessageSink {
  bool on_message(uint8_t flag, uint32_t length) override {
    text += "(" + std::to_string(flag) + "," + std::to_string(length) + ")";
    return length < 100'000;
  }
  void on_message_bytes(std::string_view bytes) override { text += bytes; }
  bool on_message_end() override { return true; }
  std::string text;
};

void compare_cuts(std::string_view bytes, size_t step) {
  Messages whole, cut;
  net::GrpcFramer one, other;
  one.feed(bytes, whole);
  in_pieces(bytes, step, [&](std::string_view piece) { other.feed(piece, cut); });
  if (whole.text != cut.text || one.between_messages() != other.between_messages()) std::abort();
}

void run(std::string_view input) {
  static World world;
  if (input.size() < 2) return;
  const size_t step = 1 + static_cast<unsigned char>(input[1]) * 8u;
  const std::string_view bytes = input.substr(2);
  net::SessionEnv env{&world.grpc, {}, {"peer", nullptr}, nullptr};
  switch (static_cast<unsigned char>(input[0]) % 3) {
    case 0: {
      static constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
      const auto session = net::make_http2_session(env, {});
      session->receive(kPreface);
      feed(*session, bytes, step);
      break;
    }
    case 1:
      env.handler = &world.http;
      feed(*net::make_http1_session(env, {}), bytes, step);
      break;
    default: {
      compare_cuts(bytes, step);
      test::Http2Peer peer;
      const int32_t stream = peer.begin(test::Http2Peer::grpc_fields(
          "/opentelemetry.proto.collector.trace.v1.TraceService/Export", {{"grpc-encoding", "gzip"}}));
      peer.send_body(stream, bytes, true);
      feed(*net::make_http2_session(env, {}), peer.take_output(), step);
    }
  }
  if (world.budget.used() != 0) std::abort();
}

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
