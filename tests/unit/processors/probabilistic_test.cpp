// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"
#include "processors/probabilistic_sampler/probabilistic_sampler.h"
#include "processors/probabilistic_sampler/sampling_state.h"

namespace weir::test {

namespace {

struct Sampled {
  std::vector<uint64_t> kept;
  uint64_t sampled_out = 0;
  std::vector<std::string> states;
};

Sampled sample(const std::string& yaml, std::vector<TestSpan> spans) {
  World world;
  Sink sink(world.ledger, world.destination);
  const auto processor = make_probabilistic_sampler(good_config<ProbabilisticSamplerConfig>(yaml), world.env);
  const size_t count = spans.size();
  world.ledger.admit(world.destination, count);
  processor->make_stage(world.place(), sink)->consume(request(std::move(spans)));
  Sampled result{sink.span_ids(), world.outcome(Outcome::kSampledOut), {}};
  for (const Batch& batch : sink.batches) {
    for (const SpanRecord& span : batch.spans) result.states.emplace_back(otlp::trace_state(batch, span));
  }
  CHECK(world.account().settled() == count);
  return result;
}

std::vector<TestSpan> many(uint64_t count) {
  std::vector<TestSpan> spans;
  for (uint64_t i = 1; i <= count; ++i) {
    TestSpan span;
    span.trace = mix64(i);
    span.id = i;
    spans.push_back(span);
  }
  return spans;
}

TestSpan with_state(std::string state) {
  TestSpan span;
  span.trace_state = std::move(state);
  return span;
}

}  // namespace

TEST_CASE("probabilistic_sampler: the share that was asked for, the same each time") {
  for (const char* mode : {"hash_seed", "equalizing", "proportional"}) {
    const std::string yaml = std::string("{mode: ") + mode + ", sampling_percentage: 25}";
    const Sampled first = sample(yaml, many(4000));
    INFO(mode);
    CHECK(first.kept.size() > 850);
    CHECK(first.kept.size() < 1150);
    CHECK(first.kept.size() + first.sampled_out == 4000);
    CHECK(sample(yaml, many(4000)).kept == first.kept);
  }
  CHECK(sample("{sampling_percentage: 0}", many(100)).kept.empty());
  CHECK(sample("{sampling_percentage: 100}", many(100)).kept.size() == 100);
  CHECK(sample("{sampling_percentage: 20, hash_seed: 1}", many(400)).kept !=
        sample("{sampling_percentage: 20, hash_seed: 2}", many(400)).kept);
}

TEST_CASE("probabilistic_sampler: sampling.priority overrides") {
  auto spans = many(3);
  spans[0].tags = {Tag::integer("sampling.priority", 1)};
  spans[1].tags = {Tag::integer("sampling.priority", 0)};
  spans[2].tags = {Tag::string("sampling.priority", "2.5")};
  CHECK(sample("{sampling_percentage: 0}", spans).kept == std::vector<uint64_t>{1, 3});
  CHECK(sample("{sampling_percentage: 100}", spans).kept == std::vector<uint64_t>{1, 3});
}

TEST_CASE("probabilistic_sampler: thresholds are written into the trace state") {
  const auto equal = sample("{mode: equalizing, sampling_percentage: 50}", {with_state("ot=rv:ffffffffffffff,a=1")});
  REQUIRE(equal.states.size() == 1);
  CHECK(equal.states[0] == "ot=rv:ffffffffffffff;th:8,a=1");
  // A span that was sampled at less already keeps its threshold there, and is thinned out further here.
  const auto kept = sample("{mode: equalizing, sampling_percentage: 50}", {with_state("ot=rv:ffffffffffffff;th:c")});
  CHECK(kept.states == std::vector<std::string>{"ot=rv:ffffffffffffff;th:c"});
  const auto thinner =
      sample("{mode: proportional, sampling_percentage: 50}", {with_state("ot=rv:ffffffffffffff;th:8")});
  CHECK(thinner.states == std::vector<std::string>{"ot=rv:ffffffffffffff;th:c"});
}

TEST_CASE("probabilistic_sampler: a trace state that does not allow a decision") {
  // The threshold says that the span cannot be here.
  const auto wrong = with_state("ot=rv:00000000000000;th:8");
  CHECK(sample("{mode: equalizing, sampling_percentage: 50}", {wrong}).kept.empty());
  CHECK(sample("{mode: equalizing, sampling_percentage: 50, fail_closed: false}", {wrong}).kept.size() == 1);
  CHECK(sample("{mode: hash_seed, sampling_percentage: 100}", {with_state("ot=th:8")}).kept.empty());
  CHECK(sample("{mode: equalizing, sampling_percentage: 100}", {with_state("not a state")}).kept.empty());
}

TEST_CASE("thresholds of probabilities") {
  CHECK(threshold_of(1, 4) == 0);
  CHECK(threshold_of(0.5, 4) == uint64_t{0x80000000000000});
  CHECK(threshold_of(0.25, 4) == uint64_t{0xc0000000000000});
  CHECK(threshold_of(1.0 / 3, 4) == uint64_t{0xaaab0000000000});
  CHECK(threshold_of(1.0 / 3, 14) == uint64_t{0xaaaaaaaaaaaaac});
  CHECK(threshold_of(0.01, 4) == uint64_t{0xfd70a000000000});
  CHECK(threshold_of(0, 4) == kNeverSampled);
}

TEST_CASE("probabilistic_sampler: wrong values are refused") {
  const auto count = [](const std::string& yaml) {
    return read_config<ProbabilisticSamplerConfig>(yaml).second.size();
  };
  CHECK(count("{sampling_percentage: -1}") == 1);
  CHECK(count("{sampling_percentage: 1.0e-20}") == 1);
  CHECK(count("{sampling_percentage: 1, sampling_precision: 15}") == 1);
  CHECK(count("{sampling_percentage: 1, mode: other}") == 1);
  CHECK(count("{sampling_percentage: 200, mode: equalizing, sampling_precision: 14}") == 0);
}

}  // namespace weir::test
