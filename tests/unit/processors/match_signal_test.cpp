// SPDX-License-Identifier: Apache-2.0
#include "config/catalog.h"
#include "fixture.h"
#include "processors/attributes/config.h"
#include "processors/filter/config.h"
#include "processors/span/config.h"

namespace weir::test {

namespace {

using List = std::vector<std::string>;

// What is said about a body in a pipeline of a signal.
template <class Config>
List said(Signal signal, const std::string& yaml) {
  config::Problems problems;
  const config::Value value = config::parse_yaml(yaml, "test.yaml", problems);
  config::check_in_as<Config>()(config::At{value, "p", problems}, signal);
  List list;
  for (const config::Problem& problem : problems.all()) list.push_back(problem.to_string());
  return list;
}
List of_attributes(Signal signal, const std::string& block) {
  return said<AttributesConfig>(signal, "actions: [{key: a, value: 1, action: insert}]\n" + block);
}

}  // namespace

TEST_CASE("match blocks: properties that the pipeline's records do not have are refused where they stand") {
  const std::string names = "include: {match_type: strict, span_names: [a]}";
  CHECK(of_attributes(Signal::kTraces, names).empty());
  CHECK(of_attributes(Signal::kLogs, names) ==
        List{"test.yaml:2:43: p::include::span_names: not valid for log records"});
  const std::string logs =
      "exclude:\n  match_type: strict\n  log_bodies: [x]\n  log_severity_texts: [x]\n  log_severity_number: {min: "
      "WARN}\n  attributes: [{key: a}]";
  CHECK(of_attributes(Signal::kLogs, logs).empty());
  const List refused = of_attributes(Signal::kTraces, logs);
  REQUIRE(refused.size() == 3);
  CHECK(refused[0] == "test.yaml:4:15: p::exclude::log_bodies: not valid for spans");
  CHECK(of_attributes(Signal::kLogs, "include: {match_type: strict, services: [a], span_kinds: [SPAN_KIND_SERVER]}")
            .size() == 2);
}

TEST_CASE("match blocks: metric names are refused elsewhere, and what is not one for metrics") {
  const std::string names = "include: {match_type: strict, metric_names: [a]}";
  CHECK(of_attributes(Signal::kMetrics, names).empty());
  CHECK(of_attributes(Signal::kTraces, names) == List{"test.yaml:2:45: p::include::metric_names: not valid for spans"});
  const std::string both = "include: {match_type: strict, metric_names: [a], libraries: [{name: l}]}";
  CHECK(of_attributes(Signal::kLogs, both) ==
        List{"test.yaml:2:45: p::include::metric_names: not valid for log records"});
  CHECK(of_attributes(Signal::kMetrics, both) == List{"test.yaml:2:61: p::include::libraries: not valid for metrics"});
}

TEST_CASE("match blocks: a severity is a name or a number") {
  CHECK(of_attributes(Signal::kLogs, "include: {match_type: strict, log_severity_number: {min: 13}}").empty());
  CHECK(of_attributes(Signal::kLogs, "include: {match_type: strict, log_severity_number: {min: warn}}").empty());
}

TEST_CASE("match blocks: those of span and of filter's spans are about spans") {
  const std::string block = "include: {match_type: strict, log_bodies: [a]}";
  CHECK(said<SpanConfig>(Signal::kTraces, "name: {from_attributes: [a]}\n" + block) ==
        List{"test.yaml:2:43: p::include::log_bodies: not valid for spans"});
  CHECK(said<FilterConfig>(Signal::kTraces, "spans: {" + block + "}").size() == 1);
  CHECK(said<FilterConfig>(Signal::kLogs, "spans: {" + block + "}").empty());
}

}  // namespace weir::test
