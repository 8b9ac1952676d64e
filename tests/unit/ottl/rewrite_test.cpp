// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>
#include <string>
#include <vector>

#include "otlp/attributes.h"
#include "otlp/encoder.h"
#include "span_fixture.h"

namespace weir::test {

namespace {

TracesRequest many_spans(int resources, int spans) {
  TracesRequest request;
  for (int r = 0; r < resources; ++r) {
    auto& scope = add_service(request, "service-" + std::to_string(r));
    for (int s = 0; s < spans; ++s) {
      add_span(scope, static_cast<char>(1 + r), static_cast<char>(1 + s), s % 2 == 0 ? "even" : "odd");
    }
  }
  return request;
}

std::map<std::string, std::string> bodies_of(const Batch& batch) {
  std::map<std::string, std::string> bodies;
  for (const SpanRecord& span : batch.spans) {
    bodies[to_hex(span.trace_id.bytes()) + to_hex(span.span_id.bytes())] = batch.body(span);
  }
  return bodies;
}

}  // namespace

TEST_CASE("what no statement changes stays byte for byte") {
  const Batch before = batch_of(many_spans(3, 10));
  const Ran ran = run_group(span_group({"set(kind, 3) where name == \"odd\""}), before);
  REQUIRE(ran.ok);
  const auto old_bodies = bodies_of(before);
  for (const SpanRecord& span : ran.batch.spans) {
    const bool odd = ran.batch.name(span) == "odd";
    CHECK(span.kind == (odd ? SpanKind::kClient : SpanKind::kUnspecified));
    CHECK(ran.batch.parts[span.part].rewritten == odd);
    const auto key = to_hex(span.trace_id.bytes()) + to_hex(span.span_id.bytes());
    if (!odd) CHECK(ran.batch.body(span) == old_bodies.at(key));
  }
  CHECK_FALSE(ran.batch.whole);
}

TEST_CASE("a statement that changes nothing leaves the request whole") {
  const Batch before = batch_of(sample_request());
  const Ran ran = run_group(span_group({"set(name, name)", "set(kind, 2)", "set(attributes[\"num\"], \"42\")",
                                        "delete_key(attributes, \"none\")", "set(status.code, 2)",
                                        "set(resource.attributes[\"service.name\"], \"shop\")"}),
                            before);
  REQUIRE(ran.ok);
  CHECK(ran.batch.whole);
  CHECK(ran.batch.parts.size() == 1);
  CHECK(otlp::encode_to_string(ran.batch) == otlp::encode_to_string(before));
}

TEST_CASE("unknown fields survive a change, in spans, resources and scopes") {
  RandomMessage random(5);
  for (int round = 0; round < 20; ++round) {
    const std::string bytes = scramble(many_spans(2, 3), random);
    const Batch before = batch_of(Signal::kTraces, bytes);
    const Ran ran = run_group(span_group({"set(attributes[\"new\"], 1)", "set(resource.attributes[\"new\"], 2)",
                                          "set(instrumentation_scope.version, \"9\")"}),
                              before);
    REQUIRE(ran.ok);
    TracesRequest expected, got;
    REQUIRE(expected.ParseFromString(otlp::encode_to_string(before)));
    REQUIRE(got.ParseFromString(otlp::encode_to_string(ran.batch)));
    for (auto& resource : *expected.mutable_resource_spans()) {
      set_int(*resource.mutable_resource()->add_attributes(), "new", 2);
      for (auto& scope : *resource.mutable_scope_spans()) {
        scope.mutable_scope()->set_version("9");
        for (auto& span : *scope.mutable_spans()) set_int(*span.add_attributes(), "new", 1);
      }
    }
    CHECK(got.SerializeAsString() == expected.SerializeAsString());
  }
}

TEST_CASE("records keep their numbers, parts their origin and sequence") {
  Batch batch = batch_of(many_spans(2, 4));
  batch.parts[0].sequence = 77;
  const Ran ran = run_group(span_group({"set(name, \"new\")"}), batch);
  REQUIRE(ran.ok);
  REQUIRE(ran.batch.parts.size() == 1);  // nothing is left in the old bytes
  CHECK(ran.batch.parts[0].rewritten);
  CHECK(ran.batch.parts[0].sequence == 77);
  for (uint32_t i = 0; i < ran.batch.spans.size(); ++i) CHECK(ran.batch.spans[i].item == i);
}

TEST_CASE("resource and scope statements run once each") {
  const Batch before = batch_of(many_spans(3, 4));
  const Ran resources = run_group(
      {ottl::Context::kResource, ottl::ErrorMode::kPropagate, {}, {"set(attributes[\"n\"], Len(attributes))"}}, before);
  REQUIRE(resources.ok);
  for (uint32_t r = 0; r < 3; ++r) {
    const auto value = otlp::find_resource_attribute(resources.batch, r, "n");
    REQUIRE(value);
    CHECK(value->integer == 1);
  }
  const Ran scopes =
      run_group({ottl::Context::kScope, ottl::ErrorMode::kPropagate, {}, {"set(name, \"s\")"}}, resources.batch);
  REQUIRE(scopes.ok);
  CHECK(otlp::scope_name(scopes.batch, 2) == "s");
  CHECK(otlp::find_resource_attribute(scopes.batch, 2, "n")->integer == 1);
}

TEST_CASE("events are changed in their span") {
  TracesRequest request = sample_request();
  auto* span = request.mutable_resource_spans(0)->mutable_scope_spans(0)->mutable_spans(0);
  span->add_events()->set_name("other");
  const Ran ran = run_group(
      {ottl::Context::kSpanEvent,
       ottl::ErrorMode::kPropagate,
       {},
       {"set(attributes[\"seen\"], span.name) where name == \"other\"", "set(span.attributes[\"last\"], name)"}},
      batch_of(request));
  REQUIRE(ran.ok);
  TracesRequest got;
  REQUIRE(got.ParseFromString(otlp::encode_to_string(ran.batch)));
  const auto& changed = got.resource_spans(0).scope_spans(0).spans(0);
  REQUIRE(changed.events_size() == 2);
  CHECK(changed.events(0).attributes_size() == 0);
  CHECK(changed.events(1).attributes(0).value().string_value() == span->name());
  CHECK(fields_of(ran.batch).at("attributes[\"last\"]") == "\"other\"");
}

TEST_CASE("Now and UUID come from the record, so that the same request gives the same bytes") {
  const auto group = span_group({"set(attributes[\"now\"], UnixNano(Now()))", "set(attributes[\"a\"], UUID())",
                                 "set(attributes[\"b\"], UUID())", "set(attributes[\"c\"], UUIDv7())"});
  Batch batch = batch_of(many_spans(1, 5));
  batch.parts[0].sequence = 9;
  auto context = std::make_shared<Context>();
  context->received.wall = std::chrono::seconds(1'600'000'000);
  batch.context = context;
  const Ran first = run_group(group, batch);
  const Ran again = run_group(group, batch);
  CHECK(otlp::encode_to_string(first.batch) == otlp::encode_to_string(again.batch));
  std::set<std::string> uuids;
  for (const SpanRecord& span : first.batch.spans) {
    CHECK(otlp::find_span_attribute(first.batch, span, "now")->integer == 1'600'000'000'000'000'000);
    for (const char* key : {"a", "b", "c"}) {
      const auto uuid = otlp::find_span_attribute(first.batch, span, key);
      CHECK(uuid->bytes.size() == 36);
      uuids.emplace(uuid->bytes);
    }
  }
  CHECK(uuids.size() == 15);
  batch.parts[0].sequence = 10;
  CHECK(otlp::encode_to_string(run_group(group, batch).batch) != otlp::encode_to_string(first.batch));
}

TEST_CASE("a failing statement ends the batch under propagate and itself otherwise") {
  const std::vector<std::string> statements{"set(attributes[\"a\"], ParseJSON(name))", "set(attributes[\"b\"], 1)"};
  const Ran propagated = run_group(span_group(statements), batch_of(sample_request()));
  CHECK_FALSE(propagated.ok);
  CHECK(propagated.error.find("ParseJSON(name)") != std::string::npos);
  const Ran ignored = run_group(span_group(statements, ottl::ErrorMode::kIgnore), batch_of(sample_request()));
  REQUIRE(ignored.ok);
  CHECK(fields_of(ignored.batch).at("attributes[\"b\"]") == "1");
  CHECK_FALSE(fields_of(ignored.batch).contains("attributes[\"a\"]"));
}

TEST_CASE("the cache lives as long as a record") {
  const Ran ran =
      run_group(span_group({"set(cache[\"n\"], cache[\"n\"] + 1) where cache[\"n\"] != nil",
                            "set(cache[\"n\"], 1) where cache[\"n\"] == nil", "set(attributes[\"n\"], cache[\"n\"])"}),
                batch_of(many_spans(1, 3)));
  REQUIRE(ran.ok);
  for (const SpanRecord& span : ran.batch.spans) CHECK(otlp::find_span_attribute(ran.batch, span, "n")->integer == 1);
}

}  // namespace weir::test
