// SPDX-License-Identifier: Apache-2.0
#include "extensions/health_check/health_check.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

#include "config/endpoint.h"
#include "extensions/time_text.h"
#include "net/event_loops.h"
#include "support/catch.h"

using namespace weir;
using namespace std::chrono_literals;

namespace {

class FixedClock final : public Clock {
 public:
  Time now() const override { return {Duration(mono), 1735689600s + 5ns}; }  // 2025-01-01
  std::atomic<int64_t> mono{0};
};

struct Page {
  explicit Page(HealthCheckConfig config = {}) : loops(1, clock) {
    if (config.page.endpoint.empty()) config.page.endpoint = "127.0.0.1:0";
    ComponentEnv env;
    env.id = "health_check";
    env.shards = &loops;
    env.clock = &clock;
    health = std::make_unique<HealthCheck>(
        std::move(config), env, [this] { return ready.load(); },
        [this] {
          return room ? net::PageReply{200, "text/plain", "ready\n"} : net::PageReply{503, "text/plain", "full\n"};
        });
    error = health->start();
    loops.run();
  }
  ~Page() {
    loops.stop();
    loops.join();
  }

  // Status line's code and body.
  std::pair<int, std::string> get(const std::string& path) const {
    const std::string reply = exchange("GET " + path + " HTTP/1.0\r\n\r\n");
    return {std::stoi(reply.substr(9)), reply.substr(reply.find("\r\n\r\n") + 4)};
  }

  std::string exchange(const std::string& request) const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(health->port());
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
    REQUIRE(::send(fd, request.data(), request.size(), 0) == static_cast<ssize_t>(request.size()));
    std::string reply;
    char chunk[4096];
    for (pollfd wait{fd, POLLIN, 0}; ::poll(&wait, 1, 20000) == 1;) {
      const ssize_t got = ::recv(fd, chunk, sizeof chunk, 0);
      if (got <= 0) break;
      reply.append(chunk, static_cast<size_t>(got));
    }
    ::close(fd);
    return reply;
  }

  FixedClock clock;
  std::atomic<bool> ready{true};
  std::atomic<bool> room{true};
  net::EventLoops loops;
  std::unique_ptr<HealthCheck> health;
  std::string error;
};

config::Value text_value(std::string text) {
  config::Value value;
  value.kind = config::Value::Kind::kString;
  value.text = std::move(text);
  return value;
}

config::Value map_value(std::vector<std::pair<std::string, config::Value>> entries) {
  config::Value value;
  value.kind = config::Value::Kind::kMap;
  value.map = std::move(entries);
  value.key_places.resize(value.map.size());
  return value;
}

// The decoded config, and every problem as "path: text" lines.
std::pair<HealthCheckConfig, std::string> decoded(config::Value value) {
  config::Problems problems;
  HealthCheckConfig config;
  config::decode(config::At{value, "extensions::health_check", problems}, config);
  std::string lines;
  for (const config::Problem& p : problems.all())
    lines += (p.warning ? "warning " : "") + p.path + ": " + p.text + "\n";
  return {config, lines};
}

using PageAnswer = std::pair<int, std::string>;

}  // namespace

TEST_CASE("the page is the collector's") {
  Page page;
  REQUIRE(page.error.empty());
  page.clock.mono = 61'500'000'000;
  const std::string up =
      R"({"status":"Server available","upSince":"2025-01-01T00:00:00.000000005Z","uptime":"1m1.5s"})";
  CHECK(page.get("/") == PageAnswer{200, up});
  CHECK(page.get("/any/path?x=y") == PageAnswer{200, up});
  page.ready = false;
  CHECK(page.get("/") ==
        PageAnswer{503, R"({"status":"Server not available","upSince":"0001-01-01T00:00:00Z","uptime":""})"});
  CHECK(page.exchange("GET / HTTP/1.0\r\n\r\n").find("Content-Type: application/json\r\n") != std::string::npos);
}

TEST_CASE("/livez and /readyz stand beside the path") {
  Page page;
  CHECK(page.get("/livez") == PageAnswer{200, "ok\n"});
  CHECK(page.get("/readyz") == PageAnswer{200, "ready\n"});
  page.room = false;
  CHECK(page.get("/livez").first == 200);
  CHECK(page.get("/readyz") == PageAnswer{503, "full\n"});
  CHECK(page.get("/").first == 200);
}

TEST_CASE("path and response_body of the config") {
  HealthCheckConfig config;
  config.path = "/healthz";
  config.response_body = HealthCheckResponseBody{"fine", "not fine"};
  Page page(config);
  CHECK(page.get("/healthz") == PageAnswer{200, "fine"});
  CHECK(page.get("/").first == 404);
  page.ready = false;
  CHECK(page.get("/healthz") == PageAnswer{503, "not fine"});
}

TEST_CASE("a busy port is told with the component's id") {
  Page first;
  HealthCheckConfig config;
  config.page.endpoint = "127.0.0.1:" + std::to_string(first.health->port());
  ComponentEnv env;
  env.id = "health_check/two";
  env.shards = &first.loops;
  env.clock = &first.clock;
  HealthCheck second(
      config, env, [] { return true; }, [] { return net::PageReply{}; });
  CHECK(second.start().starts_with("health_check/two: cannot listen on " + config.page.endpoint +
                                   ": address already in use"));
}

TEST_CASE("keys of the config") {
  CHECK(decoded(config::Value()).second.empty());
  const auto [plain, nothing] =
      decoded(map_value({{"endpoint", text_value("0.0.0.0:13133")}, {"path", text_value("/h")}}));
  CHECK(nothing.empty());
  CHECK(plain.page.endpoint == "0.0.0.0:13133");
  CHECK(decoded(map_value({{"check_collector_pipeline", map_value({{"enabled", text_value("true")}})}})).second ==
        "warning extensions::health_check::check_collector_pipeline: has no effect, as in the collector; /readyz says "
        "why weir is not ready\n");
  CHECK(decoded(map_value({{"tls", map_value({})}})).second ==
        "extensions::health_check::tls: TLS configuration must include both certificate and key for server "
        "connections\n");
  CHECK(decoded(map_value({{"cors", map_value({})}})).second ==
        "extensions::health_check::cors: not supported by this version of weir\n");
  CHECK(decoded(map_value({{"path", text_value("h")}})).second ==
        "extensions::health_check::path: expected a path that starts with /\n");
  CHECK(decoded(map_value({{"endpoint", text_value("nowhere")}}))
            .second.starts_with("extensions::health_check::endpoint: "));
  config::Value port = text_value("5555");
  port.kind = config::Value::Kind::kInt;
  port.integer = 5555;
  const auto [old, warning] = decoded(map_value({{"port", port}}));
  CHECK(old.page.endpoint == config::default_host() + ":5555");
  CHECK(warning == "warning extensions::health_check::port: deprecated, use endpoint\n");
}

TEST_CASE("elapsed time in Go's notation") {
  CHECK(go_duration_text(0s) == "0s");
  CHECK(go_duration_text(5ns) == "5ns");
  CHECK(go_duration_text(1500ns) == "1.5µs");
  CHECK(go_duration_text(250ms) == "250ms");
  CHECK(go_duration_text(60s) == "1m0s");
  CHECK(go_duration_text(3723s + 4ms) == "1h2m3.004s");
}
