// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "exporters/prometheus/page_store.h"
#include "exporters/prometheus/page_text.h"
#include "naming_fixture.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

struct Page {
  explicit Page(PrometheusConfig settings = {})
      : config(std::move(settings)), store(config, "prometheus", budget, log) {}
  uint64_t add(Batch batch) { return store.add(batch, clock.now()); }
  std::string text(std::string_view accept = "") {
    store.expire(clock.now());
    return write_page(store.families(), choose_format(accept, config.enable_open_metrics, config.send_timestamps));
  }
  bool has(const std::string& line) { return ("\n" + text()).find("\n" + line + "\n") != std::string::npos; }
  PrometheusConfig config;
  ManualClock clock;
  ByteBudget budget{64 << 20};
  SilentLog log;
  PageStore store;
};

PrometheusConfig bare() {
  PrometheusConfig config;
  config.without_scope_info = true;
  return config;
}

Batch one(const TestMetric& metric) { return MetricsRequest().metric(metric).batch(); }

TEST_CASE("a page as the collector writes it") {
  PrometheusConfig config;
  config.metrics_namespace = "graphistry";
  Page page(config);
  page.add(MetricsRequest()
               .resource({{"service.name", "etl"},
                          {"service.namespace", "graphistry"},
                          {"service.instance.id", "etl-1"},
                          {"telemetry.sdk.name", "opentelemetry"}},
                         "forge")
               .metric({.name = "worker.read.crashes",
                        .points = {{.attributes = {{"worker.id", "w1"}}, .value = 1}},
                        .description = "GPU worker crashes"})
               .batch());
  CHECK(page.text() ==
        "# HELP graphistry_target_info Target metadata\n"
        "# TYPE graphistry_target_info gauge\n"
        "graphistry_target_info{instance=\"etl-1\",job=\"graphistry/etl\",telemetry_sdk_name=\"opentelemetry\"} 1\n"
        "# HELP graphistry_worker_read_crashes_total GPU worker crashes\n"
        "# TYPE graphistry_worker_read_crashes_total counter\n"
        "graphistry_worker_read_crashes_total{instance=\"etl-1\",job=\"graphistry/etl\",otel_scope_name=\"forge\","
        "otel_scope_schema_url=\"\",otel_scope_version=\"\",worker_id=\"w1\"} 1\n");
}

TEST_CASE("histograms are cumulated and end with +Inf") {
  Page page(bare());
  page.add(one({.name = "up",
                .type = MetricType::kHistogram,
                .points = {{.count = 4, .sum = 77.5, .buckets = {1, 2, 0, 1}, .bounds = {5, 10, 25}}},
                .unit = "ms"}));
  CHECK(page.text() ==
        "# HELP up_milliseconds \n# TYPE up_milliseconds histogram\n"
        "up_milliseconds_bucket{le=\"5\"} 1\nup_milliseconds_bucket{le=\"10\"} 3\nup_milliseconds_bucket{le=\"25\"} 3\n"
        "up_milliseconds_bucket{le=\"+Inf\"} 4\nup_milliseconds_sum 77.5\nup_milliseconds_count 4\n");
}

TEST_CASE("exponential histograms show sum and count, summaries their quantiles") {
  Page page(bare());
  page.add(one({.name = "e",
                .type = MetricType::kExponentialHistogram,
                .points = {{.count = 3, .sum = 6, .buckets = {1, 2}, .scale = 2}}}));
  page.add(one({.name = "s",
                .type = MetricType::kSummary,
                .points = {{.count = 2, .sum = 3, .quantiles = {{0.5, 1}, {0.99, 2}}}}}));
  CHECK(page.has("e_bucket{le=\"+Inf\"} 3"));
  CHECK(page.has("e_count 3"));
  CHECK(page.has("s{quantile=\"0.5\"} 1"));
  CHECK(page.has("s{quantile=\"0.99\"} 2"));
  CHECK(page.has("s_sum 3"));
}

TEST_CASE("the last point of a series is shown; an older one changes nothing") {
  Page page(bare());
  page.add(one({.name = "c", .points = {{.time_ns = 20, .value = 5}}}));
  page.add(one({.name = "c", .points = {{.time_ns = 10, .value = 3}}}));
  CHECK(page.has("c_total 5"));
  page.add(one({.name = "c", .points = {{.time_ns = 30, .value = 2}}}));
  CHECK(page.has("c_total 2"));
}

TEST_CASE("delta points are accumulated") {
  Page page(bare());
  for (uint64_t t = 1; t <= 3; ++t) {
    page.add(one({.name = "d", .points = {{.time_ns = t, .value = 4}}, .temporality = 1}));
    page.add(one({.name = "h",
                  .type = MetricType::kHistogram,
                  .points = {{.time_ns = t, .count = 2, .sum = 1.5, .buckets = {1, 1}, .bounds = {1}}},
                  .temporality = 1}));
  }
  CHECK(page.has("d_total 12"));
  CHECK(page.has("h_bucket{le=\"1\"} 3"));
  CHECK(page.has("h_bucket{le=\"+Inf\"} 6"));
  CHECK(page.has("h_sum 4.5"));
}

TEST_CASE("delta points of every kind add up, late ones too; the newest time is shown") {
  PrometheusConfig config = bare();
  config.send_timestamps = true;
  Page page(config);
  constexpr uint64_t kSecond = 1'000'000'000;
  for (const uint64_t t : {3 * kSecond, 1 * kSecond, 2 * kSecond}) {
    page.add(one({.name = "e",
                  .type = MetricType::kExponentialHistogram,
                  .points = {{.time_ns = t, .count = 3, .sum = 6, .buckets = {1, 2}, .scale = 2}},
                  .temporality = 1}));
    page.add(one({.name = "queue", .points = {{.time_ns = t, .value = -2}}, .monotonic = false, .temporality = 1}));
  }
  CHECK(page.has("e_bucket{le=\"+Inf\"} 9 3000"));
  CHECK(page.has("e_sum 18 3000"));
  CHECK(page.has("e_count 9 3000"));
  CHECK(page.has("queue -6 3000"));
  CHECK(page.has("# TYPE queue gauge"));
  // Other bounds begin the histogram anew; nothing that was counted is shown in the wrong bucket.
  const auto histogram = [](double bound) {
    return one({.name = "h",
                .type = MetricType::kHistogram,
                .points = {{.time_ns = 4 * kSecond, .count = 2, .sum = 1, .buckets = {1, 1}, .bounds = {bound}}},
                .temporality = 1});
  };
  page.add(histogram(1));
  page.add(histogram(2));
  CHECK_FALSE(page.has("h_bucket{le=\"1\"} 1 4000"));
  CHECK(page.has("h_bucket{le=\"2\"} 1 4000"));
  CHECK(page.has("h_count 2 4000"));
}

TEST_CASE("what neither says cumulative nor delta has no meaning and is refused") {
  Page page(bare());
  CHECK(page.add(one({.name = "c", .points = {{.value = 1}, {.value = 2}}, .temporality = 0})) == 2);
  CHECK(page.add(one({.name = "g", .type = MetricType::kGauge, .points = {{.value = 1}}})) == 0);
  CHECK(page.text() == "# HELP g \n# TYPE g gauge\ng 1\n");
}

TEST_CASE("a delta series that expired begins at zero again") {
  Page page(bare());
  page.add(one({.name = "d", .points = {{.value = 4}}, .temporality = 1}));
  page.clock.advance(5min + 1s);
  page.text();
  page.add(one({.name = "d", .points = {{.value = 3}}, .temporality = 1}));
  CHECK(page.has("d_total 3"));
}

TEST_CASE("every kind under a namespace, with const labels and the resource's attributes") {
  PrometheusConfig config = bare();
  config.metrics_namespace = "graphistry";
  config.const_labels = {{"cluster", "c1"}};
  config.resource_to_telemetry_conversion = {.enabled = true, .exclude_service_attributes = true};
  Page page(config);
  page.add(MetricsRequest()
               .resource({{"service.name", "forge-etl-python"}, {"host.name", "gpu1"}})
               .metric({.name = "forge_etl_python_upload_datasets_request", .points = {{.value = 7}}})
               .metric({.name = "worker.read.crashes", .points = {{.value = 1}}})
               .metric({.name = "pool.size", .points = {{.value = 3}}, .monotonic = false})
               .metric({.name = "gpu.memory", .type = MetricType::kGauge, .points = {{.value = 1024}}, .unit = "By"})
               .metric({.name = "upload.duration",
                        .type = MetricType::kHistogram,
                        .points = {{.count = 1, .sum = 2, .buckets = {1, 0}, .bounds = {5}}},
                        .unit = "ms"})
               .metric({.name = "gc", .type = MetricType::kSummary, .points = {{.count = 1, .sum = 2}}, .unit = "s"})
               .batch());
  const std::string labels = "{cluster=\"c1\",host_name=\"gpu1\",job=\"forge-etl-python\"} ";
  CHECK(page.has("graphistry_forge_etl_python_upload_datasets_request_total" + labels + "7"));
  CHECK(page.has("graphistry_worker_read_crashes_total" + labels + "1"));
  CHECK(page.has("graphistry_pool_size" + labels + "3"));
  CHECK(page.has("graphistry_gpu_memory_bytes" + labels + "1024"));
  CHECK(page.has("graphistry_upload_duration_milliseconds_sum" + labels + "2"));
  CHECK(page.has("graphistry_gc_seconds_count" + labels + "1"));
}

TEST_CASE("series without new points disappear, ended ones at once") {
  Page page(bare());
  page.add(one({.name = "c", .points = {{.attributes = {{"k", "old"}}, .value = 1}}}));
  page.clock.advance(4min);
  page.add(one({.name = "c", .points = {{.attributes = {{"k", "new"}}, .value = 1}}}));
  page.clock.advance(90s);
  CHECK_FALSE(page.has("c_total{k=\"old\"} 1"));
  CHECK(page.has("c_total{k=\"new\"} 1"));
  page.add(one({.name = "c", .points = {{.attributes = {{"k", "new"}}, .ended = true}}}));
  CHECK(page.text().empty());
}

TEST_CASE("colliding labels leave a series out, and so does a const label's clash") {
  PrometheusConfig config = bare();
  config.const_labels = {{"zone", "a"}};
  Page page(config);
  CHECK(page.add(one({.name = "c", .points = {{.attributes = {{"a.b", "1"}, {"a_b", "2"}}, .value = 1}}})) == 1);
  CHECK(page.add(one({.name = "c", .points = {{.attributes = {{"zone", "x"}}, .value = 1}}})) == 1);
  CHECK(page.add(one({.name = "c", .points = {{.attributes = {{"", "x"}}, .value = 1}}})) == 1);
  CHECK(page.add(one({.name = "c", .points = {{.attributes = {{"k", "x"}}, .value = 1}}})) == 0);
  CHECK(page.has("c_total{k=\"x\",zone=\"a\"} 1"));
  CHECK(page.log.messages.size() == 3);
}

TEST_CASE("the first metric of a name gives type and help") {
  Page page(bare());
  page.add(one({.name = "x", .type = MetricType::kGauge, .points = {{.value = 1}}, .description = "first"}));
  CHECK(page.add(one({.name = "x", .type = MetricType::kHistogram, .points = {{.count = 1}}})) == 1);
  page.add(one({.name = "x",
                .type = MetricType::kGauge,
                .points = {{.attributes = {{"k", "2"}}, .value = 2}},
                .description = "second"}));
  CHECK(page.has("# HELP x first"));
  CHECK(page.has("x 1"));
  CHECK(page.has("x{k=\"2\"} 2"));
}

TEST_CASE("timestamps only where asked for, and not on target_info") {
  PrometheusConfig config = bare();
  config.send_timestamps = true;
  Page page(config);
  page.add(MetricsRequest()
               .resource({{"service.name", "a"}, {"service.instance.id", "b"}})
               .metric({.name = "c", .points = {{.time_ns = 1'700'000'000'123'000'000, .value = 1}}})
               .batch());
  CHECK(page.has("c_total{instance=\"b\",job=\"a\"} 1 1700000000123"));
  CHECK(page.has("target_info{instance=\"b\",job=\"a\"} 1"));
}

TEST_CASE("target_info joins labels whose names collide; job and instance are the resource's own") {
  Page page(bare());
  page.add(
      MetricsRequest()
          .resource({{"service.name", "a"}, {"service.instance.id", "b"}, {"x.y", "1"}, {"x_y", "2"}, {"job", "c"}})
          .metric({.name = "c", .points = {{.value = 1}}})
          .batch());
  CHECK(page.has("target_info{instance=\"b\",job=\"a\",x_y=\"1;2\"} 1"));
}

TEST_CASE("const labels are escaped like others") {
  PrometheusConfig config = bare();
  config.const_labels = {{"a.b", "v"}};
  Page page(config);
  page.add(one({.name = "g", .type = MetricType::kGauge, .points = {{.value = 1}}}));
  CHECK(page.has("g{a_b=\"v\"} 1"));
}

TEST_CASE("target_info needs job and instance") {
  Page page(bare());
  page.add(MetricsRequest()
               .resource({{"service.name", "a"}, {"x", "y"}})
               .metric({.name = "c", .points = {{.value = 1}}})
               .batch());
  CHECK(page.text().find("target_info") == std::string::npos);
}

TEST_CASE("OpenMetrics carries exemplars and ends with EOF") {
  PrometheusConfig config = bare();
  config.enable_open_metrics = true;
  Page page(config);
  const std::string trace(16, '\x11');
  page.add(one({.name = "h",
                .type = MetricType::kHistogram,
                .points = {{.time_ns = 1'700'000'000'500'000'000,
                            .count = 2,
                            .sum = 3,
                            .buckets = {1, 1},
                            .bounds = {1},
                            .exemplars = {{0.5, trace}}}}}));
  page.add(one({.name = "c", .points = {{.value = 6, .exemplars = {{2, trace}, {3, ""}}}}}));  // one tells nothing
  const std::string text = page.text("application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
  const std::string hex = "11111111111111111111111111111111";
  CHECK(text.find("# TYPE c counter\n") != std::string::npos);
  CHECK(text.find("c_total 6.0 # {trace_id=\"" + hex + "\"} 2.0\n") != std::string::npos);
  CHECK(text.find("h_bucket{le=\"1.0\"} 1 # {trace_id=\"" + hex + "\"} 0.5 1700000000.500\n") != std::string::npos);
  CHECK(text.ends_with("# EOF\n"));
  CHECK(page.text("text/plain").find("trace_id") == std::string::npos);
  CHECK(choose_format("application/openmetrics-text", false, false).content_type() ==
        "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
}

TEST_CASE("UTF-8 names are escaped unless the scraper takes them") {
  PrometheusConfig config = bare();
  config.translation_strategy = "NoTranslation";
  Page page(config);
  page.add(
      one({.name = "http.calls", .type = MetricType::kGauge, .points = {{.attributes = {{"a.b", "1"}}, .value = 1}}}));
  CHECK(page.has("http_calls{a_b=\"1\"} 1"));
  CHECK(page.text("text/plain;version=1.0.0;escaping=allow-utf-8").find("{\"http.calls\",\"a.b\"=\"1\"} 1\n") !=
        std::string::npos);
}

TEST_CASE("values and help are escaped") {
  Page page(bare());
  page.add(one({.name = "g",
                .type = MetricType::kGauge,
                .points = {{.attributes = {{"k", "a\"b\\c\nd\xff"}}, .value = 1}},
                .description = "two\nlines"}));
  CHECK(page.has("g{k=\"a\\\"b\\\\c\\nd\xEF\xBF\xBD\"} 1"));
  CHECK(page.has("# HELP g two\\nlines"));
}

TEST_CASE("a resource of very many attributes is on the page soon") {
  LabelPairs attributes = very_many_attributes();
  attributes.insert(attributes.end(), {{"service.name", "s"}, {"service.instance.id", "i"}});
  Page page(bare());
  const auto start = std::chrono::steady_clock::now();
  page.add(MetricsRequest().resource(attributes, "").metric({.name = "c", .points = {{.value = 1}}}).batch());
  CHECK(std::chrono::steady_clock::now() - start < 20s);
  CHECK(page.text().find(",k7_=\"v;v\",") != std::string::npos);
}

TEST_CASE("a series pays out of the byte budget and gives it back") {
  Page page(bare());
  page.add(one({.name = "c", .points = {{.attributes = {{"k", "v"}}, .value = 1}}}));
  CHECK(page.budget.used() > 0);
  page.clock.advance(10min);
  CHECK(page.text().empty());
  CHECK(page.budget.used() == 0);

  ByteBudget none(0);
  PageStore poor(page.config, "prometheus", none, page.log);
  CHECK(poor.add(one({.name = "c", .points = {{.value = 1}}}), page.clock.now()) == 1);
}

}  // namespace
}  // namespace weir::test
