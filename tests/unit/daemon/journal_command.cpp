// SPDX-License-Identifier: Apache-2.0
#include "daemon/journal_command.h"

#include <cerrno>
#include <deque>

#include "journal/format.h"
#include "journal/quarantine.h"
#include "journal/segment_format.h"
#include "journal/segment_log.h"
#include "support/catch.h"
#include "support/otlp_builder.h"
#include "support/quiet.h"
#include "support/sim_disk.h"

using namespace weir;
using namespace std::chrono_literals;
using journal::RecordKind;

namespace {

constexpr Duration kStart = 1735689600s;  // 2025-01-01T00:00:00Z

// A journal as a process that was killed has left it.
struct Written {
  Written() : log(disk, quiet, {.segment_bytes = 1 << 16}) {
    log.open([](const journal::FoundRecord&) {});
    log.set_routes({{"otlp", Signal::kTraces, {"traces -> otlp_grpc/tempo", "traces => span_metrics"}}});
  }
  // A request with one span of each trace; its number.
  uint64_t request(const std::string& traces, Duration received) {
    test::TracesRequest request;
    auto& scope = test::add_service(request, "shop");
    for (const char trace : traces) test::add_span(scope, trace, '1', std::string("span ") + trace);
    Context context;
    context.receiver = "otlp";
    context.received.wall = received;
    const std::string head = journal::encode_request_head(Signal::kTraces, context);
    const std::string body = request.SerializeAsString();
    const auto items = static_cast<uint32_t>(traces.size());
    log.append({.kind = RecordKind::kRequest, .sequence = ++last, .items = items, .items_before = total}, {head, body});
    total += items;
    commit();
    return last;
  }
  void settle(uint64_t record, uint32_t destination, std::vector<uint32_t> items) {
    const std::string payload = journal::encode_settlements({{record, destination, std::move(items)}});
    log.append({.kind = RecordKind::kSettlements, .sequence = last, .items_before = total}, {payload});
    commit();
  }
  void decide(char trace) {
    const std::string payload = journal::encode_decisions(
        "traces tail_sampling", {{TraceId::from_bytes(test::trace_id(trace)), LoggedVerdict::kSampled}});
    log.append({.kind = RecordKind::kDecisions, .sequence = last, .items_before = total}, {payload});
    commit();
  }
  void commit() {
    REQUIRE(log.commit(true, [](size_t, const journal::Location&) {}) == 0);
  }

  test::SimDisk disk;
  test::QuietLog quiet;
  journal::SegmentLog log;
  uint64_t last = 0, total = 0;
};

struct Ran {
  int code = 0;
  std::string out, error;
  bool says(const std::string& text) const { return out.find(text) != std::string::npos; }
};

Ran run(Disk& disk, const std::string& action, bool refused = false) {
  Ran ran;
  ran.code = run_journal_command(
      {action, "/j", refused}, disk, kStart + 1h,
      {[&](std::string_view text) { ran.out += text; }, [&](std::string_view text) { ran.error += text; }});
  return ran;
}

}  // namespace

TEST_CASE("inspect: what is live, and what is open where") {
  Written journal;
  journal.request("ab", kStart);
  journal.request("bcd", kStart + 30min);
  const uint64_t done = journal.request("e", kStart + 40min);
  journal.settle(1, 0, {0});
  journal.settle(2, 1, {});
  journal.settle(done, journal::SettlementEntry::kEverywhere, {});
  journal.decide('b');
  journal.decide('z');
  const Ran ran = run(journal.disk, "inspect");
  INFO(ran.out << ran.error);
  CHECK(ran.code == 0);
  CHECK(ran.says("format          1\n"));
  CHECK(ran.says("segments        1, "));
  CHECK(ran.says("live            2 requests, "));
  CHECK(ran.says("oldest          request 1, received at 2025-01-01T00:00:00Z, 1h0m0s ago\n"));
  CHECK(ran.says("open            traces: traces -> otlp_grpc/tempo: 4 items of 2 requests, 1h0m0s behind\n"));
  CHECK(ran.says("open            traces: traces => span_metrics: 2 items of 1 requests, 1h0m0s behind\n"));
  CHECK(ran.says("open traces     4, of them 3 without a sampling decision\n"));
}

TEST_CASE("export: one line of JSON for what is open of each live request") {
  Written journal;
  journal.request("ab", kStart);
  journal.request("c", kStart);
  journal.settle(1, 0, {0});
  journal.settle(1, 1, {0});
  journal.settle(2, 1, {});
  const Ran ran = run(journal.disk, "export");
  INFO(ran.out << ran.error);
  CHECK(ran.code == 0);
  CHECK(std::count(ran.out.begin(), ran.out.end(), '\n') == 2);
  CHECK(ran.out.find("{\"resourceSpans\":[") == 0);
  CHECK_FALSE(ran.says("span a"));
  CHECK(ran.says("\"name\":\"span b\""));
  CHECK(ran.says("\"name\":\"span c\""));
}

TEST_CASE("export --refused: what destinations did not take, and their words") {
  Written journal;
  journal.request("ab", kStart);
  test::TracesRequest request;
  test::add_span(test::add_service(request, "shop"), 'a', '1', "odd");
  journal::RefusedStore store(journal.disk);
  REQUIRE(store.add({Signal::kTraces, kStart, "traces -> otlp_grpc/tempo", "bad \"trace\" id",
                     request.SerializeAsString()}) == 0);
  const Ran ran = run(journal.disk, "export", true);
  CHECK(ran.code == 0);
  CHECK(ran.out.find("{\"time\":\"2025-01-01T00:00:00Z\",\"destination\":\"traces -> otlp_grpc/tempo\",\"message\":"
                     "\"bad \\\"trace\\\" id\",\"request\":{\"resourceSpans\":[") == 0);
  CHECK(ran.says("\"name\":\"odd\""));
  CHECK(run(journal.disk, "inspect").says("refused         1 requests"));
}

TEST_CASE("verify: a sound journal, a torn tail and a flipped bit") {
  Written journal;
  journal.request("ab", kStart);
  journal.request("c", kStart);
  journal.request("d", kStart);
  const Ran sound = run(journal.disk, "verify");
  INFO(sound.out << sound.error);
  CHECK(sound.code == 0);
  CHECK(sound.says("1 segments, 3 live requests read, 0 damages\n"));

  const std::string name = journal::segment_name(1);
  const std::string bytes = journal.disk.bytes(name);
  const size_t in_first = bytes.find("span b");
  REQUIRE(in_first != std::string::npos);
  journal.disk.flip_bit(name, in_first, 3);
  const Ran flipped = run(journal.disk, "verify");
  INFO(flipped.out);
  CHECK(flipped.code == 1);
  CHECK(flipped.says("cannot be read, request 1 of 2 items\n"));
  CHECK(flipped.says("lost: 2 items of traces for traces -> otlp_grpc/tempo\n"));
  CHECK(flipped.says("2 live requests read"));
  // The rest is exported all the same.
  CHECK(run(journal.disk, "export").says("span d"));
}

TEST_CASE("reading changes nothing, and needs something to read") {
  Written journal;
  journal.request("ab", kStart);
  std::vector<std::string> before;
  for (const std::string& name : journal.disk.names()) before.push_back(name + journal.disk.bytes(name));
  for (const char* action : {"inspect", "verify", "export"}) CHECK(run(journal.disk, action).code == 0);
  std::vector<std::string> after;
  for (const std::string& name : journal.disk.names()) after.push_back(name + journal.disk.bytes(name));
  CHECK(before == after);
  for (const auto op : {test::SimDisk::Op::kWrite, test::SimDisk::Op::kSync, test::SimDisk::Op::kRemove}) {
    const uint64_t calls = journal.disk.calls(op);
    CHECK(run(journal.disk, "verify").code == 0);
    CHECK(journal.disk.calls(op) == calls);
  }

  test::SimDisk empty;
  const Ran ran = run(empty, "inspect");
  CHECK(ran.code == 1);
  CHECK(ran.error == "Error: /j: no journal is there\n");
  empty.fail(test::SimDisk::Op::kList, ENOENT);
  CHECK(run(empty, "export", true).error == "Error: /j: No such file or directory\n");
}
