// SPDX-License-Identifier: Apache-2.0
#include "live_receiver.h"
#include "receivers/otlp/request_auth.h"
#include "support/catch.h"

namespace weir::test {
namespace {

constexpr std::string_view kProtobuf = "application/x-protobuf";

// Lets in whoever knows the word.
class WordAuth final : public ServerAuth {
 public:
  std::optional<AuthRefusal> refusal(const HeaderOf& header) const override {
    ++asked;
    if (header("authorization").empty()) return AuthRefusal{"no word provided"};
    if (header("authorization") == "Bearer flood") return AuthRefusal{"too many, try again later", true};
    if (header("authorization") != "Bearer s3cret+") return AuthRefusal{"wrong word"};
    return {};
  }
  mutable std::atomic<int> asked{0};
};

class OneAuthenticator final : public Authenticators {
 public:
  std::shared_ptr<const ClientAuth> client(const std::string&) const override { return nullptr; }
  std::shared_ptr<const ServerAuth> server(const std::string& id) const override {
    return id == "bearertokenauth/in" ? word : nullptr;
  }
  std::shared_ptr<WordAuth> word = std::make_shared<WordAuth>();
};

const OneAuthenticator kAuthenticators;

LiveReceiver::Options with_auth(std::vector<std::string> params = {}) {
  LiveReceiver::Options options = LiveReceiver::defaults();
  options.authenticators = &kAuthenticators;
  options.config.protocols.grpc->auth.emplace().authenticator = "bearertokenauth/in";
  OtlpHttpAuth& http = options.config.protocols.http->auth.emplace();
  http.authenticator = "bearertokenauth/in";
  http.request_params = std::move(params);
  return options;
}

TEST_CASE("auth: OTLP/HTTP refuses in the encoding of the request") {
  LiveReceiver live(with_auth());
  const std::string request = trace_request({"a"});
  const HttpAnswer none = http_exchange(live.http(), http_post("/v1/traces", kProtobuf, request));
  CHECK(none.status == 401);
  CHECK(none.field("content-type") == kProtobuf);
  CHECK(none.body == std::string("\x08\x10\x12\x10no word provided"));
  const HttpAnswer wrong =
      http_exchange(live.http(), http_post("/v1/traces", "application/json", "{}", "Authorization: Bearer guess\r\n"));
  CHECK(wrong.status == 401);
  CHECK(wrong.field("content-type") == "application/json");
  CHECK(wrong.body == R"({"code":16,"message":"wrong word"})");
  const std::string right = "Authorization: Bearer s3cret+\r\n";
  CHECK(http_exchange(live.http(), http_post("/v1/traces", kProtobuf, request, right)).status == 200);
  CHECK(live.traces.names() == std::vector<std::string>{"a"});
  CHECK(live.telemetry.value("otelcol_receiver_refused_spans{otlp,http}") <= 0);
}

TEST_CASE("auth: what cannot be checked now may come again") {
  LiveReceiver live(with_auth());
  const HttpAnswer answer =
      http_exchange(live.http(), http_post("/v1/traces", "application/json", "{}", "Authorization: Bearer flood\r\n"));
  CHECK(answer.status == 503);
  CHECK(answer.field("retry-after") == "2");
  CHECK(answer.body.find("too many, try again later") != std::string::npos);
  GrpcClient client(live.grpc());
  const std::string message = grpc_message(trace_request({"a"}));
  const Http2Peer::Answer refused = client.call(message, {{"authorization", "Bearer flood"}});
  CHECK(refused.field("grpc-status") == "14");
  CHECK(refused.field("grpc-message") == "too many, try again later");
  CHECK(live.traces.names().empty());
}

TEST_CASE("auth: strangers learn nothing of paths and types") {
  LiveReceiver live(with_auth());
  CHECK(http_exchange(live.http(), http_post("/nowhere", kProtobuf, "x")).status == 401);
  CHECK(http_exchange(live.http(), http_post("//v1/traces", kProtobuf, "x")).status == 401);
  CHECK(http_exchange(live.http(), http_post("/v1/traces", "text/plain", "x")).status == 401);
  const HttpAnswer get = http_exchange(live.http(), "GET /v1/traces HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(get.status == 401);
  CHECK(get.body == R"({"code":16,"message":"no word provided"})");
}

TEST_CASE("auth: nothing of the body is read or reserved before") {
  LiveReceiver live(with_auth());
  RawSocket socket(live.http());
  std::string rest;
  socket.send(
      "POST /v1/traces HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 50000000\r\nExpect: "
      "100-continue\r\n\r\n");
  const HttpAnswer refused = read_answer(socket, rest);
  CHECK(refused.status == 401);
  CHECK(refused.continues == 0);
  CHECK(refused.field("connection") == "close");
  CHECK(live.budget.used() == 0);
}

TEST_CASE("auth: a preflight carries no credentials and needs none; a refusal can be read by the page") {
  LiveReceiver::Options options = with_auth();
  options.config.protocols.http->cors.emplace().allowed_origins = {"https://page"};
  LiveReceiver live(options);
  const int asked = kAuthenticators.word->asked;
  const HttpAnswer preflight = http_exchange(
      live.http(),
      "OPTIONS /v1/traces HTTP/1.1\r\nOrigin: https://page\r\nAccess-Control-Request-Method: POST\r\n\r\n");
  CHECK(preflight.status == 204);
  CHECK(preflight.field("access-control-allow-origin") == "https://page");
  CHECK(kAuthenticators.word->asked == asked);
  const HttpAnswer refused =
      http_exchange(live.http(), http_post("/v1/traces", kProtobuf, "", "Origin: https://page\r\n"));
  CHECK(refused.status == 401);
  CHECK(refused.field("access-control-allow-origin") == "https://page");
}

TEST_CASE("auth: request_params are shown before headers") {
  LiveReceiver live(with_auth({"Authorization", "key"}));
  const auto status = [&](std::string_view query, std::string_view extra = "") {
    return http_exchange(live.http(),
                         http_post("/v1/traces" + std::string(query), kProtobuf, trace_request({"a"}), extra))
        .status;
  };
  CHECK(status("?Authorization=Bearer%20s3cret%2B") == 200);
  CHECK(status("?a&Authorization=Bearer+s3cret%2b&Authorization=x") == 200);
  CHECK(status("?authorization=Bearer%20s3cret%2B") == 401);  // names of parameters have their case
  CHECK(status("?Authorization=wrong", "Authorization: Bearer s3cret+\r\n") == 401);
  CHECK(status("?key=x", "Authorization: Bearer s3cret+\r\n") == 200);
}

TEST_CASE("auth: query parameters") {
  using Found = std::optional<std::string>;
  CHECK(query_parameter("/p", "a") == Found());
  CHECK(query_parameter("/p?", "a") == Found());
  CHECK(query_parameter("/p?a", "a") == Found(""));
  CHECK(query_parameter("/p?a=", "a") == Found(""));
  CHECK(query_parameter("/p?b=1&a=2=3&a=4", "a") == Found("2=3"));
  CHECK(query_parameter("/p?%61=%7e+", "a") == Found("~ "));
  CHECK(query_parameter("/p?a=%7&a=%zz&a=%&a=ok", "a") == Found("ok"));
  CHECK(query_parameter("http://h/p?ab=1", "a") == Found());
}

TEST_CASE("auth: OTLP/gRPC refuses trailers-only, before the message") {
  LiveReceiver live(with_auth());
  const std::string message = grpc_message(trace_request({"a"}));
  GrpcClient client(live.grpc());
  const int32_t stream = client.peer().begin(Http2Peer::grpc_fields(GrpcClient::kTracePath, {}));
  const Http2Peer::Answer refused = client.wait(stream, false);
  CHECK(refused.field(":status") == "200");
  CHECK(refused.field("grpc-status") == "16");
  CHECK(refused.field("grpc-message") == "no word provided");
  CHECK(refused.body.empty());
  CHECK(client.call(message, {{"authorization", "Bearer guess"}}).field("grpc-message") == "wrong word");
  CHECK(client.call(message, {{"authorization", "Bearer s3cret+"}}).field("grpc-status") == "0");
  CHECK(client.call(message).field("grpc-status") == "16");  // each call for itself
  CHECK(live.traces.names() == std::vector<std::string>{"a"});
}

TEST_CASE("auth: a receiver does not open without the authenticator that it names") {
  LiveReceiver::Options options = with_auth();
  options.config.protocols.http->auth->authenticator = "basicauth";
  REQUIRE_THROWS_WITH(LiveReceiver(options),
                      "receivers::otlp::protocols::http::auth::authenticator: failed to resolve authenticator "
                      "\"basicauth\": authenticator not found");
  options.authenticators = nullptr;
  REQUIRE_THROWS(LiveReceiver(options));
}

}  // namespace
}  // namespace weir::test
