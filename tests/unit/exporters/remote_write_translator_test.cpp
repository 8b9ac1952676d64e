// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <set>
#include <string>

#include "exporters/prometheus_remote_write/native_histogram.h"
#include "remote_write_fixture.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

struct Fixture {
  explicit Fixture(RemoteWriteConfig settings = {}) : config(std::move(settings)) {}
  Translation translate(const Batch& batch) { return translator.translate(batch, clock.now()); }
  std::map<std::string, double> last_round(const Batch& batch) {
    const Translation t = translate(batch);
    return t.rounds.empty() ? std::map<std::string, double>{} : values_of(read_round(t.rounds.back()));
  }
  uint64_t ago(Duration by) const { return static_cast<uint64_t>((clock.now().wall - by).count()); }
  uint64_t now() const { return ago(0s); }
  RemoteWriteConfig config;
  ManualClock clock;
  ByteBudget budget{64 << 20};
  SilentLog log;
  Translator translator{config, "prw", budget, log, clock.now()};
};

Batch one(const TestMetric& metric) { return MetricsRequest().metric(metric).batch(); }

TEST_CASE("a point of very many attributes becomes a series soon") {
  Fixture t;
  const auto start = std::chrono::steady_clock::now();
  const auto values = t.last_round(one({.name = "c", .points = {{.attributes = very_many_attributes(), .value = 1}}}));
  CHECK(std::chrono::steady_clock::now() - start < 20s);
  REQUIRE(values.size() == 1);
  CHECK(values.begin()->first.find(",k7_=v,") != std::string::npos);
}

TEST_CASE("series as the collector writes them") {
  Fixture t;
  Batch batch =
      MetricsRequest()
          .resource({{"service.name", "forge"}, {"service.instance.id", "etl-0"}, {"telemetry.sdk.name", "ot"}},
                    "forge")
          .metric({.name = "collide", .points = {{.attributes = {{"a.b", "1"}, {"a_b", "2"}}, .value = 9}}})
          .metric({.name = "upload.duration",
                   .type = MetricType::kHistogram,
                   .points = {{.attributes = {{"file-type", "csv"}, {"file.type", "x"}},
                               .count = 4,
                               .sum = 77.5,
                               .buckets = {1, 2, 0, 1},
                               .bounds = {5, 10, 25}}},
                   .unit = "ms"})
          .metric(
              {.name = "empty.key", .type = MetricType::kGauge, .points = {{.attributes = {{"", "e"}}, .value = 1}}})
          .metric({.name = "delta.sum", .points = {{.value = 4}}, .temporality = 1})
          .batch();
  const Translation out = t.translate(batch);
  REQUIRE(out.rounds.size() == 1);
  const std::string tail = ",instance=etl-0,job=forge,otel_scope_name=forge}";
  const std::string le_tail = ",otel_scope_name=forge}";
  CHECK(values_of(read_round(out.rounds[0])) ==
        std::map<std::string, double>{
            {"collide_total{a_b=1;2" + tail, 9},
            {"upload_duration_milliseconds_sum{file_type=csv;x" + tail, 77.5},
            {"upload_duration_milliseconds_count{file_type=csv;x" + tail, 4},
            {"upload_duration_milliseconds_bucket{file_type=csv;x,instance=etl-0,job=forge,le=5" + le_tail, 1},
            {"upload_duration_milliseconds_bucket{file_type=csv;x,instance=etl-0,job=forge,le=10" + le_tail, 3},
            {"upload_duration_milliseconds_bucket{file_type=csv;x,instance=etl-0,job=forge,le=25" + le_tail, 3},
            {"upload_duration_milliseconds_bucket{file_type=csv;x,instance=etl-0,job=forge,le=+Inf" + le_tail, 4},
            {"target_info{instance=etl-0,job=forge,telemetry_sdk_name=ot}", 1}});
  CHECK(out.points == 4);
  CHECK(out.dropped == 2);
  CHECK(t.log.messages.size() == 1);
}

TEST_CASE("labels are sorted by bytes, unique, not empty, UTF-8") {
  RemoteWriteConfig config;
  config.external_labels = {{"__replica", "r"}, {"Zone", "z"}, {"k", "external"}};
  Fixture t(config);
  const Translation out = t.translate(
      one({.name = "g",
           .type = MetricType::kGauge,
           .points = {{.attributes = {{"k", "own"}, {"Aa", "1"}, {"empty", ""}, {"bad", "\xff"}, {"__name__", "x"}},
                       .value = 1}}}));
  const ReadSeries series = read_round(out.rounds[0])[0];
  CHECK(
      series.labels ==
      LabelPairs{
          {"Aa", "1"}, {"Zone", "z"}, {"__name__", "g"}, {"bad", "\xEF\xBF\xBD"}, {"k", "own"}, {"key_replica", "r"}});
}

TEST_CASE("labels whose names collide are joined where their values differ") {
  Fixture t;
  const auto values = t.last_round(one({.name = "g",
                                        .type = MetricType::kGauge,
                                        .points = {{.attributes = {{"a.b", "1"}, {"a_b", "1"}}, .value = 1},
                                                   {.attributes = {{"a.b", ""}, {"a_b", "2"}}, .value = 2}}}));
  CHECK(values == std::map<std::string, double>{{"g{a_b=1}", 1}, {"g{a_b=2}", 2}});
}

TEST_CASE("target_info names its labels as the page does") {
  Fixture t;
  const auto values = t.last_round(MetricsRequest()
                                       .resource({{"service.name", "a"}, {"_x..y", "z"}})
                                       .metric({.name = "g", .type = MetricType::kGauge, .points = {{.value = 1}}})
                                       .batch());
  CHECK(values.contains("target_info{_x__y=z,job=a}"));
}

TEST_CASE("target_info needs an identity and something to tell, and can be turned off") {
  Fixture t;
  const auto info = [&](Fixture& fixture, const LabelPairs& resource) {
    const auto values =
        fixture.last_round(MetricsRequest()
                               .resource(resource)
                               .metric({.name = "g", .type = MetricType::kGauge, .points = {{.value = 1}}})
                               .batch());
    return std::count_if(values.begin(), values.end(),
                         [](const auto& v) { return v.first.starts_with("target_info"); });
  };
  CHECK(info(t, {{"service.name", "a"}, {"x", "y"}}) == 1);
  CHECK(info(t, {{"service.name", "b"}}) == 0);
  CHECK(info(t, {{"service.name", ""}, {"x", "y"}}) == 0);
  CHECK(info(t, {{"x", "y"}}) == 0);
  RemoteWriteConfig config;
  config.target_info.enabled = false;
  Fixture off(config);
  CHECK(info(off, {{"service.name", "a"}, {"x", "y"}}) == 0);
}

TEST_CASE("target_info comes even where no point of the resource can be sent") {
  Fixture t;
  const auto values =
      t.last_round(MetricsRequest()
                       .resource({{"service.name", "a"}, {"x", "y"}})
                       .metric({.name = "d", .points = {{.time_ns = t.now(), .value = 1}}, .temporality = 1})
                       .batch());
  CHECK(values == std::map<std::string, double>{{"target_info{job=a,x=y}", 1}});
}

TEST_CASE("a new series that only grows begins with a zero") {
  Fixture t;
  const uint64_t start = t.now();
  t.clock.advance(60s);
  const Translation first =
      t.translate(one({.name = "c", .points = {{.start_ns = start, .time_ns = t.now(), .value = 5}}}));
  REQUIRE(first.rounds.size() == 2);
  const ReadSeries zero = read_round(first.rounds[0])[0];
  const ReadSeries value = read_round(first.rounds[1])[0];
  CHECK(zero.text() == "c_total{}");
  CHECK(zero.samples[0].second == 0);
  CHECK(value.samples[0].second == 5);
  CHECK(value.samples[0].first == static_cast<int64_t>(t.now() / 1'000'000));
  CHECK(value.samples[0].first - zero.samples[0].first == 15'000);

  t.clock.advance(60s);
  CHECK(
      t.translate(one({.name = "c", .points = {{.start_ns = start, .time_ns = t.now(), .value = 7}}})).rounds.size() ==
      1);
}

TEST_CASE("no zero for what was not zero: old counters, gauges, zeros themselves") {
  Fixture t;
  CHECK(t.translate(one({.name = "old", .points = {{.start_ns = t.ago(24h), .time_ns = t.now(), .value = 1e6}}}))
            .rounds.size() == 1);
  CHECK(t.translate(one({.name = "unknown", .points = {{.time_ns = t.now(), .value = 1e6}}})).rounds.size() == 1);
  CHECK(t.translate(one({.name = "zero", .points = {{.start_ns = t.now(), .time_ns = t.now(), .value = 0}}}))
            .rounds.size() == 1);
  CHECK(t.translate(one({.name = "updown",
                         .points = {{.start_ns = t.now(), .time_ns = t.now(), .value = 3}},
                         .monotonic = false}))
            .rounds.size() == 1);
}

TEST_CASE("all parts of a new histogram begin with a zero") {
  Fixture t;
  const Translation out = t.translate(one({.name = "h",
                                           .type = MetricType::kHistogram,
                                           .points = {{.start_ns = t.now(),
                                                       .time_ns = t.now() + 1'000'000'000,
                                                       .count = 2,
                                                       .sum = 3,
                                                       .buckets = {0, 2},
                                                       .bounds = {1}}}}));
  REQUIRE(out.rounds.size() == 2);
  CHECK(values_of(read_round(out.rounds[0])) ==
        std::map<std::string, double>{{"h_count{}", 0}, {"h_sum{}", 0}, {"h_bucket{le=+Inf}", 0}});
  CHECK(values_of(read_round(out.rounds[1])).size() == 4);
}

TEST_CASE("times of a series strictly increase") {
  Fixture t;
  const auto send = [&](uint64_t time_ns, double value) {
    const Translation out = t.translate(one({.name = "c", .points = {{.time_ns = time_ns, .value = value}}}));
    return out.rounds.empty() ? int64_t{-1} : read_round(out.rounds.back())[0].samples[0].first;
  };
  const int64_t now_ms = static_cast<int64_t>(t.now() / 1'000'000);
  CHECK(send(0, 1) == now_ms);               // OTLP says none: now
  CHECK(send(t.now(), 2) == now_ms + 1);     // the same again
  CHECK(send(t.ago(1h), 3) == now_ms + 2);   // a clock that stepped back
  CHECK(send(t.ago(10s), 1) == -1);          // a late point would look like a reset
  CHECK(send(t.ago(-2h), 4) == now_ms + 3);  // the future would poison the receiver
  t.clock.advance(10s);
  CHECK(send(t.now(), 5) == now_ms + 10'000);
}

TEST_CASE("several points of a series go in rounds, in order of time") {
  Fixture t;
  const Translation out = t.translate(
      MetricsRequest()
          .metric({.name = "c", .points = {{.time_ns = t.ago(2s), .value = 1}, {.time_ns = t.ago(1s), .value = 2}}})
          .metric({.name = "d", .points = {{.time_ns = t.ago(1s), .value = 9}}})
          .batch());
  REQUIRE(out.rounds.size() == 2);
  CHECK(values_of(read_round(out.rounds[0])) == std::map<std::string, double>{{"c_total{}", 1}});
  CHECK(values_of(read_round(out.rounds[1])) == std::map<std::string, double>{{"c_total{}", 2}, {"d_total{}", 9}});
}

TEST_CASE("a series that ended gets a stale marker") {
  Fixture t;
  const Translation out = t.translate(one({.name = "c", .points = {{.time_ns = t.now(), .ended = true}}}));
  CHECK(std::bit_cast<uint64_t>(read_round(out.rounds[0])[0].samples[0].second) == 0x7ff0000000000002);
}

TEST_CASE("exemplars go to the bucket they fall in, or the counter") {
  Fixture t;
  const std::string trace(16, '\x22');
  const std::string hex = "22222222222222222222222222222222";
  const Translation out =
      t.translate(MetricsRequest()
                      .metric({.name = "h",
                               .type = MetricType::kHistogram,
                               .points = {{.time_ns = t.now(),
                                           .count = 2,
                                           .sum = 3,
                                           .buckets = {1, 1},
                                           .bounds = {1},
                                           .exemplars = {{1, trace}, {7, trace}}}}})
                      .metric({.name = "c", .points = {{.time_ns = t.now(), .value = 2, .exemplars = {{5, trace}}}}})
                      .batch());
  std::map<std::string, std::vector<double>> seen;
  for (const ReadSeries& s : read_round(out.rounds[0])) {
    for (const ReadExemplar& e : s.exemplars) {
      CHECK(e.labels == LabelPairs{{"trace_id", hex}});
      seen[s.text()].push_back(e.value);
    }
  }
  CHECK(seen == std::map<std::string, std::vector<double>>{
                    {"h_bucket{le=1}", {1}}, {"h_bucket{le=+Inf}", {7}}, {"c_total{}", {5}}});
}

TEST_CASE("exponential histograms become native ones, in a round of their own") {
  Fixture t;
  const Translation out = t.translate(MetricsRequest()
                                          .metric({.name = "e",
                                                   .type = MetricType::kExponentialHistogram,
                                                   .points = {{.time_ns = t.now(),
                                                               .count = 20,
                                                               .sum = 6,
                                                               .buckets = {10, 0, 4, 0, 0, 0, 5},
                                                               .scale = 2,
                                                               .offset = -9,
                                                               .zero_count = 1}}})
                                          .metric({.name = "c", .points = {{.time_ns = t.now(), .value = 2}}})
                                          .batch());
  REQUIRE(out.rounds.size() == 2);
  CHECK(values_of(read_round(out.rounds[0])).size() == 1);
  const ReadSeries series = read_round(out.rounds[1])[0];
  CHECK(series.text() == "e{}");
  REQUIRE(series.histograms.size() == 1);
  const ReadHistogram& h = series.histograms[0];
  CHECK(h.count == 20);
  CHECK(h.sum == 6);
  CHECK(h.schema == 2);
  CHECK(h.zero_count == 1);
  CHECK(h.zero_threshold == 1e-128);
  CHECK(h.spans == std::vector<std::pair<int64_t, uint64_t>>{{-8, 3}, {3, 1}});
  CHECK(h.deltas == std::vector<int64_t>{10, -10, 4, 1});
  CHECK(h.ms == static_cast<int64_t>(t.now() / 1'000'000));
}

TEST_CASE("native histograms: fine scales are made coarser, broken ones dropped") {
  Fixture t;
  const auto metric = [&](int32_t scale, uint64_t count) {
    return one(
        {.name = "e",
         .type = MetricType::kExponentialHistogram,
         .points = {
             {.time_ns = t.now(), .count = count, .sum = 6, .buckets = {1, 2, 3, 4}, .scale = scale, .offset = 0}}});
  };
  const Translation out = t.translate(metric(9, 10));
  const ReadHistogram h = read_round(out.rounds.back())[0].histograms[0];
  CHECK(h.schema == 8);
  CHECK(h.deltas == std::vector<int64_t>{3, 4});
  CHECK(t.translate(metric(-5, 10)).dropped == 1);
  CHECK(t.translate(metric(2, 9)).dropped == 1);
}

TEST_CASE("summaries, suffixes, scope and namespace as configured") {
  RemoteWriteConfig config;
  config.add_metric_suffixes = false;
  config.disable_scope_info = true;
  config.metrics_namespace = "x";
  Fixture t(config);
  CHECK(t.last_round(MetricsRequest()
                         .resource({}, "scope")
                         .metric({.name = "s",
                                  .type = MetricType::kSummary,
                                  .points = {{.time_ns = t.now(), .count = 2, .sum = 3, .quantiles = {{0.5, 1}}}},
                                  .unit = "s"})
                         .metric({.name = "c", .points = {{.time_ns = t.now(), .value = 2}}})
                         .batch()) ==
        std::map<std::string, double>{{"x_s_sum{}", 3}, {"x_s_count{}", 2}, {"x_s{quantile=0.5}", 1}, {"x_c{}", 2}});
}

TEST_CASE("metadata is sent by itself") {
  RemoteWriteConfig config;
  config.send_metadata = true;
  Fixture t(config);
  const Translation out = t.translate(
      one({.name = "c", .points = {{.time_ns = t.now(), .value = 2}}, .unit = "ms", .description = "help"}));
  REQUIRE(out.rounds.size() == 2);
  otlp::FieldCursor request(out.rounds[1][0].bytes);
  REQUIRE(request.next());
  CHECK(request.number() == 3);
  otlp::FieldCursor metadata(request.bytes());
  std::map<uint32_t, std::string> fields;
  while (metadata.next())
    fields[metadata.number()] =
        metadata.number() == 1 ? std::to_string(metadata.value()) : std::string(metadata.bytes());
  CHECK(fields ==
        std::map<uint32_t, std::string>{{1, "1"}, {2, "c_milliseconds_total"}, {4, "help"}, {5, "milliseconds"}});
}

TEST_CASE("series are forgotten after an hour") {
  Fixture t;
  for (int i = 0; i < 100; ++i) {
    t.translate(
        one({.name = "c", .points = {{.attributes = {{"i", std::to_string(i)}}, .time_ns = t.now(), .value = 2}}}));
  }
  const uint64_t used = t.budget.used();
  CHECK(used > 100 * 16);
  t.clock.advance(2h);
  t.translate(one({.name = "d", .points = {{.time_ns = t.now(), .value = 2}}}));
  t.clock.advance(2min);
  // All hundred are new again: their counts began within the exporter's life, so a zero comes first.
  const Translation again = t.translate(one(
      {.name = "c", .points = {{.attributes = {{"i", "0"}}, .start_ns = t.ago(1h), .time_ns = t.now(), .value = 2}}}));
  CHECK(again.rounds.size() == 2);
}

}  // namespace
}  // namespace weir::test
