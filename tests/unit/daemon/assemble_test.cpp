// SPDX-License-Identifier: Apache-2.0
#include "daemon/assemble.h"

#include "config/load.h"
#include "config/yaml.h"
#include "daemon/authenticators.h"
#include "daemon/service_view.h"
#include "support/catch.h"
#include "support/quiet.h"

namespace weir {
namespace {

struct Loaded {
  config::ServiceConfig config;
  std::vector<std::string> problems;
};

Loaded load(const std::string& yaml) {
  const ComponentList list = standard_components();
  config::Problems problems;
  Loaded out;
  out.config = config::load({"yaml:" + yaml}, {}, config::process_sources(), list.catalog, problems);
  for (const config::Problem& problem : problems.all()) out.problems.push_back(problem.to_string());
  return out;
}

const std::string kRest =
    "receivers: {otlp: {protocols: {grpc: }}}\n"
    "exporters: {debug: }\n"
    "processors: {memory_limiter: {check_interval: 1s, limit_mib: 300, spike_limit_mib: 60}}\n";

std::string service(const std::string& extensions, const std::string& processors) {
  return "service:\n  extensions: [" + extensions + "]\n  pipelines: {traces: {receivers: [otlp], processors: [" +
         processors + "], exporters: [debug]}}\n";
}

constexpr uint64_t kMiB = 1 << 20;

}  // namespace

TEST_CASE("memory_limiter: the smallest counts, be it a processor or an extension") {
  const std::string extensions =
      "extensions: {memory_limiter: {check_interval: 1s, limit_mib: 200, spike_limit_mib: 50}}\n";
  auto got = load(extensions + kRest + service("memory_limiter", "memory_limiter"));
  CHECK(got.problems == std::vector<std::string>{});
  CHECK(smallest_limiter(got.config, 1000 * kMiB) == std::pair(200 * kMiB, 50 * kMiB));
  got = load(extensions + kRest + service("", "memory_limiter"));
  CHECK(smallest_limiter(got.config, 1000 * kMiB) == std::pair(300 * kMiB, 60 * kMiB));
  got = load(extensions + kRest + service("memory_limiter", ""));
  CHECK(smallest_limiter(got.config, 1000 * kMiB) == std::pair(200 * kMiB, 50 * kMiB));
  got = load("extensions: {memory_limiter: {limit_mib: 200}}\n" + kRest + service("memory_limiter", ""));
  REQUIRE(got.problems.size() == 1);
  CHECK(got.problems[0].find("extensions::memory_limiter: 'check_interval' must be greater than zero") !=
        std::string::npos);
}

TEST_CASE("otlp_http: a pipeline needs a URL of its signal") {
  const auto got = load(
      "receivers: {nop: }\nexporters: {otlp_http: {metrics_endpoint: 'http://h/m'}}\n"
      "service: {pipelines: {traces: {receivers: [nop], exporters: [otlp_http]}}}\n");
  REQUIRE(got.problems.size() == 1);
  CHECK(got.problems[0].find("exporters::otlp_http: either endpoint or traces_endpoint must be specified") !=
        std::string::npos);
}

TEST_CASE("nop: takes no keys, and no pipeline minds it") {
  const std::string pipeline = "service: {pipelines: {logs: {receivers: [nop], exporters: [nop, nop/2]}}}\n";
  CHECK(load("receivers: {nop: }\nexporters: {nop: , nop/2: {}}\n" + pipeline).problems.empty());
  const auto got = load("receivers: {nop: {a: 1}}\nexporters: {nop: , nop/2: {}}\n" + pipeline);
  REQUIRE(got.problems.size() == 1);
  CHECK(got.problems[0].find("receivers::nop: has invalid keys: a") != std::string::npos);
}

TEST_CASE("authenticators: those that are started, by id and side") {
  auto got = load(
      "extensions: {basicauth/in: {htpasswd: {inline: 'a:b'}}, basicauth/out: {client_auth: {username: a, password: "
      "b}}, bearertokenauth: {token: t}, bearertokenauth/off: {token: u}, health_check: }\n" +
      kRest + service("basicauth/in, basicauth/out, bearertokenauth, health_check", ""));
  CHECK(got.problems == std::vector<std::string>{});
  test::QuietLog log;
  SystemClock clock;
  ComponentEnv env;
  env.log = &log;
  env.clock = &clock;
  StartedAuthenticators made;
  REQUIRE(made.start(got.config, env) == "");
  CHECK(made.server("basicauth/in"));
  CHECK_FALSE(made.client("basicauth/in"));
  CHECK(made.client("basicauth/out"));
  CHECK_FALSE(made.server("basicauth/out"));
  CHECK(made.client("bearertokenauth"));
  CHECK(made.server("bearertokenauth"));
  for (const char* other : {"bearertokenauth/off", "health_check", "nothing"}) {
    CHECK_FALSE(made.client(other));
    CHECK_FALSE(made.server(other));
  }
  got = load("extensions: {bearertokenauth: {filename: /nonexistent/t}}\n" + kRest + service("bearertokenauth", ""));
  CHECK(StartedAuthenticators().start(got.config, env) ==
        "bearertokenauth: open /nonexistent/t: No such file or directory");
}

TEST_CASE("service view: pipelines as written, and the books of each destination") {
  const auto got = load("extensions: {zpages: }\n" + kRest + service("zpages", "memory_limiter"));
  Ledger ledger;
  const DestinationId to = ledger.add_destination("traces", "debug");
  ledger.admit(to, 10);
  ledger.settle(to, 4, Settled::exported());
  ledger.settle(to, 2, Settled::sampled_out());
  ledger.settle(to, 1, Settled::dropped(DropReason::kQueueFull));
  const ServiceView view = service_view(got.config, snapshot_of(ledger, {3}));
  REQUIRE(view.pipelines.size() == 1);
  CHECK(view.pipelines[0].id == "traces");
  CHECK(view.pipelines[0].processors == std::vector<std::string>{"memory_limiter"});
  CHECK(view.extensions == std::vector<std::string>{"zpages"});
  REQUIRE(view.accounts.size() == 1);
  const ServiceView::Account& books = view.accounts[0];
  CHECK(books.admitted == 10);
  CHECK(books.exported == 4);
  CHECK(books.sampled_out == 2);
  CHECK(books.dropped == 1);
  CHECK(books.held == 3);
  CHECK(books.drops == std::vector<std::pair<std::string, uint64_t>>{{"queue_full", 1}});
}

}  // namespace weir
