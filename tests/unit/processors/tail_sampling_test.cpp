// SPDX-License-Identifier: Apache-2.0
#include "unit/processors/tail_rig.h"

namespace weir::test {

namespace {

const std::string kErrors = "policies: [{name: errors, type: status_code, status_code: {status_codes: [ERROR]}}]";
const std::string kAll = "policies: [{name: all, type: always_sample}]";

TestSpan plain(uint64_t trace, uint64_t id) { return {.trace = trace, .id = id}; }
TestSpan failed(uint64_t trace, uint64_t id) { return {.trace = trace, .id = id, .status = StatusCode::kError}; }

// Counts what is settled at it, as a sender that waits would.
struct CountingOrigin final : Origin {
  void settle(DestinationId, std::span<const uint32_t>, uint64_t items, const Settled& how) override {
    (how.outcome == Outcome::kExported ? exported : lost) += items;
  }
  uint64_t exported = 0, lost = 0;
};

}  // namespace

TEST_CASE("tail: a trace waits between decision_wait and a second more, then goes whole or not at all") {
  TailRig rig("{decision_wait: 2s, " + kErrors + "}");
  rig.wait(500ms);
  rig.send({plain(1, 1), plain(2, 2)});
  rig.wait(1s);
  rig.send({failed(1, 3)});
  rig.wait(1400ms);  // 2.9 s after the first tick
  CHECK(rig.kept().empty());
  CHECK(rig.held() == 3);
  rig.wait(100ms);
  CHECK(rig.kept() == Ids{1, 3});
  CHECK(rig.held() == 0);
  CHECK(rig.outcome(Outcome::kSampledOut) == 1);
  CHECK(rig.metric("new_trace_id_received") == 2);
  CHECK(rig.metric("count_traces_sampled{decision=sampled,policy=errors,sampled=true}") == 1);
  CHECK(rig.metric("count_traces_sampled{decision=not_sampled,policy=errors,sampled=false}") == 1);
  CHECK(rig.metric("global_count_traces_sampled{decision=sampled,sampled=true}") == 1);
  CHECK(rig.metric("sampling_traces_on_memory") == 2);  // kept for late spans
}

TEST_CASE("tail: the policy label carries the processor's name") {
  TailRig rig("{decision_wait: 1s, " + kErrors + "}", 1, "tail_sampling/two");
  rig.send({failed(1, 1)});
  rig.wait(3s);
  CHECK(rig.metric("count_traces_sampled{decision=sampled,policy=two.errors,sampled=true}") == 1);
}

TEST_CASE("tail: spans leave as they came, grouped as they came") {
  TailRig rig("{decision_wait: 1s, " + kErrors + "}");
  Batch sent = request({TestResource{{Tag::string("service.name", "a")}, {failed(1, 1), plain(2, 2), plain(1, 3)}},
                        TestResource{{Tag::string("service.name", "b")}, {plain(1, 4), failed(3, 5)}}});
  const Batch before = sent;
  rig.send(std::move(sent));
  rig.send({plain(3, 6)});
  rig.wait(3s);
  REQUIRE(rig.sinks[0]->batches.size() == 1);
  const Batch& out = rig.sinks[0]->batches[0];
  CHECK(rig.kept() == Ids{1, 3, 4, 5, 6});
  CHECK_FALSE(out.whole);
  CHECK(out.resources.size() == 3);
  CHECK(out.scopes.size() == 3);
  CHECK(out.parts.size() == 2);
  for (const SpanRecord& span : out.spans) {
    const auto original = std::find_if(before.spans.begin(), before.spans.end(),
                                       [&](const SpanRecord& s) { return s.span_id == span.span_id; });
    if (original == before.spans.end()) continue;
    CHECK(out.body(span) == before.body(*original));
    CHECK(out.name(span) == "operation");
    CHECK(span.trace_id == original->trace_id);
    CHECK(span.parent_id == original->parent_id);
    CHECK(span.status == original->status);
    CHECK(span.end_ns == original->end_ns);
    CHECK(otlp::service_name(out, out.scopes[span.scope].resource) ==
          otlp::service_name(before, before.scopes[original->scope].resource));
  }
}

TEST_CASE("tail: late spans follow the decision on their trace") {
  TailRig rig("{decision_wait: 1s, " + kErrors + "}");
  rig.send({failed(1, 1), plain(2, 2)});
  rig.wait(5s);
  rig.send({plain(1, 3), failed(2, 4), plain(1, 5)});
  CHECK(rig.kept() == Ids{1, 3, 5});
  CHECK(rig.held() == 0);
  CHECK(rig.outcome(Outcome::kSampledOut) == 2);
  CHECK(rig.telemetry.seen("otelcol_processor_tail_sampling_sampling_late_span_age").size() == 3);
  CHECK(rig.telemetry.seen("otelcol_processor_tail_sampling_sampling_late_span_age")[0] == 3);
}

TEST_CASE("tail: decision caches take the decided traces out of the table and go on answering") {
  TailRig rig("{decision_wait: 1s, decision_cache: {sampled_cache_size: 2, non_sampled_cache_size: 10}, " + kErrors +
              "}");
  CHECK(rig.processor->placement() == Placement::kHomeShard);
  rig.send({failed(1, 1), plain(2, 2), failed(3, 3), failed(4, 4)});
  rig.wait(3s);
  CHECK(rig.metric("sampling_traces_on_memory") == 0);
  rig.send({plain(3, 5), failed(2, 6), plain(4, 7)});
  CHECK(rig.kept() == Ids{1, 3, 4, 5, 7});
  CHECK(rig.metric("early_releases_from_cache_decision{sampled=true}") == 2);
  CHECK(rig.metric("early_releases_from_cache_decision{sampled=false}") == 1);
  rig.send({plain(1, 8)});  // was pushed out of the cache of two: a new trace
  CHECK(rig.held() == 1);
}

TEST_CASE("tail: only one cache on, the other decisions stay in the table") {
  TailRig rig("{decision_wait: 1s, decision_cache: {sampled_cache_size: 1000}, " + kErrors + "}");
  rig.send({failed(1, 1), plain(2, 2)});
  rig.wait(3s);
  CHECK(rig.metric("sampling_traces_on_memory") == 1);
  rig.send({plain(1, 3), failed(2, 4)});
  CHECK(rig.kept() == Ids{1, 3});
}

TEST_CASE("tail: a root starts its own, shorter wait") {
  TailRig rig("{decision_wait: 30s, decision_wait_after_root_received: 1s, " + kErrors + "}");
  TestSpan root = failed(1, 1);
  root.parent = 0;
  rig.send({root, failed(2, 2)});
  rig.wait(2s);
  CHECK(rig.kept() == Ids{1});
  CHECK(rig.held() == 1);
  root = plain(2, 3);
  root.parent = 0;
  rig.send({root});
  rig.wait(2s);
  CHECK(rig.kept() == Ids{1, 2, 3});
}

TEST_CASE("tail: written num_traces evicts the oldest undecided") {
  TailRig rig("{decision_wait: 3s, num_traces: 10, " + kAll + "}");
  for (uint64_t trace = 1; trace <= 60; ++trace) rig.send({plain(trace, trace * 2), plain(trace, trace * 2 + 1)});
  CHECK(rig.held() == 20);
  CHECK(rig.dropped(DropReason::kEvicted) == 100);
  CHECK(rig.metric("sampling_trace_dropped_too_early") == 50);
  rig.wait(5s);
  CHECK(rig.kept().size() == 20);
  CHECK(rig.kept().front() == 102);
  // Decided ones make room without loss.
  for (uint64_t trace = 101; trace <= 110; ++trace) rig.send({plain(trace, trace * 2)});
  CHECK(rig.dropped(DropReason::kEvicted) == 100);
  CHECK(rig.held() == 10);
}

TEST_CASE("tail: num_traces within one request, a trace evicted while it is read comes back as a new one") {
  TailRig rig("{decision_wait: 1s, num_traces: 2, " + kAll + "}");
  rig.send({plain(1, 1), plain(2, 2), plain(3, 3), plain(1, 4)});
  rig.wait(3s);
  CHECK(rig.kept() == Ids{3, 4});
  CHECK(rig.dropped(DropReason::kEvicted) == 2);
}

TEST_CASE("tail: under the default num_traces the oldest are decided early, none is lost") {
  TailRig rig("{decision_wait: 30s, " + kErrors + "}");
  std::vector<TestSpan> spans;
  for (uint64_t trace = 1; trace <= 50'100; ++trace)
    spans.push_back(trace % 2 == 0 ? failed(trace, trace) : plain(trace, trace));
  rig.send(spans);
  CHECK(rig.kept().size() == 64);  // 128 decided to make room for 100
  CHECK(rig.outcome(Outcome::kSampledOut) == 64);
  rig.flush();
  CHECK(rig.kept().size() == 25'050);
  CHECK(rig.outcome(Outcome::kDropped) == 0);
}

TEST_CASE("tail: block_on_overflow holds what comes and never stalls for good") {
  TailRig rig("{decision_wait: 1s, num_traces: 2, block_on_overflow: true, " + kAll + "}");
  rig.send({plain(1, 1), plain(2, 2), plain(3, 3), plain(1, 4), plain(4, 5)});
  rig.send({plain(5, 6)});
  CHECK(rig.held() == 6);
  rig.wait(2s);
  CHECK(rig.kept() == Ids{1, 2});  // without decision caches their places are given away nevertheless
  rig.wait(10s);
  CHECK(rig.held() == 0);
  CHECK(rig.kept() == Ids{1, 2, 3, 4, 5, 6});
}

TEST_CASE("tail: block_on_overflow lets everything in at shutdown") {
  TailRig rig("{decision_wait: 60s, num_traces: 1, block_on_overflow: true, " + kAll + "}");
  rig.send({plain(1, 1), plain(2, 2)});
  rig.send({plain(3, 3)});
  rig.flush();
  CHECK(rig.kept() == Ids{1, 2, 3});
  CHECK(rig.held() == 0);
}

TEST_CASE("tail: a trace that grows too large is given up, late spans too") {
  TailRig rig("{decision_wait: 1s, maximum_trace_size_bytes: 200, " + kAll + "}");
  rig.send({plain(1, 1), plain(2, 2)});
  rig.send({plain(1, 3), plain(1, 4), plain(1, 5), plain(1, 6)});
  CHECK(rig.held() == 1);
  rig.wait(3s);
  rig.send({plain(1, 7)});
  CHECK(rig.kept() == Ids{2});
  CHECK(rig.dropped(DropReason::kTooLarge) == 6);
  CHECK(rig.metric("traces_dropped_too_large") == 1);
  CHECK(rig.telemetry.seen("otelcol_processor_tail_sampling_sampling_late_span_age").empty());
}

TEST_CASE("tail: short of memory, what is due next is decided now") {
  World world;
  ByteBudget tight(2 << 20);
  world.env.budget = &tight;
  auto processor = make_tail_sampling(good_config<TailSamplingConfig>("{decision_wait: 30s, " + kAll + "}"), world.env);
  Sink sink(world.ledger, world.destination);
  auto stage = processor->make_stage(world.place(), sink);
  stage->on_tick(world.clock.now());
  stage->consume(request({plain(1, 1)}));
  stage->on_tick(world.clock.now());
  CHECK(stage->held() == 1);
  tight.take(2 << 20);
  stage->on_tick(world.clock.now());
  CHECK(stage->held() == 0);
  CHECK(sink.span_ids() == Ids{1});
}

TEST_CASE("tail: shutdown decides everything, or drops it where asked to") {
  for (const bool drop : {false, true}) {
    TailRig rig(std::string("{decision_wait: 60s, drop_pending_traces_on_shutdown: ") + (drop ? "true, " : "false, ") +
                kErrors + "}");
    rig.send({failed(1, 1), plain(2, 2)});
    rig.wait(1s);
    rig.flush();
    CHECK(rig.held() == 0);
    CHECK(rig.kept() == (drop ? Ids{} : Ids{1}));
    CHECK(rig.dropped(DropReason::kShutdown) == (drop ? 2 : 0));
  }
}

TEST_CASE("tail: sample_on_first_match asks no further") {
  const std::string two =
      "policies: [{name: a, type: always_sample}, {name: b, type: span_count, span_count: {min_spans: 1}}]";
  TailRig all("{decision_wait: 1s, " + two + "}"),
      first("{decision_wait: 1s, sample_on_first_match: true, " + two + "}");
  for (TailRig* rig : {&all, &first}) {
    rig->send({plain(1, 1)});
    rig->wait(3s);
    CHECK(rig->kept() == Ids{1});
  }
  CHECK(all.metric("sampling_policy_execution_count{policy=b}") == 1);
  CHECK_FALSE(first.has_metric("sampling_policy_execution_count{policy=b}"));
}

TEST_CASE("tail: a sender that waits hears of every span") {
  TailRig rig("{decision_wait: 1s, " + kErrors + "}");
  const auto origin = std::make_shared<CountingOrigin>();
  rig.send(request({TestResource{{}, {failed(1, 1), plain(2, 2), plain(2, 3), plain(1, 4)}}}, origin));
  rig.wait(3s);
  rig.send(request({TestResource{{}, {failed(2, 5), plain(1, 6)}}}, origin));
  CHECK(origin->exported == 3);
  CHECK(origin->lost == 3);
}

TEST_CASE("tail: a clock that jumps decides all that is due") {
  TailRig rig("{decision_wait: 5s, " + kAll + "}");
  rig.send({plain(1, 1)});
  rig.wait(1h, 1h);
  CHECK(rig.kept() == Ids{1});
}

TEST_CASE("tail: small written limits keep it on one shard, the default does not") {
  const auto placement = [](const std::string& yaml) { return TailRig("{" + yaml + "}", 3).processor->placement(); };
  CHECK(placement(kAll) == Placement::kWholeTraces);
  CHECK(placement("num_traces: 2999, " + kAll) == Placement::kHomeShard);
  CHECK(placement("num_traces: 3000, " + kAll) == Placement::kWholeTraces);
  CHECK(placement("decision_cache: {sampled_cache_size: 10}, " + kAll) == Placement::kHomeShard);
  CHECK(
      placement("policies: [{name: r, type: and, and: {and_sub_policy: [{name: x, type: rate_limiting, rate_limiting: "
                "{spans_per_second: 100}}]}}]") == Placement::kHomeShard);
  CHECK(placement("policies: [{name: r, type: rate_limiting, rate_limiting: {spans_per_second: 3000}}]") ==
        Placement::kWholeTraces);
}

TEST_CASE("tail: num_traces holds for the process") {
  TailRig rig("{decision_wait: 30s, num_traces: 3000, " + kAll + "}", 3);
  std::vector<TestSpan> spans;
  for (uint64_t trace = 1; trace <= 4000; ++trace) spans.push_back(plain(trace * 7919, trace));
  for (size_t at = 0; at < spans.size(); at += 50)
    rig.send({spans.begin() + static_cast<long>(at), spans.begin() + static_cast<long>(at) + 50});
  CHECK(rig.held() == 3000);
  CHECK(rig.dropped(DropReason::kEvicted) == 1000);
}

}  // namespace weir::test
