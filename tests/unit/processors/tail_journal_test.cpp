// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/trace_table.h"
#include "unit/processors/tail_journal_rig.h"

namespace weir::test {

namespace {

const std::string kErrors = "policies: [{name: errors, type: status_code, status_code: {status_codes: [ERROR]}}]";
const std::string kAll = "policies: [{name: all, type: always_sample}]";
constexpr Duration kStart = 1'700'000'000s;

TestSpan plain(uint64_t trace, uint64_t id) { return {.trace = trace, .id = id}; }
TestSpan failed(uint64_t trace, uint64_t id) { return {.trace = trace, .id = id, .status = StatusCode::kError}; }

// A request whose bytes are paid for, padded to about `size` bytes.
Batch paid_request(ByteBudget& budget, std::vector<TestSpan> spans, size_t size = 0) {
  if (size > 0) spans[0].tags.push_back(Tag::string("padding", std::string(size, 'x')));
  Batch batch = request(std::move(spans));
  const std::string_view bytes = batch.parts[0].bytes->view();
  batch.parts[0].bytes = BufferRef::copy_of(bytes, Reservation::take(budget, bytes.size()));
  return batch;
}

void squeeze(World& world) { world.budget.take(world.budget.limit()); }
void relax(World& world) { world.budget.give_back(world.budget.limit()); }

std::map<std::string, LoggedVerdict> verdicts(const FakeJournal::Decisions& decisions) {
  std::map<std::string, LoggedVerdict> by_trace;
  for (const LoggedDecision& decision : decisions.list) {
    REQUIRE(by_trace.emplace(std::string(decision.trace.bytes()), decision.verdict).second);  // each trace once
  }
  return by_trace;
}

}  // namespace

static_assert(sizeof(HeldSpan) == 28);

TEST_CASE("tail journal: spans leave or are settled when their decision is written, late ones behind them") {
  FakeJournal journal;
  JournalRig rig("{decision_wait: 1s, " + kErrors + "}", journal, kStart);
  rig.tick(kStart);
  rig.send({failed(1, 1), plain(2, 2), plain(1, 3)});
  rig.wait(3s);
  REQUIRE(journal.logged().size() == 1);
  CHECK(journal.logged()[0].sampler == "traces tail_sampling");
  CHECK(verdicts(journal.logged()[0]) ==
        std::map<std::string, LoggedVerdict>{{id_bytes(1, 16), LoggedVerdict::kSampled},
                                             {id_bytes(2, 16), LoggedVerdict::kNotSampled}});
  rig.send({plain(1, 4), plain(2, 5), plain(1, 6)});
  REQUIRE(journal.logged().size() == 2);
  CHECK(verdicts(journal.logged()[1]) == verdicts(journal.logged()[0]));  // again, once a trace
  CHECK(rig.held() == 6);
  CHECK(rig.kept().empty());
  CHECK(rig.account().settled() == 0);
  journal.write_all();
  CHECK(rig.held() == 6);
  rig.shards.run_until_idle();
  CHECK(rig.held() == 0);
  CHECK(rig.sink.order == Ids{1, 3, 4, 6});
  CHECK(rig.outcome(Outcome::kSampledOut) == 2);
  CHECK(journal.settle_calls == 4);  // one for each request and end
}

TEST_CASE("tail journal: what never was journaled waits for nothing") {
  FakeJournal journal;
  JournalRig rig("{decision_wait: 1s, " + kErrors + "}", journal, kStart);
  rig.tick(kStart);
  rig.ledger.admit(rig.destination, 2);
  rig.enter(request({failed(1, 1), plain(2, 2)}));
  rig.wait(3s);
  CHECK(journal.logged().empty());
  CHECK(rig.kept() == Ids{1});
  CHECK(rig.held() == 0);
}

TEST_CASE("tail journal: an evicted trace is settled, without a decision") {
  FakeJournal journal;
  JournalRig rig("{decision_wait: 5s, num_traces: 2, " + kAll + "}", journal, kStart);
  rig.tick(kStart);
  rig.send({plain(1, 1), plain(1, 2), plain(2, 3), plain(3, 4)});
  CHECK(rig.dropped(DropReason::kEvicted) == 2);
  CHECK(journal.settle_calls == 1);
  CHECK(journal.logged().empty());
}

TEST_CASE("tail journal: a trace given up as too large is logged as such, and stays so after a restart") {
  FakeJournal journal;
  const std::string yaml = "{decision_wait: 1s, maximum_trace_size_bytes: 200, " + kAll + "}";
  {
    JournalRig rig(yaml, journal, kStart);
    rig.tick(kStart);
    rig.send({plain(1, 1), plain(1, 2), plain(1, 3), plain(1, 4), plain(1, 5)});
    REQUIRE(journal.logged().size() == 1);
    CHECK(verdicts(journal.logged()[0]).at(id_bytes(1, 16)) == LoggedVerdict::kTooLarge);
    journal.die(1);  // decided, not settled
  }
  JournalRig rig(yaml, journal, kStart + 5s);
  rig.replay();
  rig.settle_down();
  CHECK(rig.dropped(DropReason::kTooLarge) == 5);
  CHECK(rig.kept().empty());
}

TEST_CASE("tail journal: decisions from before the start bind, on one shard and on three") {
  for (const uint32_t shards : {1U, 3U}) {
    FakeJournal journal;
    for (uint64_t trace = 1; trace <= 30; ++trace) {
      const LoggedVerdict verdict = trace % 2 == 0 ? LoggedVerdict::kSampled : LoggedVerdict::kNotSampled;
      journal.restore("traces tail_sampling", {trace_id(trace * 7919), verdict});
      journal.restore("traces other", {trace_id((trace + 100) * 7919), LoggedVerdict::kNotSampled});
    }
    JournalRig rig("{decision_wait: 1s, " + kAll + "}", journal, kStart, shards);
    rig.tick(kStart);
    std::vector<TestSpan> spans;
    for (uint64_t trace = 1; trace <= 30; ++trace) spans.push_back(plain(trace * 7919, trace));
    spans.push_back(plain(101 * 7919, 101));
    rig.send(spans);
    rig.settle_down();
    CHECK(rig.held() == 1);
    CHECK(rig.outcome(Outcome::kSampledOut) == 15);
    rig.wait(3s);
    rig.settle_down();
    CHECK(rig.kept().size() == 16);
    CHECK(rig.sink.ids.contains(101));
    CHECK(rig.sink.ids.contains(2));
    CHECK_FALSE(rig.sink.ids.contains(1));
  }
}

TEST_CASE("tail journal: windows go on by the time of receipt, however long the process was away") {
  for (const Duration away : {Duration(1s), Duration(2h)}) {
    FakeJournal journal;
    const std::string yaml = "{decision_wait: 10s, " + kErrors + "}";
    {
      JournalRig rig(yaml, journal, kStart);
      rig.tick(kStart);
      rig.send({plain(1, 1)});
      rig.wait(8s);
      rig.send({failed(1, 2)});
      journal.die(0);
    }
    JournalRig rig(yaml, journal, kStart + 8s + away, 1, 500ms);  // the records came before this clock's zero
    rig.replay();
    rig.settle_down();
    if (away < 1h) {
      CHECK(rig.held() == 2);
      rig.wait(1900ms);
      CHECK(journal.logged().empty());
      rig.wait(100ms);
      rig.settle_down();
    }
    CHECK(rig.held() == 0);
    CHECK(rig.kept() == Ids{1, 2});
  }
}

TEST_CASE("tail journal: a clock that jumps by many years is no work") {
  FakeJournal journal;
  JournalRig rig("{decision_wait: 5s, " + kAll + "}", journal, kStart, 1, -3000s);
  rig.tick(kStart);
  rig.send({plain(1, 1)});
  rig.tick(kStart + 24h * 365 * 100);
  rig.settle_down();
  CHECK(rig.kept() == Ids{1});
}

TEST_CASE("tail journal: what was settled before the start is decided with, and neither sent nor counted again") {
  FakeJournal journal;
  const std::string yaml = "{decision_wait: 2s, " + kErrors + "}";
  {
    JournalRig rig(yaml, journal, kStart);
    rig.tick(kStart);
    rig.send({failed(1, 1), plain(2, 2), failed(3, 3)});
    rig.wait(1s);
    rig.send({plain(4, 4), plain(1, 5)});
    rig.wait(2s);
    rig.settle_down();
    CHECK(rig.kept() == Ids{1, 3, 5});
    journal.die(0);
  }
  JournalRig rig(yaml, journal, kStart + 4s);
  rig.replay();  // the second request: span 5 was exported, span 4 is open
  CHECK(rig.account().ghosts == 1);
  rig.settle_down();
  CHECK(rig.account().ghosts == 0);
  CHECK(rig.kept().empty());
  CHECK(rig.outcome(Outcome::kSampledOut) == 1);
}

TEST_CASE("tail journal: short of memory, bytes are let go and read back, nothing is decided early") {
  FakeJournal journal;
  JournalRig rig("{decision_wait: 2s, " + kErrors + "}", journal, kStart);
  rig.tick(kStart);
  rig.send(paid_request(rig.budget, {failed(1, 1), plain(2, 2), plain(3, 3)}, 100'000));
  rig.send(paid_request(rig.budget, {plain(1, 4), failed(3, 5)}, 100'000));
  const uint64_t before = rig.budget.used();
  squeeze(rig);
  rig.tick(rig.wall);
  relax(rig);
  CHECK(rig.budget.used() + 200'000 < before);
  CHECK(rig.spilled() > 200'000);
  CHECK(rig.held() == 5);
  CHECK(journal.logged().empty());
  rig.wait(3s);
  journal.write_all();
  rig.shards.run_until_idle();
  CHECK(rig.kept().empty());
  CHECK(rig.held() == 4);
  CHECK(journal.read_records.size() == 2);
  journal.read_one();
  rig.shards.run_until_idle();
  CHECK(rig.kept().empty());
  rig.settle_down();
  CHECK(rig.kept() == Ids{1, 3, 4, 5});
  CHECK(journal.read_records.size() == 2);
  rig.tick(rig.wall);
  CHECK(rig.spilled() == 0);
  // Late spans of what was let go of leave behind it.
  rig.send({plain(1, 6)});
  rig.settle_down();
  CHECK(rig.sink.order.back() == 6);
}

TEST_CASE("tail journal: bytes are let go as they come, too") {
  FakeJournal journal;
  JournalRig rig("{decision_wait: 2s, " + kAll + "}", journal, kStart);
  rig.tick(kStart);
  squeeze(rig);
  rig.send(paid_request(rig.budget, {plain(1, 1)}, 5000));
  CHECK(rig.spilled() > 5000);
}

TEST_CASE("tail journal: when there is nothing to let go of, the next traces are decided early") {
  FakeJournal journal;
  JournalRig rig("{decision_wait: 30s, " + kAll + "}", journal, kStart);
  rig.tick(kStart);
  rig.send({plain(1, 1)});
  squeeze(rig);
  rig.tick(rig.wall);
  CHECK(journal.logged().empty());
  rig.tick(rig.wall);
  CHECK(journal.logged().size() == 1);
  rig.settle_down();
  CHECK(rig.kept() == Ids{1});
}

TEST_CASE("tail journal: few records are read back at a time, each once where they are many") {
  FakeJournal journal;
  JournalRig rig("{decision_wait: 2s, " + kAll + "}", journal, kStart);
  rig.tick(kStart);
  Ids all;
  for (uint64_t n = 0; n < 300; ++n) {
    std::vector<TestSpan> spans;
    for (uint64_t trace = 1; trace <= 20; ++trace) {
      all.push_back(all.size() + 1);
      spans.push_back(plain(trace, all.back()));
    }
    rig.send(spans);
  }
  squeeze(rig);
  rig.tick(rig.wall);
  relax(rig);
  rig.wait(4s);
  rig.settle_down();
  CHECK(rig.kept() == all);
  CHECK(journal.most_reads <= 64);
  CHECK(journal.read_records.size() == 300);
}

TEST_CASE("tail journal: large records are read back one or two at a time") {
  FakeJournal journal;
  JournalRig rig("{decision_wait: 2s, " + kAll + "}", journal, kStart);
  rig.tick(kStart);
  for (uint64_t n = 1; n <= 5; ++n) rig.send(paid_request(rig.budget, {plain(1, n)}, 9 << 20));
  squeeze(rig);
  rig.tick(rig.wall);
  relax(rig);
  rig.wait(4s);
  rig.settle_down();
  CHECK(rig.kept() == Ids{1, 2, 3, 4, 5});
  CHECK(journal.most_reads == 2);
}

TEST_CASE("tail journal: bytes that are let go of while others are read back are not missed") {
  FakeJournal journal;
  JournalRig rig("{decision_wait: 2s, " + kAll + "}", journal, kStart);
  rig.tick(kStart);
  rig.send({plain(1, 1)});
  squeeze(rig);
  rig.tick(rig.wall);
  relax(rig);
  rig.send({plain(1, 2)});
  rig.wait(4s);
  journal.write_all();
  rig.shards.run_until_idle();
  CHECK(journal.read_records == std::vector<uint64_t>{1});
  squeeze(rig);
  rig.tick(rig.wall);  // lets go of the second request
  relax(rig);
  rig.settle_down();
  CHECK(rig.kept() == Ids{1, 2});
  CHECK(journal.read_records == std::vector<uint64_t>{1});
}

TEST_CASE("tail journal: spans whose record cannot be read back are dropped as corrupt, the others leave") {
  FakeJournal journal;
  JournalRig rig("{decision_wait: 2s, " + kAll + "}", journal, kStart);
  rig.tick(kStart);
  rig.send({plain(1, 1), plain(2, 2)});
  rig.send({plain(1, 3)});
  journal.unreadable = {1};
  squeeze(rig);
  rig.tick(rig.wall);
  relax(rig);
  rig.wait(4s);
  rig.settle_down();
  CHECK(rig.kept() == Ids{3});
  CHECK(rig.dropped(DropReason::kCorrupt) == 2);
  CHECK(rig.held() == 0);
}

TEST_CASE("tail journal: rewritten spans are spilled and come back as they were") {
  FakeJournal journal;
  JournalRig rig("{decision_wait: 2s, " + kAll + "}", journal, kStart);
  rig.tick(kStart);
  Batch batch = request({plain(1, 1)});
  batch.parts[0].rewritten = true;
  rig.send(std::move(batch));
  squeeze(rig);
  rig.tick(rig.wall);
  CHECK(rig.spilled() > 0);
  CHECK(journal.spilled().size() == 1);
  relax(rig);
  rig.stages[0]->flush({rig.wall + rig.to_mono, rig.wall});
  CHECK(rig.held() == 1);
  rig.wait(4s);
  rig.settle_down();
  CHECK(journal.read_records.size() == 1);
  CHECK(rig.kept() == Ids{1});
}

TEST_CASE("tail journal: shutdown decides and drops what no journal has, and nothing else") {
  for (const bool drop : {false, true}) {
    FakeJournal journal;
    JournalRig rig(std::string("{decision_wait: 60s, drop_pending_traces_on_shutdown: ") +
                       (drop ? "true, " : "false, ") + kAll + "}",
                   journal, kStart);
    rig.tick(kStart);
    rig.send({plain(1, 1), plain(2, 2)});
    rig.ledger.admit(rig.destination, 1);
    rig.enter(request({plain(3, 3)}));
    rig.stages[0]->flush({rig.wall + rig.to_mono, rig.wall});
    rig.check_accounts();
    CHECK(rig.held() == 2);
    CHECK(rig.kept() == (drop ? Ids{} : Ids{3}));
    CHECK(rig.dropped(DropReason::kShutdown) == (drop ? 1 : 0));
    CHECK(journal.logged().empty());
  }
}

TEST_CASE("tail journal: shutdown leaves what waits for room where it is, if the journal has it") {
  FakeJournal journal;
  JournalRig rig("{decision_wait: 60s, num_traces: 1, block_on_overflow: true, " + kAll + "}", journal, kStart);
  rig.tick(kStart);
  rig.send({plain(1, 1), plain(2, 2)});
  rig.ledger.admit(rig.destination, 1);
  rig.enter(request({plain(3, 3)}));
  CHECK(rig.held() == 3);
  rig.stages[0]->flush({rig.wall + rig.to_mono, rig.wall});
  rig.check_accounts();
  CHECK(rig.held() == 2);
  CHECK(rig.kept() == Ids{3});
}

TEST_CASE("tail journal: answers that come after the sampler is gone touch nothing") {
  FakeJournal journal;
  JournalRig rig("{decision_wait: 1s, " + kAll + "}", journal, kStart);
  rig.tick(kStart);
  rig.send({plain(1, 1)});
  rig.wait(3s);
  journal.write_all();
  rig.stages.clear();
  rig.shards.run_until_idle();
  CHECK(rig.kept().empty());
}

}  // namespace weir::test
