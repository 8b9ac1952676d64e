// SPDX-License-Identifier: Apache-2.0
#include "config/fields.h"
#include "config/yaml.h"
#include "connectors/span_metrics/config.h"
#include "support/catch.h"

namespace weir::test {
namespace {

using List = std::vector<std::string>;

// The config of a body, and its problems as "path: text".
template <class Config>
std::pair<Config, List> read(const std::string& yaml) {
  config::Problems problems;
  const config::Value value = config::parse_yaml(yaml, "test.yaml", problems);
  std::pair<Config, List> result;
  config::decode(config::At{value, "c", problems}, result.first);
  for (const config::Problem& problem : problems.all()) result.second.push_back(problem.path + ": " + problem.text);
  return result;
}
List span_metrics(const std::string& yaml) { return read<SpanMetricsConfig>(yaml).second; }

TEST_CASE("span_metrics config: names of dimensions") {
  CHECK(span_metrics("{dimensions: [{name: a}], calls_dimensions: [{name: a}]}").empty());
  CHECK(span_metrics("{dimensions: [{name: a}, {name: a}]}").size() == 1);
  CHECK(span_metrics("{histogram: {dimensions: [{name: span.kind}]}}").size() == 1);
  CHECK(span_metrics("{calls_dimensions: [{name: collector.instance.id}]}").size() == 1);
  CHECK(span_metrics("{dimensions: [{name: \"\"}]}").size() == 1);
  CHECK(span_metrics("{dimensions: [{}]}").size() == 1);
}

TEST_CASE("span_metrics config: what the histogram's keys mean") {
  CHECK(read<SpanMetricsConfig>("{}").first.bounds().size() == 16);
  CHECK(read<SpanMetricsConfig>("{histogram: {unit: S}}").first.unit() == DurationUnit::kSeconds);
  CHECK(span_metrics("{histogram: {unit: us}}").size() == 1);
  CHECK(read<SpanMetricsConfig>("{histogram: {explicit: {}}}").first.bounds().empty());
  CHECK(read<SpanMetricsConfig>("{histogram: {explicit: null}}").first.bounds().size() == 16);
  CHECK(read<SpanMetricsConfig>("{histogram: {exponential: {}}}").first.exponential_max_size() == 160);
  CHECK(read<SpanMetricsConfig>("{histogram: {exponential: null}}").first.exponential_max_size() == 0);
  CHECK(span_metrics("{histogram: {explicit: null, exponential: {}}}").empty());
  CHECK(span_metrics("{exemplars: {enabled: true, max_per_data_point: -1}}").size() == 1);
  CHECK(span_metrics("{exemplars: {max_per_data_point: -1}}").empty());
}

}  // namespace
}  // namespace weir::test
