// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"
#include "otlp/encoder.h"
#include "processors/attributes/attributes.h"
#include "processors/filter/filter.h"
#include "processors/resource/resource.h"
#include "processors/transform/transform.h"
#include "support/otlp_builder.h"

namespace weir::test {

namespace {

// Two gauges and a delta histogram of one resource; "cpu" has two points.
MetricsRequest metrics() {
  MetricsRequest request;
  auto* resource = request.add_resource_metrics();
  set_string(*resource->mutable_resource()->add_attributes(), "service.name", "shop");
  auto* scope = resource->add_scope_metrics();
  auto* cpu = scope->add_metrics();
  cpu->set_name("cpu");
  for (int64_t core = 0; core < 2; ++core) {
    auto* point = cpu->mutable_gauge()->add_data_points();
    set_int(*point->add_attributes(), "core", core);
    point->set_as_int(core + 5);
  }
  auto* memory = scope->add_metrics();
  memory->set_name("memory");
  memory->mutable_gauge()->add_data_points()->set_as_double(0.5);
  auto* latency = scope->add_metrics();
  latency->set_name("latency");
  latency->mutable_histogram()->set_aggregation_temporality(pb::metrics::v1::AGGREGATION_TEMPORALITY_DELTA);
  latency->mutable_histogram()->add_data_points()->set_count(3);
  return request;
}

LogsRequest logs() {
  LogsRequest request;
  auto* scope = request.add_resource_logs()->add_scope_logs();
  for (int i = 0; i < 3; ++i) {
    auto* record = scope->add_log_records();
    record->mutable_body()->set_string_value("line " + std::to_string(i));
    record->set_severity_number(static_cast<pb::logs::v1::SeverityNumber>(5 + 4 * i));
  }
  return request;
}

template <class Config, class Request>
Request passed(const std::string& yaml, std::unique_ptr<Processor> (*make)(const Config&, const ComponentEnv&),
               const Request& request) {
  World world;
  Sink sink(world.ledger, world.destination);
  Batch batch = batch_of(request);
  world.env.signal = batch.signal;
  const auto processor = make(good_config<Config>(yaml), world.env);
  processor->make_stage(world.place(), sink)->consume(std::move(batch));
  Request result;
  if (sink.batches.empty()) return result;
  REQUIRE(result.ParseFromString(otlp::encode_to_string(sink.batches[0])));
  // What the index says is what the bytes hold.
  CHECK(sink.batches[0].item_count() == batch_of(result).item_count());
  return result;
}

std::string names_of(const MetricsRequest& request) {
  std::string names;
  for (const auto& resource : request.resource_metrics()) {
    for (const auto& scope : resource.scope_metrics()) {
      for (const auto& metric : scope.metrics()) names += metric.name() + " ";
    }
  }
  return names;
}

std::string bodies_of(const LogsRequest& request) {
  std::string bodies;
  for (const auto& resource : request.resource_logs()) {
    for (const auto& scope : resource.scope_logs()) {
      for (const auto& record : scope.log_records()) bodies += record.body().string_value() + "|";
    }
  }
  return bodies;
}

}  // namespace

TEST_CASE("attributes of every data point") {
  const auto out =
      passed<AttributesConfig>("actions: [{key: cluster, value: dev, action: insert}]", make_attributes, metrics());
  const auto& scope = out.resource_metrics(0).scope_metrics(0);
  for (const auto& point : scope.metrics(0).gauge().data_points()) {
    REQUIRE(point.attributes_size() == 2);
    CHECK(point.attributes(1).value().string_value() == "dev");
  }
  CHECK(scope.metrics(2).histogram().data_points(0).attributes(0).key() == "cluster");
  CHECK(scope.metrics(2).histogram().data_points(0).count() == 3);
  const auto resource =
      passed<ResourceConfig>("attributes: [{key: env, value: x, action: insert}]", make_resource, metrics());
  CHECK(resource.resource_metrics(0).resource().attributes(1).key() == "env");
}

TEST_CASE("attributes of data points: metrics are chosen by their names alone") {
  const auto tagged = [](const std::string& include) {
    const auto out = passed<AttributesConfig>(
        "include: {match_type: strict, " + include + "}\nactions: [{key: cluster, value: dev, action: insert}]",
        make_attributes, metrics());
    std::string names;
    for (const auto& metric : out.resource_metrics(0).scope_metrics(0).metrics()) {
      const auto& points = metric.gauge().data_points();
      if (points.size() > 0 && points[0].attributes(points[0].attributes_size() - 1).key() == "cluster")
        names += metric.name() + " ";
    }
    return names;
  };
  CHECK(tagged("metric_names: [memory]") == "memory ");
  CHECK(tagged("metric_names: [memory], services: [none]") == "memory ");
  CHECK(tagged("services: [none]") == "cpu memory ");
}

TEST_CASE("metrics by name, resource and data point") {
  const auto names = [](const std::string& yaml) {
    return names_of(passed<FilterConfig>(yaml, make_filter, metrics()));
  };
  CHECK(names("metrics: {metric: ['name == \"cpu\"', 'type == METRIC_DATA_TYPE_HISTOGRAM']}") == "memory ");
  CHECK(names("metrics: {resource: ['attributes[\"service.name\"] == \"shop\"']}").empty());
  CHECK(names("metrics: {include: {match_type: regexp, metric_names: ['^mem', '^cpu']}}") == "cpu memory ");
  CHECK(names("metrics: {exclude: {match_type: strict, metric_names: [cpu]}}") == "memory latency ");
  CHECK(names("metric_conditions: ['datapoint.value_double == 0.5']") == "cpu latency ");
  const auto points =
      passed<FilterConfig>("metrics: {datapoint: ['attributes[\"core\"] == 0']}", make_filter, metrics());
  CHECK(points.resource_metrics(0).scope_metrics(0).metrics(0).gauge().data_points_size() == 1);
}

TEST_CASE("statements on metrics and data points") {
  const auto out = passed<TransformConfig>(
      "metric_statements:\n"
      "  - {context: metric, statements: ['set(unit, \"1\") where name == \"cpu\"', "
      "'set(aggregation_temporality, AGGREGATION_TEMPORALITY_CUMULATIVE)']}\n"
      "  - {context: datapoint, statements: ['set(attributes[\"of\"], metric.name)', "
      "'set(value_int, value_int * 2) where metric.name == \"cpu\"']}\n",
      make_transform, metrics());
  const auto& scope = out.resource_metrics(0).scope_metrics(0);
  CHECK(scope.metrics(0).unit() == "1");
  CHECK(scope.metrics(0).gauge().data_points(1).as_int() == 12);
  CHECK(scope.metrics(1).gauge().data_points(0).attributes(0).value().string_value() == "memory");
  CHECK(scope.metrics(1).gauge().data_points(0).as_double() == 0.5);
  CHECK(scope.metrics(2).histogram().aggregation_temporality() == pb::metrics::v1::AGGREGATION_TEMPORALITY_CUMULATIVE);
}

TEST_CASE("log records: attributes, filter and statements") {
  CHECK(bodies_of(passed<FilterConfig>("logs: {log_record: ['severity_number < SEVERITY_NUMBER_INFO']}", make_filter,
                                       logs())) == "line 1|line 2|");
  CHECK(bodies_of(passed<FilterConfig>("logs: {include: {match_type: strict, severity_number: {min: WARN}}}",
                                       make_filter, logs())) == "line 2|");
  CHECK(bodies_of(passed<FilterConfig>("logs: {include: {severity_number: {min: WARN}}}", make_filter, logs())) ==
        "line 2|");
  CHECK(bodies_of(passed<FilterConfig>("log_conditions: ['IsMatch(log.body, \"[01]$\")']", make_filter, logs())) ==
        "line 2|");
  CHECK(bodies_of(passed<TransformConfig>(
            "log_statements: ['replace_pattern(log.body, \"line\", \"row\")', 'set(log.attributes[\"n\"], 1)']",
            make_transform, logs())) == "row 0|row 1|row 2|");
  const auto out = passed<AttributesConfig>(
      "include: {match_type: regexp, log_bodies: ['0$']}\nactions: [{key: a, value: 1, action: insert}]",
      make_attributes, logs());
  CHECK(out.resource_logs(0).scope_logs(0).log_records(0).attributes_size() == 1);
  CHECK(out.resource_logs(0).scope_logs(0).log_records(1).attributes_size() == 0);
}

}  // namespace weir::test
