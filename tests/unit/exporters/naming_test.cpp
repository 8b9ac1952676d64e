// SPDX-License-Identifier: Apache-2.0
#include "naming_fixture.h"

#include <limits>
#include <string>

namespace weir::test {
namespace {

std::string name_of(const std::string& name, const std::string& unit, MetricType type, bool monotonic = false,
                    const std::string& ns = "", NameStrategy strategy = NameStrategy::kUnderscoresWithSuffixes) {
  otlp::MetricView view;
  view.name = name;
  view.unit = unit;
  view.type = type;
  view.monotonic = monotonic;
  return metric_name(view, ns, strategy);
}
std::string gauge(const std::string& name, const std::string& unit = "") {
  return name_of(name, unit, MetricType::kGauge);
}
std::string counter(const std::string& name, const std::string& unit = "") {
  return name_of(name, unit, MetricType::kSum, true);
}

TEST_CASE("names as the collector gives them") {
  CHECK(counter("worker.read.crashes") == "worker_read_crashes_total");
  CHECK(counter("already_total") == "already_total");
  CHECK(counter("a.total.b") == "a_b_total");
  CHECK(gauge("gpu.memory", "By") == "gpu_memory_bytes");
  CHECK(gauge("size_bytes", "By") == "size_bytes");
  CHECK(gauge("bytes.rate", "By/s") == "bytes_rate_per_second");
  CHECK(gauge("ratio", "1") == "ratio");
  CHECK(gauge("cpu.utilization", "1") == "cpu_utilization_ratio");
  CHECK(gauge("load", "%") == "load_percent");
  CHECK(gauge("9lives{x}", "{cats}") == "_9lives_x");
  CHECK(gauge("queue", "{items}/min") == "queue_per_min");
  CHECK(gauge("cpu", "us/m") == "cpu_microseconds_per_minute");
  CHECK(gauge("per.second.rate", "1/s") == "per_second_rate_per_second");
  CHECK(gauge("area", "m^2") == "area_m_2");
  CHECK(gauge("short", "µs") == "short_s");
  CHECK(gauge("speed", "By/") == "speed_bytes");
  CHECK(gauge("..").empty());
  CHECK(gauge("__") == "");
  CHECK(gauge("odd", "furlong") == "odd_furlong");
  CHECK(gauge("a__b..c-d") == "a_b_c_d");
  CHECK(gauge("job:rate:5m") == "job:rate:5m");
  CHECK(name_of("workers", "1", MetricType::kSum) == "workers");
  CHECK(name_of("http.server.duration", "s", MetricType::kHistogram) == "http_server_duration_seconds");
  CHECK(name_of("upload.duration", "ms", MetricType::kHistogram) == "upload_duration_milliseconds");
  CHECK(name_of("9lives", "", MetricType::kGauge, false, "graphistry") == "graphistry_9lives");
  CHECK(name_of("x", "", MetricType::kGauge, false, "a-b") == "a_b_x");
}

TEST_CASE("strategies decide on suffixes and escaping") {
  const auto name = [](NameStrategy s) { return name_of("http.calls", "ms", MetricType::kSum, true, "", s); };
  CHECK(name(NameStrategy::kUnderscoresWithSuffixes) == "http_calls_milliseconds_total");
  CHECK(name(NameStrategy::kUnderscoresWithoutSuffixes) == "http_calls");
  CHECK(name(NameStrategy::kUtf8WithSuffixes) == "http.calls_milliseconds_total");
  CHECK(name(NameStrategy::kUntranslated) == "http.calls");
  const auto plain = [](const std::string& of) {
    return name_of(of, "s", MetricType::kGauge, false, "", NameStrategy::kUnderscoresWithoutSuffixes);
  };
  CHECK(plain("_a__b..c_") == "_a__b_c_");
  CHECK(plain("9x") == "_9x");
  const auto utf8 = [](const std::string& of, const std::string& unit, MetricType type, bool monotonic = false) {
    return name_of(of, unit, type, monotonic, "", NameStrategy::kUtf8WithSuffixes);
  };
  CHECK(utf8("a.seconds", "s", MetricType::kGauge) == "a.seconds");
  CHECK(utf8("a.total", "By", MetricType::kSum, true) == "a_bytes_total");
  CHECK(utf8("a", "By/s", MetricType::kGauge) == "a_bytes_per_second");
  CHECK(utf8("a.ratio", "1", MetricType::kGauge) == "a_ratio");
  CHECK(parse_name_strategy("NoTranslation") == NameStrategy::kUntranslated);
  CHECK_FALSE(parse_name_strategy("Foo").has_value());
  CHECK(bad_strategy("Foo").starts_with("invalid translation_strategy: Foo"));
}

TEST_CASE("units in full words") {
  CHECK(unit_name("s") == "seconds");
  CHECK(unit_name("By/s") == "bytes_per_second");
  CHECK(unit_name("{requests}/s") == "per_second");
  CHECK(unit_name("1").empty());
  CHECK(unit_name("{request}").empty());
}

TEST_CASE("label names differ between the page and remote write") {
  CHECK(label_name("http.method", LabelRule::kPage) == "http_method");
  CHECK(label_name("9key", LabelRule::kPage) == "key_9key");
  CHECK(label_name("9key", LabelRule::kRemoteWrite) == "key_9key");
  CHECK(label_name("ünï-code", LabelRule::kPage) == "_n__code");
  CHECK(label_name("ünï-code", LabelRule::kRemoteWrite) == "key_n_code");
  CHECK(label_name("__replica", LabelRule::kRemoteWrite) == "key_replica");
  CHECK(label_name("__name__", LabelRule::kRemoteWrite) == "__name__");
  CHECK(label_name("", LabelRule::kPage).empty());
  CHECK(label_name("", LabelRule::kRemoteWrite).empty());
}

TEST_CASE("numbers as Go writes them") {
  CHECK(format_value(0.002) == "0.002");
  CHECK(format_value(15000) == "15000");
  CHECK(format_value(1e6) == "1e+06");
  CHECK(format_value(1234567) == "1.234567e+06");
  CHECK(format_value(0.00001) == "1e-05");
  CHECK(format_value(-2.5) == "-2.5");
  CHECK(format_value(0) == "0");
  CHECK(format_value(std::numeric_limits<double>::infinity()) == "+Inf");
  CHECK(format_value(std::numeric_limits<double>::quiet_NaN()) == "NaN");
  CHECK(format_bound(1e6) == "1000000");
  CHECK(format_bound(0.002) == "0.002");
  CHECK(format_bound(std::numeric_limits<double>::infinity()) == "+Inf");
}

TEST_CASE("text is made UTF-8") {
  const auto clean = [](std::string text) {
    clean_utf8(text);
    return text;
  };
  CHECK(clean("日本 x") == "日本 x");
  CHECK(clean("a\xff"
              "b") ==
        "a\xEF\xBF\xBD"
        "b");
  CHECK(clean("\xc0\xaf") == "\xEF\xBF\xBD\xEF\xBF\xBD");  // overlong
  CHECK(clean("\xed\xa0\x80x").ends_with("x"));            // surrogate
  CHECK(clean("cut \xe6\x97") == "cut \xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("a resource gives job, instance and the rest") {
  Batch batch =
      MetricsRequest()
          .resource({{"service.name", "api"}, {"service.namespace", "ns"}, {"service.instance.id", "i-1"}, {"x", "y"}})
          .metric({.name = "m", .points = {{.value = 1}}})
          .batch();
  const ResourceLabels labels = read_resource_labels(batch, 0);
  CHECK(labels.job == "ns/api");
  CHECK(labels.instance == "i-1");
  CHECK(labels.has_others());
  CHECK(labels.attributes.size() == 4);
}

TEST_CASE("resource attributes win over those of a point when they become labels") {
  ResourceLabels resource;
  resource.attributes = {{"service.name", "api"}, {"x", "resource"}};
  LabelPairs point = {{"a", "1"}, {"x", "point"}};
  add_resource_attributes({.enabled = true}, resource, point);
  CHECK(point == LabelPairs{{"a", "1"}, {"service.name", "api"}, {"x", "resource"}});
  LabelPairs other = {{"a", "1"}};
  add_resource_attributes({.enabled = true, .exclude_service_attributes = true}, resource, other);
  CHECK(other == LabelPairs{{"a", "1"}, {"x", "resource"}});
}

TEST_CASE("the reader gives back what was written") {
  Batch batch = MetricsRequest()
                    .metric({.name = "h",
                             .type = MetricType::kHistogram,
                             .points = {{.attributes = {{"k", "v"}},
                                         .start_ns = 5,
                                         .time_ns = 9,
                                         .count = 4,
                                         .sum = 77.5,
                                         .buckets = {1, 2, 0, 1},
                                         .bounds = {5, 10, 25},
                                         .exemplars = {{7, "0123456789abcdef"}}}},
                             .unit = "ms",
                             .description = "d"})
                    .batch();
  otlp::MetricView view;
  REQUIRE(otlp::read_metric(batch.view(0, batch.items[0].body), view));
  CHECK(view.name == "h");
  CHECK(view.unit == "ms");
  CHECK(view.description == "d");
  CHECK(view.type == MetricType::kHistogram);
  CHECK(view.temporality == otlp::MetricTemporality::kCumulative);
  int points = 0;
  otlp::MetricPoint point;
  otlp::for_each_point(view, [&](std::string_view message) {
    ++points;
    REQUIRE(otlp::read_point(view.type, message, point));
  });
  CHECK(points == 1);
  CHECK(point.start_ns == 5);
  CHECK(point.time_ns == 9);
  CHECK(point.count == 4);
  CHECK(point.sum == 77.5);
  CHECK(point.bucket_counts == std::vector<uint64_t>{1, 2, 0, 1});
  CHECK(point.bounds == std::vector<double>{5, 10, 25});
  REQUIRE(point.exemplars.size() == 1);
  CHECK(point.exemplars[0].trace_id == "0123456789abcdef");
  LabelPairs labels;
  read_point_labels(view.type, point.message, labels);
  CHECK(labels == LabelPairs{{"k", "v"}});
}

TEST_CASE("malformed metrics are told, not read past") {
  otlp::MetricView view;
  CHECK_FALSE(otlp::read_metric("\x0a\x7f", view));
  otlp::MetricPoint point;
  CHECK_FALSE(otlp::read_point(MetricType::kHistogram,
                               "\x32\x09"
                               "12345678",
                               point));
  CHECK_FALSE(otlp::read_point(MetricType::kExponentialHistogram, std::string("\x42\x03\x12\x01\xff", 5), point));
}

}  // namespace
}  // namespace weir::test
