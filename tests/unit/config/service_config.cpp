// SPDX-License-Identifier: Apache-2.0
#include "config/service_config.h"

#include "config/resolver.h"
#include "fake_catalog.h"
#include "support/catch.h"

namespace weir::config {
namespace {

using fake::kSound;
using fake::load_text;
using fake::replaced;
using Strings = std::vector<std::string>;

TEST_CASE("a sound configuration has all of its parts") {
  auto got = load_text(kSound);
  CHECK(got.errors == Strings{});
  CHECK(got.warnings == Strings{});
  REQUIRE(got.config.pipelines.size() == 1);
  const PipelineConfig& pipeline = got.config.pipelines[0];
  CHECK(pipeline.signal == Signal::kTraces);
  CHECK(pipeline.receivers[0].id.to_string() == "otlp");
  CHECK(pipeline.processors[0].place.to_string() == "c.yaml:14:46");
  CHECK(got.config.find(ComponentKind::kExporter, {"otlp_grpc", ""})->used);
  CHECK(got.config.find(ComponentKind::kProcessor, {"batch", ""})->body.find("timeout")->text == "100ms");
  CHECK(got.config.shutdown_timeout == std::chrono::seconds(10));
  CHECK(got.config.telemetry.metrics.pages.empty());
}

TEST_CASE("weir's own keys") {
  auto got = load_text(
      replaced(kSound, "service:\n", "service:\n  shards: 3\n  memory_limit: 512MiB\n  shutdown_timeout: 3s\n"));
  CHECK(got.errors == Strings{});
  CHECK(got.config.shards == 3);
  CHECK(got.config.memory_limit == 512ULL << 20);
  CHECK(got.config.shutdown_timeout == std::chrono::seconds(3));
  CHECK(parse_size("1GB") == 1'000'000'000);
  CHECK(parse_size("2 KiB") == 2048);
  CHECK(parse_size("7") == 7);
  for (const char* text : {"", "x", "-1", "1.5GB", "1XB", "99999999999TiB"}) CHECK_FALSE(parse_size(text));
}

TEST_CASE("null bodies and empty sections are fine") {
  auto got = load_text(
      "receivers: {otlp: {protocols: {grpc: , http: }}}\nprocessors:\nextensions: {}\nexporters: {debug: }\n"
      "service: {extensions: [], pipelines: {traces/a: {receivers: [otlp], processors: , exporters: [debug]}}}\n");
  CHECK(got.errors == Strings{});
  CHECK(got.config.pipelines[0].id.to_string() == "traces/a");
  CHECK(got.config.telemetry.metrics.pages.size() == 1);
  CHECK(got.config.telemetry.metrics.pages[0].port == 8888);
  CHECK_FALSE(got.config.telemetry.metrics.pages[0].hand_written);
}

TelemetryConfig telemetry(const std::string& body, Strings* warnings = nullptr, Strings* errors = nullptr) {
  auto got = load_text(replaced(kSound, "{metrics: {level: none}}", body));
  if (warnings != nullptr) *warnings = got.warnings;
  if (errors != nullptr) *errors = got.errors;
  if (errors == nullptr) CHECK(got.errors == Strings{});
  return got.config.telemetry;
}

TEST_CASE("the page of own metrics in all of its forms") {
  for (const char* name : {"prometheus", "prometheus/development"}) {
    auto got = telemetry("{metrics: {readers: [{pull: {exporter: {" + std::string(name) +
                         ": {host: 0.0.0.0, port: 9999, without_type_suffix: true, without_units: false}}}}]}}");
    REQUIRE(got.metrics.pages.size() == 1);
    CHECK(got.metrics.pages[0].host == "0.0.0.0");
    CHECK(got.metrics.pages[0].port == 9999);
    CHECK(got.metrics.pages[0].without_type_suffix == true);
    CHECK(got.metrics.pages[0].without_units == false);
    CHECK_FALSE(got.metrics.pages[0].without_scope_info.has_value());
    CHECK(got.metrics.pages[0].hand_written);
  }
  Strings warnings;
  auto old = telemetry("{metrics: {address: \"0.0.0.0:7777\"}}", &warnings);
  REQUIRE(old.metrics.pages.size() == 1);
  CHECK(old.metrics.pages[0].host == "0.0.0.0");
  CHECK(old.metrics.pages[0].port == 7777);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("service::telemetry::metrics::address: the key has been removed") != std::string::npos);
  CHECK(telemetry("{metrics: {level: none, readers: []}}").metrics.pages.empty());
  CHECK(telemetry("{metrics: {level: Detailed}}").metrics.level == MetricsLevel::kDetailed);
}

TEST_CASE("the log's level, encoding and fields") {
  auto got = telemetry(
      "{logs: {level: WARN, encoding: json, initial_fields: {a: b, n: 1}, output_paths: [stderr], "
      "development: true, disable_caller: true, sampling: {enabled: false, tick: 1s, initial: 3}}}");
  CHECK(got.logs.level == LogLevel::kWarn);
  CHECK(got.logs.json);
  CHECK(got.logs.initial_fields == std::map<std::string, std::string>{{"a", "b"}, {"n", "1"}});
  CHECK_FALSE(got.logs.sampling.enabled);
  CHECK(got.logs.sampling.initial == 3);
}

TEST_CASE("own telemetry that says nothing, or too little, is refused") {
  const auto errors = [](const std::string& telemetry) {
    auto got = load_text(replaced(kSound, "{metrics: {level: none}}", telemetry));
    return got.errors.empty() ? "taken" : got.errors[0];
  };
  const auto has = [&](const std::string& telemetry, const std::string& text) {
    INFO(errors(telemetry));
    return errors(telemetry).find(text) != std::string::npos;
  };
  CHECK(has("{metrics: {readers: []}}", "service::telemetry::metrics::readers must not be empty"));
  CHECK(errors("{metrics: {level: none, readers: []}}") == "taken");
  CHECK(has("{metrics: {readers: [{}]}}", "no valid metric reader"));
  CHECK(has("{metrics: {readers: [{pull: {exporter: {prometheus: {host: a}}}}]}}", "port must be specified"));
  CHECK(has("{metrics: {readers: [{pull: {exporter: {prometheus: {port: 1}}}}]}}", "host must be specified"));
  CHECK(has("{traces: {level: loud}}", "unknown metrics level \"loud\""));
  CHECK(has("{traces: {prcessors: []}}", "has invalid keys: prcessors"));
  CHECK(has("{traces: []}", "expected a map"));
  CHECK(has("{resource: {attributes_list: a=b}}", "not supported"));
  CHECK(errors("{metrics: {level: none}, logs: {level: \"\"}}") == "taken");
  CHECK(errors("{metrics: {level: none}, logs: {level: Warning}}") == "taken");
}

TEST_CASE("the resource of own metrics, in both forms") {
  using Resource = std::map<std::string, std::optional<std::string>>;
  CHECK(telemetry("{resource: {service.name: gate, n: 1, service.instance.id: null}}").resource ==
        Resource{{"service.name", "gate"}, {"n", "1"}, {"service.instance.id", std::nullopt}});
  CHECK(telemetry("{resource: {schema_url: x, attributes: [{name: a.b, value: c}]}}").resource ==
        Resource{{"a.b", "c"}});
  Strings warnings, errors;
  telemetry("{resource: {a: [b], attributes: [{value: c}]}}", &warnings, &errors);
  CHECK(errors.size() == 2);
}

TEST_CASE("parts of telemetry that weir has not are refused or warned about") {
  Strings warnings, errors;
  telemetry("{resource: {a: b}, traces: {processors: [{batch: {}}]}}", &warnings, &errors);
  CHECK(errors == Strings{});
  CHECK(warnings.size() == 1);
  telemetry("{traces: {level: none}}", &warnings, &errors);
  CHECK(warnings == Strings{});
  telemetry("{metrics: {views: [{selector: {}}]}}", &warnings, &errors);
  REQUIRE(errors.size() == 2);
  CHECK(errors[1].find("views can only be set when service::telemetry::metrics::level is detailed") !=
        std::string::npos);
  telemetry("{logs: {processors: [{batch: {}}]}}", &warnings, &errors);
  CHECK(errors.size() == 1);
  telemetry("{metrics: {readers: [{pull: {exporter: {prometheus: {host: a, port: 70000}}}}, {pull: {exporter: {}}}]}}",
            &warnings, &errors);
  REQUIRE(errors.size() == 2);
  CHECK(errors[0].find("invalid port 70000") != std::string::npos);
  CHECK(errors[1].find("expected pull::exporter::prometheus") != std::string::npos);
}

TEST_CASE("configurations of the field are read without a mistake") {
  Sources sources = process_sources();
  sources.env = [](const std::string&) { return std::optional<std::string>("10.1.2.3"); };
  for (const char* name : {"supersonic-merged", "graphistry-local", "graphistry-cloud"}) {
    Problems problems;
    std::string path = WEIR_TEST_DATA "/seed-configs/" + std::string(name) + ".yaml";
    ServiceConfig config = parse_service_config(resolve({path}, {}, sources, problems), problems);
    INFO(render(problems));
    CHECK_FALSE(problems.any_error());
    CHECK(config.pipelines.size() >= 2);
    CHECK(config.exporters.size() >= 2);
    if (std::string(name) == "supersonic-merged") CHECK(config.telemetry.metrics.pages[0].host == "10.1.2.3");
  }
}

}  // namespace
}  // namespace weir::config
