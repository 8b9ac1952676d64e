// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>

#include "journal/checkpoint_file.h"
#include "journal/quarantine.h"
#include "journal/reader.h"
#include "support/catch.h"
#include "unit/journal/journal_world.h"

namespace weir::journal {
namespace {

using test::SimDisk;
using Op = SimDisk::Op;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

std::unique_ptr<SimDisk> crashed(const SimDisk& disk, uint64_t seed = 7) {
  std::mt19937_64 random(seed);
  return disk.crash(random);
}
uint64_t lost_at(const std::vector<LostItems>& lost, const std::string& name, DropReason reason) {
  uint64_t items = 0;
  for (const LostItems& one : lost) items += one.name == name && one.reason == reason ? one.items : 0;
  return items;
}
uint64_t bytes_of_segments(const SimDisk& disk) {
  uint64_t bytes = 0;
  for (const std::string& name : disk.names()) bytes += name.rfind("segment-", 0) == 0 ? disk.bytes(name).size() : 0;
  return bytes;
}
JournalOptions small(uint64_t max_bytes = 4 << 20) {
  JournalOptions options;
  options.max_bytes = max_bytes;
  options.segment_bytes = 16 << 10;
  return options;
}

TEST_CASE("a disk that fails refuses, says why at once, and is tried every second") {
  SimDisk disk;
  JournalWorld world(disk);
  world.replay();
  world.append_now("before", 1);
  const bool all_fails = GENERATE(false, true);  // then what was refused cannot even be cut off
  disk.on_call = [&](Op op, const std::string&) {
    return op == Op::kSync || (all_fails && (op == Op::kTruncate || op == Op::kRemove)) ? EIO : 0;
  };
  const AppendResult refused = world.append_now("refused", 1);
  CHECK_FALSE(refused.ok);
  CHECK(refused.retry_after == 2s);
  CHECK(refused.error == "journal: Input/output error");
  CHECK_FALSE(world.journal->health().accepting);
  CHECK(world.journal->health().reason == "journal: Input/output error");
  bool written = false;
  world.journal->append_decisions("tail", {{}}, world.stages(), [&written] { written = true; });
  world.run(1500ms);
  CHECK_FALSE(written);
  CHECK_FALSE(world.append_now("refused too", 1).ok);
  disk.heal();
  world.run(1s);
  CHECK(written);
  CHECK(world.journal->health().accepting);
  CHECK(world.append_now("after", 1).ok);
  const auto after = all_fails ? disk.kill() : crashed(disk);
  JournalWorld again(*after);
  CHECK(again.lost.empty());
  std::vector<std::string> found;
  for (const ReplayRecord& record : again.replay()) found.emplace_back(record.bytes->view());
  CHECK(found == std::vector<std::string>{"before", "after"});
}

TEST_CASE("what was answered from memory is written when the disk works again") {
  SimDisk disk;
  JournalWorld world(disk);
  world.replay();
  disk.on_call = [](Op op, const std::string&) { return op == Op::kWrite ? EIO : 0; };
  const AppendResult request = world.append_now("in memory", 1, Ack::kMemory);
  CHECK(request.ok);
  CHECK(world.read(request.sequence) == "in memory");
  disk.heal();
  world.run(1100ms);
  CHECK(world.read(request.sequence) == "in memory");
  const auto after = crashed(disk);
  JournalWorld again(*after);
  CHECK(again.replay().size() == 1);
}

TEST_CASE("one record that stays does not pin the log") {
  SimDisk disk;
  JournalOptions options = small();
  options.checkpoint_bytes = 50'000;
  JournalWorld world(disk, options, 1, {one_way()});
  world.replay();
  const AppendResult stays = world.append_now("stays", 1);
  std::vector<OriginRef> sparse;
  for (int i = 0; i < 2000; ++i) {
    const AppendResult result = world.append_now(std::string(1000, 'x'), 1);
    if (i % 40 == 0) {
      sparse.push_back(result.account);
    } else {
      JournalWorld::settle(result.account, kTempo, {0});
    }
    if (i % 20 == 0) world.run(10ms);
  }
  world.run(5s);
  const uint64_t live = 50 * 1200;
  CHECK(bytes_of_segments(disk) <= 2 * live + 12 * options.segment_bytes);
  CHECK(world.read(stays.sequence) == "stays");
  const auto after = crashed(disk);
  JournalWorld again(*after, options, 1, {one_way()});
  CHECK(again.lost.empty());
  CHECK(again.replay().size() == 51);
}

TEST_CASE("a broken checkpoint costs nothing, two of them only repetition") {
  SimDisk disk;
  JournalWorld world(disk, small(), 1, {three_ways()});
  world.replay();
  std::vector<AppendResult> results;
  for (int i = 0; i < 60; ++i) {
    results.push_back(world.append_now(std::string(1000, 'x'), 1));
    if (i % 2 == 0) {
      for (const DestinationId to : {kTempo, kJaeger}) JournalWorld::settle(results.back().account, to, {0});
      world.checkpoint("state " + std::to_string(i), {{results.back().sequence, kMetrics, {0}}});
    }
  }
  world.run(200ms);
  const auto after = crashed(disk);
  after->flip_bit("checkpoint", 40, 3);
  if (GENERATE(false, true)) {
    after->zero("checkpoint.old", 0, 30);
    JournalWorld again(*after, small());
    CHECK(again.error.empty());
    CHECK(again.lost.empty());
    CHECK(again.replay().size() >= 30);
    return;
  }
  JournalWorld again(*after, small());
  CHECK(again.lost.empty());
  CHECK(again.journal->restored_state("span_metrics") == "state 56");
  CHECK(again.replay().size() == 31);  // with the one that only the broken one had
}

TEST_CASE("a newer format is left alone") {
  SimDisk disk;
  { JournalWorld(disk).append_now("request", 1); }
  { CHECK(JournalWorld(disk).checkpoint("state")); }
  const std::string before = disk.bytes("checkpoint");
  std::string newer = before;
  newer[8] = 2;
  const auto checksum = [](std::string_view bytes) {
    uint32_t crc = UINT32_MAX;
    for (const char byte : bytes) {
      crc ^= static_cast<uint8_t>(byte);
      for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0x82f63b78U & (0U - (crc & 1)));
    }
    return ~crc;
  };
  const uint32_t crc = checksum(std::string_view(newer).substr(0, newer.size() - 4));
  std::memcpy(newer.data() + newer.size() - 4, &crc, 4);
  disk.put("checkpoint", newer);
  const auto names = disk.names();
  JournalWorld again(disk);
  CHECK(again.error.find("format 2") != std::string::npos);
  CHECK(disk.names() == names);
  CHECK(disk.bytes("checkpoint") == newer);
}

TEST_CASE("what cannot be read any more is counted by destination, once") {
  SimDisk disk;
  JournalWorld world(disk, small(), 1, {three_ways()});
  world.replay();
  const AppendResult first = world.append_now("first", 5);
  world.append_now("second" + std::string(1000, '2'), 7);
  world.append_now("third", 2);
  JournalWorld::settle(first.account, kTempo, {0, 1, 2, 3, 4});
  world.run(200ms);
  if (GENERATE(false, true)) world.checkpoint("");
  const std::string segment = "segment-0000000000000001";
  const size_t at = disk.bytes(segment).find("second");
  const size_t first_at = disk.bytes(segment).find("first");
  disk.flip_bit(segment, at + 100, 2);
  disk.flip_bit(segment, first_at, 2);
  JournalWorld again(disk, small());
  CHECK(lost_at(again.lost, "traces -> tempo", DropReason::kCorrupt) == 7);
  CHECK(lost_at(again.lost, "traces -> jaeger", DropReason::kCorrupt) == 12);
  CHECK(lost_at(again.lost, "traces => span_metrics", DropReason::kCorrupt) == 12);
  CHECK(again.replay().size() == 1);
  JournalWorld third(disk, small());
  CHECK(third.lost.empty());
  CHECK(third.replay().size() == 1);
}

TEST_CASE("a record whose head is broken is missed by the items it had") {
  SimDisk disk;
  JournalWorld world(disk, small(), 1, {three_ways()});
  world.replay();
  world.append_now("first", 5);
  world.append_now("second", 7);
  world.append_now("third", 2);
  const bool checkpointed = GENERATE(false, true);
  if (checkpointed) world.checkpoint("");
  world.append_now("opens nothing", 1);
  const std::string segment = "segment-0000000000000001";
  const size_t at = disk.bytes(segment).find("second");
  disk.zero(segment, at - 80, 60);
  JournalWorld again(disk, small());
  if (checkpointed) {
    CHECK(lost_at(again.lost, "traces -> tempo", DropReason::kCorrupt) == 7);
  } else {
    CHECK(lost_at(again.lost, "unknown", DropReason::kCorrupt) == 7);
  }
  CHECK(again.replay().size() == 3);
}

TEST_CASE("a destination that is gone is lost, a new one gets nothing old") {
  SimDisk disk;
  {
    JournalWorld world(disk);
    world.replay();
    world.append_now("request", 4);
  }
  const JournalRoute now{{"otlp/renamed", Signal::kTraces, {"traces -> new", "traces -> tempo"}}, {8, 9}};
  JournalWorld world(disk, {}, 1, {now});
  CHECK(lost_at(world.lost, "traces -> jaeger", DropReason::kDestinationRemoved) == 4);
  CHECK(lost_at(world.lost, "traces => span_metrics", DropReason::kDestinationRemoved) == 4);
  const auto records = world.replay();
  REQUIRE(records.size() == 1);
  CHECK(records[0].route == 0);
  CHECK(records[0].account->partly_settled());
  CHECK(records[0].account->settled_before(8, 0));
  CHECK_FALSE(records[0].account->settled_before(9, 0));
  JournalWorld::settle(records[0].account, 9, {0, 1, 2, 3});
  world.run(200ms);
  JournalWorld third(disk, {}, 1, {now});
  CHECK(third.lost.empty());
  CHECK(third.replay().empty());
}

TEST_CASE("a record of which the process died twice is set aside") {
  SimDisk disk;
  uint64_t poison = 0;
  {
    JournalWorld world(disk);
    world.replay();
    world.append_now("good", 1);
    poison = world.append_now("poison", 3).sequence;
  }
  JournalOptions options;
  options.crashes = {{poison - 1, 1}, {poison, 2}, {99, 5}};
  JournalWorld world(disk, options);
  CHECK(lost_at(world.lost, "traces -> tempo", DropReason::kCorrupt) == 3);
  CHECK(world.replay().size() == 1);
  std::vector<std::string> kept;
  read_quarantine(disk, [&](uint64_t record, std::string_view payload) {
    CHECK(record == poison);
    kept.emplace_back(decode_request(payload)->body);
  });
  CHECK(kept == std::vector<std::string>{"poison"});
}

TEST_CASE("refused items are kept, the newest 64 MiB of them") {
  SimDisk disk;
  {
    JournalWorld world(disk);
    world.journal->keep_refused(Signal::kLogs, "a request", "logs -> loki", "400: bad");
    world.run();
  }
  JournalWorld world(disk);
  for (char c = 'a'; c <= 't'; ++c) {
    world.journal->keep_refused(Signal::kTraces, std::string(4 << 20, c), "traces -> tempo", "400");
    world.run();
    if (c == 'a') {
      std::vector<RefusedItems> kept;
      CHECK(read_refused(disk, [&](const RefusedItems& items) { kept.push_back(items); }));
      REQUIRE(kept.size() == 2);
      CHECK(kept[0].destination == "logs -> loki");
      CHECK(kept[0].message == "400: bad");
      CHECK(kept[0].signal == Signal::kLogs);
      CHECK(kept[0].request == "a request");
    }
  }
  std::string order;
  CHECK(read_refused(disk, [&](const RefusedItems& items) { order += items.request[0]; }));
  CHECK(order == "fghijklmnopqrst");
}

TEST_CASE("a reader sees what a start would, and changes nothing") {
  SimDisk disk;
  JournalWorld world(disk);
  world.replay();
  const AppendResult first = world.append_now("first", 5);
  world.append_now("second", 2);
  JournalWorld::settle(first.account, kTempo, {0, 1});
  world.run(200ms);
  disk.put("notes.txt", "mine");
  const auto names = disk.names();
  JournalReader reader(disk, world.log);
  const JournalFacts& facts = reader.open();
  CHECK(facts.refused.empty());
  CHECK(facts.live_records == 2);
  CHECK(facts.oldest_record == first.sequence);
  CHECK(facts.oldest_received == std::chrono::seconds(1'700'000'000));
  CHECK(facts.foreign_files == std::vector<std::string>{"notes.txt"});
  REQUIRE(facts.segments.size() == 1);
  CHECK(facts.segments[0].live_records == 2);
  CHECK(facts.segments[0].live_bytes == facts.live_bytes);
  REQUIRE(facts.lag.size() == 3);
  CHECK(facts.lag[0].destination == "traces -> tempo");
  CHECK(facts.lag[0].items == 5);
  CHECK(facts.lag[1].items == 7);
  std::vector<std::string> found;
  CHECK(reader.for_each_live([&](const LiveRequest& request) { found.emplace_back(request.payload->body); }) == 0);
  CHECK(found == std::vector<std::string>{"first", "second"});
  CHECK(disk.names() == names);
}

TEST_CASE("replay waits for a record that cannot be read just now") {
  SimDisk disk;
  {
    JournalWorld world(disk);
    world.replay();
    for (const char* body : {"one", "two", "three"}) REQUIRE(world.append_now(body, 1).ok);
  }
  const auto after = disk.kill();
  JournalWorld next(*after);
  after->fail(Op::kOpen, EMFILE, 1, 3);
  std::vector<std::string> found;
  next.journal->replay(0, 1000, next.stages(), [&](std::vector<ReplayRecord> records, bool end) {
    CHECK_FALSE(end);
    for (const ReplayRecord& record : records) found.emplace_back(record.bytes->view());
  });
  next.run(1s);
  CHECK(found.empty());
  next.run(3s);
  CHECK(found == std::vector<std::string>{"one", "two", "three"});
}

}  // namespace
}  // namespace weir::journal
