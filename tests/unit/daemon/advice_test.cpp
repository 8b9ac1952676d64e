// SPDX-License-Identifier: Apache-2.0
#include "config/advice.h"

#include "config/load.h"
#include "daemon/components.h"
#include "support/catch.h"

namespace weir {
namespace {

using Strings = std::vector<std::string>;

// All that is said of a configuration; `from` is the file's name in places.
Strings said_of(const std::string& yaml) {
  const ComponentList list = standard_components();
  config::Problems problems;
  config::Sources sources = config::process_sources();
  sources.file = [&](const std::string&, std::string&) { return std::optional(yaml); };
  config::load({"file:/c.yaml"}, {}, sources, list.catalog, problems);
  Strings said;
  for (const config::Problem& problem : problems.all()) said.push_back(problem.to_string());
  return said;
}

const std::string kComponents = R"(receivers: {otlp: {protocols: {grpc: }}}
processors:
  tail_sampling: {decision_wait: 10s, policies: [{name: all, type: always_sample}]}
  tail_sampling/late: {policies: [{name: all, type: always_sample}]}
  tail_sampling/25s: {decision_wait: 25s, policies: [{name: all, type: always_sample}]}
  tail_sampling/root: {decision_wait_after_root_received: 5s, policies: [{name: all, type: always_sample}]}
  batch: {send_batch_size: 10}
  batch/cut: {send_batch_size: 10, send_batch_max_size: 20}
  probabilistic_sampler: {sampling_percentage: 10}
  filter: {traces: {span: ['name == "x"']}}
  filter/events: {traces: {spanevent: ['name == "x"']}}
connectors:
  forward:
  span_metrics:
  span_metrics/delta: {aggregation_temporality: AGGREGATION_TEMPORALITY_DELTA}
  service_graph:
exporters:
  otlp_http: {endpoint: "http://Tempo.svc:4318"}
  otlp_http/tempo: {endpoint: "http://backend:4318"}
  otlp_http/other: {endpoint: "http://jaeger:4318"}
  prometheus: {endpoint: "127.0.0.1:0"}
  prometheus_remote_write: {endpoint: "http://p:9090/api/v1/write"}
  debug:
service:
  pipelines:
)";

// With these pipelines, from line 26 on.
Strings advice(const std::string& pipelines) { return said_of(kComponents + pipelines); }

std::string traces(const std::string& processors, const std::string& exporters) {
  return "    traces: {receivers: [otlp], processors: [" + processors + "], exporters: [" + exporters + "]}\n";
}

std::string metrics(const std::string& receivers, const std::string& exporters) {
  return "    metrics: {receivers: [" + receivers + "], exporters: [" + exporters + "]}\n";
}

}  // namespace

TEST_CASE("advice: nothing is said of what is well") {
  CHECK(advice(traces("tail_sampling, batch, filter, probabilistic_sampler", "otlp_http")) == Strings{});
  CHECK(advice(traces("batch, filter/events, tail_sampling/late", "otlp_http/other")) == Strings{});
  CHECK(advice(traces("batch/cut, filter", "otlp_http")) == Strings{});
  CHECK(advice("    traces/in: {receivers: [otlp], exporters: [forward, span_metrics, service_graph]}\n"
               "    traces: {receivers: [forward], processors: [tail_sampling], exporters: [otlp_http/other]}\n" +
               metrics("span_metrics, service_graph", "prometheus_remote_write")) == Strings{});
  CHECK(advice(traces("", "span_metrics/delta") + metrics("span_metrics/delta", "prometheus")) == Strings{});
  CHECK(advice(traces("", "service_graph, otlp_http") + metrics("service_graph", "prometheus")) == Strings{});
}

TEST_CASE("advice: metrics made behind tail_sampling") {
  CHECK(advice(traces("tail_sampling", "debug, span_metrics") + metrics("span_metrics", "prometheus")) ==
        Strings{"/c.yaml:26:81: warning: service::pipelines::traces: connector \"span_metrics\" stands behind "
                "\"tail_sampling\" and measures only the traces that were kept; name it in a pipeline before the "
                "sampler, which a forward connector feeds"});
  const Strings through_forward = advice(
      "    traces: {receivers: [otlp], processors: [tail_sampling], exporters: [forward]}\n"
      "    traces/kept: {receivers: [forward], exporters: [service_graph]}\n" +
      metrics("service_graph", "prometheus"));
  REQUIRE(through_forward.size() == 1);
  CHECK(
      through_forward[0].starts_with("/c.yaml:27:53: warning: service::pipelines::traces/kept: connector "
                                     "\"service_graph\" stands behind \"tail_sampling\" of traces and measures only"));
}

TEST_CASE("advice: a decision that comes too late for Tempo's generator") {
  const Strings by_default = advice(traces("tail_sampling/late", "otlp_http"));
  REQUIRE(by_default.size() == 1);
  CHECK(
      by_default[0].starts_with("/c.yaml:4:3: warning: processors::tail_sampling/late::decision_wait: the default of "
                                "30s is too long for exporter \"otlp_http\": Tempo's metrics generator ignores spans "
                                "that ended more than 30s ago; write 10s"));
  const Strings written = advice(traces("tail_sampling/25s", "otlp_http/tempo"));
  REQUIRE(written.size() == 1);
  CHECK(
      written[0].starts_with("/c.yaml:5:38: warning: processors::tail_sampling/25s::decision_wait: is too long for "
                             "exporter \"otlp_http/tempo\""));
  CHECK(advice("    traces: {receivers: [otlp], processors: [tail_sampling/25s], exporters: [forward]}\n"
               "    traces/kept: {receivers: [forward], exporters: [otlp_http]}\n")
            .size() == 1);
  CHECK(advice(traces("tail_sampling/root", "otlp_http")) == Strings{});
}

TEST_CASE("advice: the edges of weir and of Tempo on one Prometheus") {
  const Strings said =
      advice(traces("", "service_graph, otlp_http") + metrics("service_graph", "prometheus_remote_write"));
  REQUIRE(said.size() == 1);
  CHECK(
      said[0].starts_with("/c.yaml:16:3: warning: connectors::service_graph: exporter \"otlp_http\" sends the same "
                          "spans to Tempo: "));
  CHECK(said[0].find("edges are counted twice; leave service-graphs out of") != std::string::npos);
  // Two pipelines name it: said once.
  CHECK(advice(traces("", "service_graph, otlp_http") +
               "    traces/2: {receivers: [otlp], exporters: [service_graph]}\n" +
               metrics("service_graph", "prometheus_remote_write"))
            .size() == 1);
  CHECK(advice(traces("", "span_metrics, otlp_http") + metrics("span_metrics", "prometheus_remote_write")) ==
        Strings{});
}

TEST_CASE("advice: delta metrics into remote write") {
  CHECK(advice(traces("", "span_metrics/delta") + metrics("span_metrics/delta", "prometheus_remote_write")) ==
        Strings{"/c.yaml:15:49: warning: connectors::span_metrics/delta::aggregation_temporality: "
                "prometheus_remote_write drops delta metrics; remove the key, or write "
                "AGGREGATION_TEMPORALITY_CUMULATIVE"});
  CHECK(advice(traces("", "span_metrics/delta") + metrics("span_metrics/delta", "forward") +
               "    metrics/2: {receivers: [forward], exporters: [prometheus_remote_write]}\n")
            .size() == 1);
}

TEST_CASE("advice: what splits traces before tail_sampling") {
  CHECK(advice(traces("batch/cut, filter, probabilistic_sampler, tail_sampling", "debug")) ==
        Strings{"/c.yaml:26:46: warning: service::pipelines::traces: processor \"batch/cut\" stands before "
                "\"tail_sampling\" and cuts traces into pieces that come late; put it behind",
                "/c.yaml:26:57: warning: service::pipelines::traces: processor \"filter\" stands before "
                "\"tail_sampling\" and takes spans out of traces that its policies should see whole; put it behind",
                "/c.yaml:26:65: warning: service::pipelines::traces: processor \"probabilistic_sampler\" stands before "
                "\"tail_sampling\" and drops traces that its policies would keep; put it behind, or use a policy of "
                "type probabilistic"});
  const Strings through_forward = advice(
      "    traces: {receivers: [otlp], processors: [filter], exporters: [forward]}\n"
      "    traces/2: {receivers: [forward], processors: [tail_sampling, batch/cut], exporters: [debug]}\n");
  REQUIRE(through_forward.size() == 1);
  CHECK(through_forward[0].starts_with("/c.yaml:26:46: warning: service::pipelines::traces: processor \"filter\""));
}

TEST_CASE("advice: a configuration with a mistake hears of the mistake only") {
  const Strings said = advice(traces("filter, tail_sampling, nothing", "debug"));
  REQUIRE(said.size() == 1);
  CHECK(said[0].find("references processor \"nothing\" which is not configured") != std::string::npos);
}

}  // namespace weir
