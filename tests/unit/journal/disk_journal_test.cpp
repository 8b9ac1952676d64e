// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <random>

#include "journal/quarantine.h"
#include "support/catch.h"
#include "unit/journal/journal_world.h"

namespace weir::journal {
namespace {

using test::SimDisk;
using Op = SimDisk::Op;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

std::vector<std::string> bodies(const std::vector<ReplayRecord>& records) {
  std::vector<std::string> list;
  for (const ReplayRecord& record : records) list.emplace_back(record.bytes->view());
  return list;
}
std::unique_ptr<SimDisk> crashed(const SimDisk& disk, uint64_t seed = 7) {
  std::mt19937_64 random(seed);
  return disk.crash(random);
}

TEST_CASE("an acknowledged request survives a power cut, in order and byte for byte") {
  SimDisk disk;
  JournalWorld world(disk);
  REQUIRE(world.error.empty());
  REQUIRE(world.replay().empty());
  const AppendResult first = world.append_now("first", 3);
  const AppendResult second = world.append_now("second", 2);
  REQUIRE(first.ok);
  CHECK_FALSE(first.delivered_by_replay);
  CHECK(first.sequence < second.sequence);
  CHECK(first.account->record() == first.sequence);
  const auto after = crashed(disk);
  JournalWorld again(*after);
  CHECK(again.lost.empty());
  const auto records = again.replay();
  CHECK(bodies(records) == std::vector<std::string>{"first", "second"});
  CHECK(records[0].sequence == first.sequence);
  CHECK(records[0].items == 3);
  CHECK(records[0].context->receiver == "otlp");
  CHECK_FALSE(records[0].account->partly_settled());
  CHECK(again.append_now("third", 1).sequence > second.sequence);
}

TEST_CASE("what is settled everywhere is not replayed, what is settled in part is known") {
  SimDisk disk;
  JournalWorld world(disk);
  world.replay();
  const AppendResult done = world.append_now("done", 2);
  const AppendResult part = world.append_now("part", 70);
  for (const DestinationId to : {kTempo, kJaeger}) JournalWorld::settle(done.account, to, {0, 1});
  JournalWorld::settle(part.account, kTempo, JournalWorld::all(70));
  JournalWorld::settle(part.account, kJaeger, {0, 69});
  world.run(200ms);
  const auto after = crashed(disk);
  JournalWorld again(*after, {}, 1, {three_ways()});
  auto records = again.replay();
  REQUIRE(bodies(records) == std::vector<std::string>{"done", "part"});  // no connector has it yet
  const Origin& account = *records[1].account;
  CHECK(account.partly_settled());
  CHECK(account.settled_before(kTempo, 5));
  CHECK(account.settled_before(kJaeger, 0));
  CHECK_FALSE(account.settled_before(kJaeger, 1));
  CHECK(account.settled_before(kJaeger, 69));
  CHECK_FALSE(account.settled_before(kMetrics, 0));
  CHECK(again.checkpoint("state", {{records[0].sequence, kMetrics, {0, 1}}}));
  const auto later = crashed(*after);
  JournalWorld third(*later);
  CHECK(third.journal->restored_state("span_metrics") == "state");
  CHECK(bodies(third.replay()) == std::vector<std::string>{"part"});
}

TEST_CASE("all that waits shares one sync, and each shard gets one task in order of numbers") {
  SimDisk disk;
  JournalWorld world(disk);
  world.replay();
  world.append_now("opens the segment", 1);
  const uint64_t before = disk.calls(Op::kSync);
  std::vector<uint64_t> order;
  for (int i = 0; i < 20; ++i) {
    world.append("request", 1, Ack::kDurable, 0,
                 [&order](const AppendResult& result) { order.push_back(result.sequence); });
  }
  world.run();
  CHECK(disk.calls(Op::kSync) == before + 1);
  REQUIRE(order.size() == 20);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("an answer comes when it is as safe as its ack says") {
  SimDisk disk;
  JournalWorld world(disk);
  world.replay();
  world.append_now("opens the segment", 1);
  const auto [ack, writes, syncs] =
      GENERATE(table<Ack, uint64_t, uint64_t>({{Ack::kMemory, 0, 0}, {Ack::kBuffered, 1, 0}, {Ack::kDurable, 1, 1}}));
  const uint64_t writes_before = disk.calls(Op::kWrite);
  const uint64_t syncs_before = disk.calls(Op::kSync);
  uint64_t writes_then = UINT64_MAX;
  uint64_t syncs_then = UINT64_MAX;
  world.append("request", 1, ack, 0, [&](const AppendResult& result) {
    CHECK(result.ok);
    writes_then = disk.calls(Op::kWrite) - writes_before;
    syncs_then = disk.calls(Op::kSync) - syncs_before;
  });
  while (writes_then == UINT64_MAX && world.shards.run_one()) {
  }
  CHECK(writes_then >= writes);
  CHECK(syncs_then == syncs);
  world.run();
  CHECK(world.read(world.results.back().sequence) == "request");
}

TEST_CASE("an empty request has nothing to keep") {
  SimDisk disk;
  JournalWorld world(disk);
  const AppendResult empty = world.append_now("", 0);
  CHECK(empty.ok);
  CHECK(empty.account == nullptr);
  CHECK(world.replay().empty());
}

TEST_CASE("requests that come during a replay are answered, and come out of it") {
  SimDisk disk;
  {
    JournalWorld world(disk);
    world.replay();
    world.append_now("old", 1);
  }
  JournalWorld world(disk);
  const AppendResult meanwhile = world.append_now("meanwhile", 1);
  CHECK(meanwhile.ok);
  CHECK(meanwhile.delivered_by_replay);
  CHECK(bodies(world.replay()) == std::vector<std::string>{"old", "meanwhile"});
  CHECK_FALSE(world.append_now("after", 1).delivered_by_replay);
}

TEST_CASE("a request that is gathered when the replay asks for more is part of it") {
  for (uint64_t seed = 1; seed < 40; ++seed) {
    SimDisk disk;
    JournalWorld world(disk, {}, seed);
    int live = 0;
    const auto count = [&live](const AppendResult& result) { live += result.delivered_by_replay ? 0 : 1; };
    for (int i = 0; i < 5; ++i) world.append("request", 1, i % 2 == 0 ? Ack::kDurable : Ack::kMemory, 0, count);
    for (uint64_t tasks = 0; tasks < seed % 7; ++tasks) world.shards.run_one();
    const size_t replayed = world.replay().size();
    world.run();
    CHECK(replayed + static_cast<size_t>(live) == 5);
  }
}

TEST_CASE("a live record pays for what is kept of it, new or replayed") {
  SimDisk disk;
  JournalWorld world(disk);
  world.replay();
  for (int i = 0; i < 10; ++i) world.append_now("body", 4);
  CHECK(world.budget.used() >= 10 * 250);
  CHECK(world.budget.used() <= 10 * 500);
  world.results.clear();
  CHECK(world.budget.used() == 0);
  const auto after = crashed(disk);
  JournalWorld again(*after);
  auto records = again.replay();
  REQUIRE(records.size() == 10);
  for (ReplayRecord& record : records) record.bytes = {};
  CHECK(again.budget.used() >= 10 * 250);
  records.clear();
  CHECK(again.budget.used() == 0);
}

TEST_CASE("bytes can be read back while the record is live") {
  SimDisk disk;
  JournalWorld world(disk, {}, 1, {one_way()});
  world.replay();
  const AppendResult result = world.append_now(std::string(70'000, 'x'), 2);
  const uint64_t used = world.budget.used();
  CHECK(world.read(result.sequence) == std::string(70'000, 'x'));
  world.results.clear();
  CHECK(world.budget.used() == used);
  JournalWorld::settle(result.account, kTempo, {0});
  world.run(20ms);
  CHECK(world.read(result.sequence).size() == 70'000);
  JournalWorld::settle(result.account, kTempo, {1});
  world.run(20ms);
  CHECK(world.read(result.sequence) == "null");
}

TEST_CASE("decisions bind after a crash once they are written") {
  SimDisk disk;
  JournalWorld world(disk);
  world.replay();
  LoggedDecision decision{{{7, 8}}, LoggedVerdict::kNotSampled};
  bool written = false;
  world.journal->append_decisions("traces tail", {decision}, world.stages(), [&written] { written = true; });
  world.run();
  REQUIRE(written);
  const bool checkpointed = GENERATE(false, true);
  if (checkpointed) CHECK(world.checkpoint("state"));
  const auto after = crashed(disk);
  JournalWorld again(*after);
  const auto restored = again.journal->restored_decisions("traces tail");
  REQUIRE(restored.size() == 1);
  CHECK(restored[0].trace == decision.trace);
  CHECK(restored[0].verdict == LoggedVerdict::kNotSampled);
  CHECK(again.journal->restored_decisions("other").empty());
}

TEST_CASE("a connector's state and what it holds are one step") {
  SimDisk disk;
  JournalWorld world(disk);
  world.replay();
  const AppendResult request = world.append_now("request", 3);
  for (const DestinationId to : {kTempo, kJaeger}) JournalWorld::settle(request.account, to, {0, 1, 2});
  world.run(200ms);
  CHECK(world.checkpoint("one item", {{request.sequence, kMetrics, {1}}}));
  // The next one is on its way when the power goes.
  disk.on_call = [](Op op, const std::string&) { return op == Op::kRename ? EIO : 0; };
  CHECK_FALSE(world.checkpoint("all items", {{request.sequence, kMetrics, {0, 2}}}));
  const auto after = crashed(disk);
  JournalWorld again(*after);
  CHECK(again.journal->restored_state("span_metrics") == "one item");
  const auto records = again.replay();
  REQUIRE(records.size() == 1);
  CHECK_FALSE(records[0].account->settled_before(kMetrics, 0));
  CHECK(records[0].account->settled_before(kMetrics, 1));
  // Where the disk works again, the state that waited is written without being asked for.
  disk.heal();
  world.run(1200ms);
  const auto later = crashed(disk);
  JournalWorld third(*later);
  CHECK(third.journal->restored_state("span_metrics") == "all items");
  CHECK(third.replay().empty());
}

TEST_CASE("rounds of checkpoints come by time and by bytes") {
  SimDisk disk;
  JournalOptions options;
  options.checkpoint_bytes = 100'000;
  JournalWorld world(disk, options);
  world.replay();
  CHECK(world.journal->checkpoint_round() == 0);
  world.run(10s);
  CHECK(world.journal->checkpoint_round() == 1);
  world.append_now(std::string(100'001, 'x'), 1);
  world.run(10ms);
  CHECK(world.journal->checkpoint_round() == 2);
  world.run(600ms);
  CHECK(disk.exists("checkpoint"));
}

TEST_CASE("what is closed is complete") {
  SimDisk disk;
  JournalWorld world(disk, {}, 1, {one_way()});
  world.replay();
  const AppendResult done = world.append_now("done", 1);
  world.append_now("open", 1);
  JournalWorld::settle(done.account, kTempo, {0});
  CHECK(world.close());
  CHECK_FALSE(world.append_now("late", 1).ok);
  const auto after = crashed(disk);
  JournalWorld again(*after, {}, 1, {one_way()});
  CHECK(bodies(again.replay()) == std::vector<std::string>{"open"});
}

TEST_CASE("two ways to one destination are settled together or not at all") {
  const JournalRoute twice{{"otlp", Signal::kTraces, {"traces -> tempo", "traces -> tempo"}}, {kTempo, kTempo}};
  SimDisk disk;
  JournalWorld world(disk, {}, 1, {twice});
  world.replay();
  const AppendResult both = world.append_now("both", 2);
  const AppendResult once = world.append_now("once", 2);
  for (int way = 0; way < 2; ++way) JournalWorld::settle(both.account, kTempo, {0, 1});
  JournalWorld::settle(once.account, kTempo, {0, 1});
  world.run(200ms);
  if (GENERATE(false, true)) world.checkpoint("");
  const auto after = crashed(disk);
  JournalWorld again(*after, {}, 1, {twice});
  const auto records = again.replay();
  REQUIRE(bodies(records) == std::vector<std::string>{"once"});
  CHECK_FALSE(records[0].account->settled_before(kTempo, 0));
}

}  // namespace
}  // namespace weir::journal
