// SPDX-License-Identifier: Apache-2.0
#include "processors/transform/transform.h"

#include "fixture.h"
#include "processors/filter/filter.h"

namespace weir::test {

namespace {

template <class Config>
std::vector<std::string> problems_of(const std::string& yaml) {
  return read_config<Config>(yaml).second;
}

// A processor between a batch and a sink.
template <class Config, class Make>
struct Line {
  Line(const std::string& yaml, Make make) : config(good_config<Config>(yaml)), processor(make(config, world.env)) {
    world.env.id = "p";
    sink = std::make_unique<Sink>(world.ledger, world.destination);
    stage = processor->make_stage(world.place(), *sink);
  }
  void pass(Batch batch) {
    world.ledger.admit(world.destination, batch.spans.size());
    stage->consume(std::move(batch));
  }
  World world;
  Config config;
  std::unique_ptr<Processor> processor;
  std::unique_ptr<Sink> sink;
  std::unique_ptr<Stage> stage;
};
template <class Config, class Make>
Line(const std::string&, Make) -> Line<Config, Make>;

auto transform(const std::string& yaml) {
  return Line<TransformConfig, decltype(&make_transform)>(yaml, make_transform);
}
auto filter(const std::string& yaml) { return Line<FilterConfig, decltype(&make_filter)>(yaml, make_filter); }

TestSpan tagged(uint64_t id, std::vector<Tag> tags) {
  TestSpan span;
  span.id = id;
  span.tags = std::move(tags);
  return span;
}

}  // namespace

TEST_CASE("transform: groups in order, statements where they apply") {
  auto line = transform(
      "trace_statements:\n"
      "  - context: span\n"
      "    conditions: ['attributes[\"n\"] > 1', 'attributes[\"always\"] == true']\n"
      "    statements: ['set(attributes[\"hit\"], attributes[\"n\"])']\n"
      "  - context: resource\n"
      "    statements: ['set(attributes[\"seen\"], 1)']\n"
      "  - context: span\n"
      "    statements: ['set(attributes[\"late\"], resource.attributes[\"seen\"])']\n");
  line.pass(request({tagged(1, {Tag::integer("n", 1)}), tagged(2, {Tag::integer("n", 2)})}));
  REQUIRE(line.sink->batches.size() == 1);
  const Batch& batch = line.sink->batches[0];
  CHECK_FALSE(otlp::find_span_attribute(batch, batch.spans[0], "hit"));
  CHECK(otlp::find_span_attribute(batch, batch.spans[1], "hit")->integer == 2);
  CHECK(otlp::find_span_attribute(batch, batch.spans[0], "late")->integer == 1);
  CHECK(line.world.outcome(Outcome::kExported) == 2);
}

TEST_CASE("transform: a failure under propagate drops the batch and counts it") {
  auto line =
      transform("error_mode: propagate\ntrace_statements: ['set(span.attributes[\"a\"], ParseJSON(span.name))']\n");
  line.pass(request({tagged(1, {}), tagged(2, {})}));
  CHECK(line.sink->batches.empty());
  CHECK(line.world.dropped(DropReason::kProcessorError) == 2);
  CHECK(line.world.account().settled() == line.world.account().admitted);
}

// As in the collector: the paths say where to begin, functions and enums may ask for a context inside of it.
TEST_CASE("transform: an inferred context knows the names in use") {
  const auto good = [](const std::string& key, const std::string& statement) {
    return problems_of<TransformConfig>(key + ": ['" + statement + "']\n").empty();
  };
  CHECK(good("trace_statements", R"(set(resource.attributes["k"], SPAN_KIND_SERVER))"));
  CHECK(good("trace_statements", R"(set(resource.attributes["k"], 1) where IsRootSpan())"));
  CHECK(good("metric_statements", R"(set(resource.attributes["k"], METRIC_DATA_TYPE_SUM))"));
  CHECK(good("log_statements", R"(set(resource.attributes["k"], SEVERITY_NUMBER_WARN))"));
  CHECK(!good("trace_statements", R"(set(resource.attributes["k"], SEVERITY_NUMBER_WARN))"));
  CHECK(!good("metric_statements", R"(set(resource.attributes["k"], 1) where IsRootSpan())"));
  CHECK(good("trace_statements", R"(set(spanevent.attributes["k"], spanevent.event_index))"));
  CHECK(!good("trace_statements", R"(set(spanevent.event_index, 1))"));
}

TEST_CASE("transform: what is wrong has its path and column") {
  const auto flat = problems_of<TransformConfig>("trace_statements: ['set(span.name, 1)', 'sett(span.name, 1)']\n");
  REQUIRE(flat.size() == 1);
  CHECK(flat[0] ==
        "processors::p::trace_statements::1: in `sett(span.name, 1)`, column 1: unknown editor \"sett\"; did you mean "
        "\"set\"?");
  const auto group = problems_of<TransformConfig>(
      "metric_statements: [{context: metric, conditions: ['nam == 1'], statements: ['set(name, \"x\")']}]\n");
  REQUIRE(group.size() == 1);
  CHECK(group[0] ==
        "processors::p::metric_statements::0::conditions::0: in `nam == 1`, column 1: the context metric has no path "
        "\"nam\"; did you mean \"name\"?");
  CHECK(problems_of<TransformConfig>("error_mode: loud\n")[0].find("loud") != std::string::npos);
  CHECK(problems_of<TransformConfig>("trace_statements: [{context: metric, statements: ['set(name, \"x\")']}]\n")[0] ==
        "processors::p::trace_statements::0: unknown context \"metric\", expected one of: resource, scope, span, "
        "spanevent");
  CHECK(problems_of<TransformConfig>("trace_statements: ['set(span.name, \"x\")', {context: span, statements: []}]\n")
            .size() == 1);
  CHECK(problems_of<TransformConfig>("flatten_data: true\n").size() == 1);
}

TEST_CASE("filter: what is dropped is settled as filtered, the rest goes on") {
  auto line = filter("traces: {span: ['attributes[\"n\"] == 2', 'attributes[\"gone\"] == true']}\n");
  line.pass(request(
      {tagged(1, {Tag::integer("n", 1)}), tagged(2, {Tag::integer("n", 2)}), tagged(3, {Tag::boolean("gone", true)})}));
  CHECK(line.sink->span_ids() == std::vector<uint64_t>{1});
  CHECK(line.sink->batches[0].spans[0].item == 0);
  CHECK(line.world.outcome(Outcome::kFiltered) == 2);
  CHECK(line.world.account().settled() == line.world.account().admitted);
  CHECK(line.world.telemetry.value("otelcol_processor_filter_spans_filtered{filter=component}") == 2);
  line.pass(request({tagged(4, {Tag::integer("n", 2)})}));
  CHECK(line.sink->batches.size() == 1);  // nothing is left, nothing goes on
}

TEST_CASE("filter: resources, inferred contexts, groups with error modes") {
  auto line = filter(
      "trace_conditions:\n"
      "  - {context: resource, conditions: ['attributes[\"drop\"] == true']}\n"
      "  - {conditions: ['span.attributes[\"n\"] > 5', 'resource.attributes[\"also\"] != nil']}\n"
      "  - {context: span, error_mode: silent, conditions: ['ParseJSON(name) != nil']}\n");
  line.pass(request({{{Tag::boolean("drop", true)}, {tagged(1, {})}},
                     {{}, {tagged(2, {Tag::integer("n", 9)}), tagged(3, {Tag::integer("n", 1)})}},
                     {{Tag::string("also", "x")}, {tagged(4, {})}}}));
  CHECK(line.sink->span_ids() == std::vector<uint64_t>{3});
  CHECK(line.world.outcome(Outcome::kFiltered) == 3);
}

TEST_CASE("filter: a failing condition under propagate drops the batch") {
  auto line = filter("error_mode: propagate\ntraces: {span: ['ParseJSON(name) != nil']}\n");
  line.pass(request({tagged(1, {})}));
  CHECK(line.sink->batches.empty());
  CHECK(line.world.dropped(DropReason::kProcessorError) == 1);
}

TEST_CASE("filter: include and exclude blocks") {
  auto line = filter(
      "spans: {include: {match_type: strict, services: [shop]}, exclude: {match_type: regexp, attributes: [{key: path, "
      "value: '^/health'}]}}\n");
  line.pass(request({{{Tag::string("service.name", "shop")},
                      {tagged(1, {Tag::string("path", "/health")}), tagged(2, {Tag::string("path", "/buy")})}},
                     {{Tag::string("service.name", "other")}, {tagged(3, {})}}}));
  CHECK(line.sink->span_ids() == std::vector<uint64_t>{2});
}

TEST_CASE("filter: forms that exclude each other, and blocks that say nothing") {
  CHECK(problems_of<FilterConfig>("traces: {span: ['true']}\nspans: {include: {match_type: strict, services: [a]}}\n")
            .size() == 1);
  CHECK(problems_of<FilterConfig>("spans: {include: {services: [a]}}\n")[0].find("match_type") != std::string::npos);
  CHECK(problems_of<FilterConfig>("spans: {include: {match_type: regexp, services: ['(']}}\n")[0].find("missing )") !=
        std::string::npos);
  CHECK(problems_of<FilterConfig>("traces: {span: ['name =']}\n")[0] ==
        "processors::p::traces::span::0: in `name =`, column 6: expected a comparison (==, !=, <, <=, >, >=), got "
        "\"=\"");
}

}  // namespace weir::test
