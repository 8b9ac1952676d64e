// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_http/otlp_http.h"

#include <atomic>

#include "exporters/otlp_http/response.h"
#include "net/codecs.h"
#include "net/event_loops.h"
#include "otlp/json_in.h"
#include "queue_fixture.h"
#include "unit/net/loop_fixture.h"
#include "unit/net/raw_peer.h"

namespace weir::test {

using net::test::on;
using net::test::Promised;
using net::test::RawServer;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// One request as a real server got it.
struct Got {
  std::string head;
  std::string body;
  bool has(const std::string& line) const { return head.find("\r\n" + line + "\r\n") != std::string::npos; }
};

Got read_http(net::test::RawSocket& peer) {
  size_t end = 0;
  const std::string all = peer.read_until([&end](const std::string& so_far) {
    end = so_far.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const size_t at = so_far.find("Content-Length: ");
    return so_far.size() >= end + 4 + std::stoul(so_far.substr(at + 16));
  });
  if (all.empty()) throw std::runtime_error("no request");
  return {all.substr(0, end + 2), all.substr(end + 4)};
}

std::string reply(const std::string& status, const std::string& body = "", const std::string& lines = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + lines + "\r\n" + body;
}

// The exporter on a running event loop, before a server that keeps what it got and plays its replies in order.
struct HttpWorld : ExporterWorld {
  explicit HttpWorld(std::vector<std::string> replies, OtlpHttpConfig config = {},
                     const Authenticators* authenticators = nullptr, bool is_proxy = false)
      : loops(1, clock), server([this, replies](net::test::RawSocket& peer, int) {
          for (;;) {
            Got got = read_http(peer);
            const size_t index = requests++;
            {
              const std::lock_guard lock(mutex);
              received.push_back(std::move(got));  // before the reply: the exporter may be done as soon as it has that
            }
            peer.send(index < replies.size() ? replies[index] : reply("200 OK"));
          }
        }) {
    if (config.endpoint.empty() && config.traces_endpoint.empty()) config.endpoint = url();
    config.retry_on_failure.randomization_factor = 0;
    if (is_proxy) config.proxy_url = "http://user:pr0xy@127.0.0.1:" + std::to_string(server.port());
    ComponentEnv with = env();
    with.authenticators = authenticators;
    exporter = make_otlp_http(config, with);
    stage = exporter->make_stage(loops.at(0));
    loops.run();
  }
  ~HttpWorld() {
    on(loops.at(0), [&] {
      stage.reset();
      return true;
    });
    loops.stop();
    loops.join();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server.port()); }
  // Sends spans and waits until they are settled; the first thing that the sender hears.
  Settled deliver(uint32_t count) {
    auto origin = std::make_shared<WaitedOrigin>();
    loops.at(0).post([this, count, origin] { stage->consume(spans(count, origin)); });
    const Settled how = origin->first.wait();
    on(loops.at(0), [] { return true; });  // the settling task has ended
    return how;
  }
  struct WaitedOrigin final : Origin {
    void settle(DestinationId, std::span<const uint32_t>, uint64_t, const Settled& how) override { first.set(how); }
    Promised<Settled> first;
  };
  net::EventLoops loops;
  std::mutex mutex;
  std::atomic<size_t> requests{0};
  std::vector<Got> received;
  RawServer server;
  std::unique_ptr<Exporter> exporter;
  std::unique_ptr<Stage> stage;
};

net::HttpClient::Reply http_reply(int status, std::string body = "", net::HttpClient::Headers headers = {}) {
  net::HttpClient::Reply made;
  made.status = status;
  made.body = std::move(body);
  made.headers = std::move(headers);
  return made;
}

struct ScriptedAuth final : Authenticators, ClientAuth {
  std::vector<std::pair<std::string, std::string>> headers() const override {
    return {{"authorization", "Basic " + std::to_string(++asked)}, {"x-broken", "a\r\nb: c"}};
  }
  std::shared_ptr<const ClientAuth> client(const std::string& id) const override {
    return id == "basicauth/otlp" ? std::shared_ptr<const ClientAuth>(std::shared_ptr<void>(), this) : nullptr;
  }
  std::shared_ptr<const ServerAuth> server(const std::string&) const override { return nullptr; }
  mutable std::atomic<int> asked{0};
};

const std::string kUrl = "http://tempo:4318/v1/traces";

}  // namespace

TEST_CASE("otlp_http posts the sender's own bytes, gzipped, to the signal's path") {
  OtlpHttpConfig config;
  config.headers = {{"X-Scope-OrgID", "t1"}, {"user-agent", "mine"}};
  HttpWorld world({}, config);
  CHECK(world.deliver(3).outcome == Outcome::kExported);
  REQUIRE(world.received.size() == 1);
  const Got& got = world.received[0];
  CHECK(got.head.starts_with("POST /v1/traces HTTP/1.1\r\n"));
  CHECK(got.has("Content-Type: application/x-protobuf"));
  CHECK(got.has("Content-Encoding: gzip"));
  CHECK(got.has("X-Scope-OrgID: t1"));
  CHECK(got.has("user-agent: mine"));
  CHECK(got.head.find("weir/") == std::string::npos);
  const net::Decoded body = net::decompress(net::Codec::kGzip, got.body, 1 << 20, world.budget);
  REQUIRE(body.error == net::DecodeError::kNone);
  CHECK(body.bytes->view() == trace_request(3));
  const std::string port = std::to_string(world.server.port());
  CHECK(world.telemetry.at("otelcol_exporter_sent_spans{exporter=otlp,server_address=127.0.0.1,server_port=" + port +
                           ",url_path=/v1/traces}") == 3);
}

TEST_CASE("otlp_http: every compression is readable, none sends plain bytes") {
  for (const char* name : {"none", "zstd", "snappy", "deflate", "zlib"}) {
    INFO(name);
    OtlpHttpConfig config;
    config.compression = name;
    HttpWorld world({}, config);
    CHECK(world.deliver(2).outcome == Outcome::kExported);
    const Got& got = world.received.at(0);
    const bool plain = std::string(name) == "none";
    CHECK(got.has("Content-Encoding: " + std::string(name)) == !plain);
    const net::Codec codec =
        plain ? net::Codec::kIdentity : net::codec_of(std::string(name) == "zlib" ? "deflate" : name).value();
    const net::Decoded body = net::decompress(codec, got.body, 1 << 20, world.budget);
    REQUIRE(body.error == net::DecodeError::kNone);
    CHECK(body.bytes->view() == trace_request(2));
  }
}

TEST_CASE("otlp_http writes JSON that reads back as the same spans") {
  OtlpHttpConfig config;
  config.encoding = OtlpHttpConfig::Encoding::kJson;
  config.compression = "none";
  HttpWorld world({}, config);
  CHECK(world.deliver(2).outcome == Outcome::kExported);
  const Got& got = world.received.at(0);
  CHECK(got.has("Content-Type: application/json"));
  std::string error;
  const auto read = otlp::json_to_protobuf(Signal::kTraces, got.body, &error);
  REQUIRE(read);
  const Batch batch = walked(Signal::kTraces, *read, 0);
  REQUIRE(batch.spans.size() == 2);
  CHECK(batch.name(batch.spans[1]) == "span1");
}

TEST_CASE("otlp_http waits as long as a busy server asks, then sends again") {
  HttpWorld world({reply("503 Service Unavailable", "", "Retry-After: 30\r\n")});
  auto origin = std::make_shared<HttpWorld::WaitedOrigin>();
  world.loops.at(0).post([&] { world.stage->consume(world.spans(1, origin)); });
  while (world.log.lines.empty()) {  // the reply has come when the line is there
    on(world.loops.at(0), [] { return true; });
    const std::lock_guard lock(world.log.mutex);
  }
  CHECK(world.log.lines[0] ==
        "info Exporting failed. Will retry the request after interval. error=Throttle (30s), error: rpc error: code = "
        "Unavailable desc = error exporting items, request to " +
            world.url() + "/v1/traces responded with HTTP Status Code 503 interval=30s");
  on(world.loops.at(0), [&] {
    world.clock.advance(milliseconds(29'900));
    world.stage->on_tick(world.clock.now());
    return true;
  });
  CHECK(world.requests == 1);
  on(world.loops.at(0), [&] {
    world.clock.advance(milliseconds(100));
    world.stage->on_tick(world.clock.now());
    return true;
  });
  CHECK(origin->first.wait().outcome == Outcome::kExported);
  CHECK(world.received.at(1).body == world.received.at(0).body);
}

TEST_CASE("otlp_http: a refused connection is tried again") {
  OtlpHttpConfig config;
  config.endpoint = "http://127.0.0.1:1";
  config.retry_on_failure.enabled = false;
  HttpWorld world({}, config);
  const Settled how = world.deliver(1);
  CHECK(how.reason == DropReason::kRetriesExhausted);
  CHECK(how.retryable);
  CHECK(how.detail.find("failed to make an HTTP request: Post \"http://127.0.0.1:1/v1/traces\"") == 0);
}

TEST_CASE("otlp_http: partial success drops what was rejected") {
  // partial_success { rejected_spans: 2, error_message: "old" }
  const std::string body("\x0a\x07\x08\x02\x12\x03old", 9);
  HttpWorld world({reply("200 OK", body, "Content-Type: application/x-protobuf\r\n")});
  world.deliver(5);
  CHECK(world.dropped(DropReason::kRejected) == 2);
  CHECK(world.settled(Outcome::kExported) == 3);
  world.check_accounts(0);
}

TEST_CASE("what an HTTP answer means") {
  using Kind = SendResult::Kind;
  const Duration now = seconds(1'700'000'000);
  for (const int status : {429, 502, 503, 504})
    CHECK(result_of_http(http_reply(status), kUrl, now).kind == Kind::kRetry);
  for (const int status : {301, 400, 401, 404, 408, 500, 501}) {
    CHECK(result_of_http(http_reply(status), kUrl, now).kind == Kind::kPermanent);
  }
  CHECK(result_of_http(http_reply(413), kUrl, now).kind == Kind::kTooLarge);
  CHECK(result_of_http(http_reply(202), kUrl, now).kind == Kind::kOk);
  CHECK(result_of_http(http_reply(429, "", {{"retry-after", "7"}}), kUrl, now).retry_after == seconds(7));
  // Only 429 and 503 say how long.
  CHECK(result_of_http(http_reply(502, "", {{"retry-after", "7"}}), kUrl, now).retry_after == seconds(0));
  CHECK(
      result_of_http(http_reply(503, "", {{"retry-after", "Tue, 14 Nov 2023 22:14:00 GMT"}}), kUrl, now).retry_after ==
      seconds(40));
  // google.rpc.Status { code: 3, message: "bad id" }
  const std::string status(
      "\x08\x03\x12\x06"
      "bad id",
      10);
  CHECK(result_of_http(http_reply(400, status, {{"content-type", "application/x-protobuf"}}), kUrl, now).message ==
        "rpc error: code = InvalidArgument desc = error exporting items, request to http://tempo:4318/v1/traces "
        "responded with "
        "HTTP Status Code 400, Message=bad id, Details=[]");
  CHECK(result_of_http(http_reply(400, "{\"code\":3,\"message\":\"bad id\"}", {{"content-type", "application/json"}}),
                       kUrl, now)
            .message.ends_with("Message=bad id, Details=[]"));
  const SendResult json =
      result_of_http(http_reply(200, "{\"partialSuccess\":{\"rejectedSpans\":\"4\",\"errorMessage\":\"no\"}}",
                                {{"content-type", "application/json"}}),
                     kUrl, now);
  CHECK(json.rejected == 4);
  CHECK(json.message == "no");
  CHECK(result_of_http(http_reply(200, "<html>", {{"content-type", "text/html"}}), kUrl, now).kind == Kind::kOk);
  CHECK(result_of_http(http_reply(200, "<html>", {{"content-type", "application/json"}}), kUrl, now).kind ==
        Kind::kPermanent);
}

TEST_CASE("the URL of a signal") {
  OtlpHttpConfig config;
  config.endpoint = "http://h:4318/otlp/";
  CHECK(config.url_for(Signal::kTraces) == "http://h:4318/otlp/v1/traces");
  config.endpoint = "http://h:4318";
  CHECK(config.url_for(Signal::kMetrics) == "http://h:4318/v1/metrics");
  config.traces_endpoint = "http://h:4318/custom/";
  CHECK(config.url_for(Signal::kTraces) == "http://h:4318/custom/");
  config.endpoint.clear();
  CHECK(config.url_for(Signal::kLogs).empty());
  ExporterWorld world;
  CHECK_THROWS_WITH(make_otlp_http(config, world.env(Signal::kLogs)),
                    "exporters::otlp: either endpoint or logs_endpoint must be specified");
}

TEST_CASE("otlp_http: which refusals are about the data") {
  for (const int status : {400, 422}) CHECK(result_of_http(http_reply(status), kUrl, Duration{0}).data_refused);
  for (const int status : {401, 403, 404, 405, 415, 500, 501}) {
    const SendResult result = result_of_http(http_reply(status), kUrl, Duration{0});
    CHECK(result.kind == SendResult::Kind::kPermanent);
    CHECK_FALSE(result.data_refused);
  }
  CHECK(result_of_http(http_reply(413), kUrl, Duration{0}).kind == SendResult::Kind::kTooLarge);
}

TEST_CASE("otlp_http: each request carries what the authenticator says then, instead of a header of that name") {
  OtlpHttpConfig config;
  config.headers = {{"Authorization", "Basic old"}, {"X-Scope-OrgID", "t1"}};
  config.auth.authenticator = "basicauth/otlp";
  const ScriptedAuth auth;
  HttpWorld world({reply("401 Unauthorized")}, config, &auth);
  const Settled refused = world.deliver(1);
  CHECK(refused.reason == DropReason::kRefused);
  CHECK(refused.detail.find("Basic") == std::string::npos);
  CHECK(world.deliver(1).outcome == Outcome::kExported);
  REQUIRE(world.received.size() == 2);
  for (size_t i = 0; i < 2; ++i) {
    CHECK(world.received[i].has("authorization: Basic " + std::to_string(i + 1)));
    CHECK(world.received[i].has("X-Scope-OrgID: t1"));
    CHECK(world.received[i].head.find("old") == std::string::npos);
    CHECK(world.received[i].head.find("broken") == std::string::npos);
  }
  for (const std::string& line : world.log.lines) CHECK(line.find("Basic") == std::string::npos);
  config.tls.ca_file = "/nowhere/ca.pem";
  CHECK_THROWS_WITH(HttpWorld({}, config, &auth),
                    "exporters::otlp::tls: failed to load TLS config: failed to load CA CertPool File: failed to load "
                    "CA /nowhere/ca.pem: open /nowhere/ca.pem: no such file or directory");
  config.tls.ca_file.clear();
  config.auth.authenticator = "basicauth/none";
  CHECK_THROWS_WITH(
      HttpWorld({}, config, &auth),
      "exporters::otlp::auth: failed to resolve authenticator \"basicauth/none\": authenticator not found");
}

TEST_CASE("otlp_http: a written proxy is asked, with its credentials, and nobody else sees them") {
  OtlpHttpConfig config;
  config.endpoint = "http://tempo.test:4318";
  HttpWorld world({reply("407 Proxy Authentication Required")}, config, nullptr, true);
  const Settled refused = world.deliver(1);
  CHECK(refused.outcome == Outcome::kDropped);
  CHECK(refused.detail.find("pr0xy") == std::string::npos);
  CHECK(world.deliver(1).outcome == Outcome::kExported);
  REQUIRE(world.received.size() == 2);
  CHECK(world.received[1].head.starts_with("POST http://tempo.test:4318/v1/traces HTTP/1.1\r\n"));
  CHECK(world.received[1].has("Proxy-Authorization: Basic dXNlcjpwcjB4eQ=="));
  for (const std::string& line : world.log.lines) CHECK(line.find("pr0xy") == std::string::npos);
  for (const auto& [name, value] : world.telemetry.numbers) CHECK(name.find("pr0xy") == std::string::npos);
}

}  // namespace weir::test
