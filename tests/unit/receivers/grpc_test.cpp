// SPDX-License-Identifier: Apache-2.0
#include "live_receiver.h"
#include "net/codecs.h"
#include "support/catch.h"

namespace weir::test {
namespace {

std::string compressed(net::Codec codec, std::string_view bytes) { return net::compress(codec, {&bytes, 1}); }

void require_trailers_only(const Http2Peer::Answer& answer, const std::string& status) {
  CAPTURE(answer.field("grpc-message"));
  CHECK(answer.field("grpc-status") == status);
  CHECK(answer.header_frames == 1);
  CHECK(answer.body.empty());
  CHECK(answer.ended);
}

TEST_CASE("grpc: a request is admitted as its own bytes and answered with an empty partial success") {
  LiveReceiver live;
  GrpcClient client(live.grpc());
  const std::string request = trace_request({"a", "b"});
  const Http2Peer::Answer answer = client.call(grpc_message(request));
  CHECK(answer.field(":status") == "200");
  CHECK(answer.field("content-type") == "application/grpc");
  CHECK(answer.field("grpc-status") == "0");
  CHECK(answer.header_frames == 2);
  CHECK(answer.body == std::string("\0\0\0\0\x02\x0a\0", 7));
  CHECK(live.traces.names() == std::vector<std::string>{"a", "b"});
  CHECK(live.traces.bodies() == std::vector<std::string>{request});
  const ContextRef context = live.traces.contexts().at(0);
  CHECK(context->receiver == "otlp");
  CHECK(context->transport == "grpc");
  CHECK(context->peer.starts_with("127.0.0.1:"));
  CHECK(context->metadata.empty());
  CHECK(live.telemetry.value("otelcol_receiver_accepted_spans{otlp,grpc}") == 2);
  CHECK(live.telemetry.value("otelcol_receiver_refused_spans{otlp,grpc}") == 0);
  CHECK(live.telemetry.value("otelcol_receiver_failed_spans{otlp,grpc}") == 0);
  CHECK(live.receiver().open_requests() == 0);
}

TEST_CASE("grpc: all of a connection's requests give their bytes back to the budget") {
  LiveReceiver live;
  GrpcClient client(live.grpc());
  for (int i = 0; i < 300; ++i)
    CHECK(client.call(grpc_message(trace_request({std::string(5000, 'x')}))).field("grpc-status") == "0");
  CHECK(live.traces.names().size() == 300);
  CHECK(live.budget.used() == 0);
}

TEST_CASE("grpc: encodings") {
  LiveReceiver live;
  GrpcClient client(live.grpc());
  const std::string request = trace_request({"packed"});
  for (net::Codec codec : {net::Codec::kGzip, net::Codec::kZstd, net::Codec::kSnappy}) {
    const std::string name(net::name_of(codec));
    CAPTURE(name);
    CHECK(client.call(grpc_message(compressed(codec, request), 1), {{"grpc-encoding", name}}).field("grpc-status") ==
          "0");
    CHECK(client.call(grpc_message(request), {{"grpc-encoding", name}}).field("grpc-status") == "0");
    require_trailers_only(client.call(grpc_message("not packed", 1), {{"grpc-encoding", name}}), "13");
  }
  CHECK(live.traces.bodies() == std::vector<std::string>(6, request));
  for (const char* name : {"deflate", "br", "x"}) {
    const Http2Peer::Answer answer = client.call(grpc_message(request, 1), {{"grpc-encoding", name}});
    require_trailers_only(answer, "12");
    CHECK(answer.field("grpc-accept-encoding") == "identity,gzip,zstd,snappy");
  }
}

TEST_CASE("grpc: what is wrong with a call is said in trailers only") {
  LiveReceiver live;
  GrpcClient client(live.grpc());
  const std::string good = grpc_message(trace_request({"a"}));
  const std::string service = "/opentelemetry.proto.collector.trace.v1.TraceService/";
  require_trailers_only(client.call(good, {}, service + "Import"), "12");
  require_trailers_only(client.call(good, {}, "/foo.Bar/Baz"), "12");
  require_trailers_only(client.call(good, {}, "nonsense"), "12");
  require_trailers_only(client.call(good, {}, "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"), "12");
  require_trailers_only(client.call(grpc_message("x", 2)), "13");
  require_trailers_only(client.call(grpc_message("x", 1)), "13");
  require_trailers_only(client.call(grpc_message("\xff\xfe\xfdgarbage")), "13");
  require_trailers_only(client.call(good.substr(0, good.size() - 3)), "2");
  require_trailers_only(client.call("\0\0\0"), "13");
  require_trailers_only(client.call(std::string(3, '\0')), "2");
  require_trailers_only(client.call(good, {{"grpc-timeout", "bogus"}}), "13");
  require_trailers_only(client.call(good, {{"grpc-timeout", "0n"}}), "4");
  require_trailers_only(client.call(good, {{"x-bad-bin", "%%%"}}), "13");
  require_trailers_only(client.call(grpc_message(trace_request({"a"}, 15))), "13");
  CHECK(live.traces.names().empty());
  CHECK(client.call(good, {{"grpc-timeout", "250m"}, {"x-good-bin", "AAE"}}).field("grpc-status") == "0");
}

TEST_CASE("grpc: content types and methods") {
  LiveReceiver live;
  GrpcClient client(live.grpc());
  const auto call_with = [&](const std::string& type, const std::string& method) {
    Http2Peer::Fields fields = {{":method", method},
                                {":scheme", "http"},
                                {":path", std::string(GrpcClient::kTracePath)},
                                {":authority", "x"},
                                {"content-type", type}};
    const int32_t stream = client.peer().begin(fields);
    client.peer().send_body(stream, grpc_message(trace_request({"a"})), true);
    return client.wait(stream);
  };
  CHECK(call_with("application/grpc+proto", "POST").field("content-type") == "application/grpc+proto");
  CHECK(call_with("application/grpc+json", "POST").field("grpc-status") == "0");
  CHECK(call_with("application/json", "POST").field(":status") == "415");
  CHECK(call_with("application/grpc-web", "POST").field(":status") == "415");
  CHECK(call_with("application/grpc", "GET").field(":status") == "405");
}

TEST_CASE("grpc: refusals that may be tried again carry RetryInfo twice") {
  LiveReceiver live;
  live.traces.set_answer(Answer::retry_later("queue full", std::chrono::milliseconds(1500)));
  GrpcClient client(live.grpc());
  const Http2Peer::Answer answer = client.call(grpc_message(trace_request({"a"})));
  require_trailers_only(answer, "14");
  CHECK(answer.field("grpc-message") == "queue full");
  // google.protobuf.Duration{1 s, 500,000,000 ns} in google.rpc.RetryInfo
  CHECK(answer.field("google.rpc.retryinfo-bin") == "CggIARCAyrXuAQ");
  CHECK(answer.field("grpc-status-details-bin").starts_with("CA4SCnF1ZXVlIGZ1bGwa"));
  CHECK(live.telemetry.value("otelcol_receiver_refused_spans{otlp,grpc}") == 1);
  live.traces.set_answer(Answer::refused("never"));
  require_trailers_only(client.call(grpc_message(trace_request({"a"}))), "13");
  live.traces.set_answer(Answer{Answer::Kind::kRefused, true, "bad", {}});
  require_trailers_only(client.call(grpc_message(trace_request({"a"}))), "3");
}

TEST_CASE("grpc: limits before and after inflation, and the budget") {
  LiveReceiver::Options options = LiveReceiver::defaults();
  options.config.protocols.grpc->max_recv_msg_size_mib = 1;
  options.budget = 4 << 20;
  LiveReceiver live(options);
  GrpcClient client(live.grpc());
  const std::string huge = trace_request({std::string(1500 << 10, 'x')});
  Http2Peer::Answer answer = client.call(grpc_message(huge));
  require_trailers_only(answer, "8");
  CHECK(answer.field("grpc-status-details-bin").empty());
  CHECK(answer.reset == 0);
  require_trailers_only(client.call(grpc_message(compressed(net::Codec::kGzip, huge), 1), {{"grpc-encoding", "gzip"}}),
                        "8");
  // Within the limit, but more than the budget has left.
  live.budget.take((3 << 20) + (512 << 10));
  answer = client.call(grpc_message(trace_request({std::string(700 << 10, 'x')})));
  require_trailers_only(answer, "14");
  CHECK(!answer.field("grpc-status-details-bin").empty());
  CHECK(client.call(grpc_message(trace_request({std::string(500 << 10, 'x')}))).field("grpc-status") == "0");
  CHECK(live.budget.used() == (3 << 20) + (512 << 10));
}

TEST_CASE("grpc: the index of a request is paid for: a flood of empty spans is refused, a smaller one is taken") {
  LiveReceiver::Options options = LiveReceiver::defaults();
  options.budget = 16 << 20;
  LiveReceiver live(options);
  GrpcClient client(live.grpc());
  const auto empty_spans = [](size_t count) {
    return grpc_message(trace_request(std::vector<std::string>(count, ""), 0));
  };
  CHECK(client.call(empty_spans(100'000)).field("grpc-status") == "0");
  CHECK(live.traces.names().size() == 100'000);
  require_trailers_only(client.call(empty_spans(300'000)), "8");
  CHECK(client.call(empty_spans(10)).field("grpc-status") == "0");
  CHECK(live.budget.used() == 0);
}

TEST_CASE("grpc: a message is acted on before the client ends its side, and the stream is then closed without error") {
  LiveReceiver live;
  GrpcClient client(live.grpc());
  const Http2Peer::Answer answer = client.call(grpc_message(trace_request({"a"})), {}, GrpcClient::kTracePath, false);
  CHECK(answer.field("grpc-status") == "0");
  CHECK(answer.ended);
  CHECK(answer.reset == 0);
  CHECK(client.call(grpc_message(trace_request({"b"}))).field("grpc-status") == "0");
}

TEST_CASE("grpc: later messages of one stream are taken and counted, the first is answered") {
  LiveReceiver live;
  GrpcClient client(live.grpc());
  const std::string two = grpc_message(trace_request({"a"})) + grpc_message(trace_request({"b"}));
  CHECK(client.call(two).field("grpc-status") == "0");
  CHECK(live.traces.names() == std::vector<std::string>{"a", "b"});
  // The second is on its way while the first is answered.
  live.traces.set_answer({});
  const int32_t stream = client.peer().begin(Http2Peer::grpc_fields(GrpcClient::kTracePath));
  client.peer().send_body(stream, grpc_message(trace_request({"c"})), false);
  client.flush();
  REQUIRE(live.traces.wait_for(3));
  client.peer().send_body(stream, grpc_message(trace_request({"d"})), false);
  const std::string late = client.peer().take_output();
  live.traces.answer_all(Answer::accepted());
  live.traces.set_answer(Answer::accepted());
  const Http2Peer::Answer answer = client.wait(stream);
  CHECK(answer.field("grpc-status") == "0");
  CHECK(answer.reset == 0);
  client.send_raw(late);
  CHECK(live.traces.wait_for(4));
  CHECK(client.call(grpc_message(trace_request({"e"}))).field("grpc-status") == "0");
  CHECK(live.traces.names() == std::vector<std::string>{"a", "b", "c", "d", "e"});
  CHECK(live.telemetry.value("otelcol_receiver_accepted_spans{otlp,grpc}") == 5);
}

TEST_CASE("grpc: a call without a message is answered") {
  LiveReceiver live;
  GrpcClient client(live.grpc());
  const int32_t stream = client.peer().begin(Http2Peer::grpc_fields(GrpcClient::kTracePath), true);
  require_trailers_only(client.wait(stream), "13");
}

TEST_CASE("grpc: an answer may come late, from another thread, or after the connection is gone") {
  LiveReceiver live;
  live.traces.set_answer({});
  {
    GrpcClient client(live.grpc());
    const int32_t stream = client.peer().begin(Http2Peer::grpc_fields(GrpcClient::kTracePath));
    client.peer().send_body(stream, grpc_message(trace_request({"a"})), true);
    client.flush();
    REQUIRE(live.traces.wait_for(1));
    CHECK(live.receiver().open_requests() == 1);
    live.traces.answer_all(Answer::accepted());
    CHECK(client.wait(stream).field("grpc-status") == "0");
    const int32_t lost = client.peer().begin(Http2Peer::grpc_fields(GrpcClient::kTracePath));
    client.peer().send_body(lost, grpc_message(trace_request({"b"})), true);
    client.flush();
    REQUIRE(live.traces.wait_for(2));
  }
  live.traces.answer_all(Answer::accepted());
  live.traces.set_answer(Answer::accepted());
  GrpcClient client(live.grpc());
  CHECK(client.call(grpc_message(trace_request({"c"}))).field("grpc-status") == "0");
  CHECK(live.telemetry.value("otelcol_receiver_accepted_spans{otlp,grpc}") == 3);
}

TEST_CASE("grpc: grpc-timeout ends the wait for an answer") {
  LiveReceiver live;
  live.traces.set_answer({});
  GrpcClient client(live.grpc());
  require_trailers_only(client.call(grpc_message(trace_request({"a"})), {{"grpc-timeout", "50m"}}), "4");
  live.traces.answer_all(Answer::accepted());
  live.traces.set_answer(Answer::accepted());
  CHECK(client.call(grpc_message(trace_request({"b"}))).field("grpc-status") == "0");
}

TEST_CASE("grpc: metadata is kept where the config asks for it") {
  LiveReceiver::Options options = LiveReceiver::defaults();
  options.config.protocols.grpc->include_metadata = true;
  LiveReceiver live(options);
  GrpcClient client(live.grpc());
  client.call(grpc_message(trace_request({"a"})), {{"x-tenant", "one"}, {"grpc-timeout", "10S"}});
  const std::vector<std::pair<std::string, std::string>> expected = {
      {":authority", "test"}, {"content-type", "application/grpc"}, {"x-tenant", "one"}};
  CHECK(live.traces.contexts().at(0)->metadata == expected);
}

TEST_CASE("grpc: draining answers what is open, refuses what still comes and says goodbye in two steps") {
  LiveReceiver live;
  live.traces.set_answer({});
  GrpcClient client(live.grpc());
  const int32_t stream = client.peer().begin(Http2Peer::grpc_fields(GrpcClient::kTracePath));
  client.peer().send_body(stream, grpc_message(trace_request({"a"})), true);
  client.flush();
  REQUIRE(live.traces.wait_for(1));
  live.drain();
  while (client.peer().goaways().empty()) {
    client.read_all(20);
    REQUIRE(!client.at_end());
  }
  CHECK(client.peer().goaways().at(0) == INT32_MAX);
  live.traces.answer_all(Answer::accepted());
  CHECK(client.wait(stream).field("grpc-status") == "0");
  client.read_all(5000);
  CHECK(client.at_end());
  CHECK(client.peer().goaways().back() == stream);
  CHECK_THROWS(RawSocket(live.grpc()));
}

}  // namespace
}  // namespace weir::test
