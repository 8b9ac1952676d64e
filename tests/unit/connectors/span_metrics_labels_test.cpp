// SPDX-License-Identifier: Apache-2.0
// Which spans share a series, and whose labels it has.
#include "connectors/span_metrics/span_metrics.h"

#include "rig.h"
#include "support/catch.h"

namespace weir::test {
namespace {

std::string series(const std::string& metric, const std::string& more, const std::string& service = "api",
                   const std::string& resource = "[service.name=api]") {
  return resource + "traces.span.metrics." + metric + "{service.name=" + service +
         ",span.name=op,span.kind=SPAN_KIND_SERVER,status.code=STATUS_CODE_UNSET" + more + "}";
}

SpanMetricsConfig fast() {
  SpanMetricsConfig config;
  config.metrics_flush_interval = 1s;
  return config;
}

TEST_CASE("dimensions of the calls do not split the durations") {
  SpanMetricsConfig config = fast();
  config.calls_dimensions = {{"c", {}}};
  Rig rig(config);
  rig.feed({{service("api"), {{.tags = {{"c", "1"}}}, {.tags = {{"c", "2"}}}}}});
  rig.flush_twice();
  CHECK(rig.sink.at(series("calls", ",c=1")).value() == 1);
  CHECK(rig.sink.at(series("duration", "")).value() == 2);
}

TEST_CASE("a dimension that is listed for all metrics and for one of them is one label") {
  SpanMetricsConfig config = fast();
  config.dimensions = {{"m", "all"}, {"z", "all"}};
  config.calls_dimensions = {{"m", {}}, {"z", "calls"}};
  Rig rig(config);
  rig.feed({{service("api"), {{.tags = {{"m", "G"}}}, {}}}});
  rig.flush_twice();
  CHECK(rig.sink.at(series("calls", ",m=G,z=calls")).value() == 1);
  CHECK(rig.sink.at(series("calls", ",m=all,z=calls")).value() == 1);
  CHECK(rig.sink.has(series("duration", ",m=all,z=all")));
}

TEST_CASE("spans of resources that are taken together have labels of their own") {
  SpanMetricsConfig config = fast();
  config.resource_metrics_key_attributes = {"zone"};
  config.dimensions = {{"host", {}}};
  Rig rig(config);
  rig.feed({{{{"service.name", "api"}, {"zone", "z"}, {"host", "h1"}}, {{}}},
            {{{"service.name", "api"}, {"zone", "z"}, {"host", "h2"}}, {{}}},
            {{{"service.name", "web"}, {"zone", "z"}}, {{}, {}}}});
  rig.flush_twice();
  const auto calls = [&](const std::string& service, const std::string& more) {
    return rig.sink.at(series("calls", more, service, "[service.name=api][zone=z][host=h1]")).value();
  };
  CHECK(calls("api", ",host=h1") == 1);
  CHECK(calls("api", ",host=h2") == 1);
  CHECK(calls("web", "") == 2);
}

}  // namespace
}  // namespace weir::test
