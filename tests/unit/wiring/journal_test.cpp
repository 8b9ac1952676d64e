// SPDX-License-Identifier: Apache-2.0
#include "support/catch.h"
#include "support/fake_journal.h"
#include "wiring_world.h"

namespace weir::test {
namespace {

// traces: otlp -> [sampler that drops every third span] -> a, b and a connector, journaled.
struct JournaledWorld : World {
  explicit JournaledWorld(uint32_t shard_count, uint64_t drop_every = 0, bool b_on_delivery = false)
      : World(shard_count) {
    env.journal = &journal;
    GraphParts parts;
    auto first = std::make_unique<FakeExporter>(ledger);
    auto second = std::make_unique<FakeExporter>(ledger, b_on_delivery);
    auto counted = std::make_unique<FakeConnector>(Placement::kEveryShard);
    a = first.get();
    b = second.get();
    connector = counted.get();
    parts.exporters[{"a", Signal::kTraces}] = std::move(first);
    parts.exporters[{"b", Signal::kTraces}] = std::move(second);
    parts.connectors["counted"] = std::move(counted);
    parts.exporters[{"m", Signal::kMetrics}] = std::make_unique<FakeExporter>(ledger);
    parts.pipelines.push_back(pipeline("traces", {"otlp"}, {"a", "b", "counted"}));
    parts.pipelines.back().processors.push_back(
        std::make_unique<FakeProcessor>(Placement::kWholeTraces, ledger, drop_every));
    parts.pipelines.push_back(pipeline("metrics", {"counted"}, {"m"}, Signal::kMetrics));
    parts.journaled[{"otlp", Signal::kTraces}] = Ack::kDurable;
    build(std::move(parts));
  }
  DestinationId id_of(const std::string& exporter) const {
    for (DestinationId i = 0; i < ledger.size(); ++i) {
      if (ledger.account(i).exporter == exporter) return i;
    }
    return kNoDestination;
  }
  void check_exporters() {
    const std::vector<uint64_t> held = graph->held();
    for (const char* exporter : {"a", "b"}) {
      const Ledger::Account& account = ledger.account(id_of(exporter));
      INFO(exporter);
      REQUIRE(account.admitted == account.settled() + held[id_of(exporter)]);
    }
  }
  uint64_t counted() const {
    uint64_t sum = 0;
    for (const auto& [shard, spans] : connector->spans_seen) sum += spans;
    return sum;
  }

  FakeJournal journal;
  FakeExporter* a = nullptr;
  FakeExporter* b = nullptr;
  FakeConnector* connector = nullptr;
};

}  // namespace

TEST_CASE("edge: nothing enters and nobody is answered before the journal has it") {
  JournaledWorld world(GENERATE(1u, 3u));
  world.send(0, make_batch(1, 6));
  world.send(0, make_batch(50, 4));
  world.shards.run_until_idle();
  REQUIRE(world.journal.waiting.size() == 2);
  CHECK(world.journal.waiting[0].request.items == 6);
  CHECK(world.answers.empty());
  CHECK(world.a->spans() == 0);

  const auto account = world.journal.accept();
  world.shards.run_until_idle();
  CHECK(world.answers == std::vector{Answer::Kind::kAccepted});
  CHECK(world.a->spans() == 6);
  CHECK(world.a->kept().front().parts[0].sequence == 100);
  world.check_exporters();

  world.a->settle_all(Settled::exported());
  world.b->settle_all(Settled::exported());
  CHECK(account->settled[world.id_of("a")].size() == 6);
  CHECK(account->settled[world.id_of("b")].size() == 6);
  CHECK(world.counted() == 6);
}

TEST_CASE("edge: what could not be made safe is refused and leaves no trace") {
  JournaledWorld world(1);
  world.send(0, make_batch(1, 6));
  world.shards.run_until_idle();
  world.journal.refuse("journal: fdatasync: Input/output error");
  world.shards.run_until_idle();
  CHECK(world.answers == std::vector{Answer::Kind::kRetryLater});
  CHECK(world.a->spans() == 0);
  CHECK(world.ledger.account(world.id_of("a")).admitted == 0);
}

TEST_CASE("edge: while the past is replayed, requests are answered and left to the replay") {
  JournaledWorld world(1);
  world.send(0, make_batch(1, 6));
  world.shards.run_until_idle();
  world.journal.accept(true);
  world.shards.run_until_idle();
  CHECK(world.answers == std::vector{Answer::Kind::kAccepted});
  CHECK(world.a->spans() == 0);
}

TEST_CASE("edge: a sender that waits for an outcome is told to come again while the past is replayed") {
  JournaledWorld world(1, 0, true);
  world.graph->set_replaying(true);
  world.send(0, make_batch(1, 6));
  world.shards.run_until_idle();
  CHECK(world.journal.waiting.empty());
  CHECK(world.answers == std::vector{Answer::Kind::kRetryLater});
}

TEST_CASE("edge: the account hears of destinations that answer early, the sender of the other") {
  JournaledWorld world(1, 0, true);
  world.send(0, make_batch(1, 6));
  world.shards.run_until_idle();
  const auto account = world.journal.accept();
  world.shards.run_until_idle();
  CHECK(world.answers.empty());
  world.b->settle_all(Settled::dropped(DropReason::kRefused, "no", false));
  world.shards.run_until_idle();
  CHECK(world.answers == std::vector{Answer::Kind::kRefused});
  CHECK(account->settled.empty());
  world.a->settle_all(Settled::exported());
  CHECK(account->settled[world.id_of("a")].size() == 6);
}

TEST_CASE("replay: what is settled at one destination goes to the others only, and the books balance") {
  JournaledWorld world(GENERATE(1u, 3u), GENERATE(0u, 3u));
  const DestinationId a = world.id_of("a"), b = world.id_of("b"), counted = world.id_of("counted");
  REQUIRE(world.graph->journaled_edges().size() == 1);
  Edge& edge = *world.graph->journaled_edges().front();
  CHECK(edge.journaled() == std::vector{a, b, counted});

  const auto account = std::make_shared<FakeAccount>(7);
  account->before[a] = {0, 1, 2, 3, 4, 5};
  account->before[counted] = {2, 4};
  Batch batch = make_batch(1, 10);
  batch.parts[0].origin = account;
  batch.parts[0].sequence = 7;
  world.shards.at(0).post([&] { edge.replay(std::move(batch), 0); });
  while (world.shards.run_one()) world.check_exporters();

  CHECK(world.ledger.account(a).admitted == 4);
  CHECK(world.ledger.account(a).replayed == 4);
  CHECK(world.ledger.account(b).admitted == 10);
  world.a->settle_all(Settled::exported());
  world.b->settle_all(Settled::exported());
  world.check_exporters();
  CHECK(world.ledger.account(a).ghosts == 0);
  CHECK(world.ledger.account(b).ghosts == 0);
  CHECK(account->settled[a].size() == 4);
  CHECK(account->settled[b].size() == 10);
  const uint64_t dropped = world.outcome(b, Outcome::kSampledOut);
  const auto settled_there = account->settled[counted].size();  // by the sampler; the rest a checkpoint settles
  CHECK(world.counted() + settled_there == 8);
  CHECK((dropped == 0) == (settled_there == 0));
}

}  // namespace weir::test
