// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"
#include "otlp/encoder.h"
#include "processors/filter/filter.h"
#include "processors/transform/transform.h"
#include "support/otlp_builder.h"

namespace weir::test {

namespace {

// A sum, a histogram, an exponential histogram, a summary and a gauge without points.
MetricsRequest sample_metrics() {
  MetricsRequest request;
  auto* scope = request.add_resource_metrics()->add_scope_metrics();
  auto* sum = scope->add_metrics();
  sum->set_name("sum");
  sum->mutable_sum()->set_is_monotonic(true);
  for (int64_t i = 0; i < 2; ++i) {
    auto* point = sum->mutable_sum()->add_data_points();
    set_string(*point->add_attributes(), "host", "h" + std::to_string(i));
    point->set_as_int(10 * (i + 1));
  }
  auto* histogram = scope->add_metrics();
  histogram->set_name("histogram");
  auto* buckets = histogram->mutable_histogram()->add_data_points();
  buckets->set_sum(5);
  for (uint64_t count : {1, 2, 3}) buckets->add_bucket_counts(count);
  for (double bound : {1.0, 2.5}) buckets->add_explicit_bounds(bound);
  buckets->add_exemplars()->set_as_int(7);
  auto* exponential = scope->add_metrics();
  exponential->set_name("exponential");
  auto* point = exponential->mutable_exponential_histogram()->add_data_points();
  point->set_scale(2);
  point->mutable_negative()->set_offset(-3);
  point->mutable_positive()->add_bucket_counts(300);
  auto* summary = scope->add_metrics();
  summary->set_name("summary");
  auto* quantile = summary->mutable_summary()->add_data_points()->add_quantile_values();
  quantile->set_quantile(0.5);
  quantile->set_value(4);
  scope->add_metrics()->set_name("empty");
  scope->mutable_metrics(4)->mutable_gauge();
  return request;
}

template <class Config>
MetricsRequest passed(const std::string& yaml, std::unique_ptr<Processor> (*make)(const Config&, const ComponentEnv&)) {
  World world;
  Sink sink(world.ledger, world.destination);
  Batch batch = batch_of(sample_metrics());
  world.env.signal = batch.signal;
  const auto processor = make(good_config<Config>(yaml), world.env);
  processor->make_stage(world.place(), sink)->consume(std::move(batch));
  MetricsRequest result;
  if (!sink.batches.empty()) REQUIRE(result.ParseFromString(otlp::encode_to_string(sink.batches[0])));
  return result;
}

// The metrics that are left after one statement, or one condition of a filter.
auto after(const std::string& statement) {
  const auto request = passed<TransformConfig>("metric_statements: ['" + statement + "']", make_transform);
  return request.resource_metrics(0).scope_metrics(0).metrics();
}
std::string kept(const std::string& filter) {
  std::string names;
  const auto request = passed<FilterConfig>("metrics: {" + filter + "}", make_filter);
  for (const auto& resource : request.resource_metrics()) {
    for (const auto& metric : resource.scope_metrics(0).metrics()) names += metric.name() + " ";
  }
  return names;
}

}  // namespace

TEST_CASE("filter: questions about the attributes of a metric's points") {
  CHECK(kept(R"(metric: ['HasAttrKeyOnDatapoint("host")'])") == "histogram exponential summary empty ");
  CHECK(kept(R"(metric: ['HasAttrOnDatapoint("host", "h0")'])") == "histogram exponential summary empty ");
  // The first point with that key decides.
  CHECK(kept(R"(metric: ['HasAttrOnDatapoint("host", "h1")'])") == "sum histogram exponential summary empty ");
  CHECK(kept("metric: ['Len(data_points) == 2']") == "histogram exponential summary empty ");
}

TEST_CASE("filter: a metric without points goes where points are judged") {
  CHECK(kept("datapoint: ['scale == 2']") == "sum histogram summary ");
  CHECK(kept("datapoint: ['Len(bucket_counts) == 3', 'Len(quantile_values) == 1']") == "sum exponential ");
  CHECK(kept("metric: ['name == \"sum\"']") == "histogram exponential summary empty ");
}

TEST_CASE("transform: a sum becomes a gauge, and back") {
  const auto gauge = after("convert_sum_to_gauge() where metric.name == \"sum\"")[0];
  REQUIRE(gauge.has_gauge());
  REQUIRE(gauge.gauge().data_points_size() == 2);
  CHECK(gauge.gauge().data_points(1).as_int() == 20);
  const auto both = passed<TransformConfig>(
      "metric_statements: [{context: metric, statements: [convert_sum_to_gauge(), 'convert_gauge_to_sum(\"delta\", "
      "false)', 'set(aggregation_temporality, AGGREGATION_TEMPORALITY_CUMULATIVE) where is_monotonic == false']}]",
      make_transform);
  const auto sum = both.resource_metrics(0).scope_metrics(0).metrics(0);
  REQUIRE(sum.has_sum());
  CHECK(!sum.sum().is_monotonic());
  CHECK(sum.sum().aggregation_temporality() == pb::metrics::v1::AGGREGATION_TEMPORALITY_CUMULATIVE);
}

TEST_CASE("transform: scale_metric multiplies all that has the metric's unit") {
  const auto metrics = after("scale_metric(0.5, \"s\") where metric.name != \"\"");
  CHECK(metrics[0].unit() == "s");
  CHECK(metrics[0].sum().data_points(0).as_int() == 5);
  CHECK(metrics[0].sum().is_monotonic());
  const auto& histogram = metrics[1].histogram().data_points(0);
  CHECK(histogram.sum() == 2.5);
  CHECK(histogram.explicit_bounds(1) == 1.25);
  CHECK(histogram.bucket_counts(1) == 2);
  CHECK(histogram.exemplars(0).as_int() == 3);
  CHECK(metrics[2].unit().empty());  // exponential buckets cannot be scaled
  CHECK(metrics[3].summary().data_points(0).quantile_values(0).value() == 2);
}

TEST_CASE("transform: lists and buckets of data points") {
  CHECK(after("set(datapoint.bucket_counts, [4, 5, 6])")[1].histogram().data_points(0).bucket_counts(2) == 6);
  CHECK(after("set(datapoint.explicit_bounds, [0.5, 1.5])")[1].histogram().data_points(0).explicit_bounds(0) == 0.5);
  CHECK(after("set(datapoint.bucket_counts, [\"x\"])")[1].histogram().data_points(0).bucket_counts(2) == 3);
  CHECK(after("set(datapoint.scale, -4)")[2].exponential_histogram().data_points(0).scale() == -4);
  const auto negative = after("set(datapoint.negative.bucket_counts, [datapoint.negative.offset + 303, 1])")[2];
  const auto& buckets = negative.exponential_histogram().data_points(0).negative();
  CHECK(buckets.offset() == -3);
  CHECK(buckets.bucket_counts(0) == 300);
  CHECK(buckets.bucket_counts(1) == 1);
  const auto moved = after("set(datapoint.positive.offset, 9)")[2];
  const auto& positive = moved.exponential_histogram().data_points(0).positive();
  CHECK(positive.offset() == 9);
  CHECK(positive.bucket_counts(0) == 300);
}

}  // namespace weir::test
