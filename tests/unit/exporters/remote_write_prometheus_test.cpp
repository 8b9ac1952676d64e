// SPDX-License-Identifier: Apache-2.0
// Both exporters over real sockets, remote write into a real Prometheus (skipped, visibly, where there is none).
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <thread>

#include "exporters/prometheus/prometheus.h"
#include "exporters/prometheus_remote_write/prometheus_remote_write.h"
#include "naming_fixture.h"
#include "net/event_loops.h"
#include "net/http_client.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  sockaddr* generic = static_cast<sockaddr*>(static_cast<void*>(&address));
  REQUIRE(::bind(fd, generic, size) == 0);
  REQUIRE(::getsockname(fd, generic, &size) == 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

// One event loop with the exporter's stage on it.
struct Live {
  ~Live() {
    loops.run_exclusive([&] { stage.reset(); });
    loops.run_exclusive([&] { client.reset(); });
    loops.stop();
    loops.join();
  }
  template <class Make>
  void start(Make make) {
    env.id = "under_test";
    env.shards = &loops;
    env.clock = &clock;
    env.budget = &budget;
    env.ledger = &ledger;
    env.log = &log;
    env.telemetry = &telemetry;
    env.signal = Signal::kMetrics;
    exporter = make(env);
    stage = exporter->make_stage(loops.at(0));
    loops.start_ticks(10ms, [this](uint32_t, Time now) {
      if (stage) stage->on_tick(now);
    });
    loops.run();
  }
  void consume(Batch batch) {
    auto held = std::make_shared<Batch>(std::move(batch));
    loops.at(0).post([this, held] { stage->consume(std::move(*held)); });
  }
  bool idle() {
    std::promise<bool> answer;
    loops.at(0).post([&] { answer.set_value(stage->idle()); });
    return answer.get_future().get();
  }
  net::HttpClient::Reply get(uint16_t port, const std::string& path, const std::string& accept = "*/*") {
    std::promise<net::HttpClient::Reply> answer;
    loops.at(0).post([&] {
      net::HttpClient::Options options;
      options.url = {"http", "127.0.0.1", port, ""};
      client = std::make_unique<net::HttpClient>(loops.at(0), options);
      net::HttpClient::Request request;
      request.method = "GET";
      request.path = path;
      request.headers = {{"Accept", accept}};
      client->send(std::move(request), 5s, [&](net::HttpClient::Reply reply) { answer.set_value(std::move(reply)); });
    });
    return answer.get_future().get();
  }
  template <class Condition>
  bool within(Duration limit, Condition condition) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(20ms);
    }
    return true;
  }

  SystemClock clock;
  ByteBudget budget{64 << 20};
  Ledger ledger;
  SilentLog log;
  SilentTelemetry telemetry;
  ComponentEnv env;
  net::EventLoops loops{1, clock};
  std::unique_ptr<Exporter> exporter;
  std::unique_ptr<Stage> stage;
  std::unique_ptr<net::HttpClient> client;
};

uint64_t wall_ns() { return SystemClock().now().wall_ns(); }

// A Prometheus of its own, in a directory of its own.
class RealPrometheus {
 public:
  RealPrometheus() : port_(free_port()) {
    char name[] = "/tmp/weir-prometheus-XXXXXX";
    directory_ = ::mkdtemp(name);
    std::ofstream(directory_ + "/prometheus.yml") << "global: {}\n";
    const std::string listen = "--web.listen-address=127.0.0.1:" + std::to_string(port_);
    const std::string config = "--config.file=" + directory_ + "/prometheus.yml";
    const std::string storage = "--storage.tsdb.path=" + directory_ + "/data";
    pid_ = ::fork();
    if (pid_ == 0) {
      if (std::freopen((directory_ + "/log").c_str(), "w", stderr) == nullptr) ::_exit(127);
      ::execl("/usr/bin/prometheus", "prometheus", config.c_str(), storage.c_str(), listen.c_str(),
              "--web.enable-remote-write-receiver", "--enable-feature=exemplar-storage,native-histograms", nullptr);
      ::_exit(127);
    }
  }
  ~RealPrometheus() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    std::filesystem::remove_all(directory_);
  }
  static bool installed() { return ::access("/usr/bin/prometheus", X_OK) == 0; }
  uint16_t port() const { return port_; }

 private:
  uint16_t port_;
  std::string directory_;
  pid_t pid_ = -1;
};

std::string encoded(const std::string& text) {
  std::string out;
  for (const unsigned char c : text) {
    char code[4];
    std::snprintf(code, sizeof code, "%%%02X", c);
    out += code;
  }
  return out;
}

double value_in(const std::string& body) {  // of the one result of an instant query
  const size_t at = body.find("\"value\":[");
  if (at == std::string::npos) return -1;
  return std::strtod(body.c_str() + body.find('"', body.find(',', at)) + 1, nullptr);
}

// One flush of a service graph with `count` requests on one edge, and a native histogram.
static Batch graph_flush(uint64_t begin, uint64_t time_ns, uint64_t count) {
  const LabelPairs edge = {{"client", "a"}, {"server", "b"}, {"connection_type", ""}, {"failed", "false"}};
  return MetricsRequest()
      .resource({}, "traces_service_graph")
      .metric({.name = "traces_service_graph_request_total",
               .points = {{.attributes = edge,
                           .start_ns = begin - 15'000'000'000 + 11'000'000'000,
                           .time_ns = time_ns,
                           .value = static_cast<double>(count)}}})
      .metric({.name = "traces_service_graph_request_server",
               .type = MetricType::kHistogram,
               .points = {{.attributes = edge,
                           .start_ns = begin - 4'000'000'000,
                           .time_ns = time_ns,
                           .count = count,
                           .sum = 0.5,
                           .buckets = {count, 0},
                           .bounds = {0.1},
                           .exemplars = {{0.05, std::string(16, '\x31')}}}},
               .unit = "s"})
      .metric(
          {.name = "native",
           .type = MetricType::kExponentialHistogram,
           .points =
               {{.attributes = edge, .time_ns = time_ns, .count = count, .sum = 1, .buckets = {count}, .scale = 3}}})
      .batch();
}

TEST_CASE("remote write: a real Prometheus sees the first increment, the graph's queries answer", "[prometheus]") {
  if (!RealPrometheus::installed()) {
    std::cerr << "SKIPPED: /usr/bin/prometheus is not installed\n";
    return;
  }
  const RealPrometheus prometheus;
  Live live;
  live.start([&](const ComponentEnv& env) {
    RemoteWriteConfig config;
    config.http.endpoint = "http://127.0.0.1:" + std::to_string(prometheus.port()) + "/api/v1/write";
    return make_prometheus_remote_write(config, env);
  });
  REQUIRE(live.within(30s, [&] { return live.get(prometheus.port(), "/-/ready").status == 200; }));

  // Two flushes of a service graph, the second 15 s after the first (its points say so; nobody waits for them).
  const uint64_t begin = wall_ns();
  const uint64_t first = begin;
  const uint64_t second = begin + 15'000'000'000;
  live.consume(graph_flush(begin, first, 5));
  live.consume(graph_flush(begin, second, 8));
  REQUIRE(live.within(10s, [&] { return live.idle(); }));
  INFO((live.log.messages.empty() ? "" : live.log.messages[0]));
  CHECK(live.telemetry.numbers["otelcol_exporter_sent_metric_points"].value == 6);
  CHECK(live.telemetry.numbers["weir_remote_write_refused_total"].value == 0);

  const auto query = [&](const std::string& promql) {
    const std::string at = std::to_string(second / 1'000'000'000 + 1);
    const auto reply = live.get(prometheus.port(), "/api/v1/query?time=" + at + "&query=" + encoded(promql));
    REQUIRE(reply.status == 200);
    return reply.body;
  };
  // 0, 5, 8 within 19 s, at the instant of the second flush.
  CHECK(value_in(query("max_over_time(traces_service_graph_request_total[1m])")) == 8);
  CHECK(value_in(query("min_over_time(traces_service_graph_request_total[1m])")) == 0);
  CHECK(value_in(query("count_over_time(traces_service_graph_request_total[1m])")) == 3);
  const double increase =
      value_in(query("sum by (client, server) (increase(traces_service_graph_request_total{client!=\"user\"}[1m]))"));
  CHECK(increase >= 8);
  CHECK(increase < 14);  // by extrapolation
  CHECK(value_in(query("sum by (client, server) (rate(traces_service_graph_request_server_seconds_sum[1m]))")) > 0);
  CHECK(query("group by (client, connection_type, server) (traces_service_graph_request_server_seconds_sum)")
            .find("\"client\":\"a\",\"server\":\"b\"") != std::string::npos);
  CHECK(query("histogram_quantile(0.9, sum(rate(traces_service_graph_request_server_seconds_bucket[1m])) by (le, "
              "client, server))")
            .find("\"value\"") != std::string::npos);
  CHECK(value_in(query("histogram_count(native)")) == 8);
  const auto exemplars = live.get(prometheus.port(), "/api/v1/query_exemplars?query=" +
                                                         encoded("traces_service_graph_request_server_seconds_bucket") +
                                                         "&start=" + std::to_string(begin / 1'000'000'000 - 60) +
                                                         "&end=" + std::to_string(second / 1'000'000'000 + 60));
  CHECK(exemplars.body.find("31313131313131313131313131313131") != std::string::npos);
}

TEST_CASE("remote write: a receiver that is away gets everything later", "[prometheus]") {
  if (!RealPrometheus::installed()) {
    std::cerr << "SKIPPED: /usr/bin/prometheus is not installed\n";
    return;
  }
  std::unique_ptr<RealPrometheus> prometheus = std::make_unique<RealPrometheus>();
  const uint16_t port = prometheus->port();
  Live live;
  live.start([&](const ComponentEnv& env) {
    RemoteWriteConfig config;
    config.http.endpoint = "http://127.0.0.1:" + std::to_string(port) + "/api/v1/write";
    return make_prometheus_remote_write(config, env);
  });
  // It may refuse connections or not be ready yet: both are waited for.
  live.consume(
      MetricsRequest()
          .metric({.name = "early", .type = MetricType::kGauge, .points = {{.time_ns = wall_ns(), .value = 3}}})
          .batch());
  REQUIRE(live.within(60s, [&] { return live.idle(); }));
  CHECK(live.telemetry.numbers["otelcol_exporter_sent_metric_points"].value == 1);
  CHECK(value_in(live.get(port, "/api/v1/query?query=early").body) == 3);
}

TEST_CASE("the scrape page is served, and promtool finds nothing wrong with it", "[prometheus]") {
  const uint16_t port = free_port();
  Live live;
  live.start([&](const ComponentEnv& env) {
    PrometheusConfig config;
    config.endpoint = "127.0.0.1:" + std::to_string(port);
    config.enable_open_metrics = true;
    return make_prometheus(config, env);
  });
  live.consume(MetricsRequest()
                   .resource({{"service.name", "a"}, {"service.instance.id", "b"}}, "s")
                   .metric({.name = "calls", .points = {{.time_ns = wall_ns(), .value = 2}}, .description = "Calls."})
                   .metric({.name = "up.time",
                            .type = MetricType::kHistogram,
                            .points = {{.time_ns = wall_ns(), .count = 2, .sum = 3, .buckets = {1, 1}, .bounds = {1}}},
                            .unit = "s",
                            .description = "Up."})
                   .batch());
  const auto page = live.get(port, "/metrics");
  CHECK(page.status == 200);
  CHECK(page.header("content-type") == "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
  CHECK(page.body.find("calls_total{instance=\"b\",job=\"a\",") != std::string::npos);
  CHECK(live.get(port, "/other").status == 404);
  CHECK(live.get(port, "/metrics", "application/openmetrics-text;version=1.0.0").body.ends_with("# EOF\n"));
  if (::access("/usr/bin/promtool", X_OK) != 0) return;
  std::FILE* promtool = ::popen("promtool check metrics", "w");
  REQUIRE(promtool != nullptr);
  std::fwrite(page.body.data(), 1, page.body.size(), promtool);
  CHECK(::pclose(promtool) == 0);
}

TEST_CASE("points that the page cannot show are settled as rejected") {
  const uint16_t port = free_port();
  Live live;
  live.start([&](const ComponentEnv& env) {
    PrometheusConfig config;
    config.endpoint = "127.0.0.1:" + std::to_string(port);
    return make_prometheus(config, env);
  });
  struct Outcomes final : Origin {
    void settle(DestinationId, std::span<const uint32_t>, uint64_t points, const Settled& how) override {
      (how.outcome == Outcome::kExported ? exported : rejected) += points;
      if (how.outcome == Outcome::kDropped) CHECK(how.reason == DropReason::kRejected);
    }
    uint64_t exported = 0, rejected = 0;
  };
  const auto outcomes = std::make_shared<Outcomes>();
  Batch batch = MetricsRequest()
                    .metric({.name = "x", .type = MetricType::kGauge, .points = {{.value = 1}, {.value = 2}}})
                    .metric({.name = "x", .type = MetricType::kSummary, .points = {{.count = 1}}})
                    .batch();
  batch.parts[0].destination = live.ledger.add_destination("metrics", "prometheus");
  batch.parts[0].origin = outcomes;
  live.consume(std::move(batch));
  CHECK(live.idle());
  CHECK(outcomes->exported == 2);
  CHECK(outcomes->rejected == 1);
  CHECK(live.telemetry.numbers["otelcol_exporter_send_failed_metric_points"].value == 1);
}

TEST_CASE("a page that cannot be bound is a start error") {
  Live live;
  ComponentEnv env;
  live.start([&](const ComponentEnv& e) {
    env = e;
    PrometheusConfig config;
    config.endpoint = "127.0.0.1:0";
    return make_prometheus(config, e);
  });
  const auto fails_with = [&](const std::string& endpoint, const std::string& text) {
    PrometheusConfig config;
    config.endpoint = endpoint;
    const auto exporter = make_prometheus(config, env);
    CHECK_THROWS_WITH(exporter->make_stage(live.loops.at(0)), Catch::Matchers::Contains(text));
  };
  fails_with("", "endpoint must be specified");
  fails_with("nonsense", "under_test");
}

}  // namespace
}  // namespace weir::test
