// SPDX-License-Identifier: Apache-2.0
#include "connectors/service_graph/service_graph.h"

#include "rig.h"
#include "support/catch.h"

namespace weir::test {
namespace {

constexpr SpanKind kClient = SpanKind::kClient, kServer = SpanKind::kServer, kProducer = SpanKind::kProducer,
                   kConsumer = SpanKind::kConsumer;

ServiceGraphConfig fast() {
  ServiceGraphConfig config;
  config.metrics_flush_interval = 1s;
  config.store.ttl = 2s;
  config.store.max_items = 10'000;
  config.store_expiration_loop = 500ms;
  return config;
}

std::string edge(const std::string& metric, const std::string& client, const std::string& server,
                 const std::string& connection = "", bool failed = false, const std::string& more = "") {
  return "traces_service_graph_request_" + metric + "{client=" + client + ",server=" + server +
         ",connection_type=" + connection + ",failed=" + (failed ? "true" : "false") + more + "}";
}

TestSpan client(uint64_t trace, uint64_t id = 10) {
  return {.kind = kClient, .trace = trace, .id = id, .parent = 3, .duration_ns = 3'000'000};
}
TestSpan server(uint64_t trace, uint64_t parent = 10) {
  return {.kind = kServer, .trace = trace, .id = 20, .parent = parent, .duration_ns = 2'000'000};
}

double counter(Rig& rig, const std::string& name) {
  return rig.telemetry.numbers["otelcol_connector_servicegraph_" + name].sum;
}

TEST_CASE("halves pair in both orders, in one request or in several; new series begin at 0") {
  Rig rig(fast());
  rig.feed({{service("a"), {client(1)}}, {service("b"), {server(1)}}});
  rig.feed({{service("b"), {server(2)}}});
  rig.feed({{service("a"), {client(2)}}});
  rig.flush_twice();
  CHECK(rig.sink.at(edge("total", "a", "b")).values == std::vector<double>{0, 2});
  const SentPoint& s = rig.sink.at(edge("server", "a", "b"));
  CHECK(s.values == std::vector<double>{0, 2});
  CHECK(s.sum == Approx(0.004));
  CHECK(s.unit == "s");
  CHECK(s.bounds.size() == 16);
  CHECK(s.buckets[0] == 2);
  CHECK(rig.sink.at(edge("client", "a", "b")).buckets[1] == 2);
  CHECK_FALSE(rig.sink.has(edge("failed_total", "a", "b")));
  CHECK(counter(rig, "total_edges") == 2);
  CHECK(rig.sink.points.size() == 3);
}

TEST_CASE("an edge fails with either side, and is a series of its own") {
  Rig rig(fast());
  TestSpan bad_client = client(1), bad_server = server(2);
  bad_client.status = bad_server.status = StatusCode::kError;
  rig.feed({{service("a"), {bad_client, client(2), client(3)}}, {service("b"), {server(1), bad_server, server(3)}}});
  rig.flush_twice();
  CHECK(rig.sink.at(edge("total", "a", "b", "", true)).value() == 2);
  CHECK(rig.sink.at(edge("failed_total", "a", "b", "", true)).values == std::vector<double>{0, 2});
  CHECK(rig.sink.at(edge("total", "a", "b")).value() == 1);
}

TEST_CASE("the side that comes last says the connection type") {
  Rig rig(fast());
  const auto pair = [&](uint64_t trace, SpanKind first, SpanKind second) {
    TestSpan c = client(trace), s = server(trace);
    c.kind = first;
    s.kind = second;
    rig.feed({{service("a"), {c}}, {service("b"), {s}}});
  };
  pair(1, kProducer, kConsumer);
  pair(2, kProducer, kServer);
  pair(3, kClient, kConsumer);
  pair(4, SpanKind::kInternal, kServer);
  rig.flush_twice();
  CHECK(rig.sink.at(edge("total", "a", "b", "messaging_system")).value() == 2);
  CHECK(rig.sink.at(edge("total", "a", "b")).value() == 1);
}

TEST_CASE("a database call is complete at once") {
  Rig rig(fast());
  TestSpan call = client(1);
  call.tags = {{"db.name", "orders"}, {"peer.service", "pg"}};
  rig.feed({{service("a"), {call}}});
  rig.flush_twice();
  CHECK(rig.sink.at(edge("total", "a", "orders", "database")).value() == 1);
  CHECK(rig.sink.at(edge("server", "a", "orders", "database")).sum == Approx(0.003));
  CHECK(counter(rig, "total_edges") == 1);
}

TEST_CASE("after their ttl, halves become virtual nodes or are forgotten") {
  Rig rig(fast());
  TestSpan named = client(1), empty = client(2), number = client(3);
  named.tags = {{"db.system", "redis"}, {"peer.service", "ext"}};
  empty.tags = {{"peer.service", ""}};
  number.tags = {{"peer.service", "7", true}};
  TestSpan orphan = server(5), root = server(6, 0);
  orphan.tags = {{"peer.service", "caller"}};
  rig.feed({{service("a"), {named, empty, number, client(4)}}, {service("b"), {orphan, root}}});
  rig.advance(2s);
  CHECK(counter(rig, "expired_edges") == 0);
  rig.advance(1s);
  CHECK(counter(rig, "expired_edges") == 6);
  rig.flush_twice();
  for (const char* peer : {"ext", "", "7", "unknown"})
    CHECK(rig.sink.at(edge("total", "a", peer, "virtual_node")).value() == 1);
  CHECK(rig.sink.at(edge("total", "user", "b", "virtual_node")).value() == 1);
  CHECK(rig.sink.at(edge("client", "user", "b", "virtual_node")).sum == 0);
  CHECK(rig.sink.at(edge("client", "user", "b", "virtual_node")).value() == 1);
  CHECK(rig.sink.points.size() == 15);
}

TEST_CASE("no virtual nodes without peer attributes") {
  ServiceGraphConfig config = fast();
  config.virtual_node_peer_attributes.emplace();
  Rig rig(config);
  rig.feed({{service("a"), {client(1)}}, {service("b"), {server(2, 0)}}});
  rig.advance(4s);
  rig.flush_twice();
  CHECK(rig.sink.points.empty());
  CHECK(counter(rig, "expired_edges") == 2);
}

TEST_CASE("the extra label says which side is virtual") {
  ServiceGraphConfig config = fast();
  config.virtual_node_extra_label = true;
  Rig rig(config);
  rig.feed({{service("a"), {client(1), client(3)}}, {service("b"), {server(2, 0), server(3)}}});
  rig.advance(4s);
  rig.flush_twice();
  CHECK(rig.sink.has(edge("total", "a", "unknown", "virtual_node", false, ",virtual_node=server")));
  CHECK(rig.sink.has(edge("total", "user", "b", "virtual_node", false, ",virtual_node=client")));
  CHECK(rig.sink.has(edge("total", "a", "b", "", false, ",virtual_node=")));
}

TEST_CASE("dimensions of both sides, the resource's first") {
  ServiceGraphConfig config = fast();
  config.dimensions = {"region", "http.method"};
  Rig rig(config);
  TestSpan c = client(1), s = server(1);
  c.tags = {{"region", "span"}, {"http.method", "GET"}};
  s.tags = {{"region", "us"}};
  rig.feed({{{{"service.name", "a"}, {"region", "eu"}}, {c}}, {service("b"), {s}}});
  rig.flush_twice();
  CHECK(rig.sink.has(edge("total", "a", "b", "", false, ",client_region=eu,client_http.method=GET,server_region=us")));
}

TEST_CASE("a full store refuses new edges, but not the second half of one that waits") {
  for (uint32_t shards : {1u, 3u}) {
    ServiceGraphConfig config = fast();
    config.store.max_items = 5;
    Rig rig(config, shards);
    CHECK(rig.connector->placement() == Placement::kHomeShard);
    for (uint64_t t = 1; t <= 8; ++t) rig.feed({{service("a"), {client(t)}}});
    CHECK(counter(rig, "dropped_spans") == 3);
    rig.feed({{service("b"), {server(2), server(7)}}});  // 7 takes the place of 2
    rig.feed({{service("a"), {client(20)}}});
    CHECK(counter(rig, "dropped_spans") == 4);
    rig.flush_twice();
    CHECK(rig.sink.at(edge("total", "a", "b")).value() == 1);
  }
}

TEST_CASE("only the expiry loop makes room in a full store") {
  ServiceGraphConfig config = fast();
  config.store.max_items = 1;
  config.store_expiration_loop = 4s;
  Rig rig(config);
  rig.feed({{service("a"), {client(1)}}});
  rig.advance(3s);
  rig.feed({{service("a"), {client(2)}}});
  CHECK(counter(rig, "dropped_spans") == 1);
  rig.advance(1s);
  rig.feed({{service("a"), {client(3)}}});
  CHECK(counter(rig, "dropped_spans") == 1);
}

TEST_CASE("the default limit is one of the process, not of a shard") {
  ServiceGraphConfig config = fast();
  config.store.max_items.reset();
  Rig rig(config, 3);
  CHECK(rig.connector->placement() == Placement::kWholeTraces);
  for (uint64_t t = 1; t <= 1500; ++t) rig.feed({{service("a"), {client(t)}}});
  CHECK(counter(rig, "dropped_spans") == 500);
}

TEST_CASE("a flood of orphans takes no more memory than the store may have, and pairs still match") {
  ServiceGraphConfig config = fast();
  config.store.max_items = 2000;
  Rig rig(config);
  uint64_t most = 0;
  for (uint64_t t = 0; t < 200; ++t) {
    std::vector<TestSpan> orphans;
    for (uint64_t i = 0; i < 100; ++i)
      orphans.push_back({.kind = kServer, .trace = 1000 + t * 100 + i, .id = 1, .parent = 77});
    rig.feed({{service("a"), {client(t + 1)}}, {service("b"), orphans}});
    rig.feed({{service("b"), {server(t + 1)}}});
    rig.advance(200ms);
    most = std::max(most, rig.budget.used());
  }
  CHECK(most < 2'000'000);
  rig.flush_twice();
  CHECK(rig.sink.at(edge("total", "a", "b")).value() == 200);
}

TEST_CASE("names that nobody uses any more are forgotten") {
  ServiceGraphConfig config = fast();
  config.dimensions = {"d"};
  config.virtual_node_peer_attributes.emplace();
  Rig rig(config);
  uint64_t early = 0;
  for (uint64_t t = 1; t <= 60'000; ++t) {
    TestSpan c = client(t);
    c.tags = {{"d", "value " + std::to_string(t)}};
    rig.feed({{service("a"), {c}}});
    if (t % 100 == 0) rig.advance(1s);
    if (t == 6000) early = rig.budget.used();
  }
  CHECK(rig.budget.used() < 3 * early);
}

TEST_CASE("metrics_flush_interval 0: after every batch, each series as 0 first") {
  ServiceGraphConfig config = fast();
  config.metrics_flush_interval = Duration::zero();
  Rig rig(config);
  rig.feed({{service("a"), {client(1)}}, {service("b"), {server(1)}}});
  CHECK(rig.sink.at(edge("total", "a", "b")).values == std::vector<double>{0, 1});
  rig.feed({{service("a"), {client(2)}}, {service("b"), {server(2)}}});
  CHECK(rig.sink.at(edge("total", "a", "b")).values == std::vector<double>{0, 1, 2});
}

TEST_CASE("the last flush sends what is complete and does not expire halves early") {
  Rig rig(fast());
  rig.feed({{service("a"), {client(1), client(2)}}, {service("b"), {server(1)}}});
  rig.finish();
  CHECK(rig.sink.at(edge("total", "a", "b")).values == std::vector<double>{0, 1});
  CHECK(rig.sink.points.size() == 3);
}

TEST_CASE("series that are idle for 15 minutes end, and begin anew with a later start") {
  Rig rig(fast());
  rig.feed({{service("a"), {client(1)}}, {service("b"), {server(1)}}});
  rig.flush_twice();
  for (int i = 0; i < 20; ++i) rig.advance(1min);
  const size_t sent = rig.sink.at(edge("total", "a", "b")).values.size();
  CHECK(sent < 20);
  rig.feed({{service("a"), {client(1)}}, {service("b"), {server(1)}}});
  rig.flush_twice();
  const SentPoint& again = rig.sink.at(edge("total", "a", "b"));
  CHECK(again.values.size() == sent + 2);
  CHECK(again.value() == 1);
  CHECK(again.starts.back() > again.starts.front());
}

TEST_CASE("points are dated back by metrics_timestamp_offset") {
  ServiceGraphConfig config = fast();
  config.metrics_timestamp_offset = 10s;
  Rig rig(config);
  rig.feed({{service("a"), {client(1)}}, {service("b"), {server(1)}}});
  rig.flush_twice();
  CHECK(rig.sink.at(edge("total", "a", "b")).times.back() == rig.clock.now().wall_ns() - 10'000'000'000);
}

TEST_CASE("a server that ends before it starts wraps, as in the collector; Tempo's is 0") {
  for (Naming naming : {Naming::kCollector, Naming::kTempo}) {
    ServiceGraphConfig config = fast();
    config.naming = naming;
    Rig rig(config);
    TestSpan s = server(1);
    s.duration_ns = -5'000'000;
    rig.feed({{service("a"), {client(1)}}, {service("b"), {s}}});
    rig.flush_twice();
    const bool tempo = naming == Naming::kTempo;
    const SentPoint& p =
        rig.sink.at(tempo ? "traces_service_graph_request_server{client=a,server=b}" : edge("server", "a", "b"));
    CHECK(p.sum == Approx(tempo ? 0 : 18446744073.70455));
    CHECK(p.buckets[tempo ? 0 : 16] == 1);
  }
}

TEST_CASE("Tempo's labels and rules") {
  ServiceGraphConfig config = fast();
  config.naming = Naming::kTempo;
  Rig rig(config);
  TestSpan bad = client(2), database = client(3), root = server(4, 0), named = client(6);
  bad.status = StatusCode::kError;
  database.tags = {{"db.namespace", "orders"}, {"server.address", "pg"}};
  root.tags = {{"peer.service", "caller"}};
  named.tags = {{"peer.service", "ext"}};
  rig.feed(
      {{service("a"), {client(1), bad, database, client(5), named}}, {service("b"), {server(1), server(2), root}}});
  rig.advance(4s);
  rig.flush_twice();
  const std::string total = "traces_service_graph_request_total", failed = "traces_service_graph_request_failed_total";
  CHECK(rig.sink.at(total + "{client=a,server=b}").value() == 2);
  CHECK(rig.sink.at(failed + "{client=a,server=b}").values.front() == 0);
  CHECK(rig.sink.at(failed + "{client=a,server=b}").value() == 1);
  CHECK(rig.sink.at(total + "{client=a,server=pg,connection_type=database}").value() == 1);
  CHECK(rig.sink.at(total + "{client=caller,server=b,connection_type=virtual_node}").value() == 1);
  CHECK(rig.sink.at(total + "{client=a,server=ext,connection_type=virtual_node}").value() == 1);
  CHECK(rig.sink.points.size() == 4 * 3 + 1);  // a lone client without a peer gives nothing
  CHECK(rig.sink.at("traces_service_graph_request_server{client=a,server=b}").bounds ==
        std::vector<double>{0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8});
}

TEST_CASE("exponential latencies") {
  ServiceGraphConfig config = fast();
  config.exponential_histogram_max_size = 20;
  Rig rig(config);
  rig.feed({{service("a"), {client(1)}}, {service("b"), {server(1)}}});
  rig.flush_twice();
  CHECK(rig.sink.at(edge("client", "a", "b")).scale == 20);
  CHECK(rig.sink.at(edge("client", "a", "b")).offset == -8787929);
}

}  // namespace
}  // namespace weir::test
