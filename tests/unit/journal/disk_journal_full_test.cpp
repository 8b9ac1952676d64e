// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <random>

#include "journal/checkpoint_file.h"
#include "support/catch.h"
#include "unit/journal/journal_world.h"

// Room that runs out: the journal's own limit, and the device's end.
namespace weir::journal {
namespace {

using test::SimDisk;
using std::chrono_literals::operator""s;

uint64_t bytes_of_segments(const SimDisk& disk) {
  uint64_t bytes = 0;
  for (const std::string& name : disk.names()) bytes += name.rfind("segment-", 0) == 0 ? disk.bytes(name).size() : 0;
  return bytes;
}
uint64_t bytes_of_all(const SimDisk& disk) {
  uint64_t bytes = 0;
  for (const std::string& name : disk.names()) bytes += disk.bytes(name).size();
  return bytes;
}
JournalOptions small(uint64_t max_bytes = 4 << 20) {
  JournalOptions options;
  options.max_bytes = max_bytes;
  options.segment_bytes = 16 << 10;
  return options;
}

TEST_CASE("a full journal refuses, and takes requests again when a segment is freed") {
  SimDisk disk;
  JournalWorld world(disk, small(1 << 20), 1, {one_way()});
  world.replay();
  std::vector<OriginRef> accounts;
  for (;;) {
    const AppendResult result = world.append_now(std::string(5000, 'x'), 1);
    if (!result.ok) {
      CHECK(result.error == "journal is full");
      CHECK(result.retry_after == 2s);
      break;
    }
    accounts.push_back(result.account);
    REQUIRE(accounts.size() < 1000);
  }
  CHECK(accounts.size() > 100);
  CHECK_FALSE(world.journal->health().accepting);
  world.run(3s);
  CHECK(bytes_of_segments(disk) <= 1 << 20);
  CHECK_FALSE(world.append_now(std::string(5000, 'x'), 1).ok);
  // Settlements are written all the same, and one segment's worth of them is enough.
  for (size_t i = 0; i < 12; ++i) JournalWorld::settle(accounts[i], kTempo, {0});
  world.run(1s);
  CHECK(world.append_now(std::string(5000, 'x'), 1).ok);
  CHECK(world.journal->health().accepting);
}

TEST_CASE("a device without room loses nothing and goes on when there is some") {
  SimDisk disk;
  JournalWorld world(disk, small(), 1, {one_way()});
  world.replay();
  disk.set_capacity(200'000);
  std::vector<OriginRef> accounts;
  for (AppendResult result; result = world.append_now(std::string(5000, 'x'), 1), result.ok;) {
    accounts.push_back(result.account);
  }
  CHECK(accounts.size() > 20);
  for (const OriginRef& account : accounts) JournalWorld::settle(account, kTempo, {0});
  world.run(5s);
  CHECK(world.append_now(std::string(5000, 'x'), 1).ok);
  std::mt19937_64 random(7);
  const auto after = disk.crash(random);
  JournalWorld again(*after, small(), 1, {one_way()});
  CHECK(again.lost.empty());
  CHECK(again.replay().size() == 1);
}

TEST_CASE("a device that something else has filled to the last byte is worked free from the reserve") {
  SimDisk disk;
  JournalWorld world(disk, small(), 1, {one_way()});
  world.replay();
  world.run(1s);  // spares are made
  std::vector<OriginRef> accounts;
  while (accounts.size() < 30) accounts.push_back(world.append_now(std::string(5000, 'x'), 1).account);
  disk.set_capacity(bytes_of_all(disk));
  AppendResult last;
  while (last = world.append_now(std::string(5000, 'x'), 1), last.ok) accounts.push_back(last.account);
  CHECK(last.error == "journal: No space left on device");
  CHECK(last.retry_after == 2s);
  CHECK_FALSE(world.journal->health().accepting);
  world.run(3s);
  CHECK_FALSE(world.append_now("x", 1).ok);  // the reserve's room is not for requests
  CHECK(world.journal->health().reason == "journal: No space left on device");
  for (const OriginRef& account : accounts) JournalWorld::settle(account, kTempo, {0});
  world.run(3s);
  CHECK(world.journal->health().accepting);
  CHECK(world.append_now(std::string(5000, 'x'), 1).ok);
}

TEST_CASE("a quota that is used up is a full disk") {
  SimDisk disk;
  JournalWorld world(disk, small(), 1, {one_way()});
  world.replay();
  world.run(1s);
  REQUIRE(world.append_now("x", 1).ok);
  const uint64_t before = bytes_of_all(disk);
  disk.fail(SimDisk::Op::kWrite, EDQUOT, 1, 2);
  CHECK(world.append_now("x", 1).error == "journal: Disk quota exceeded");
  CHECK(bytes_of_all(disk) < before);
  world.run(3s);
  CHECK(world.append_now("x", 1).ok);
}

TEST_CASE("a checkpoint that is the only one is not given up for room") {
  SimDisk disk;
  REQUIRE(write_checkpoint(disk, {.generation = 1, .items = 7}) == 0);
  // The save ends between its two renames: what was the newest is the old one, and the only one.
  disk.fail(SimDisk::Op::kRename, ENOSPC, 2);
  CHECK(write_checkpoint(disk, {.generation = 2, .items = 8}) == ENOSPC);
  disk.fail(SimDisk::Op::kWrite, ENOSPC);
  CHECK(write_checkpoint(disk, {.generation = 2, .items = 8}) == ENOSPC);
  CHECK_FALSE(disk.exists(kCheckpoint));
  CHECK(read_checkpoint(disk, kOldCheckpoint).data.items == 7);
  REQUIRE(write_checkpoint(disk, {.generation = 2, .items = 8}) == 0);
  CHECK(read_checkpoint(disk, kCheckpoint).data.items == 8);
}

}  // namespace
}  // namespace weir::journal
