// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <set>
#include <string>

#include "exporters/prometheus_remote_write/transport.h"
#include "net/codecs.h"
#include "remote_write_fixture.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

// A receiver as a function of the series it gets; answers come when the test lets them.
struct ScriptedClient final : WriteClient {
  struct Request {
    std::vector<ReadSeries> series;
    net::HttpClient::Headers headers;
    absl::AnyInvocable<void(WriteReply)> done;
  };
  struct Script {
    std::function<WriteReply(const std::vector<ReadSeries>&)> reply = [](const auto&) {
      return WriteReply{200, false, {}, {}};
    };
    std::deque<Request> waiting;
    std::vector<std::vector<std::string>> stored;  // series texts of each accepted request
    net::HttpClient::Headers headers;
    int requests = 0;
    size_t most_at_once = 0;
    bool hold = false;
  };
  explicit ScriptedClient(Script& script) : script_(script) {}
  void post(std::string body, net::HttpClient::Headers headers, absl::AnyInvocable<void(WriteReply)> done) override {
    ByteBudget budget(64 << 20);
    const net::Decoded decoded = net::decompress(net::Codec::kSnappy, body, 1 << 24, budget);
    REQUIRE(decoded.error == net::DecodeError::kNone);
    ++script_.requests;
    script_.headers = headers;
    script_.waiting.push_back({read_request(decoded.bytes->view()), std::move(headers), std::move(done)});
    script_.most_at_once = std::max(script_.most_at_once, script_.waiting.size());
    if (!script_.hold) answer_one(script_);
  }
  static void answer_one(Script& script) {
    Request request = std::move(script.waiting.front());
    script.waiting.pop_front();
    const WriteReply reply = script.reply(request.series);
    if (reply.status / 100 == 2) {
      script.stored.emplace_back();
      for (const ReadSeries& s : request.series) script.stored.back().push_back(s.text());
    }
    request.done(reply);
  }
  Script& script_;
};

struct Fixture {
  explicit Fixture(RemoteWriteConfig settings = {}) {
    settings.http.endpoint = "http://127.0.0.1:9/write";
    env.id = "prometheus_remote_write";
    env.clock = &clock;
    env.budget = &budget;
    env.log = &log;
    env.telemetry = &telemetry;
    transport = std::make_unique<RemoteWriteTransport>(settings, env, std::make_unique<ScriptedClient>(script));
  }
  Batch batch(int series, const std::string& bad = "") {
    MetricsRequest request;
    TestMetric metric{.name = "g", .type = MetricType::kGauge};
    for (int i = 0; i < series; ++i) {
      metric.points.push_back({.attributes = {{"i", std::to_string(i)}},
                               .time_ns = static_cast<uint64_t>(clock.now().wall.count()),
                               .value = 1});
    }
    if (!bad.empty())
      metric.points.push_back(
          {.attributes = {{"i", bad}}, .time_ns = static_cast<uint64_t>(clock.now().wall.count()), .value = 1});
    return request.metric(metric).batch();
  }
  SendResult send(const Batch& b) {
    std::optional<SendResult> out;
    transport->send(b, [&](SendResult r) { out = std::move(r); });
    REQUIRE(out.has_value());
    clock.advance(1s);
    return *out;
  }
  std::set<std::string> stored() const {
    std::set<std::string> out;
    for (const auto& request : script.stored) out.insert(request.begin(), request.end());
    return out;
  }
  ManualClock clock;
  ByteBudget budget{64 << 20};
  SilentLog log;
  SilentTelemetry telemetry;
  ComponentEnv env;
  ScriptedClient::Script script;
  std::unique_ptr<RemoteWriteTransport> transport;
};

bool has_series(const std::vector<ReadSeries>& series, const std::string& text) {
  return std::any_of(series.begin(), series.end(), [&](const ReadSeries& s) { return s.text() == text; });
}

TEST_CASE("a batch is one request where it fits, several where not") {
  Fixture one;
  CHECK(one.send(one.batch(50)).kind == SendResult::Kind::kOk);
  CHECK(one.script.requests == 1);
  CHECK(one.stored().size() == 50);
  CHECK(one.budget.used() < 10'000);  // what the request took is given back

  RemoteWriteConfig config;
  config.max_batch_size_bytes = 200;
  Fixture many(config);
  CHECK(many.send(many.batch(50)).kind == SendResult::Kind::kOk);
  CHECK(many.script.requests > 5);
  CHECK(many.stored().size() == 50);
}

TEST_CASE("requests of a batch go in parallel, as many as allowed") {
  RemoteWriteConfig config;
  config.max_batch_size_bytes = 100;
  config.remote_write_queue.num_consumers = 3;
  Fixture t(config);
  t.script.hold = true;
  std::optional<SendResult> result;
  const Batch batch = t.batch(20);
  t.transport->send(batch, [&](SendResult r) { result = std::move(r); });
  CHECK(t.script.waiting.size() == 3);
  while (!t.script.waiting.empty()) ScriptedClient::answer_one(t.script);
  REQUIRE(result.has_value());
  CHECK(t.script.most_at_once == 3);
  CHECK(t.stored().size() == 20);
}

TEST_CASE("one series that is out of order does not sink the others, and is no loss") {
  Fixture t;
  t.script.reply = [](const auto& series) {
    if (has_series(series, "g{i=bad}")) return WriteReply{400, false, "out of order sample", {}};
    return WriteReply{204, false, {}, {}};
  };
  const SendResult result = t.send(t.batch(100, "bad"));
  CHECK(result.kind == SendResult::Kind::kOk);
  CHECK(result.rejected == 0);
  CHECK(t.stored().size() == 100);
  CHECK(t.script.requests < 20);
  CHECK(t.telemetry.numbers["weir_remote_write_already_stored_total"].value == 1);
}

TEST_CASE("a batch that is stored already costs few requests") {
  Fixture t;
  t.script.reply = [](const auto&) { return WriteReply{400, false, "duplicate sample for timestamp", {}}; };
  const SendResult result = t.send(t.batch(1000));
  CHECK(result.kind == SendResult::Kind::kOk);
  CHECK(result.rejected == 0);
  CHECK(t.script.requests <= 2 * 48 + 1);
}

TEST_CASE("one series that is refused for good is counted, the others are stored") {
  Fixture t;
  t.script.reply = [](const auto& series) {
    if (has_series(series, "g{i=bad}")) return WriteReply{400, false, "out of bounds", {}};
    return WriteReply{204, false, {}, {}};
  };
  const SendResult result = t.send(t.batch(10, "bad"));
  CHECK(result.kind == SendResult::Kind::kOk);
  CHECK(result.rejected == 1);
  CHECK(t.stored().size() == 10);
  CHECK(t.telemetry.numbers["weir_remote_write_refused_total"].value == 1);
}

TEST_CASE("5xx and 429 are retried, with the receiver's own pause, and nothing stored is sent again") {
  RemoteWriteConfig config;
  config.max_batch_size_bytes = 200;
  config.remote_write_queue.num_consumers = 1;
  Fixture t(config);
  int answers = 0;
  t.script.reply = [&](const auto&) {
    return ++answers == 3 ? WriteReply{429, false, "slow", 7s} : WriteReply{200, false, {}, {}};
  };
  const Batch batch = t.batch(20);
  const SendResult first = t.send(batch);
  CHECK(first.kind == SendResult::Kind::kRetry);
  CHECK(first.retry_after == 7s);
  CHECK(t.script.stored.size() == 2);
  const SendResult second = t.send(batch);
  CHECK(second.kind == SendResult::Kind::kOk);
  CHECK(t.stored().size() == 20);
  size_t sent = 0;
  for (const auto& request : t.script.stored) sent += request.size();
  CHECK(sent == 20);
  CHECK(std::count(t.script.headers.begin(), t.script.headers.end(),
                   std::pair<std::string, std::string>("Retry-Attempt", "1")) == 1);
}

TEST_CASE("no answer is retried") {
  Fixture t;
  t.script.reply = [](const auto&) { return WriteReply{0, false, "connect to 127.0.0.1:9: Connection refused", {}}; };
  const SendResult result = t.send(t.batch(2));
  CHECK(result.kind == SendResult::Kind::kRetry);
  CHECK(result.message == "connect to 127.0.0.1:9: Connection refused");
}

TEST_CASE("a series that makes the receiver answer 500 for ever does not block the rest for ever") {
  Fixture t;
  t.script.reply = [](const auto& series) {
    if (has_series(series, "g{i=bad}")) return WriteReply{500, false, "duplicate label", {}};
    return WriteReply{204, false, {}, {}};
  };
  const Batch batch = t.batch(30, "bad");
  int attempts = 0;
  SendResult result;
  do {
    result = t.send(batch);
  } while (result.kind == SendResult::Kind::kRetry && ++attempts < 20);
  CHECK(result.kind == SendResult::Kind::kOk);
  CHECK(result.rejected == 1);
  CHECK(t.stored().size() == 30);
  CHECK(attempts >= 4);  // first it is believed
}

TEST_CASE("a receiver that answers 500 to everything loses nothing") {
  Fixture t;
  t.script.reply = [](const auto&) { return WriteReply{500, false, "disk full", {}}; };
  const Batch batch = t.batch(4);
  for (int i = 0; i < 12; ++i) CHECK(t.send(batch).kind == SendResult::Kind::kRetry);
  t.script.reply = [](const auto&) { return WriteReply{204, false, {}, {}}; };
  CHECK(t.send(batch).kind == SendResult::Kind::kOk);
  CHECK(t.stored().size() == 4);
}

TEST_CASE("a receiver that is not there is told loudly, at once") {
  Fixture t;
  t.script.reply = [](const auto&) { return WriteReply{404, false, "remote write receiver needs to be enabled", {}}; };
  const SendResult result = t.send(t.batch(10));
  CHECK(result.kind == SendResult::Kind::kPermanent);
  CHECK(t.script.requests == 1);
  REQUIRE(t.log.messages.size() == 1);
  CHECK(t.log.messages[0].find("does not exist") != std::string::npos);
}

TEST_CASE("native histograms that are turned off cost nothing else") {
  Fixture t;
  t.script.reply = [](const auto& series) {
    for (const ReadSeries& s : series) {
      if (!s.histograms.empty()) return WriteReply{500, false, "native histograms are disabled", {}};
    }
    return WriteReply{204, false, {}, {}};
  };
  const uint64_t now = static_cast<uint64_t>(t.clock.now().wall.count());
  const SendResult result = t.send(MetricsRequest()
                                       .metric({.name = "e",
                                                .type = MetricType::kExponentialHistogram,
                                                .points = {{.time_ns = now, .count = 1, .sum = 1, .buckets = {1}}}})
                                       .metric({.name = "c", .points = {{.time_ns = now, .value = 2}}})
                                       .batch());
  CHECK(result.kind == SendResult::Kind::kOk);
  CHECK(result.rejected == 1);
  CHECK(t.stored() == std::set<std::string>{"c_total{}"});
}

TEST_CASE("a batch with nothing to send is done, its points told") {
  Fixture t;
  const SendResult result =
      t.send(MetricsRequest().metric({.name = "d", .points = {{.value = 1}}, .temporality = 1}).batch());
  CHECK(result.kind == SendResult::Kind::kOk);
  CHECK(result.rejected == 1);
  CHECK(t.script.requests == 0);
  CHECK(t.telemetry.numbers["otelcol_exporter_prometheusremotewrite_failed_translations"].value == 1);
}

TEST_CASE("delta points are dropped, counted, and warned about once; cumulative ones beside them are sent") {
  Fixture t;
  const uint64_t now = t.clock.now().wall_ns();
  for (int i = 0; i < 3; ++i) {
    const SendResult result =
        t.send(MetricsRequest()
                   .metric({.name = "d", .points = {{.value = 1}, {.value = 2}}, .temporality = 1})
                   .metric({.name = "h",
                            .type = MetricType::kHistogram,
                            .points = {{.time_ns = now, .count = 1, .sum = 1, .buckets = {1, 0}, .bounds = {1}}},
                            .temporality = 1})
                   .metric({.name = "e",
                            .type = MetricType::kExponentialHistogram,
                            .points = {{.time_ns = now, .count = 1, .sum = 1, .buckets = {1}}},
                            .temporality = 1})
                   .metric({.name = "c", .points = {{.value = 2}}})
                   .batch());
    CHECK(result.rejected == 4);
    CHECK(result.told);
    CHECK(result.message == "data points that remote write cannot carry");
  }
  CHECK(t.stored() == std::set<std::string>{"c_total{}"});
  CHECK(t.telemetry.numbers["otelcol_exporter_prometheusremotewrite_failed_translations"].value == 12);
  REQUIRE(t.log.messages.size() == 1);
  CHECK(t.log.messages[0].starts_with("remote write cannot carry delta metrics"));
  // What is dropped for another reason is not silent.
  CHECK_FALSE(
      t.send(MetricsRequest().metric({.name = "", .type = MetricType::kGauge, .points = {{.value = 1}}}).batch()).told);
}

TEST_CASE("client metadata becomes headers") {
  RemoteWriteConfig config;
  config.include_metadata_keys = {"X-Scope-OrgID"};
  Fixture t(config);
  Batch batch = t.batch(1);
  auto context = std::make_shared<Context>();
  context->metadata = {{"x-scope-orgid", "tenant"}, {"other", "no"}};
  batch.context = context;
  t.send(batch);
  CHECK(t.script.headers == net::HttpClient::Headers{{"X-Scope-OrgID", "tenant"}});
}

TEST_CASE("an answer after the transport's end reaches nobody") {
  Fixture t;
  t.script.hold = true;
  bool called = false;
  const Batch batch = t.batch(1);
  t.transport->send(batch, [&](SendResult) { called = true; });
  t.script.waiting.clear();
  t.transport.reset();
  CHECK_FALSE(called);
}

}  // namespace
}  // namespace weir::test
