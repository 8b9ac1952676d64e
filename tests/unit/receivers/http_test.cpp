// SPDX-License-Identifier: Apache-2.0
#include "live_receiver.h"
#include "net/codecs.h"
#include "receivers/otlp/http_handler.h"
#include "support/catch.h"

namespace weir::test {
namespace {

constexpr std::string_view kProtobuf = "application/x-protobuf";
constexpr std::string_view kJson = "application/json";
const std::string kJsonRequest =
    R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"11111111111111111111111111111111","spanId":"2222222222222222","name":"j"}]}]}]})";

std::string compressed(net::Codec codec, std::string_view bytes) { return net::compress(codec, {&bytes, 1}); }

std::string chunked(std::string_view body, size_t size) {
  std::string out;
  char line[20];
  for (; !body.empty(); body.remove_prefix(std::min(size, body.size()))) {
    const std::string_view part = body.substr(0, size);
    std::snprintf(line, sizeof(line), "%zx\r\n", part.size());
    out.append(line).append(part).append("\r\n");
  }
  return out + "0\r\n\r\n";
}

// google.rpc.Status with a code below 128.
int status_code(const std::string& body) { return body.size() > 1 && body[0] == 8 ? body[1] : -1; }

TEST_CASE("http: a protobuf request") {
  LiveReceiver live;
  const std::string request = trace_request({"a", "b"});
  const HttpAnswer answer = http_exchange(live.http(), http_post("/v1/traces", kProtobuf, request));
  CHECK(answer.status == 200);
  CHECK(answer.field("content-type") == "application/x-protobuf");
  CHECK(answer.body == std::string("\x0a\0", 2));
  CHECK(live.traces.bodies() == std::vector<std::string>{request});
  CHECK(live.traces.contexts().at(0)->transport == "http");
  CHECK(live.telemetry.value("otelcol_receiver_accepted_spans{otlp,http}") == 2);
}

TEST_CASE("http: a JSON request is answered in JSON and continues as protobuf") {
  LiveReceiver live;
  const HttpAnswer answer =
      http_exchange(live.http(), http_post("/v1/traces", "application/json; charset=utf-8", kJsonRequest));
  CHECK(answer.status == 200);
  CHECK(answer.field("content-type") == "application/json");
  CHECK(answer.body == R"({"partialSuccess":{}})");
  CHECK(live.traces.names() == std::vector<std::string>{"j"});
  const HttpAnswer bad = http_exchange(live.http(), http_post("/v1/traces", kJson, "{"));
  CHECK(bad.status == 400);
  CHECK(bad.field("content-type") == "application/json");
  CHECK(bad.body.starts_with(R"({"code":3,"message":")"));
}

TEST_CASE("http: encodings") {
  LiveReceiver live;
  const std::string request = trace_request({"a"});
  const std::vector<std::pair<std::string, net::Codec>> encodings = {
      {"gzip", net::Codec::kGzip},        {"GZIP", net::Codec::kGzip}, {"deflate", net::Codec::kDeflate},
      {"zlib", net::Codec::kDeflate},     {"zstd", net::Codec::kZstd}, {"snappy", net::Codec::kSnappy},
      {"identity", net::Codec::kIdentity}};
  for (const auto& [name, codec] : encodings) {
    CAPTURE(name);
    const std::string extra = "Content-Encoding: " + name + "\r\n";
    CHECK(http_exchange(live.http(), http_post("/v1/traces", kProtobuf, compressed(codec, request), extra)).status ==
          200);
    if (codec == net::Codec::kIdentity) continue;
    const HttpAnswer bad = http_exchange(live.http(), http_post("/v1/traces", kProtobuf, "not packed", extra));
    CHECK(bad.status == 400);
    CHECK(status_code(bad.body) == 3);
    CHECK(http_exchange(live.http(), http_post("/v1/traces", kProtobuf, "", extra)).status == 400);
  }
  CHECK(live.traces.bodies() == std::vector<std::string>(encodings.size(), request));
  const HttpAnswer unknown =
      http_exchange(live.http(), http_post("/v1/traces", kJson, kJsonRequest, "Content-Encoding: br\r\n"));
  CHECK(unknown.status == 400);
  CHECK(unknown.body == R"({"code":3,"message":"unsupported Content-Encoding: br"})");
}

TEST_CASE("http: routing") {
  LiveReceiver live;
  const std::string request = trace_request({"a"});
  const auto status = [&](const std::string& bytes) { return http_exchange(live.http(), bytes).status; };
  CHECK(status(http_post("/v1/traces?a=b", kProtobuf, request)) == 200);
  CHECK(status(http_post("http://127.0.0.1/v1/traces", kProtobuf, request)) == 200);
  CHECK(status(http_post("/v1/traces/", kProtobuf, request)) == 404);
  CHECK(status(http_post("/V1/TRACES", kProtobuf, request)) == 404);
  CHECK(status(http_post("/v1/metrics", kProtobuf, request)) == 404);
  CHECK(status(http_post("/", kProtobuf, request)) == 404);
  CHECK(status(http_post("/v1/traces", "text/plain", request)) == 415);
  CHECK(status(http_post("/v1/traces", "", request)) == 415);
  CHECK(status(http_post("/v1/traces", "Application/X-Protobuf;proto=x", request)) == 200);
  const HttpAnswer moved = http_exchange(live.http(), http_post("//v1/traces?x", kProtobuf, request));
  CHECK(moved.status == 307);
  CHECK(moved.field("location") == "/v1/traces?x");
  const HttpAnswer get = http_exchange(live.http(), "GET /v1/traces HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(get.status == 405);
  CHECK(get.body == "405 method not allowed, supported: [POST]");
  CHECK(status("NONSENSE\r\n\r\n") == 400);
  CHECK(status("POST /v1/traces HTTP/1.1\r\nContent-Length: abc\r\n\r\n") == 400);
}

TEST_CASE("http: a path with a slash at its end stands for all below it") {
  LiveReceiver::Options options = LiveReceiver::defaults();
  options.config.protocols.http->traces_url_path = "/in/";
  LiveReceiver live(options);
  const auto status = [&](const std::string& path) {
    return http_exchange(live.http(), http_post(path, kProtobuf, trace_request({"a"}))).status;
  };
  CHECK(status("/in/") == 200);
  CHECK(status("/in/team/a") == 200);
  CHECK(status("/in") == 200);
  CHECK(status("/inner") == 404);
  CHECK(status("/v1/traces") == 404);
}

TEST_CASE("http: paths are cleaned as a mux does") {
  CHECK(clean_path("/v1/traces") == "/v1/traces");
  CHECK(clean_path("/v1/traces/") == "/v1/traces/");
  CHECK(clean_path("//v1//./x/../traces") == "/v1/traces");
  CHECK(clean_path("/../..") == "/");
  CHECK(clean_path("") == "/");
  CHECK(path_of_target("http://a:1/b?c=http://d") == "/b");
  CHECK(path_of_target("http://a") == "/");
  CHECK(path_of_target("/b?c") == "/b");
}

TEST_CASE("http: chunked bodies, and a head that comes byte by byte") {
  LiveReceiver live;
  const std::string request = trace_request({"a", std::string(50000, 'x')});
  const std::string head =
      "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nTransfer-Encoding: "
      "chunked\r\n\r\n";
  CHECK(http_exchange(live.http(), head + chunked(request, 999)).status == 200);
  RawSocket socket(live.http());
  for (char c : head + chunked(request.substr(0, 0) + trace_request({"slow"}), 7)) REQUIRE(socket.send({&c, 1}));
  std::string rest;
  CHECK(read_answer(socket, rest).status == 200);
  CHECK(live.traces.names().back() == "slow");
}

TEST_CASE("http: Expect: 100-continue") {
  LiveReceiver live;
  const std::string request = trace_request({"a"});
  const std::string whole = http_post("/v1/traces", kProtobuf, request, "Expect: 100-continue\r\n");
  RawSocket socket(live.http());
  socket.send(whole.substr(0, whole.size() - request.size()));
  CHECK(socket.receive() == "HTTP/1.1 100 Continue\r\n\r\n");
  socket.send(request);
  std::string rest;
  CHECK(read_answer(socket, rest).status == 200);
  // Refused: the client is not asked to send its body.
  RawSocket other(live.http());
  other.send(
      "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 9\r\nExpect: "
      "100-continue\r\n\r\n");
  const HttpAnswer refused = read_answer(other, rest);
  CHECK(refused.status == 415);
  CHECK(refused.continues == 0);
  CHECK(refused.field("connection") == "close");
}

TEST_CASE("http: requests on one connection are answered in order, pipelined ones too") {
  LiveReceiver live;
  RawSocket socket(live.http());
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += http_post(i % 5 == 4 ? "/nowhere" : "/v1/traces", kProtobuf, trace_request({"p" + std::to_string(i)}));
  }
  socket.send(all);
  std::string rest;
  for (int i = 0; i < 50; ++i) CHECK(read_answer(socket, rest).status == (i % 5 == 4 ? 404 : 200));
  CHECK(live.traces.names().size() == 40);
  CHECK(live.traces.names().back() == "p48");
}

TEST_CASE("http: pipelined requests wait for a late answer") {
  LiveReceiver live;
  live.traces.set_answer({});
  RawSocket socket(live.http());
  socket.send(http_post("/v1/traces", kProtobuf, trace_request({"a"})) +
              http_post("/v1/traces", kProtobuf, trace_request({"b"})));
  REQUIRE(live.traces.wait_for(1));
  live.traces.answer_all(Answer::retry_later("full", std::chrono::milliseconds(2500)));
  std::string rest;
  const HttpAnswer first = read_answer(socket, rest);
  CHECK(first.status == 503);
  CHECK(first.field("retry-after") == "3");
  CHECK(status_code(first.body) == 14);
  REQUIRE(live.traces.wait_for(2));
  live.traces.answer_all(Answer::accepted());
  CHECK(read_answer(socket, rest).status == 200);
  CHECK(live.telemetry.value("otelcol_receiver_refused_spans{otlp,http}") == 1);
}

TEST_CASE("http: limits before and after inflation, and the budget") {
  LiveReceiver::Options options = LiveReceiver::defaults();
  options.config.protocols.http->max_request_body_size = 65536;
  options.budget = 1 << 20;
  LiveReceiver live(options);
  const std::string big = trace_request({std::string(70000, 'x')});
  const auto require_413 = [&](const std::string& bytes) {
    const HttpAnswer answer = http_exchange(live.http(), bytes);
    CHECK(answer.status == 413);
    CHECK(status_code(answer.body) == 3);
  };
  require_413(http_post("/v1/traces", kProtobuf, big));
  require_413("POST /v1/traces HTTP/1.1\r\nContent-Type: application/x-protobuf\r\nTransfer-Encoding: chunked\r\n\r\n" +
              chunked(big, 5000));
  require_413(http_post("/v1/traces", kProtobuf, compressed(net::Codec::kGzip, big), "Content-Encoding: gzip\r\n"));
  require_413(http_post("/v1/traces", kProtobuf, compressed(net::Codec::kZstd, big), "Content-Encoding: zstd\r\n"));
  // 413 comes before the body: only its head is sent.
  require_413("POST /v1/traces HTTP/1.1\r\nContent-Type: application/x-protobuf\r\nContent-Length: 999999999\r\n\r\n");
  live.budget.take((1 << 20) - 1000);
  const HttpAnswer busy =
      http_exchange(live.http(), http_post("/v1/traces", kProtobuf, trace_request({std::string(5000, 'x')})));
  CHECK(busy.status == 503);
  CHECK(busy.field("retry-after") == "2");
  live.budget.give_back((1 << 20) - 1000);
  CHECK(http_exchange(live.http(), http_post("/v1/traces", kProtobuf, trace_request({"a"}))).status == 200);
  CHECK(live.budget.used() == 0);
}

TEST_CASE("http: a head over the limit is 431, also while the client goes on sending") {
  LiveReceiver live;
  const std::string head = "POST /v1/traces HTTP/1.1\r\nHost: x\r\nX-Big: " + std::string(1'200'000, 'a') + "\r\n\r\n";
  CHECK(http_exchange(live.http(), head).status == 431);
}

TEST_CASE("http: partial success names what was left out, in the words of the request") {
  LiveReceiver live;
  std::string mixed = trace_request({"good"}) + trace_request({"bad", "worse"}, 15);
  const HttpAnswer answer = http_exchange(live.http(), http_post("/v1/traces", kProtobuf, mixed));
  CHECK(answer.status == 200);
  REQUIRE(answer.body.size() > 4);
  CHECK(answer.body[2] == 8);
  CHECK(answer.body[3] == 2);  // rejected_spans
  CHECK(live.traces.names() == std::vector<std::string>{"good"});
  CHECK(live.telemetry.value("weir_spans_rejected_total{invalid_id,otlp}") == 2);
}

TEST_CASE("http: response_headers and metadata") {
  LiveReceiver::Options options = LiveReceiver::defaults();
  options.config.protocols.http->response_headers = {{"X-Extra", "1"}};
  options.config.protocols.http->include_metadata = true;
  LiveReceiver live(options);
  CHECK(http_exchange(live.http(), http_post("/nowhere", kProtobuf, "")).field("x-extra") == "1");
  const HttpAnswer answer =
      http_exchange(live.http(), http_post("/v1/traces", kProtobuf, trace_request({"a"}), "X-Tenant: one\r\n"));
  CHECK(answer.field("x-extra") == "1");
  const auto& metadata = live.traces.contexts().at(0)->metadata;
  CHECK(std::find(metadata.begin(), metadata.end(), std::pair<std::string, std::string>("x-tenant", "one")) !=
        metadata.end());
}

TEST_CASE("http: draining answers what is open and closes") {
  LiveReceiver live;
  live.traces.set_answer({});
  RawSocket idle(live.http());
  RawSocket socket(live.http());
  socket.send(http_post("/v1/traces", kProtobuf, trace_request({"a"})));
  REQUIRE(live.traces.wait_for(1));
  live.drain();
  CHECK(idle.receive().empty());
  CHECK(idle.at_end());
  live.traces.answer_all(Answer::accepted());
  std::string rest;
  const HttpAnswer answer = read_answer(socket, rest);
  CHECK(answer.status == 200);
  CHECK(answer.field("connection") == "close");
  CHECK(socket.receive().empty());
  CHECK(socket.at_end());
}

TEST_CASE("http: HTTP/2 with prior knowledge is served on the same port") {
  LiveReceiver live;
  GrpcClient client(live.http());
  const std::string request = trace_request({"h2"});
  const int32_t stream = client.peer().begin({{":method", "POST"},
                                              {":scheme", "http"},
                                              {":path", "/v1/traces"},
                                              {":authority", "x"},
                                              {"content-type", "application/x-protobuf"}});
  client.peer().send_body(stream, request, true);
  const Http2Peer::Answer answer = client.wait(stream);
  CHECK(answer.field(":status") == "200");
  CHECK(answer.body == std::string("\x0a\0", 2));
  CHECK(live.traces.bodies() == std::vector<std::string>{request});
}

}  // namespace
}  // namespace weir::test
