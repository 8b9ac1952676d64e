// SPDX-License-Identifier: Apache-2.0
// Writing, and reading back what was written; see segment_log_faults_test.cpp for disks that fail.
#include <cerrno>

#include "segment_log_fixture.h"

namespace weir::journal {

using test::SimDisk;

TEST_CASE("the checksum is CRC32C, in one piece or several") {
  CHECK(crc32c("123456789") == 0xe3069283);
  CHECK(crc32c("6789", crc32c("12345")) == 0xe3069283);
  CHECK(crc32c("") == 0);
}

TEST_CASE("segments and spares are known by their exact names") {
  CHECK(segment_name(26) == "segment-000000000000001a");
  CHECK(segment_number("segment-000000000000001a") == 26);
  for (const char* other : {"segment-000000000000001A", "segment-1a", "segment-0000000000000000", "segment-",
                            "segment-00000000000000001a", "segment-ffffffffffffffff", "segment-000000000000001a~"}) {
    CHECK_FALSE(segment_number(other));
  }
  CHECK(spare_number(spare_name(12)) == 12);
  for (const char* other : {"spare-", "spare-01", "spare-1a", "spare--1"}) CHECK_FALSE(spare_number(other));
}

TEST_CASE("what is committed is found by the next opening, in order") {
  SimDisk disk;
  LogBench first(disk);
  CHECK(first.report.segments == 0);
  const uint64_t one = first.append(100);
  const uint64_t two = first.append(0);
  const std::string settled = encode_settlements({{.record = one}});
  first.log.append({.kind = RecordKind::kSettlements, .sequence = two, .items_before = 6}, {settled});
  CHECK(first.log.pending_bytes() > 100 + settled.size());
  std::vector<size_t> order;
  REQUIRE(first.log.commit(true, [&](size_t index, const Location&) { order.push_back(index); }) == 0);
  CHECK(order == std::vector<size_t>{0, 1, 2});
  CHECK(first.log.pending_bytes() == 0);

  LogBench second(disk);
  CHECK(second.report.refused.empty());
  CHECK(second.report.damages.empty());
  CHECK(second.report.segments == 1);
  REQUIRE(second.found.size() == 4);
  CHECK(second.found[0].head.kind == RecordKind::kRoutes);
  CHECK(decode_routes(second.found[0].payload) == routes_named("otlp"));
  CHECK(second.found[1].head.sequence == one);
  CHECK(second.found[1].head.items == 3);
  CHECK(second.found[1].payload.empty());
  CHECK(second.found[2].head.items_before == 3);
  CHECK(second.found[3].head.kind == RecordKind::kSettlements);
  CHECK(second.found[3].head.items_before == 6);
  CHECK(second.found[3].payload == settled);
  CHECK(second.reads(one, second.found[1].at));
  CHECK(second.reads(two, second.found[2].at));
}

TEST_CASE("records go on in another segment, and a great one has its own") {
  SimDisk disk;
  LogBench bench(disk);
  for (int i = 0; i < 40; ++i) bench.append(1000);
  const uint64_t great = bench.append(100'000);
  const uint64_t after = bench.append(10);
  REQUIRE(bench.commit() == 0);
  CHECK(bench.placed.at(great).segment == 4);
  CHECK(bench.placed.at(after).segment == 5);
  CHECK(bench.log.closed_segments() == std::vector<uint64_t>{1, 2, 3, 4});
  CHECK(bench.log.segment_bytes(4) > 100'000);
  uint64_t sum = 0;
  for (uint64_t segment = 1; segment <= 5; ++segment) {
    CHECK(bench.log.segment_bytes(segment) == disk.bytes(segment_name(segment)).size());
    sum += bench.log.segment_bytes(segment);
  }
  CHECK(bench.log.disk_bytes() == sum);
  for (const auto& [sequence, at] : bench.placed) CHECK(bench.reads(sequence, at));
  LogBench next(disk);
  CHECK(next.requests().size() == 42);
  CHECK(next.report.damages.empty());
  for (const auto& [sequence, at] : next.requests()) CHECK(next.reads(sequence, at));
}

TEST_CASE("a payload beyond the limit is refused") {
  SimDisk disk;
  LogBench bench(disk);
  const std::string block(64 << 20, 'x');
  bench.log.append({}, std::vector<std::string_view>(17, block));
  CHECK(bench.log.commit(true, [](size_t, const Location&) { FAIL(); }) == EFBIG);
  bench.add(10);
}

TEST_CASE("new routes begin a new segment") {
  SimDisk disk;
  LogBench bench(disk);
  const Location old = bench.add(10);
  bench.append(10);
  bench.log.set_routes(routes_named("new"));
  CHECK(bench.log.routes() == routes_named("new"));
  bench.append(20);
  REQUIRE(bench.commit() == 0);
  CHECK(bench.placed.at(2).segment == old.segment);  // gathered before
  CHECK(bench.placed.at(3).segment == old.segment + 1);
  LogBench next(disk);
  CHECK(next.log.routes_of(old.segment) == routes_named("otlp"));
  CHECK(next.log.routes_of(old.segment + 1) == routes_named("new"));
  CHECK(next.log.routes_of(99).empty());
}

TEST_CASE("routes are there although a segment's first page is not") {
  SimDisk disk;
  LogBench bench(disk);
  for (int i = 0; i < 10; ++i) bench.add(1000);
  disk.zero(segment_name(1), 0, 4096);
  LogBench next(disk);
  CHECK(next.log.routes_of(1) == routes_named("otlp"));
  CHECK(next.requests().size() == 6);
}

TEST_CASE("routes of a short segment are known by another one that has the same") {
  SimDisk disk;
  LogBench(disk).add(1000);
  LogBench(disk).add(1000);
  const LogBench::Found first = LogBench(disk).found.at(0);
  disk.flip_bit(segment_name(2), first.at.offset + kHeadSize, 3);
  LogBench next(disk);
  CHECK(next.log.routes_of(2) == routes_named("otlp"));
  CHECK(next.requests().size() == 2);
}

TEST_CASE("every opening writes a segment of its own, with a greater number and epoch") {
  SimDisk disk;
  CHECK(LogBench(disk).add(10).segment == 1);
  CHECK(LogBench(disk).add(10).segment == 2);
  const auto first = decode_header(disk.bytes(segment_name(1)));
  const auto second = decode_header(disk.bytes(segment_name(2)));
  REQUIRE((first && second));
  CHECK(second->epoch == first->epoch + 1);
  CHECK(second->previous == 1);
}

TEST_CASE("a retired segment is a spare, and is written over") {
  SimDisk disk;
  const SegmentLogOptions options{.segment_bytes = 16 << 10, .spares = 1};
  LogBench bench(disk, options);
  REQUIRE(bench.log.prepare_spare(bench.log.next_name()));
  CHECK(disk.bytes("spare-1") == std::string(16 << 10, '\0'));
  CHECK(bench.log.disk_bytes() == 16 << 10);
  for (int i = 0; i < 30; ++i) bench.add(1000);
  CHECK_FALSE(disk.exists("spare-1"));
  CHECK(disk.bytes(segment_name(1)).size() == 16 << 10);
  REQUIRE(bench.log.retire(1) == 0);
  CHECK(disk.exists("spare-2"));
  CHECK(bench.log.closed_segments().empty());
  for (int i = 0; i < 15; ++i) bench.add(1000);
  CHECK_FALSE(disk.exists("spare-2"));
  REQUIRE(bench.log.retire(2) == 0);  // not as long as a spare is
  CHECK(disk.names() == std::vector<std::string>{segment_name(3)});
}

TEST_CASE("a spare takes the next segment's place beforehand, and its first record waits for one sync") {
  SimDisk disk;
  const SegmentLogOptions options{.segment_bytes = 16 << 10, .spares = 2};
  {
    LogBench bench(disk, options);
    REQUIRE(bench.log.prepare_spare(bench.log.next_name()));
    REQUIRE(bench.log.prepare_spare(bench.log.next_name()));
    CHECK_FALSE(bench.log.prepare_spare(bench.log.next_name()));
    CHECK(disk.names() == std::vector<std::string>{segment_name(1), "spare-2"});
    CHECK(bench.log.disk_bytes() == 32 << 10);
    const uint64_t directory_syncs = disk.calls(SimDisk::Op::kSyncDirectory), syncs = disk.calls(SimDisk::Op::kSync);
    CHECK(bench.add(1000).segment == 1);
    CHECK(disk.calls(SimDisk::Op::kSyncDirectory) == directory_syncs);
    CHECK(disk.calls(SimDisk::Op::kSync) == syncs + 1);
    // A name that was taken meanwhile is not placed any more.
    bench.log.prepare_spare(segment_name(1));
    CHECK(disk.exists("spare-2"));
    CHECK(disk.exists("spare-3"));
    bench.log.prepare_spare(bench.log.next_name());
    CHECK(disk.exists(segment_name(2)));
  }
  const auto after = disk.kill();
  LogBench next(*after, options);
  CHECK(next.requests().size() == 1);
  CHECK(next.report.damages.empty());
  CHECK(next.add(1000).segment == 3);
}

TEST_CASE("what does not fit whole begins the next segment, and is synced once") {
  SimDisk disk;
  LogBench bench(disk, {.segment_bytes = 64 << 10, .spares = 1});
  while (bench.add(1000).offset < 62'000) {
  }
  const uint64_t syncs = disk.calls(SimDisk::Op::kSync);
  for (int i = 0; i < 5; ++i) bench.append(1000);
  REQUIRE(bench.commit() == 0);
  CHECK(disk.calls(SimDisk::Op::kSync) == syncs + 1);
  const uint64_t last = bench.placed.rbegin()->first;
  for (uint64_t i = last - 4; i <= last; ++i) CHECK(bench.placed.at(i).segment == 2);
}

TEST_CASE("a recycled segment never gives its old records") {
  SimDisk disk;
  const SegmentLogOptions options{.segment_bytes = 16 << 10, .spares = 1};
  std::map<uint64_t, Location> last;
  {
    LogBench bench(disk, options);
    bench.log.prepare_spare(bench.log.next_name());
    for (int i = 0; i < 16; ++i) bench.add(1000);
    REQUIRE(bench.log.retire(1) == 0);
  }
  LogBench bench(disk, options);
  CHECK(bench.requests().size() == 16 - 15);
  bench.add(8);
  CHECK(disk.bytes(segment_name(3)).size() == 16 << 10);
  LogBench next(disk, options);
  CHECK(next.report.damages.empty());
  CHECK(next.requests().size() == 2);
  // … nor does one that was renamed, and not written to before the crash.
  disk.put(segment_name(4), disk.bytes(segment_name(1 + 2)));
  LogBench crashed(disk, options);
  CHECK(crashed.requests().size() == 2);
  CHECK(crashed.report.damages.empty());
}

TEST_CASE("numbers go on although only a spare is left") {
  SimDisk disk;
  const SegmentLogOptions options{.segment_bytes = 16 << 10, .spares = 1};
  LogBench bench(disk, options);
  bench.log.prepare_spare(bench.log.next_name());
  for (int i = 0; i < 16; ++i) bench.add(1000);
  CHECK(bench.log.retire(2) == EBUSY);
  REQUIRE(bench.log.retire(1) == 0);
  disk.drop(segment_name(2));
  LogBench next(disk, options);
  CHECK(next.add(10).segment == 2);
  CHECK(LogBench(disk, options).requests().size() == 1);
}

TEST_CASE("spares that are none are removed, one too many as well") {
  SimDisk disk;
  disk.put("spare-1", std::string(16 << 10, '\0'));
  disk.put("spare-2", std::string(100, '\0'));
  disk.put("spare-3", std::string(16 << 10, 'x'));
  disk.put("spare-4", std::string(16 << 10, '\0'));
  const SegmentLogOptions options{.segment_bytes = 16 << 10, .spares = 1};
  LogBench looking(disk, options, true);
  CHECK(disk.names().size() == 4);
  LogBench bench(disk, options);
  CHECK(disk.names() == std::vector<std::string>{"spare-1"});
  bench.add(1);
  CHECK(disk.names() == std::vector<std::string>{segment_name(1)});
  CHECK(bench.log.prepare_spare(bench.log.next_name()));
  CHECK(disk.exists("spare-5"));
}

TEST_CASE("a segment of a newer format refuses the start, and nothing is touched") {
  SimDisk disk;
  LogBench(disk).add(100);
  disk.put("spare-9", "not one");
  SegmentHeader newer{.version = kFormatVersion + 1, .epoch = 3, .number = 2};
  const HeaderBytes header = encode(newer);
  disk.put(segment_name(2), std::string(header.data(), header.size()) + "what only the newer one knows");
  const auto before = disk.kill();
  LogBench bench(disk);
  CHECK(bench.report.refused == segment_name(2) +
                                    " was written by journal format 2, this weir reads formats up to 1: "
                                    "a newer weir is needed");
  CHECK(bench.found.empty());
  REQUIRE(disk.names() == before->names());
  for (const std::string& name : disk.names()) CHECK(disk.bytes(name) == before->bytes(name));
}

TEST_CASE("a newer format is known by its records where the header is broken") {
  SimDisk disk;
  HeadFrame frame{.version = kFormatVersion + 1, .epoch = 1, .payload_checksum = crc32c("")};
  const HeadBytes head = encode(frame, 1);
  disk.put(segment_name(1), std::string(kHeaderSize, 'x') + std::string(head.data(), head.size()));
  CHECK(LogBench(disk).report.refused.find("format 2") != std::string::npos);
}

TEST_CASE("foreign files are left alone and named") {
  SimDisk disk;
  LogBench(disk).add(100);
  disk.put("lost+found.txt", "x");
  disk.put("segment-0000000000000001.bak", "x");
  LogBench bench(disk);
  CHECK(bench.report.foreign_files == std::vector<std::string>{"lost+found.txt", "segment-0000000000000001.bak"});
  CHECK(bench.report.damages.empty());
  CHECK(disk.bytes("lost+found.txt") == "x");
}

TEST_CASE("reading only changes nothing") {
  SimDisk disk;
  LogBench(disk).add(100);
  disk.put("spare-9", "not one");
  const auto writes = [](const SimDisk& of) {
    return of.calls(SimDisk::Op::kWrite) + of.calls(SimDisk::Op::kSync) + of.calls(SimDisk::Op::kRemove) +
           of.calls(SimDisk::Op::kRename) + of.calls(SimDisk::Op::kTruncate);
  };
  const uint64_t before = writes(disk);
  LogBench bench(disk, {}, true);
  CHECK(bench.requests().size() == 1);
  CHECK(bench.reads(1, bench.requests().at(1)));
  CHECK(writes(disk) == before);
  CHECK(disk.exists("spare-9"));
}

TEST_CASE("records are read while their segment grows, in any order") {
  SimDisk disk;
  LogBench bench(disk);
  REQUIRE(bench.log.prepare_spare(bench.log.next_name()));
  bench.add(500);
  CHECK(bench.reads(1, bench.placed.at(1)));
  for (int i = 0; i < 60; ++i) bench.add(static_cast<size_t>(i) * 50);
  for (const auto& [sequence, at] : bench.placed) CHECK(bench.reads(sequence, at));
  for (auto it = bench.placed.rbegin(); it != bench.placed.rend(); ++it) CHECK(bench.reads(it->first, it->second));
  RecordHead head;
  BufferRef payload;
  CHECK(bench.log.read({99, 64, 64}, head, payload) == ENOENT);
  Location wrong = bench.placed.at(5);
  wrong.offset += 8;
  CHECK(bench.log.read(wrong, head, payload) == EBADMSG);
  wrong = bench.placed.at(5);
  wrong.size += 8;
  CHECK(bench.log.read(wrong, head, payload) == EBADMSG);
}

}  // namespace weir::journal
