// SPDX-License-Identifier: Apache-2.0
#include "connectors/span_metrics/span_metrics.h"

#include "connectors/span_metrics/adjusted_count.h"
#include "rig.h"
#include "support/catch.h"

namespace weir::test {
namespace {

const std::string kRes = "[service.name=api]";

// A series of the default labels.
std::string series(const std::string& metric, const std::string& more = "", const std::string& name = "op",
                   const std::string& kind = "SERVER", const std::string& status = "UNSET") {
  return kRes + "traces.span.metrics." + metric + "{service.name=api,span.name=" + name + ",span.kind=SPAN_KIND_" +
         kind + ",status.code=STATUS_CODE_" + status + more + "}";
}

SpanMetricsConfig fast() {
  SpanMetricsConfig config;
  config.metrics_flush_interval = 1s;
  return config;
}

TEST_CASE("calls and durations are counted per name, kind and status; the first flush says 0") {
  Rig rig(fast());
  rig.feed({{service("api"),
             {{}, {.duration_ns = 2'000'001}, {.kind = SpanKind::kClient}, {.status = StatusCode::kError}}}});
  rig.advance(1s);
  CHECK(rig.sink.at(series("calls")).values == std::vector<double>{0});
  rig.advance(1s);
  CHECK(rig.sink.at(series("calls")).values == std::vector<double>{0, 2});
  CHECK(rig.sink.at(series("calls", "", "op", "CLIENT")).value() == 1);
  CHECK(rig.sink.at(series("calls", "", "op", "SERVER", "ERROR")).value() == 1);
  const SentPoint& durations = rig.sink.at(series("duration"));
  CHECK(durations.values == std::vector<double>{0, 2});
  CHECK(durations.sum == Approx(3.000001));
  CHECK(durations.unit == "ms");
  CHECK(durations.bounds.size() == 16);
  CHECK(durations.buckets[0] == 1);
  CHECK(durations.buckets[1] == 1);
  CHECK(durations.times[0] < durations.times[1]);
  CHECK(durations.starts[0] == durations.starts[1]);
  rig.feed({{service("api"), {{}}}});
  rig.advance(1s);
  CHECK(rig.sink.at(series("calls")).value() == 3);
}

TEST_CASE("the last flush sends a new series as 0, then with its value") {
  Rig rig(fast());
  rig.feed({{service("api"), {{}}}});
  rig.finish();
  CHECK(rig.sink.requests == 2);
  const SentPoint& calls = rig.sink.at(series("calls"));
  CHECK(calls.values == std::vector<double>{0, 1});
  CHECK(calls.times[0] + 1'000'000 == calls.times[1]);
}

TEST_CASE("resources without service.name are left out; one that is not a string counts under an empty label") {
  Rig rig(fast());
  rig.feed({{{{"host", "h"}}, {{}}}, {{{"service.name", "5", true}}, {{}}}, {service(""), {{}}}});
  rig.flush_twice();
  CHECK(rig.sink.points.size() == 4);
  CHECK(
      rig.sink.has("[service.name=5i]traces.span.metrics.calls{service.name=,span.name=op,span.kind=SPAN_KIND_SERVER,"
                   "status.code=STATUS_CODE_UNSET}"));
}

TEST_CASE("dimensions: the span's value, else the resource's, else the default, else none; text tells series apart") {
  SpanMetricsConfig config = fast();
  config.dimensions = {{"a", {}}, {"b", "none"}};
  Rig rig(config);
  auto resource = service("api");
  resource.push_back({"a", "res"});
  rig.feed(
      {{resource, {{.tags = {{"a", "200", true}}}, {.tags = {{"a", "200"}, {"b", "x"}}}, {}, {.tags = {{"a", "200"}}}}},
       {service("api"), {{}}}});
  rig.flush_twice();
  const std::string with_a =
      "[service.name=api][a=res]traces.span.metrics.calls{service.name=api,span.name=op,span.kind="
      "SPAN_KIND_SERVER,status.code=STATUS_CODE_UNSET,";
  CHECK(rig.sink.at(with_a + "a=200i,b=none}").value() == 2);  // the first span's type stays
  CHECK(rig.sink.at(with_a + "a=200,b=x}").value() == 1);
  CHECK(rig.sink.at(with_a + "a=res,b=none}").value() == 1);
  CHECK(rig.sink.at(series("calls", ",b=none")).value() == 1);
}

TEST_CASE("missing dimensions do not shift values between series") {
  SpanMetricsConfig config = fast();
  config.dimensions = {{"a", {}}, {"b", {}}};
  Rig rig(config);
  rig.feed({{service("api"), {{.tags = {{"a", "x"}}}, {.tags = {{"b", "x"}}}}}});
  rig.flush_twice();
  CHECK(rig.sink.at(series("calls", ",a=x")).value() == 1);
  CHECK(rig.sink.at(series("calls", ",b=x")).value() == 1);
}

TEST_CASE("calls and durations may have dimensions of their own") {
  SpanMetricsConfig config = fast();
  config.calls_dimensions = {{"c", {}}};
  config.histogram.dimensions = {{"d", {}}};
  Rig rig(config);
  rig.feed({{service("api"), {{.tags = {{"c", "1"}, {"d", "2"}}}, {.tags = {{"c", "3"}, {"d", "2"}}}}}});
  rig.flush_twice();
  CHECK(rig.sink.at(series("calls", ",c=1")).value() == 1);
  CHECK(rig.sink.at(series("calls", ",c=3")).value() == 1);
  CHECK(rig.sink.at(series("duration", ",d=2")).value() == 2);
}

TEST_CASE("excluded labels do not tell series apart") {
  SpanMetricsConfig config = fast();
  config.exclude_dimensions = {"status.code", "span.name"};
  Rig rig(config);
  rig.feed({{service("api"), {{}, {.name = "other", .status = StatusCode::kError}}}});
  rig.flush_twice();
  CHECK(rig.sink.at(kRes + "traces.span.metrics.calls{service.name=api,span.kind=SPAN_KIND_SERVER}").value() == 2);
}

TEST_CASE("a span that ends before it starts has no duration") {
  Rig rig(fast());
  rig.feed({{service("api"), {{.duration_ns = -5}}}});
  rig.flush_twice();
  CHECK(rig.sink.at(series("duration")).sum == 0);
  CHECK(rig.sink.at(series("duration")).buckets[0] == 1);
}

TEST_CASE("unit, buckets and namespace") {
  SpanMetricsConfig config = fast();
  config.metrics_namespace = "";
  config.histogram.unit = DurationUnit::kSeconds;
  config.histogram.explicit_buckets.emplace().buckets = {std::vector<Duration>{1ms, 1s}};
  Rig rig(config);
  rig.feed({{service("api"), {{}, {.duration_ns = 1'500'000'000}}}});
  rig.flush_twice();
  const SentPoint& p = rig.sink.at(kRes +
                                   "duration{service.name=api,span.name=op,span.kind=SPAN_KIND_SERVER,status.code="
                                   "STATUS_CODE_UNSET}");
  CHECK(p.bounds == std::vector<double>{0.001, 1});
  CHECK(p.buckets == std::vector<uint64_t>{1, 0, 1});
  CHECK(p.sum == Approx(1.501));
  CHECK(p.unit == "s");
}

TEST_CASE("a disabled histogram is not sent") {
  SpanMetricsConfig config = fast();
  config.histogram.disable = true;
  Rig rig(config);
  rig.feed({{service("api"), {{}}}});
  rig.flush_twice();
  CHECK(rig.sink.points.size() == 1);
}

TEST_CASE("exponential histograms") {
  SpanMetricsConfig config = fast();
  config.histogram.exponential.emplace().max_size = 20;
  Rig rig(config);
  rig.feed(
      {{service("api"),
        {{.duration_ns = 2'000'000}, {.duration_ns = 99'900'000}, {.duration_ns = 99'900'000}, {.duration_ns = 0}}}});
  rig.flush_twice();
  const SentPoint& p = rig.sink.at(series("duration"));
  CHECK(p.scale == 1);
  CHECK(p.offset == 1);
  CHECK(p.buckets.size() == 13);
  CHECK(p.zeros == 1);
  CHECK(p.values == std::vector<double>{0, 4});
}

TEST_CASE("exemplars: the first of each point, once, not for empty trace ids") {
  SpanMetricsConfig config = fast();
  config.exemplars = {true, 2};
  Rig rig(config);
  rig.feed({{service("api"), {{.trace = 0}, {.trace = 9, .id = 1}, {.trace = 8, .id = 2}, {.trace = 7, .id = 3}}}});
  rig.flush_twice();
  const std::vector<SentExemplar> first = {{1, 9, 1}, {1, 8, 2}};
  CHECK(rig.sink.at(series("calls")).exemplars == first);
  CHECK(rig.sink.at(series("duration")).exemplars == first);
  rig.feed({{service("api"), {{.trace = 5, .id = 5}}}});
  rig.advance(1s);
  CHECK(rig.sink.at(series("calls")).exemplars.size() == 3);
  rig.advance(1s);
  CHECK(rig.sink.at(series("calls")).exemplars.size() == 3);
}

TEST_CASE("events are counted by attributes of span, event and resource") {
  SpanMetricsConfig config = fast();
  config.dimensions = {{"m", {}}};
  config.events = {true, {{"type", {}}, {"kind", "none"}}};
  Rig rig(config);
  rig.feed(
      {{service("api"),
        {{.tags = {{"m", "G"}}, .events = {{{{"type", "A"}}}, {{{"type", "A"}}}, {{{"type", "B"}, {"kind", "k"}}}}},
         {}}}});
  rig.flush_twice();
  CHECK(rig.sink.at(series("events", ",m=G,type=A,kind=none")).value() == 2);
  CHECK(rig.sink.at(series("events", ",m=G,type=B,kind=k")).value() == 1);
  CHECK(rig.sink.at(series("calls", ",m=G")).value() == 1);
}

TEST_CASE("adjusted counts") {
  using span_metrics::adjusted_count;
  CHECK(adjusted_count("", {}, 1).count == 1);
  CHECK_FALSE(adjusted_count("ot=rv:12345678901234", {}, 1).adjusted);
  CHECK(adjusted_count("ot=th:8", {}, 1).count == 2);
  CHECK(adjusted_count("x=y, ot=rv:00;th:c ,z=1", {}, 1).count == 4);
  CHECK(adjusted_count("ot=th:0", {}, 1).count == 1);
  CHECK(adjusted_count("ot=th:0", {}, 1).adjusted);
  for (const char* bad : {"ot=th:", "ot=th:G", "ot=th:123456789012345", "xot=th:8", "ot=xth:8"})
    CHECK_FALSE(adjusted_count(bad, {}, 1).adjusted);
  uint64_t sum = 0;
  for (uint64_t i = 0; i < 30000; ++i) sum += adjusted_count("ot=th:4", SpanId{i * 7919}, 1).count;  // 4/3
  CHECK(static_cast<double>(sum) == Approx(40000).epsilon(0.01));
}

TEST_CASE("adjusted counts weigh calls, durations and events") {
  SpanMetricsConfig config = fast();
  config.events = {true, {{"t", {}}}};
  config.enable_metrics_sampling_method = true;
  Rig rig(config);
  rig.feed({{service("api"), {{.events = {{}}, .trace_state = "ot=th:c"}, {}}}});
  rig.flush_twice();
  CHECK(rig.sink.at(series("calls", ",sampling.method=extrapolated")).value() == 4);
  CHECK(rig.sink.at(series("calls", ",sampling.method=counted")).value() == 1);
  CHECK(rig.sink.at(series("duration", ",sampling.method=extrapolated")).sum == Approx(4));
  CHECK(rig.sink.at(series("events", ",sampling.method=extrapolated")).value() == 4);
}

TEST_CASE("chosen scopes become labels") {
  SpanMetricsConfig config = fast();
  config.include_instrumentation_scope = {"lib"};
  Rig rig(config);
  rig.feed({{service("api"), {{.name = "a"}}, "lib"}, {service("api"), {{.name = "b"}}, "other"}});
  rig.flush_twice();
  CHECK(rig.sink.has(
      series("calls", ",span.instrumentation.scope.name=lib,span.instrumentation.scope.version=1.0", "a")));
  CHECK(rig.sink.has(series("calls", "", "b")));
}

TEST_CASE("the cardinality limit holds per resource and metric, in the order of arrival") {
  for (uint32_t shards : {1u, 3u}) {
    SpanMetricsConfig config = fast();
    config.aggregation_cardinality_limit = 2;
    config.exemplars.enabled = true;
    Rig rig(config, shards);
    CHECK(rig.connector->placement() == Placement::kHomeShard);
    for (const char* name : {"a", "b", "c", "d", "a"}) rig.feed({{service("api"), {{.name = name}}}});
    rig.flush_twice();
    CHECK(rig.sink.at(series("calls", "", "a")).value() == 2);
    CHECK(rig.sink.at(series("calls", "", "b")).value() == 1);
    const std::string overflow = "{otel.metric.overflow=true}";
    CHECK(rig.sink.at(kRes + "traces.span.metrics.calls" + overflow).value() == 2);
    CHECK(rig.sink.at(kRes + "traces.span.metrics.duration" + overflow).value() == 2);
    CHECK(rig.sink.at(kRes + "traces.span.metrics.calls" + overflow).exemplars.empty());
    CHECK(rig.sink.points.size() == 6);
  }
}

TEST_CASE("without memory new series are counted as overflow") {
  Rig rig(fast(), 1, 100 * 1024);
  for (int i = 0; i < 600; ++i) rig.feed({{service("api"), {{.name = "name" + std::to_string(i)}}}});
  rig.budget.give_back(0);
  rig.finish();
  double calls = 0;
  for (const auto& [key, point] : rig.sink.points) {
    if (key.find("calls{") != std::string::npos) calls += point.value();
  }
  CHECK(calls == 600);
  CHECK(rig.sink.at(kRes + "traces.span.metrics.calls{otel.metric.overflow=true}").value() > 0);
  CHECK(rig.telemetry.numbers["weir_connector_refused_series"].sum > 0);
}

TEST_CASE("resources are told apart by all attributes, or by those chosen; the first one's attributes stay") {
  const std::vector<Tag> one = {{"service.name", "api"}, {"host", "1"}}, two = {{"host", "2"}, {"service.name", "api"}};
  const std::vector<Tag> swapped = {{"host", "1"}, {"service.name", "api"}};
  SpanMetricsConfig config = fast();
  config.histogram.disable = true;
  Rig all(config);
  for (const auto& r : {one, two, swapped}) all.feed({{r, {{}}}});
  all.flush_twice();
  CHECK(all.sink.points.size() == 2);
  config.resource_metrics_key_attributes = {"service.name"};
  Rig chosen(config);
  for (const auto& r : {one, two, swapped}) chosen.feed({{r, {{}}}});
  chosen.flush_twice();
  REQUIRE(chosen.sink.points.size() == 1);
  CHECK(chosen.sink.points.begin()->first.starts_with("[service.name=api][host=1]"));
  CHECK(chosen.sink.points.begin()->second.value() == 3);
}

TEST_CASE("resources beyond the cache leave with their last points") {
  SpanMetricsConfig config = fast();
  config.histogram.disable = true;
  config.resource_metrics_cache_size = 1;
  Rig rig(config);
  CHECK(rig.connector->placement() == Placement::kHomeShard);
  rig.feed({{service("old"), {{}, {}}}, {service("api"), {{}}}});
  rig.advance(1s);
  const std::string old =
      "[service.name=old]traces.span.metrics.calls{service.name=old,span.name=op,span.kind=SPAN_KIND_SERVER,status."
      "code=STATUS_CODE_UNSET}";
  CHECK(rig.sink.at(old).values == std::vector<double>{0, 2});
  rig.advance(1s);
  CHECK(rig.sink.at(old).values.size() == 2);
  CHECK(rig.sink.at(series("calls")).values == std::vector<double>{0, 1});
}

TEST_CASE("idle resources and idle series end, but not before their values were sent") {
  SpanMetricsConfig config = fast();
  config.histogram.disable = true;
  SECTION("resources") { config.metrics_expiration = 1s; }
  SECTION("series") { config.series_expiration = 1s; }
  Rig rig(config);
  rig.feed({{service("api"), {{}}}});
  for (int i = 0; i < 5; ++i) rig.advance(1s);
  CHECK(rig.sink.at(series("calls")).values == std::vector<double>{0, 1});
  rig.feed({{service("api"), {{}, {}}}});
  for (int i = 0; i < 5; ++i) rig.advance(1s);
  const SentPoint& again = rig.sink.at(series("calls"));
  CHECK(again.values == std::vector<double>{0, 1, 0, 2});
  CHECK(again.starts[2] > again.times[1]);
}

TEST_CASE("delta temporality sends what came since the last flush, and nothing else") {
  SpanMetricsConfig config = fast();
  config.aggregation_temporality = "AGGREGATION_TEMPORALITY_DELTA";
  Rig rig(config);
  rig.feed({{service("api"), {{}, {}}}});
  rig.advance(1s);
  rig.advance(1s);
  rig.feed({{service("api"), {{}}}});
  rig.advance(1s);
  const SentPoint& calls = rig.sink.at(series("calls"));
  CHECK(calls.values == std::vector<double>{2, 1});
  CHECK(calls.delta);
  CHECK(calls.starts[1] == calls.times[0]);
}

TEST_CASE("Tempo's names and labels") {
  SpanMetricsConfig config = fast();
  config.naming = Naming::kTempo;
  Rig rig(config);
  rig.feed({{{{"service.name", "api"}, {"host", "1"}}, {{}}},
            {{{"service.name", "api"}, {"host", "2"}}, {{.trace_state = "ot=th:8"}}}});
  rig.flush_twice();
  const std::string labels = "{service=api,span_name=op,span_kind=SPAN_KIND_SERVER,status_code=STATUS_CODE_UNSET}";
  CHECK(rig.sink.at("traces_spanmetrics_calls" + labels).value() == 2);
  const SentPoint& latency = rig.sink.at("traces_spanmetrics_latency" + labels);
  CHECK(latency.unit == "");
  CHECK(latency.bounds.front() == 0.002);
  CHECK(latency.bounds.back() == 16.384);
  CHECK(latency.bounds.size() == 14);
}

TEST_CASE("points of a series never go back in time") {
  Rig rig(fast());
  rig.feed({{service("api"), {{}}}});
  for (int i = 0; i < 3; ++i) rig.advance(1s);
  rig.clock.advance(Duration(0));
  const SentPoint& calls = rig.sink.at(series("calls"));
  CHECK(std::is_sorted(calls.times.begin(), calls.times.end()));
}

}  // namespace
}  // namespace weir::test
