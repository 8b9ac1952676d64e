// SPDX-License-Identifier: Apache-2.0
// Journals that were written by earlier formats, kept in tests/data/journal-v<format>: every one is read for ever.
// test_journal "record a journal" writes tests/data/journal-v1 anew (only while nobody has a journal of that format).
#include <filesystem>
#include <fstream>
#include <iterator>

#include "journal/posix_disk.h"
#include "segment_log_fixture.h"

namespace weir::journal {
namespace {

namespace fs = std::filesystem;

const SegmentLogOptions kOptions{.segment_bytes = 64 << 10, .spares = 1};

// A copy in memory, so that opening cannot change what is kept.
void load(test::SimDisk& disk, const std::string& directory) {
  for (const auto& entry : fs::directory_iterator(directory)) {
    std::ifstream file(entry.path(), std::ios::binary);
    disk.put(entry.path().filename(), {std::istreambuf_iterator<char>(file), {}});
  }
}

Context context_of(uint64_t sequence) {
  Context context;
  context.receiver = "otlp";
  context.transport = sequence % 2 == 0 ? "http" : "grpc";
  context.peer = "127.0.0.1:" + std::to_string(40'000 + sequence);
  context.received = {.mono = Duration(1000 + sequence), .wall = Duration(1'700'000'000'000'000'000 + sequence)};
  if (sequence % 3 == 0) context.metadata = {{"x-tenant", "blue"}};
  return context;
}

std::vector<LoggedDecision> some_decisions() {
  return {{TraceId::from_bytes("0123456789abcdef"), LoggedVerdict::kSampled},
          {TraceId::from_bytes("fedcba9876543210"), LoggedVerdict::kNotSampled},
          {TraceId::from_bytes("aaaaaaaaaaaaaaaa"), LoggedVerdict::kTooLarge}};
}

std::vector<SettlementEntry> some_settlements() {
  return {{.record = 1},
          {.record = 2, .destination = 0, .items = {0, 1, 2}},
          {.record = 2, .destination = 1, .items = {7, 900}}};
}

std::vector<Route> recorded_routes() {
  return {{"otlp", Signal::kTraces, {"traces/kept -> otlp_grpc/tempo", "traces => span_metrics"}},
          {"otlp", Signal::kLogs, {"logs -> file"}}};
}

void write_one(SegmentLog& log, RecordHead head, std::vector<std::string_view> pieces) {
  log.append(head, std::move(pieces));
  REQUIRE(log.commit(true, [](size_t, const Location&) {}) == 0);
}

void write_requests(SegmentLog& log, uint64_t first, uint64_t count) {
  for (uint64_t sequence = first; sequence < first + count; ++sequence) {
    const std::string head =
        encode_request_head(sequence % 5 == 0 ? Signal::kLogs : Signal::kTraces, context_of(sequence));
    const std::string body = payload_of(sequence, 700 * (sequence % 4));
    write_one(
        log,
        {.sequence = sequence, .items = 3, .route = sequence % 5 == 0 ? 1U : 0U, .items_before = 3 * (sequence - 1)},
        {head, body});
  }
}

void check_request(LogBench& bench, const LogBench::Found& found) {
  const uint64_t sequence = found.head.sequence;
  INFO("request " << sequence);
  RecordHead head;
  BufferRef payload;
  REQUIRE(bench.log.read(found.at, head, payload) == 0);
  const auto request = decode_request(payload->view());
  REQUIRE(request);
  CHECK(head.items_before == 3 * (sequence - 1));
  CHECK(head.route == (sequence % 5 == 0 ? 1 : 0));
  CHECK(request->signal == (sequence % 5 == 0 ? Signal::kLogs : Signal::kTraces));
  const Context expected = context_of(sequence);
  CHECK(request->context.receiver == expected.receiver);
  CHECK(request->context.transport == expected.transport);
  CHECK(request->context.peer == expected.peer);
  CHECK(request->context.metadata == expected.metadata);
  CHECK(request->context.received.wall == expected.received.wall);
  CHECK(request->context.received.mono == expected.received.mono);
  CHECK(request->body == payload_of(sequence, 700 * (sequence % 4)));
}

}  // namespace

TEST_CASE("record a journal", "[.]") {
  const std::string directory = WEIR_TEST_DATA "/journal-v1";
  fs::remove_all(directory);
  fs::create_directories(directory);
  PosixDisk disk(directory);
  test::QuietLog quiet;
  for (uint64_t process = 0; process < 2; ++process) {
    SegmentLog log(disk, quiet, kOptions);
    log.open([](const FoundRecord&) {});
    log.set_routes(recorded_routes());
    write_requests(log, 1 + process * 60, 60);
  }
  SegmentLog log(disk, quiet, kOptions);
  log.open([](const FoundRecord&) {});
  log.set_routes(recorded_routes());
  const std::string decisions = encode_decisions("traces tail_sampling", some_decisions());
  write_one(log, {.kind = RecordKind::kDecisions, .sequence = 120, .items_before = 360}, {decisions});
  const std::string settlements = encode_settlements(some_settlements());
  write_one(log, {.kind = RecordKind::kSettlements, .sequence = 120, .items_before = 360}, {settlements});
}

TEST_CASE("a journal of format 1 is read") {
  test::SimDisk disk;
  load(disk, WEIR_TEST_DATA "/journal-v1");
  LogBench bench(disk, kOptions);
  CHECK(bench.report.refused.empty());
  CHECK(bench.report.damages.empty());
  CHECK(bench.report.foreign_files.empty());
  CHECK(bench.report.segments == 5);
  CHECK(bench.requests().size() == 120);
  int decisions = 0, settlements = 0;
  for (const LogBench::Found& found : bench.found) {
    CHECK(bench.log.routes_of(found.at.segment) == recorded_routes());
    if (found.head.kind == RecordKind::kRequest) check_request(bench, found);
    if (found.head.kind == RecordKind::kDecisions) {
      CHECK(found.payload == encode_decisions("traces tail_sampling", some_decisions()));
      CHECK(decode_decisions(found.payload)->second.size() == 3);
      ++decisions;
    }
    if (found.head.kind == RecordKind::kSettlements) {
      const auto read = decode_settlements(found.payload);
      REQUIRE(read);
      REQUIRE(read->size() == 3);
      CHECK(read->at(0).destination == SettlementEntry::kEverywhere);
      CHECK(read->at(2).items == std::vector<uint32_t>{7, 900});
      ++settlements;
    }
  }
  CHECK(decisions == 1);
  CHECK(settlements == 1);
}

}  // namespace weir::journal
