// SPDX-License-Identifier: Apache-2.0
#include "config/graph_check.h"

#include "fake_catalog.h"
#include "support/catch.h"

namespace weir::config {
namespace {

using fake::kSound;
using fake::load_text;
using fake::replaced;
using Strings = std::vector<std::string>;

constexpr const char* kHead =
    "receivers: {otlp: {protocols: {grpc: }}}\nprocessors: {batch: , tail_sampling: }\n"
    "exporters: {debug: , prometheus: }\nconnectors: {forward: , forward/2: , span_metrics: }\nservice:\n  "
    "pipelines:\n";

fake::Outcome pipelines(const std::string& lines) { return load_text(kHead + lines); }

TEST_CASE("connectors lead from pipeline to pipeline") {
  auto got = pipelines(
      "    traces/in: {receivers: [otlp], exporters: [forward, span_metrics]}\n"
      "    traces/kept: {receivers: [forward], processors: [tail_sampling, batch], exporters: [debug]}\n"
      "    metrics: {receivers: [span_metrics], processors: [batch], exporters: [prometheus, debug]}\n");
  CHECK(got.errors == Strings{});
  CHECK(got.config.find(ComponentKind::kConnector, {"span_metrics", ""})->used);
  CHECK_FALSE(got.config.find(ComponentKind::kConnector, {"forward", "2"})->used);
}

TEST_CASE("a connector needs a pipeline of a fitting signal on each side") {
  auto got = pipelines(
      "    traces: {receivers: [otlp], exporters: [span_metrics]}\n"
      "    traces/2: {receivers: [span_metrics], exporters: [debug]}\n");
  REQUIRE(got.errors.size() == 2);
  CHECK(got.errors[0].find(
            "connector \"span_metrics\" used as exporter in [traces] pipeline but not used in any supported receiver "
            "pipeline") != std::string::npos);
  CHECK(got.errors[1].find(
            "connector \"span_metrics\" used as receiver in [traces/2] pipeline but not used in any supported exporter "
            "pipeline") != std::string::npos);
}

TEST_CASE("a processor's body is checked once for each signal of the pipelines that use it") {
  ComponentCatalog all = fake::catalog();
  const auto check_in = [](const At& at, Signal signal) { at.error("not for " + std::string(name_of(signal))); };
  const std::vector<Signal> signals{Signal::kTraces, Signal::kMetrics};
  all.add({ComponentKind::kProcessor, "picky", {}, signals, {}, {}, "", check_in});
  fake::World world;
  world.files["c.yaml"] =
      "receivers: {otlp: {protocols: {grpc: }}}\nprocessors: {picky: , picky/idle: }\nexporters: {debug: }\nservice:\n"
      "  pipelines:\n"
      "    traces: {receivers: [otlp], processors: [picky], exporters: [debug]}\n"
      "    traces/2: {receivers: [otlp], processors: [picky], exporters: [debug]}\n"
      "    metrics: {receivers: [otlp], processors: [picky], exporters: [debug]}\n";
  Problems problems;
  load({"c.yaml"}, {}, world.sources(), all, problems);
  Strings errors;
  for (const Problem& problem : problems.all()) {
    if (!problem.warning) errors.push_back(problem.path + ": " + problem.text);
  }
  CHECK(errors == Strings{"processors::picky: not for traces", "processors::picky: not for metrics"});
}

TEST_CASE("cycles are told from a connector to itself") {
  auto got = pipelines(
      "    traces/a: {receivers: [otlp, forward/2], processors: [batch], exporters: [forward]}\n"
      "    traces/b: {receivers: [forward], exporters: [forward/2, debug]}\n");
  REQUIRE(got.errors.size() == 1);
  CHECK(
      got.errors[0] ==
      "c.yaml:8:50: service::pipelines::traces/b: cycle detected: connector \"forward\" (traces to traces) -> "
      "connector \"forward/2\" "
      "(traces to traces) -> processor \"batch\" in pipeline \"traces/a\" -> connector \"forward\" (traces to traces)");
}

TEST_CASE("two ways to one pipeline are no cycle") {
  auto got = pipelines(
      "    traces/a: {receivers: [otlp], exporters: [forward, forward/2]}\n"
      "    traces/b: {receivers: [forward, forward/2], exporters: [debug]}\n");
  CHECK(got.errors == Strings{});
}

TEST_CASE("signals that a component does not carry are refused") {
  auto got = pipelines(
      "    metrics: {receivers: [otlp], processors: [tail_sampling], exporters: [debug]}\n"
      "    logs: {receivers: [otlp], exporters: [prometheus]}\n");
  REQUIRE(got.errors.size() == 3);
  CHECK(
      got.errors[0].find(
          "failed to create \"tail_sampling\" processor for data type \"metrics\": telemetry type is not supported") !=
      std::string::npos);
  CHECK(got.errors[1].find("failed to create \"otlp\" receiver for data type \"logs\"") != std::string::npos);
  CHECK(got.errors[2].find("failed to create \"prometheus\" exporter for data type \"logs\"") != std::string::npos);
}

TEST_CASE("pipelines without an end are refused") {
  auto got = pipelines("    traces: {processors: [batch]}\n    metrics:\n");
  REQUIRE(got.errors.size() == 4);
  CHECK(got.errors[0] == "c.yaml:7:5: service::pipelines::traces: must have at least one receiver");
  CHECK(got.errors[3] == "c.yaml:8:5: service::pipelines::metrics: must have at least one exporter");
}

TEST_CASE("old names work and are told once") {
  std::string text = replaced(kSound, "  otlp_grpc:\n", "  otlp/2: {endpoint: \"h:1\"}\n  otlp:\n");
  auto got = load_text(replaced(text, "[otlp_grpc]", "[otlp, otlp/2]"));
  CHECK(got.errors == Strings{});
  CHECK(got.warnings ==
        Strings{"c.yaml:8:3: warning: exporters::otlp/2: \"otlp\" alias is deprecated; use \"otlp_grpc\" instead"});
}

TEST_CASE("types that weir has not stop the start only where they are used") {
  std::string unused = replaced(kSound, "receivers:\n", "receivers:\n  jaeger: {protocols: {thrift: }}\n");
  auto got = load_text(unused);
  CHECK(got.errors == Strings{});
  CHECK(got.warnings == Strings{"c.yaml:2:3: warning: receivers: unknown type: \"jaeger\" for id: \"jaeger\"; nothing "
                                "uses it, so it is left out"});
  got = load_text(replaced(unused, "receivers: [otlp]", "receivers: [otlp, jaeger]"));
  CHECK(got.errors ==
        Strings{"c.yaml:2:3: receivers: unknown type: \"jaeger\" for id: \"jaeger\" (valid values: [otlp])"});
}

TEST_CASE("a removed extension is told and does not stop the start") {
  auto got = load_text(replaced(
      kSound, "service:\n", "extensions: {memory_ballast: {size_mib: 5}}\nservice:\n  extensions: [memory_ballast]\n"));
  CHECK(got.errors == Strings{});
  CHECK(got.warnings.size() == 1);
}

TEST_CASE("an extension named twice is started once") {
  auto got = load_text(replaced(
      kSound, "service:\n",
      "extensions: {memory_ballast: {size_mib: 5}}\nservice:\n  extensions: [memory_ballast, memory_ballast]\n"));
  CHECK(got.errors.empty());
  CHECK(got.config.started_extensions.size() == 1);
  REQUIRE(got.warnings.size() == 2);
  CHECK(got.warnings[0].find("service::extensions: references extension \"memory_ballast\" multiple times") !=
        std::string::npos);
}

TEST_CASE("a receiver or exporter named twice is used once") {
  auto got = load_text(replaced(kSound, "receivers: [otlp]", "receivers: [otlp, otlp]"));
  CHECK(got.errors == Strings{});
  CHECK(got.warnings.size() == 1);
  CHECK(got.config.pipelines[0].receivers.size() == 1);
}

TEST_CASE("one exporter may serve two pipelines, an unused one is checked all the same") {
  CHECK(load_text(replaced(kSound, "    traces: {",
                           "    traces/2: {receivers: [otlp], exporters: [otlp_grpc]}\n    traces: {"))
            .errors == Strings{});
  auto got = load_text(replaced(kSound, "exporters:\n", "exporters:\n  otlp/unused: {compression: zip}\n"));
  CHECK(got.errors.size() == 2);
  CHECK(got.warnings == Strings{});
}

}  // namespace
}  // namespace weir::config
