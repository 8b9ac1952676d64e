// SPDX-License-Identifier: Apache-2.0
#include "telemetry/prometheus_telemetry.h"

#include <string>
#include <thread>
#include <vector>

#include "support/catch.h"
#include "telemetry/ledger_metrics.h"

namespace weir {
namespace {

bool has_line(const std::string& page, const std::string& line) {
  return ("\n" + page).find("\n" + line + "\n") != std::string::npos;
}

TEST_CASE("a page of counters, gauges and histograms") {
  PrometheusTelemetry telemetry;
  telemetry.counter("otelcol_receiver_accepted_spans", "Help text.", {{"receiver", "otlp"}, {"transport", "grpc"}})
      .add(97);
  telemetry.gauge("otelcol_exporter_queue_size", "Size.", {{"exporter", "otlp"}}).set(3);
  auto& histogram = telemetry.histogram("latency", "How long.", {}, {1, 5});
  histogram.observe(0.5);
  histogram.observe(3);
  const std::string page = telemetry.render();
  CHECK(has_line(page, "# HELP otelcol_receiver_accepted_spans Help text."));
  CHECK(has_line(page, "# TYPE otelcol_receiver_accepted_spans counter"));
  CHECK(has_line(page, R"(otelcol_receiver_accepted_spans{receiver="otlp",transport="grpc"} 97)"));
  CHECK(has_line(page, R"(otelcol_exporter_queue_size{exporter="otlp"} 3)"));
  CHECK(has_line(page, R"(latency_bucket{le="5"} 2)"));
  CHECK(has_line(page, "latency_count 2"));
  CHECK(page.find("latency") < page.find("otelcol_exporter_queue_size"));
}

TEST_CASE("the same name and labels are the same handle") {
  PrometheusTelemetry telemetry;
  auto& one = telemetry.counter("c", "h", {{"a", "1"}});
  CHECK(&one == &telemetry.counter("c", "h", {{"a", "1"}}));
  CHECK(&one != &telemetry.counter("c", "h", {{"a", "2"}}));
}

TEST_CASE("suffixes appear only where a reader asks for them") {
  PrometheusTelemetry telemetry;
  telemetry.counter("otelcol_exporter_sent_spans", "h", {}).add(5);
  telemetry.counter("weir_spans_received_total", "h", {}).add(6);
  const auto process = process_families(std::chrono::seconds(7));
  const std::string plain = telemetry.render({}, process);
  CHECK(has_line(plain, "otelcol_exporter_sent_spans 5"));
  CHECK(has_line(plain, "weir_spans_received_total 6"));
  CHECK(has_line(plain, "otelcol_process_uptime 7"));
  const std::string suffixed = telemetry.render({.type_suffix = true, .unit_suffix = true}, process);
  CHECK(has_line(suffixed, "otelcol_exporter_sent_spans_total 5"));
  CHECK(has_line(suffixed, "# TYPE otelcol_exporter_sent_spans_total counter"));
  CHECK(has_line(suffixed, "weir_spans_received_total 6"));
  CHECK(has_line(suffixed, "otelcol_process_uptime_seconds_total 7"));
}

TEST_CASE("handles may be used from many threads") {
  PrometheusTelemetry telemetry;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) telemetry.counter("c", "h", {{"n", std::to_string(i % 7)}}).add();
    });
  }
  for (auto& thread : threads) thread.join();
  const std::string page = telemetry.render();
  CHECK(has_line(page, R"(c{n="0"} 572)"));
  CHECK(has_line(page, R"(c{n="6"} 568)"));
}

TEST_CASE("label values are escaped") {
  PrometheusTelemetry telemetry;
  telemetry.counter("c", "h", {{"v", "a\"b\\c\nd"}}).add();
  const std::string page = telemetry.render();
  CHECK(has_line(page, R"(c{v="a\"b\\c\nd"} 1)"));
}

}  // namespace
}  // namespace weir
