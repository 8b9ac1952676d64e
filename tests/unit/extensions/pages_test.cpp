// SPDX-License-Identifier: Apache-2.0
#include "auth_fixture.h"
#include "extensions/health_check/config.h"
#include "extensions/pprof/pprof.h"
#include "extensions/zpages/zpages.h"
#include "net/event_loops.h"
#include "support/raw_socket.h"

namespace weir {
namespace {

using namespace auth_test;
using Strings = std::vector<std::string>;

test::HttpAnswer get(uint16_t port, const std::string& path) {
  return test::http_exchange(port, "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
}

// Event loops that turn while the test asks.
struct Loops {
  Loops() {
    place.env.shards = &loops;
    place.env.id = "page/x";
  }
  ~Loops() {
    loops.stop();
    loops.join();
  }
  Place place;
  net::EventLoops loops{1, place.clock};
};

ServiceView some_view() {
  ServiceView view;
  view.started.wall = std::chrono::seconds(1735689600);
  view.shards = 3;
  view.journal = "/var/lib/weir";
  view.pipelines = {{"traces/in", {"otlp"}, {"memory_limiter", "batch"}, {"otlp_grpc/<b>", "debug"}}};
  ServiceView::Account account{"traces/in", "debug"};
  account.admitted = 111;
  account.exported = 50;
  account.sampled_out = 31;
  account.filtered = 12;
  account.dropped = 7;
  account.held = 11;
  account.drops = {{"queue_full", 4}, {"refused", 3}};
  view.accounts = {account};
  view.extensions = {"zpages", "health_check/a"};
  return view;
}

}  // namespace

TEST_CASE("zpages: pages of the service, its pipelines with their books, and its extensions") {
  Loops at;
  ZPagesConfig config;
  config.page.endpoint = "127.0.0.1:0";
  ZPages pages(config, at.place.env, [](ZPages::Done done) { done(some_view()); });
  REQUIRE(pages.start() == "");
  at.loops.run();
  at.place.clock.mono = std::chrono::nanoseconds(std::chrono::seconds(61)).count();
  const auto service = get(pages.port(), "/debug/servicez");
  CHECK(service.status == 200);
  CHECK(service.field("content-type") == "text/html; charset=utf-8");
  for (const char* part : {"<td>Version</td><td>" WEIR_VERSION "</td>", "<td>1m1s</td>",
                           "<td>2025-01-01T00:00:00.000000000Z</td>", "<td>3</td>", "<td>/var/lib/weir</td>"}) {
    INFO(part << " in " << service.body);
    CHECK(service.body.find(part) != std::string::npos);
  }
  const auto pipelines = get(pages.port(), "/debug/pipelinez").body;
  for (const char* part :
       {"<tr><td>traces/in</td><td>otlp</td><td>memory_limiter, batch</td><td>otlp_grpc/&lt;b&gt;, debug</td></tr>",
        "<tr><td>traces/in</td><td>debug</td><td>111</td><td>50</td><td>31</td><td>12</td><td>7</td><td>11</td>"
        "<td>queue_full 4, refused 3</td></tr>"}) {
    INFO(part << " in " << pipelines);
    CHECK(pipelines.find(part) != std::string::npos);
  }
  CHECK(get(pages.port(), "/debug/extensionz").body.find("<td>health_check/a</td>") != std::string::npos);
  CHECK(get(pages.port(), "/debug/featurez").status == 200);
  CHECK(get(pages.port(), "/debug/tracez").body.find("no traces of itself") != std::string::npos);
  CHECK(get(pages.port(), "/debug/rpcz").status == 404);
}

TEST_CASE("pprof: the page says how weir is profiled") {
  Loops at;
  PprofConfig config;
  config.endpoint = "127.0.0.1:0";
  Pprof pprof(config, at.place.env);
  REQUIRE(pprof.start() == "");
  at.loops.run();
  const auto page = get(pprof.port(), "/debug/pprof/");
  CHECK(page.status == 200);
  CHECK(page.body.find("perf record -g -p " + std::to_string(::getpid()) + " ") != std::string::npos);
  const auto arguments = get(pprof.port(), "/debug/pprof/cmdline");
  CHECK(arguments.status == 200);
  CHECK(arguments.body.find("test_extensions") != std::string::npos);
  const auto heap = get(pprof.port(), "/debug/pprof/heap");
  CHECK(heap.status == 404);
  CHECK(heap.body.find("/debug/pprof/ says how") != std::string::npos);
  Pprof second({"127.0.0.1:" + std::to_string(pprof.port())}, at.place.env);
  CHECK(second.start().starts_with("page/x: cannot listen on 127.0.0.1:"));
}

TEST_CASE("zpages and pprof: keys") {
  CHECK(problems_of<ZPagesConfig>("{endpoint: ':55679', expvar: {enabled: false}}").empty());
  CHECK(problems_of<ZPagesConfig>("{expvar: {enabled: true}}") ==
        Strings{"c.yaml:1:10: warning: extensions::auth::expvar: does nothing: weir has no expvar; its metrics are at "
                "/metrics of the telemetry port"});
  CHECK(problems_of<ZPagesConfig>("{endpoint: nowhere}").size() == 1);
  CHECK(problems_of<ZPagesConfig>("{tls: {cert_file: a}}").size() == 1);
  CHECK(problems_of<ZPagesConfig>("{auth: {authenticator: a}}").size() == 1);
  CHECK(problems_of<PprofConfig>("{endpoint: ':1888', block_profile_fraction: 0, save_to_file: ''}").empty());
  CHECK(problems_of<PprofConfig>("{endpoint: nowhere}").size() == 1);
  CHECK(problems_of<PprofConfig>("{mutex_profile_fraction: 3}")[0].find("warning") != std::string::npos);
  CHECK(problems_of<PprofConfig>("{save_to_file: /tmp/p}")[0].find("perf record") != std::string::npos);
  CHECK(problems_of<PprofConfig>("{endpont: x}").size() == 1);
}

TEST_CASE("health_check: the second version is refused, its absence is not") {
  CHECK(problems_of<HealthCheckConfig>("{use_v2: false, endpoint: ':13133'}").empty());
  const Strings refused = problems_of<HealthCheckConfig>("{use_v2: true}");
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].starts_with("c.yaml:1:10: extensions::auth::use_v2: not supported by this version of weir"));
}

TEST_CASE("a page over TLS needs its certificate") {
  Loops at;
  ZPagesConfig config;
  config.page.endpoint = "127.0.0.1:0";
  config.page.tls.emplace();
  config.page.tls->cert_file = "/nonexistent/cert.pem";
  config.page.tls->key_file = "/nonexistent/key.pem";
  ZPages pages(config, at.place.env, [](ZPages::Done) {});
  const std::string error = pages.start();
  INFO(error);
  CHECK(error.starts_with("page/x: failed to load TLS config"));
  at.loops.run();
}

}  // namespace weir
