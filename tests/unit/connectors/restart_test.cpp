// SPDX-License-Identifier: Apache-2.0
// Counters over crashes: what a Prometheus has seen never goes back, and ends as if nothing had happened.
#include <algorithm>
#include <chrono>
#include <functional>
#include <set>
#include <tuple>

#include "connectors/service_graph/edge_store.h"
#include "restart_rig.h"
#include "support/catch.h"

namespace weir::test {
namespace {

Maker graph_of(const ServiceGraphConfig& config) {
  return [config](const ComponentEnv& env) { return make_service_graph(config, env); };
}
Maker spans_of(const SpanMetricsConfig& config) {
  return [config](const ComponentEnv& env) { return make_span_metrics(config, env); };
}

ServiceGraphConfig graph_config() {
  ServiceGraphConfig config;
  config.metrics_flush_interval = 1s;
  config.store = {2s, 100'000};
  config.store_expiration_loop = 1ns;  // every tick
  config.dimensions = {"d1"};
  config.virtual_node_peer_attributes = {{"peer.service"}};
  return config;
}

SpanMetricsConfig spans_config() {
  SpanMetricsConfig config;
  config.metrics_flush_interval = 1s;
  config.dimensions = {{"d1", {}}, {"d2", "none"}};
  return config;
}

struct Step {
  Duration after;
  std::vector<TestGroup> groups;
};

std::vector<Step> random_steps(Random& random, int count) {
  std::vector<Step> steps;
  for (int i = 0; i < count; ++i) steps.push_back({Duration(random() % 400'000'000), random_spans(random)});
  return steps;
}

void finish(RestartRig& rig) {
  rig.settle();
  for (int i = 0; i < 4; ++i) {
    rig.advance(5s);
    rig.settle();
  }
  rig.stop();
}

MetricsSink truth_of(const Maker& make, const std::vector<Step>& steps, uint32_t shards) {
  RestartRig rig(make, 5, false);
  rig.start(shards);
  for (const Step& step : steps) {
    rig.advance(step.after);
    rig.feed(step.groups);
    rig.settle();
  }
  finish(rig);
  return std::move(rig.sink);
}

struct Faults {
  bool back_in_time = false;     // the wall clock steps back while the process is away
  bool zero_comes_first = true;  // not promised where 0 and value leave together
  int crash_every = 12;          // steps, on average
};

void restart(RestartRig& rig, Random& random, const Faults& faults) {
  random() % 6 == 0 ? rig.stop() : rig.crash();
  rig.clock.at.mono = Duration(1s) * (1 + random() % 1000);
  if (faults.back_in_time && random() % 2 == 0) rig.clock.at.wall -= 3s;
  rig.start(random() % 2 == 0 ? 1 : 3);
}

void run_with_crashes(RestartRig& rig, Random& random, const std::vector<Step>& steps, const Faults& faults) {
  rig.start(random() % 2 == 0 ? 1 : 3);
  for (const Step& step : steps) {
    if (random() % faults.crash_every == 0) restart(rig, random, faults);
    rig.advance(step.after);
    rig.feed(step.groups);
    if (random() % 3 == 0) ++rig.journal.round;
    rig.run(random() % 4 == 0 ? UINT64_MAX : random() % 20);
  }
  finish(rig);
}

void check(const MetricsSink& seen, const MetricsSink& truth, const Faults& faults) {
  CHECK(seen.points.size() == truth.points.size());
  const auto sound = [&](const std::string& key, const SentPoint& point) {
    if (!truth.has(key)) return false;
    const SentPoint& wanted = truth.points.at(key);
    const auto& [values, times] = std::tie(point.values, point.times);
    return std::adjacent_find(times.begin(), times.end(), std::greater_equal<>()) == times.end() &&
           std::is_sorted(values.begin(), values.end()) && (!faults.zero_comes_first || values.front() == 0) &&
           point.value() == wanted.value() && point.sum == wanted.sum && point.buckets == wanted.buckets &&
           point.scale == wanted.scale && point.offset == wanted.offset;
  };
  for (const auto& [key, point] : seen.points) {
    if (sound(key, point)) continue;
    CAPTURE(key, point.values, point.times, point.sum, point.buckets);
    FAIL("a series is not what it would be without crashes");
  }
}

void property(const Maker& make, uint64_t seeds, const Faults& faults) {
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const std::vector<Step> steps = random_steps(random, 120);
    RestartRig rig(make, seed * 1000);
    run_with_crashes(rig, random, steps, faults);
    check(rig.sink, truth_of(make, steps, 1), faults);
    REQUIRE(rig.lines.warnings == 0);
    REQUIRE(rig.journal.counted_twice == 0);
  }
}

TEST_CASE("the service graph over crashes ends as without them") {
  ServiceGraphConfig config = graph_config();
  SECTION("explicit buckets") {}
  SECTION("exponential") { config.exponential_histogram_max_size = 20; }
  SECTION("Tempo") { config.naming = Naming::kTempo; }
  SECTION("home shard") { config.store.max_items = 900; }
  property(graph_of(config), 25, {});
}

TEST_CASE("span metrics over crashes end as without them") {
  SpanMetricsConfig config = spans_config();
  SECTION("explicit buckets") {}
  SECTION("exponential, exemplars") {
    config.histogram.exponential.emplace().max_size = 20;
    config.exemplars.enabled = true;
  }
  SECTION("families apart") { config.calls_dimensions = {{"peer.service", {}}}; }
  SECTION("a limit of series") { config.aggregation_cardinality_limit = 10; }
  property(spans_of(config), 25, {});
}

TEST_CASE("a wall clock that steps back over a restart does not take the points back") {
  property(spans_of(spans_config()), 25, {.back_in_time = true});
  ServiceGraphConfig config = graph_config();
  config.store.ttl = 1h;
  property(graph_of(config), 25, {.back_in_time = true});
}

TEST_CASE("crashes with a flush after every batch") {
  ServiceGraphConfig config = graph_config();
  config.metrics_flush_interval = Duration::zero();
  property(graph_of(config), 25, {.zero_comes_first = false});
}

TEST_CASE("a crash after nearly every step") {
  property(graph_of(graph_config()), 25, {.crash_every = 2});
  property(spans_of(spans_config()), 25, {.crash_every = 2});
}

// --- one by one

const std::string kEdge = "{client=a,server=b,connection_type=,failed=false}";
const std::string kTotal = "traces_service_graph_request_total" + kEdge;
const std::string kCalls =
    "[service.name=api]traces.span.metrics.calls{service.name=api,span.name=op,span.kind=SPAN_KIND_SERVER,"
    "status.code=STATUS_CODE_UNSET,d2=none}";

TestSpan client(uint64_t trace) { return {.kind = SpanKind::kClient, .trace = trace, .id = 10}; }
TestSpan server(uint64_t trace) { return {.kind = SpanKind::kServer, .trace = trace, .id = 20, .parent = 10}; }
std::vector<TestGroup> pair(uint64_t trace) {
  return {{service("a"), {client(trace)}}, {service("b"), {server(trace)}}};
}

void checkpoint(RestartRig& rig) {
  ++rig.journal.round;
  rig.advance(1ms);
  rig.settle();
}

TEST_CASE("a new round of checkpoints brings one, and sends nothing") {
  RestartRig rig(graph_of(graph_config()), 1);
  rig.start(3);
  rig.feed(pair(1));
  rig.settle();
  CHECK(rig.journal.checkpoints == 0);
  checkpoint(rig);
  CHECK(rig.journal.checkpoints == 1);
  CHECK(rig.journal.durable.items.size() == 2);
  CHECK(rig.sink.requests == 0);
  rig.advance(1ms);
  rig.settle();
  CHECK(rig.journal.checkpoints == 1);
}

TEST_CASE("points leave after their checkpoint; while the disk fails they wait") {
  RestartRig rig(spans_of(spans_config()), 1);
  rig.start(1);
  rig.feed({{service("api"), {{}}}});
  rig.settle();
  rig.advance(2s);
  rig.settle();
  rig.journal.failing = true;
  rig.advance(2s);
  rig.settle();
  CHECK(rig.sink.at(kCalls).values == std::vector<double>{0});
  CHECK(rig.journal.durable.items.size() == 1);
  CHECK(rig.journal.checkpoints == 2);
  rig.journal.failing = false;
  rig.advance(2s);
  rig.settle();
  CHECK(rig.sink.at(kCalls).values == std::vector<double>{0, 1, 1});
}

TEST_CASE("the last flush with a journal ends nothing") {
  RestartRig rig(graph_of(graph_config()), 1);
  rig.start(3);
  rig.feed(pair(1));
  rig.feed({{service("a"), {client(2)}}});
  rig.stop();
  CHECK(rig.sink.at(kTotal).values == std::vector<double>{0});
  rig.clock.at.wall += 1s;
  rig.start(1);
  rig.feed({{service("b"), {server(2)}}});
  for (int i = 0; i < 2; ++i) rig.advance(1s), rig.settle();
  CHECK(rig.sink.at(kTotal).values == std::vector<double>{0, 0, 2});  // perhaps the first 0 did not come to its end
}

TEST_CASE("half edges wait for as long as without a restart") {
  for (const Duration away : {500ms, 1500ms}) {
    RestartRig rig(graph_of(graph_config()), 1);
    rig.start(3);
    rig.feed({{service("a"), {client(1)}}});
    rig.advance(1s);
    rig.settle();
    rig.crash();
    rig.clock.at = {1s, rig.clock.at.wall + away};  // also a machine that was started anew
    rig.start(3);
    rig.feed({{service("b"), {server(1)}}});
    for (int i = 0; i < 5; ++i) rig.advance(1s), rig.settle();
    CHECK(rig.sink.has(kTotal) == (away < 1s));
    CHECK(rig.sink.has("traces_service_graph_request_total{client=a,server=unknown,connection_type=virtual_node,failed="
                       "false}") == (away > 1s));
  }
}

TEST_CASE("half edges of replayed requests expire on the time of the replay") {
  RestartRig rig(graph_of(graph_config()), 1);
  rig.start(1);
  rig.feed({{service("a"), {client(1)}}});
  rig.advance(1s);
  rig.feed({{service("b"), {server(1)}}});
  rig.feed({{service("a"), {client(2)}}});
  rig.advance(3s);
  rig.feed({{service("b"), {server(2)}}});  // too late
  rig.crash();                              // nothing was checkpointed
  rig.clock.at = {1s, rig.clock.at.wall + 100s};
  rig.start(1);
  rig.settle();
  for (int i = 0; i < 5; ++i) rig.advance(1s), rig.settle();
  CHECK(rig.sink.at(kTotal).value() == 1);
}

TEST_CASE("what was counted before a long pause is sent before its series is forgotten") {
  RestartRig rig(graph_of(graph_config()), 1);
  rig.start(1);
  rig.feed(pair(1));
  rig.advance(1s), rig.settle();
  rig.advance(1s), rig.settle();
  rig.advance(1s), rig.settle();
  rig.feed(pair(2));
  SECTION("by a checkpoint") { checkpoint(rig); }
  SECTION("by replay") {}
  rig.crash();
  rig.clock.at = {1s, rig.clock.at.wall + 1h};
  rig.start(1);
  for (int i = 0; i < 3; ++i) rig.advance(1s), rig.settle();
  CHECK(rig.sink.at(kTotal).value() == 2);
  const size_t sent = rig.sink.at(kTotal).values.size();
  for (int i = 0; i < 3; ++i) rig.advance(1min), rig.settle();
  CHECK(rig.sink.at(kTotal).values.size() <= sent + 1);
}

TEST_CASE("series keep the id of the process that began them, and its start") {
  RestartRig rig(spans_of(spans_config()), 1);
  rig.start(1);
  rig.feed({{service("api"), {{}}}});
  rig.advance(1s), rig.settle();
  rig.advance(1s), rig.settle();
  const std::string label = "collector.instance.id";
  const auto ids = [&] {  // of the last request
    std::set<std::string> out;
    const std::string& bytes = rig.sink.bytes;
    for (size_t at = bytes.find(label); at != std::string::npos; at = bytes.find(label, at + 1)) {
      out.insert(bytes.substr(at + label.size() + 4, 36));  // behind two tags and two lengths
    }
    return out;
  };
  const std::set<std::string> id = ids();
  CHECK(id.size() == 1);
  rig.crash();
  rig.start(1);
  rig.feed({{service("api"), {{.name = "new"}}}});
  rig.advance(1s), rig.settle();
  REQUIRE(rig.sink.bytes.find("new") != std::string::npos);
  CHECK(ids() == id);
  const std::vector<uint64_t>& starts = rig.sink.at(kCalls).starts;
  CHECK(starts.front() == starts.back());
}

TEST_CASE("a config that makes other series starts anew, once, with one warning; times still go on") {
  RestartRig first(graph_of(graph_config()), 1);
  first.start(1);
  first.feed(pair(1));
  for (int i = 0; i < 3; ++i) first.advance(1s), first.settle();
  first.crash();
  ServiceGraphConfig other = graph_config();
  other.latency_histogram_buckets = {1ms};
  RestartRig second(graph_of(other), 1);
  second.journal.durable = first.journal.durable;
  second.log = first.log;
  second.clock.at = {5s, first.clock.at.wall - 1h};
  second.start(1);
  CHECK(second.lines.warnings == 1);
  second.feed(pair(2));
  for (int i = 0; i < 2; ++i) second.advance(1s), second.settle();
  CHECK(second.sink.at(kTotal).values == std::vector<double>{0, 1});
  CHECK(second.sink.at(kTotal).times.front() > first.sink.at(kTotal).times.back());
}

TEST_CASE("deltas go on where they were") {
  SpanMetricsConfig config = spans_config();
  config.aggregation_temporality = "AGGREGATION_TEMPORALITY_DELTA";
  RestartRig rig(spans_of(config), 1);
  rig.start(1);
  rig.feed({{service("api"), {{}, {}}}});
  rig.settle();
  rig.advance(1s), rig.settle();
  rig.feed({{service("api"), {{}}}});
  rig.settle();
  checkpoint(rig);
  rig.crash();
  rig.start(3);
  rig.feed({{service("api"), {{}, {}, {}}}});
  rig.advance(1s), rig.settle();
  rig.advance(1s), rig.settle();
  const SentPoint& calls = rig.sink.at(kCalls);
  CHECK(calls.values == std::vector<double>{2, 4});
  CHECK(calls.starts[1] == calls.times[0]);
}

TEST_CASE("caches and limits continue: the oldest resource leaves, overflow stays overflow") {
  SpanMetricsConfig config = spans_config();
  config.resource_metrics_cache_size = 1;
  config.aggregation_cardinality_limit = 2;
  RestartRig rig(spans_of(config), 1);
  rig.start(1);
  rig.feed({{service("old"), {{}}}, {service("api"), {{.name = "x"}, {.name = "y"}, {.name = "z"}}}});
  rig.settle();
  checkpoint(rig);
  rig.crash();
  rig.start(3);
  rig.feed({{service("api"), {{.name = "w"}}}});
  for (int i = 0; i < 3; ++i) rig.advance(1s), rig.settle();
  CHECK(rig.sink.at("[service.name=api]traces.span.metrics.calls{otel.metric.overflow=true}").value() == 2);
  const SentPoint& old = rig.sink.at(
      "[service.name=old]traces.span.metrics.calls{service.name=old,span.name=op,span.kind=SPAN_KIND_SERVER,"
      "status.code=STATUS_CODE_UNSET,d2=none}");
  CHECK(old.values == std::vector<double>{0, 1});
}

TEST_CASE("a resource that leaves with its first points does not begin again after a crash") {
  SpanMetricsConfig config = spans_config();
  config.resource_metrics_cache_size = 1;
  RestartRig rig(spans_of(config), 1);
  rig.start(1);
  rig.feed({{service("api"), {{}, {}}}, {service("new"), {{}}}});
  rig.settle();
  rig.advance(1s), rig.settle();
  CHECK(rig.sink.at(kCalls).values == std::vector<double>{0, 2});
  rig.crash();
  rig.start(1);
  rig.settle();
  for (int i = 0; i < 3; ++i) rig.advance(1s), rig.settle();
  CHECK(rig.sink.at(kCalls).values == std::vector<double>{0, 2, 2});  // it may not have come to its end
}

TEST_CASE("half edges expire in the order of their deadlines, whatever order they come in") {
  service_graph::EdgeStore store(1);
  for (uint64_t deadline : {5, 7, 3, 6, 9, 1}) {
    service_graph::Edge edge;
    edge.key.span_id.word = deadline;
    edge.expires = Duration(deadline);
    store.add(edge);
  }
  store.remove({{}, SpanId{5}});
  for (int deadline : {1, 3, 6, 7, 9}) {
    REQUIRE(store.oldest() != nullptr);
    CHECK(store.oldest()->expires == Duration(deadline));
    store.remove(store.oldest()->key);
  }
  CHECK(store.oldest() == nullptr);
}

TEST_CASE("a state that is cut or changed is refused or read, never more") {
  SpanMetricsConfig exponential = spans_config();
  exponential.histogram.exponential.emplace().max_size = 20;
  exponential.exemplars.enabled = true;
  for (const Maker& make : {graph_of(graph_config()), spans_of(spans_config()), spans_of(exponential)}) {
    Random random(3);
    RestartRig rig(make, 1);
    rig.start(3);
    for (int i = 0; i < 20; ++i) rig.feed(random_spans(random));
    checkpoint(rig);
    rig.crash();
    const RestartJournal::Saved whole = rig.journal.durable;
    for (size_t cut = 1; cut < whole.state.size(); cut += 7) {
      rig.journal.durable.state = whole.state.substr(0, cut);
      rig.lines.warnings = 0;
      rig.start(1);
      REQUIRE(rig.lines.warnings == 1);
      rig.crash();
    }
    for (int i = 0; i < 300; ++i) {
      rig.journal.durable.state = whole.state;
      rig.journal.durable.state[17 + random() % (whole.state.size() - 17)] ^= static_cast<char>(1 << random() % 8);
      rig.start(1);
      rig.advance(1s), rig.settle();
      rig.crash();
      rig.journal.durable = whole;
    }
  }
}

}  // namespace
}  // namespace weir::test
