// SPDX-License-Identifier: Apache-2.0
#include "unit/processors/tail_rig.h"

namespace weir::test {

namespace {

TestSpan tagged(uint64_t trace, uint64_t id, Tag tag) { return {.trace = trace, .id = id, .tags = {std::move(tag)}}; }

// A span of trace `trace` with one event of that name.
Batch with_event(uint64_t trace, std::string_view name) {
  otlp::MessageWriter out;
  out.begin(otlp::field::request::kResources);
  out.begin(otlp::field::resource_group::kScopes);
  out.begin(otlp::field::scope_group::kItems);
  out.bytes(otlp::field::span::kTraceId, id_bytes(trace, 16));
  out.bytes(otlp::field::span::kSpanId, id_bytes(trace, 8));
  out.begin(otlp::field::span::kEvents);
  out.bytes(otlp::field::event::kName, name);
  out.end();
  for (int i = 0; i < 3; ++i) out.end();
  Batch batch;
  REQUIRE(otlp::walk(Signal::kTraces, Part{BufferRef::copy_of(out.take()), nullptr}, batch).ok);
  return batch;
}

std::string policy(const std::string& body) { return "ottl_condition, ottl_condition: {" + body + "}"; }
std::string sampler(const std::string& policies) { return "{decision_wait: 1s, policies: [" + policies + "]}"; }
const std::string kFirstA = R"(span: ['Substring(attributes["k"], 0, 1) == "a"'])";

}  // namespace

TEST_CASE("ottl_condition: any condition on any span, its resource and its scope") {
  const std::vector<TestSpan> spans{tagged(1, 1, Tag::string("k", "x")), tagged(1, 2, Tag::string("k", "y")),
                                    tagged(2, 3, Tag::integer("n", 7)), tagged(3, 4, Tag::integer("n", 8))};
  CHECK(kept_by(policy(R"(span: ['attributes["k"] == "y"', 'attributes["n"] < 8'])"), spans) == Ids{1, 2, 3});
  CHECK(kept_by(policy(R"(span: ['attributes["k"] == "z"'])"), spans).empty());
  TailRig rig(sampler("{name: p, type: " + policy(R"(span: ['resource.attributes["r"] == 1'])") + "}"));
  rig.send(request({TestResource{{Tag::integer("r", 2)}, {{.trace = 1, .id = 1}}},
                    TestResource{{Tag::integer("r", 1)}, {{.trace = 2, .id = 2}}},
                    TestResource{{Tag::integer("r", 2)}, {{.trace = 2, .id = 3}}}}));
  rig.wait(3s);
  CHECK(rig.kept() == Ids{2, 3});
}

TEST_CASE("ottl_condition: events") {
  TailRig rig(
      sampler("{name: p, type: " + policy(R"(span: ['name == "x"'], spanevent: ['name == "exception"'])") + "}"));
  rig.send(with_event(1, "exception"));
  rig.send(with_event(2, "message"));
  rig.wait(3s);
  CHECK(rig.kept() == Ids{1});
}

TEST_CASE("ottl_condition: what fails is passed over; under propagate it ends the questions of that trace") {
  const std::vector<TestSpan> spans{tagged(1, 1, Tag::integer("k", 1)), tagged(1, 2, Tag::string("k", "ab")),
                                    tagged(2, 3, Tag::string("k", "ab")), tagged(2, 4, Tag::integer("k", 1)),
                                    tagged(3, 5, Tag::string("k", "b"))};
  for (const char* mode : {"", "error_mode: ignore, ", "error_mode: silent, "}) {
    CHECK(kept_by(policy(mode + kFirstA), spans) == Ids{1, 2, 3, 4});
  }
  CHECK(kept_by(policy("error_mode: propagate, " + kFirstA), spans) == Ids{3, 4});
}

TEST_CASE("ottl_condition: a failure is counted and says nothing, in groups too") {
  const std::string failing = "{name: f, type: " + policy("error_mode: propagate, " + kFirstA) + "}";
  const std::string always = "{name: a, type: always_sample}";
  const std::vector<TestSpan> spans{tagged(1, 1, Tag::integer("k", 1))};
  const auto kept = [&](const std::string& policies) {
    TailRig rig(sampler(policies));
    rig.send(spans);
    rig.wait(3s);
    CHECK(rig.metric("sampling_policy_evaluation_error") == 1);
    CHECK(rig.metric("sampling_policy_execution_count{policy=p}") == 1);
    CHECK_FALSE(rig.has_metric("count_traces_sampled{decision=not_sampled,policy=p,sampled=false}"));
    CHECK(rig.metric("global_count_traces_sampled{decision=not_sampled,sampled=false}") == 1);
    return rig.kept();
  };
  CHECK(kept("{name: p, type: " + policy("error_mode: propagate, " + kFirstA) + "}").empty());
  CHECK(kept("{name: p, type: and, and: {and_sub_policy: [" + always + ", " + failing + "]}}").empty());
  CHECK(kept("{name: p, type: not, not: {not_sub_policy: " + failing + "}}").empty());
  CHECK(kept("{name: p, type: composite, composite: {max_total_spans_per_second: 100, composite_sub_policy: [" +
             failing + ", " + always + "], rate_allocation: [{policy: f, percent: 50}, {policy: a, percent: 50}]}}")
            .empty());
  CHECK(kept("{name: p, type: drop, drop: {drop_sub_policy: [" + failing + "]}}").empty());
  TailRig both(sampler(failing + ", " + always));
  both.send(spans);
  both.wait(3s);
  CHECK(both.kept() == Ids{1});
}

}  // namespace weir::test
