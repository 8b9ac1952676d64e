// SPDX-License-Identifier: Apache-2.0
#include "support/catch.h"
#include "wiring_world.h"

namespace weir::test {
TEST_CASE("a request without trace-bound components leaves whole, whatever shard it came on") {
  World world(3);
  GraphParts parts;
  auto exporter = std::make_unique<FakeExporter>(world.ledger);
  FakeExporter& sink = *exporter;
  parts.exporters[{"otlp", Signal::kTraces}] = std::move(exporter);
  parts.pipelines.push_back(pipeline("traces", {"otlp"}, {"otlp"}));
  world.build(std::move(parts));

  for (uint32_t shard = 0; shard < 3; ++shard) world.send(shard, make_batch(shard * 100, 20));
  world.shards.run_until_idle();
  REQUIRE(sink.kept().size() == 3);
  for (const Batch& batch : sink.kept()) CHECK(batch.spans.size() == 20);
  CHECK(world.answers == std::vector<Answer::Kind>(3, Answer::Kind::kAccepted));
  world.check_identity();
  sink.settle_all(Settled::exported());
  CHECK(world.outcome(0, Outcome::kExported) == 60);
  world.check_identity();
}

TEST_CASE("all spans of a trace meet on one shard, and law 4 holds after every task") {
  const uint64_t seed = GENERATE(1, 2, 3, 4, 5);
  const uint32_t shard_count = GENERATE(1u, 3u);
  World world(shard_count, seed);
  GraphParts parts;
  auto exporter = std::make_unique<FakeExporter>(world.ledger);
  FakeExporter& sink = *exporter;
  auto sampler = std::make_unique<FakeProcessor>(Placement::kWholeTraces, world.ledger, 3, true, true);
  FakeProcessor& seen = *sampler;
  parts.exporters[{"a", Signal::kTraces}] = std::move(exporter);
  parts.exporters[{"b", Signal::kTraces}] = std::make_unique<FakeExporter>(world.ledger);
  parts.pipelines.push_back(pipeline("traces", {"otlp"}, {"a", "b"}));
  parts.pipelines.back().processors.push_back(std::move(sampler));
  parts.pipelines.back().processors.push_back(std::make_unique<FakeProcessor>(Placement::kHomeShard, world.ledger));
  world.build(std::move(parts));

  for (uint32_t i = 0; i < 30; ++i) world.send(i % shard_count, make_batch((i / 3) * 10, 20, 4));
  while (world.shards.run_one()) world.check_identity();
  for (const auto& [trace, shards] : seen.shards_of_trace) CHECK(shards.size() == 1);
  world.drain();
  world.check_identity();
  const uint64_t out = world.outcome(0, Outcome::kSampledOut);
  CHECK(out > 0);
  CHECK(sink.spans() == 600 - out);
  CHECK(world.ledger.account(0).admitted == 600);
}

TEST_CASE("a forward leads to the destinations behind it, once for each way") {
  World world(2);
  GraphParts parts;
  parts.exporters[{"a", Signal::kTraces}] = std::make_unique<FakeExporter>(world.ledger);
  FakeExporter& sink = static_cast<FakeExporter&>(*parts.exporters[{"a", Signal::kTraces}]);
  parts.forwards = {"forward"};
  parts.pipelines.push_back(pipeline("traces/in", {"otlp"}, {"forward", "a"}));
  parts.pipelines.push_back(pipeline("traces/out", {"forward"}, {"a"}));
  world.build(std::move(parts));

  world.send(1, make_batch(1, 10));
  world.shards.run_until_idle();
  REQUIRE(world.ledger.size() == 2);
  world.check_identity();
  CHECK(sink.spans() == 20);
  sink.settle_all(Settled::exported());
  CHECK(world.outcome(0, Outcome::kExported) == 10);
  CHECK(world.outcome(1, Outcome::kExported) == 10);
  world.check_identity();
}

TEST_CASE("connectors observe: whole traces on one shard while the exporters' request stays whole") {
  World world(3);
  GraphParts parts;
  parts.exporters[{"a", Signal::kTraces}] = std::make_unique<FakeExporter>(world.ledger);
  parts.exporters[{"p", Signal::kMetrics}] = std::make_unique<FakeExporter>(world.ledger);
  FakeExporter& sink = static_cast<FakeExporter&>(*parts.exporters[{"a", Signal::kTraces}]);
  FakeExporter& metrics = static_cast<FakeExporter&>(*parts.exporters[{"p", Signal::kMetrics}]);
  auto graph = std::make_unique<FakeConnector>(Placement::kWholeTraces);
  auto single = std::make_unique<FakeConnector>(Placement::kHomeShard);
  FakeConnector &edges = *graph, &small = *single;
  parts.connectors["graph"] = std::move(graph);
  parts.connectors["small"] = std::move(single);
  parts.pipelines.push_back(pipeline("traces", {"otlp"}, {"a", "graph", "small"}));
  parts.pipelines.push_back(pipeline("metrics", {"graph", "small"}, {"p"}, Signal::kMetrics));
  world.build(std::move(parts));

  for (uint32_t i = 0; i < 9; ++i) world.send(i % 3, make_batch((i / 3) * 10, 20, 4));
  world.shards.run_until_idle();
  CHECK_FALSE(edges.trace_on_two_shards);
  CHECK(edges.spans_seen.size() == 3);
  CHECK(small.spans_seen.size() == 1);
  CHECK(small.spans_seen.begin()->second == 180);
  for (const Batch& batch : sink.kept()) CHECK(batch.spans.size() == 20);
  world.drain();
  CHECK(metrics.kept().size() == 2);
  world.check_identity();
}

TEST_CASE("a sender that waits for delivery hears the worst outcome of the destinations it waits for") {
  World world(2);
  GraphParts parts;
  parts.exporters[{"now", Signal::kTraces}] = std::make_unique<FakeExporter>(world.ledger, true);
  parts.exporters[{"queued", Signal::kTraces}] = std::make_unique<FakeExporter>(world.ledger);
  FakeExporter& waits = static_cast<FakeExporter&>(*parts.exporters[{"now", Signal::kTraces}]);
  FakeExporter& queued = static_cast<FakeExporter&>(*parts.exporters[{"queued", Signal::kTraces}]);
  parts.pipelines.push_back(pipeline("traces", {"otlp"}, {"now", "queued"}));
  parts.pipelines.back().processors.push_back(std::make_unique<FakeProcessor>(Placement::kEveryShard, world.ledger, 4));
  world.build(std::move(parts));

  world.send(0, make_batch(1, 10));
  world.shards.run_until_idle();
  CHECK(world.answers.empty());
  queued.settle_all(Settled::dropped(DropReason::kRefused));
  CHECK(world.answers.empty());
  waits.settle_all(Settled::dropped(DropReason::kRetriesExhausted, "backend is away", true));
  CHECK(world.answers == std::vector{Answer::Kind::kRetryLater});

  world.send(1, make_batch(50, 10));
  world.shards.run_until_idle();
  waits.settle_all(Settled::exported());
  CHECK(world.answers.back() == Answer::Kind::kAccepted);
  world.send(1, make_batch(70, 10));
  world.shards.run_until_idle();
  waits.settle_all(Settled::dropped(DropReason::kRefused, "no"));
  CHECK(world.answers.back() == Answer::Kind::kRefused);
  queued.settle_all(Settled::exported());
  world.check_identity();
}

TEST_CASE("behind a processor that answers early nobody waits for delivery") {
  World world(1);
  GraphParts parts;
  parts.exporters[{"now", Signal::kTraces}] = std::make_unique<FakeExporter>(world.ledger, true);
  parts.pipelines.push_back(pipeline("traces", {"otlp"}, {"now"}));
  parts.pipelines.back().processors.push_back(
      std::make_unique<FakeProcessor>(Placement::kHomeShard, world.ledger, 0, true, true));
  world.build(std::move(parts));
  world.send(0, make_batch(1, 10));
  world.shards.run_until_idle();
  CHECK(world.answers == std::vector{Answer::Kind::kAccepted});
  world.check_identity();
}

TEST_CASE("what exporters still have at the deadline is dropped for shutdown") {
  World world(2);
  GraphParts parts;
  parts.exporters[{"a", Signal::kTraces}] = std::make_unique<FakeExporter>(world.ledger);
  parts.pipelines.push_back(pipeline("traces", {"otlp"}, {"a"}));
  world.build(std::move(parts));
  CHECK(world.graph->admission("otlp", Signal::kMetrics) == nullptr);
  CHECK(world.graph->admission("other", Signal::kTraces) == nullptr);
  world.send(0, make_batch(1, 10));
  world.shards.run_until_idle();
  CHECK_FALSE((world.graph->exporters_idle(0) && world.graph->exporters_idle(1)));
  for (uint32_t shard = 0; shard < 2; ++shard) world.graph->abandon_exporters(shard);
  CHECK(world.ledger.account(0).dropped[static_cast<size_t>(DropReason::kShutdown)] == 10);
  CHECK((world.graph->exporters_idle(0) && world.graph->exporters_idle(1)));
  world.check_identity();
}

}  // namespace weir::test
