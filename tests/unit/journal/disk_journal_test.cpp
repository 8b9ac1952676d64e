// SPDX-License-Identifier: Apache-2.0
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

}  // namespace
}  // namespace weir::journal
