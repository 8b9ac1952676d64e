// SPDX-License-Identifier: Apache-2.0
// Disks that fail, and files that are not what they were.
#include <cerrno>
#include <set>

#include "segment_log_fixture.h"

namespace weir::journal {

using Op = test::SimDisk::Op;
using test::SimDisk;

TEST_CASE("a failed write or sync closes the segment, and the records are in the next one") {
  for (const Op op : {Op::kWrite, Op::kSync}) {
    SimDisk disk(static_cast<uint64_t>(op));
    LogBench bench(disk);
    const Location before = bench.add(1000);
    bench.append(2000);
    bench.append(10);
    disk.fail(op, EIO);
    REQUIRE(bench.commit() == 0);
    CHECK(bench.placed.at(2).segment == before.segment + 1);
    CHECK(bench.placed.at(3).segment == before.segment + 1);
    CHECK(bench.add(10).segment == before.segment + 1);
    std::mt19937_64 random(1);
    for (int i = 0; i < 50; ++i) {
      const auto left = disk.crash(random);
      LogBench next(*left);
      CHECK(next.requests().size() == 4);
      CHECK(next.lost_places() == 0);
      for (const auto& [sequence, at] : next.requests()) CHECK(next.reads(sequence, at));
    }
  }
}

TEST_CASE("where the second try fails too nothing counts, and the log goes on when the disk does") {
  for (const Op op : {Op::kWrite, Op::kSync, Op::kOpen, Op::kSyncDirectory}) {
    for (const int error : {EIO, ENOSPC, EROFS}) {
      SimDisk disk(static_cast<uint64_t>(op));
      LogBench bench(disk);
      bench.add(1000);
      disk.fail(Op::kWrite, error);
      disk.fail(op, error, op == Op::kWrite ? 2 : 1, 1000);
      for (int i = 0; i < 3; ++i) {
        bench.append(500);
        CHECK(bench.commit() == error);
      }
      CHECK(bench.placed.size() == 1);
      disk.heal();
      bench.add(100);
      LogBench next(disk);
      CHECK(next.lost_places() == 0);
      CHECK(next.requests().contains(1));
      CHECK(next.requests().contains(5));
      CHECK(next.requests().size() == 2);  // what had failed was cut off
    }
  }
}

TEST_CASE("a disk that takes nothing back leaves at most records that had failed") {
  SimDisk disk(5);
  LogBench bench(disk);
  bench.add(1000);
  disk.on_call = [](Op op, const std::string&) { return op == Op::kRead || op == Op::kWrite ? 0 : EROFS; };
  for (int i = 0; i < 3; ++i) {
    bench.append(500);
    CHECK(bench.commit() == EROFS);
  }
  disk.heal();
  const Location last = bench.add(100);
  LogBench next(disk);
  CHECK(next.lost_places() == 0);
  CHECK(next.requests().at(5).segment == last.segment);
  for (const auto& [sequence, at] : next.requests()) CHECK(next.reads(sequence, at));
}

TEST_CASE("a full disk refuses until there is room") {
  SimDisk disk;
  disk.set_capacity(20'000);
  LogBench bench(disk);
  int error = 0;
  for (int i = 0; i < 40 && error == 0; ++i) {
    bench.append(1000);
    error = bench.commit();
  }
  CHECK(error == ENOSPC);
  CHECK(bench.placed.size() > 15);
  REQUIRE(bench.log.retire(1) == 0);
  bench.add(1000);
  CHECK_FALSE(bench.log.prepare_spare(bench.log.next_name()));
  for (const std::string& name : disk.names()) CHECK(segment_number(name));
}

TEST_CASE("a spare is written to although the disk is full") {
  SimDisk disk;
  LogBench bench(disk);
  REQUIRE(bench.log.prepare_spare(bench.log.next_name()));
  REQUIRE(bench.log.prepare_spare(bench.log.next_name()));
  disk.set_capacity(0);
  for (int i = 0; i < 20; ++i) bench.add(1000);
  CHECK(bench.log.retire(1) == 0);
  for (int i = 0; i < 20; ++i) bench.add(1000);
}

TEST_CASE("retiring survives a disk that does not rename or remove") {
  SimDisk disk;
  LogBench bench(disk);
  REQUIRE(bench.log.prepare_spare(bench.log.next_name()));
  for (int i = 0; i < 40; ++i) bench.add(1000);
  const size_t closed = bench.log.closed_segments().size();
  disk.fail(Op::kRename, EIO);
  disk.fail(Op::kRemove, EIO);
  CHECK(bench.log.retire(1) == EIO);
  CHECK(bench.log.closed_segments().size() == closed);
  disk.fail(Op::kRename, EIO);
  CHECK(bench.log.retire(1) == 0);
  CHECK(bench.log.retire(1) == 0);
  CHECK(bench.log.closed_segments().size() == closed - 1);
  CHECK_FALSE(disk.exists(segment_name(1)));
}

TEST_CASE("a spare that cannot be renamed or made is done without") {
  SimDisk disk;
  LogBench bench(disk);
  disk.fail(Op::kWrite, ENOSPC);
  CHECK_FALSE(bench.log.prepare_spare(bench.log.next_name()));
  CHECK(disk.names().empty());
  REQUIRE(bench.log.prepare_spare(bench.log.next_name()));
  disk.fail(Op::kRename, EIO);
  CHECK(bench.add(10).segment == 1);
}

TEST_CASE("what was committed without sync is brought to the disk by the next sync") {
  SimDisk disk;
  LogBench bench(disk);
  bench.add(100, false);
  const uint64_t syncs = disk.calls(Op::kSync);
  REQUIRE(bench.commit(true) == 0);
  CHECK(disk.calls(Op::kSync) == syncs + 1);
  REQUIRE(bench.commit(true) == 0);
  CHECK(disk.calls(Op::kSync) == syncs + 1);
  bench.add(100, false);
  disk.fail(Op::kSync, EIO);
  CHECK(bench.commit(true) == EIO);
  bench.add(100);
  CHECK(bench.reads(2, bench.placed.at(2)));  // it was not cut off
}

TEST_CASE("what a killed process had not synced is synced by the next opening") {
  SimDisk disk;
  LogBench(disk).add(3000, false);
  const auto killed = disk.kill();
  REQUIRE(LogBench(*killed).requests().size() == 1);
  std::mt19937_64 random(1);
  for (int i = 0; i < 20; ++i) CHECK(LogBench(*killed->crash(random)).requests().size() == 1);
}

TEST_CASE("a broken payload is stepped over, and its head says what is lost") {
  SimDisk disk;
  LogBench bench(disk);
  for (int i = 0; i < 4; ++i) bench.add(300);
  disk.flip_bit(segment_name(1), bench.placed.at(2).offset + kHeadSize + 17, 4);
  LogBench next(disk);
  REQUIRE(next.report.damages.size() == 1);
  const Damage& damage = next.report.damages[0];
  CHECK(damage.head_known);
  CHECK_FALSE(damage.torn_tail);
  CHECK(damage.head.sequence == 2);
  CHECK(damage.head.items == 3);
  CHECK((damage.offset == bench.placed.at(2).offset && damage.bytes == bench.placed.at(2).size));
  CHECK(next.requests().size() == 3);
  CHECK_FALSE(bench.reads(2, bench.placed.at(2)));
}

TEST_CASE("a broken head is searched behind for the next sound one") {
  SimDisk disk;
  LogBench bench(disk);
  for (int i = 0; i < 6; ++i) bench.add(300);
  disk.zero(segment_name(1), bench.placed.at(2).offset + 8, bench.placed.at(2).size);
  LogBench next(disk);
  REQUIRE(next.report.damages.size() == 1);
  const Damage& damage = next.report.damages[0];
  CHECK_FALSE((damage.head_known || damage.torn_tail));
  CHECK(damage.offset == bench.placed.at(2).offset);
  CHECK(damage.offset + damage.bytes == bench.placed.at(4).offset);
  CHECK(next.requests().size() == 4);
}

TEST_CASE("what is behind the last known sync is a torn tail, now and at every later opening") {
  SimDisk disk;
  LogBench bench(disk);
  for (int i = 0; i < 3; ++i) bench.add(300);
  disk.flip_bit(segment_name(1), bench.placed.at(3).offset + 80, 1);  // no record came later
  for (int opening = 0; opening < 3; ++opening) {
    LogBench next(disk);
    REQUIRE(next.report.damages.size() == 1);
    CHECK(next.report.damages[0].torn_tail);
    CHECK(next.requests().size() == 2 + static_cast<size_t>(opening));
    next.next = 4 + static_cast<uint64_t>(opening);
    next.add(10);
  }
}

TEST_CASE("once a later record says so, the last request was safe and its damage is a loss") {
  SimDisk disk;
  LogBench bench(disk);
  for (int i = 0; i < 3; ++i) bench.add(300);
  const std::string nothing = encode_settlements({});
  bench.log.append({.kind = RecordKind::kSettlements}, {nothing});
  REQUIRE(bench.log.commit(false, [](size_t, const Location&) {}) == 0);
  disk.zero(segment_name(1), bench.placed.at(3).offset, 100);
  LogBench next(disk);
  REQUIRE(next.report.damages.size() == 1);
  CHECK_FALSE(next.report.damages[0].torn_tail);
}

TEST_CASE("a segment that another one followed was whole: what is missing at its end is a loss") {
  SimDisk disk;
  LogBench bench(disk);
  for (int i = 0; i < 20; ++i) bench.add(1000);
  const Location last = bench.placed.at(15);
  REQUIRE(last.segment == 1);
  REQUIRE(bench.placed.at(16).segment == 2);
  SECTION("zeros") { disk.zero(segment_name(1), last.offset, last.size); }
  SECTION("cut off") { disk.cut(segment_name(1), last.offset); }
  SECTION("cut off in its middle") { disk.cut(segment_name(1), last.offset + 100); }
  SECTION("gone") { disk.zero(segment_name(1), 0, 16 << 10); }
  LogBench next(disk);
  REQUIRE(next.report.damages.size() == 1);
  CHECK_FALSE(next.report.damages[0].torn_tail);
  CHECK(next.report.damages[0].offset + next.report.damages[0].bytes == last.offset + last.size);
  CHECK_FALSE(next.requests().contains(15));
}

TEST_CASE("pages that cannot be read are damage, files that must not be read refuse the start") {
  SimDisk disk;
  LogBench bench(disk);
  for (int i = 0; i < 20; ++i) bench.add(1000);
  disk.on_call = [](Op op, const std::string& name) { return op == Op::kRead && name == segment_name(1) ? EIO : 0; };
  LogBench next(disk);
  CHECK(next.report.refused.empty());
  CHECK(next.requests().size() == 5);
  CHECK(next.lost_places() == 1);
  disk.on_call = [](Op op, const std::string&) { return op == Op::kOpen ? EACCES : 0; };
  CHECK(LogBench(disk).report.refused == "cannot read " + segment_name(1) + ": Permission denied");
  disk.on_call = [](Op op, const std::string&) { return op == Op::kList ? EACCES : 0; };
  CHECK(LogBench(disk).report.refused == "cannot list the journal's directory: Permission denied");
}

TEST_CASE("reading says what is wrong with the disk") {
  SimDisk disk;
  LogBench bench(disk);
  for (int i = 0; i < 20; ++i) bench.add(1000);
  RecordHead head;
  BufferRef payload;
  disk.fail(Op::kRead, EIO, 1, 1000);
  CHECK(bench.log.read(bench.placed.at(1), head, payload) == EIO);
  disk.heal();
  CHECK(bench.log.read(bench.placed.at(1), head, payload) == 0);
  disk.flip_bit(segment_name(1), bench.placed.at(7).offset + 70, 0);
  CHECK(bench.log.read(bench.placed.at(7), head, payload) == EBADMSG);
}

}  // namespace weir::journal
