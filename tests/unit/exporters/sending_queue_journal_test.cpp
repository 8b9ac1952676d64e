// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include "queue_fixture.h"
#include "support/fake_journal.h"

namespace weir::test {
namespace {

SendResult refused_data(std::string why) {
  SendResult made = permanent(std::move(why));
  made.data_refused = true;
  return made;
}

// A queue on a simulated shard, with a journal or without. The destination answers each send as `judge` says.
struct JournaledQueue : QueueWorld {
  explicit JournaledQueue(bool with_journal = true, uint64_t memory = 1 << 30) : small(memory) {
    with = with_journal;
    setup.retry.initial_interval = std::chrono::milliseconds(100);
    setup.retry.max_interval = std::chrono::milliseconds(200);
  }
  void start() {
    ComponentEnv made = env();
    made.budget = &small;
    made.journal = with ? &journal : nullptr;
    queue = std::make_unique<SendingQueue>(made, setup, std::make_unique<ScriptedTransport>(transport), &shards.at(0));
    queue->on_tick(clock.now());
  }
  // A journaled request; its bytes are paid for out of the small budget.
  std::shared_ptr<FakeAccount> consume(uint32_t count, const std::string& prefix) {
    auto account = std::make_shared<FakeAccount>(next_record++);
    const std::string request = trace_request(count, prefix);
    journal.content[account->number] = request;
    ledger.admit(destination, count);
    Part part{.bytes = BufferRef::copy_of(request, Reservation::take(small, request.size()))};
    part.origin = account;
    part.sequence = account->number;
    part.destination = destination;
    Batch batch;
    REQUIRE(otlp::walk(Signal::kTraces, part, batch).ok);
    batch.parts[0].destination = destination;
    queue->consume(std::move(batch));
    return account;
  }
  // The same, as a processor leaves it: each other span's bytes are new ones, the first letter of the name in capitals.
  std::shared_ptr<FakeAccount> consume_rewritten(uint32_t count, const std::string& prefix, std::string& wanted) {
    auto account = std::make_shared<FakeAccount>(next_record++);
    const std::string request = trace_request(count, prefix);
    ledger.admit(destination, count);
    Part part{.bytes = BufferRef::copy_of(request, Reservation::take(small, request.size()))};
    part.origin = account;
    part.destination = destination;
    Batch batch;
    REQUIRE(otlp::walk(Signal::kTraces, part, batch).ok);
    Part made = batch.parts[0];
    made.rewritten = true;
    std::string bytes = "left over";
    for (SpanRecord& span : batch.spans) {
      if (span.item % 2 == 0) continue;
      std::string body(batch.body(span));
      body[body.find(prefix)] = 'X';
      span.part = 1;
      span.name.offset += static_cast<uint32_t>(bytes.size()) - span.body.offset;
      span.body.offset = static_cast<uint32_t>(bytes.size());
      bytes += body;
    }
    made.bytes = BufferRef::copy_of(bytes, Reservation::take(small, bytes.size()));
    batch.parts.push_back(made);
    batch.whole = false;
    wanted = otlp::encode_to_string(batch);
    queue->consume(std::move(batch));
    return account;
  }
  // Answers all that is sent, and goes on until nothing happens.
  void serve(const std::function<SendResult(const ScriptedTransport::Sent&)>& judge) {
    for (int i = 0; i < 100'000; ++i) {
      shards.run_until_idle();
      if (answered < transport->sent.size()) {
        transport->answer(answered, judge(transport->sent[answered]));
        ++answered;
      } else if (queue->idle()) {
        return;
      } else {
        tick(std::chrono::milliseconds(50));
      }
    }
    FAIL("the queue never gets empty");
  }

  FakeJournal journal;
  SimShards shards{1, 1};
  ByteBudget small;
  bool with = true;
  uint64_t next_record = 1;
  size_t answered = 0;
};

SendResult poison_is(const std::string& name, const ScriptedTransport::Sent& sent) {
  return sent.bytes.find(name) == std::string::npos ? accepted() : refused_data("odd span");
}

}  // namespace

TEST_CASE("one refused span among 512 is found, kept, and takes no other down") {
  JournaledQueue world;
  world.start();
  const auto account = world.consume(512, "n");
  world.serve([](const auto& sent) { return poison_is("n301", sent); });
  CHECK(world.transport->sent.size() <= 20);
  CHECK(world.settled(Outcome::kExported) == 511);
  CHECK(world.dropped(DropReason::kRefused) == 1);
  REQUIRE(world.journal.refused.size() == 1);
  CHECK(world.journal.refused[0].find("n301") != std::string::npos);
  CHECK(world.journal.refused[0].find("n302") == std::string::npos);
  CHECK(world.journal.refusals[0].first == "otlp");
  CHECK(account->settled[world.destination].size() == 512);
  world.check_accounts(0);
}

TEST_CASE("where everything is refused, the number of tries is bounded") {
  JournaledQueue world(GENERATE(true, false));
  world.start();
  world.consume(512, "n");
  world.serve([](const auto&) { return refused_data("no"); });
  CHECK(world.transport->sent.size() <= 66);
  CHECK(world.dropped(DropReason::kRefused) == 512);
  world.check_accounts(0);
}

TEST_CASE("a refusal that is not about the data is not tried in parts") {
  JournaledQueue world;
  world.start();
  world.consume(100, "n");
  world.serve([](const auto&) { return permanent("unauthenticated"); });
  CHECK(world.transport->sent.size() == 1);
  CHECK(world.dropped(DropReason::kRefused) == 100);
  CHECK(world.journal.refused.empty());
}

TEST_CASE("a sender that waits hears the refusal of what it sent, whole") {
  JournaledQueue world(false);
  world.setup.queue.enabled = false;
  world.start();
  const auto sender = std::make_shared<RecordingOrigin>();
  world.queue->consume(world.spans(10, sender));
  world.serve([](const auto&) { return refused_data("no"); });
  CHECK(world.transport->sent.size() == 1);
  REQUIRE(sender->settled.size() == 1);
  CHECK(sender->settled[0].first == 10);
  CHECK(sender->settled[0].second.detail == "not retryable error: Permanent error: no");
}

TEST_CASE("what is too large is cut until it fits; one item that never does is dropped") {
  JournaledQueue world;
  world.start();
  world.consume(100, "n");
  world.serve([](const auto& sent) {
    const bool huge = sent.bytes.find("n70\x30") != std::string::npos;
    return sent.items > 10 || huge ? too_large("big") : accepted();
  });
  CHECK(world.settled(Outcome::kExported) + world.dropped(DropReason::kTooLarge) == 100);
  CHECK(world.settled(Outcome::kExported) >= 99);
  world.check_accounts(0);
}

TEST_CASE("partial success of a part is counted and never sent again") {
  JournaledQueue world;
  world.start();
  world.consume(64, "n");
  world.serve([](const auto& sent) {
    if (sent.items > 16) return too_large("big");
    return accepted(3, "three are odd");
  });
  CHECK(world.settled(Outcome::kExported) == 64 - 4 * 3);
  CHECK(world.dropped(DropReason::kRejected) == 4 * 3);
  world.check_accounts(0);
}

TEST_CASE("while memory is short what waits is held by the journal, and arrives as it was sent") {
  const uint64_t one = trace_request(50, "x0000").size();
  JournaledQueue world(true, 20 * one);
  world.setup.queue.num_consumers = 2;
  world.setup.queue.queue_size = 5;
  world.start();
  std::vector<std::shared_ptr<FakeAccount>> accounts;
  uint64_t most = 0;
  for (uint32_t i = 0; i < 200; ++i) {
    accounts.push_back(world.consume(50, "x" + std::to_string(1000 + i)));
    if (i % 10 == 9) world.tick(std::chrono::milliseconds(100));
    most = std::max(most, world.small.used());
  }
  CHECK(most <= 40 * one);
  CHECK(world.small.used() <= 2 * one + 200 * 300);  // a few hundred bytes of each, whatever it holds
  CHECK(world.queue->held() == 200 * 50);
  world.check_accounts(world.queue->held());

  world.serve([](const auto&) { return accepted(); });
  CHECK(world.journal.reads >= 150);
  CHECK(world.settled(Outcome::kExported) == 200 * 50);
  world.check_accounts(0);
  std::map<std::string, int> sent;
  for (const auto& one_sent : world.transport->sent) ++sent[one_sent.bytes];
  for (const auto& account : accounts) {
    CHECK(sent[world.journal.content[account->number]] == 1);
    CHECK(account->settled[world.destination].size() == 50);
  }
}

TEST_CASE("a batch that is held by the journal alone keeps little, and pays for it") {
  JournaledQueue world(true, 1);
  world.setup.queue.num_consumers = 1;
  world.setup.queue.queue_size = 1;
  world.start();
  world.consume(512, "x");  // is under way
  const uint64_t before = world.small.used();
  constexpr uint64_t kWaiting = 100;
  for (uint64_t i = 0; i < kWaiting; ++i) world.consume(512, "y" + std::to_string(i));
  CHECK(world.small.used() - before >= kWaiting * 150);
  CHECK(world.small.used() - before <= kWaiting * 300);
  world.serve([](const auto&) { return accepted(); });
  CHECK(world.settled(Outcome::kExported) == 101 * 512);
  CHECK(world.small.used() == 0);
  world.check_accounts(0);
}

TEST_CASE("a burst is spilled as it comes") {
  const uint64_t one = trace_request(50, "x0000").size() + 50 * sizeof(SpanRecord);
  JournaledQueue world(true, 100 * one);
  world.setup.queue.num_consumers = 1;
  world.start();
  uint64_t most = 0;
  for (uint32_t i = 0; i < 200; ++i) {  // between two ticks
    world.consume(50, "x" + std::to_string(1000 + i));
    most = std::max(most, world.small.used());
  }
  CHECK(most <= 75 * one);
  world.serve([](const auto&) { return accepted(); });
  CHECK(world.journal.reads >= 100);
  CHECK(world.settled(Outcome::kExported) == 200 * 50);
  world.check_accounts(0);
}

TEST_CASE("while memory is short rewritten spans are spilled, and arrive as they were") {
  JournaledQueue world(true, 1);
  world.setup.queue.num_consumers = 1;
  world.setup.queue.queue_size = 1;
  world.start();
  std::vector<std::string> wanted(20);
  std::vector<std::shared_ptr<FakeAccount>> accounts;
  for (uint32_t i = 0; i < wanted.size(); ++i) {
    accounts.push_back(world.consume_rewritten(10, "x" + std::to_string(i), wanted[i]));
  }
  world.tick(std::chrono::milliseconds(200));
  CHECK(world.journal.spills == 19);  // the first is under way
  world.serve([](const auto&) { return accepted(); });
  CHECK(world.settled(Outcome::kExported) == 200);
  world.check_accounts(0);
  for (uint32_t i = 0; i < wanted.size(); ++i) CHECK(world.transport->sent[i].bytes == wanted[i]);
  for (const auto& account : accounts) CHECK(account->settled[world.destination].size() == 10);
}

TEST_CASE("a record that cannot be read back is counted as corrupt") {
  JournaledQueue world(true, 1);
  world.setup.queue.num_consumers = 1;
  world.setup.queue.queue_size = 1;
  world.start();
  for (int i = 0; i < 5; ++i) world.consume(10, "n" + std::to_string(i));
  world.tick(std::chrono::milliseconds(200));
  world.journal.content.erase(4);
  world.serve([](const auto&) { return accepted(); });
  CHECK(world.settled(Outcome::kExported) == 40);
  CHECK(world.dropped(DropReason::kCorrupt) == 10);
  world.check_accounts(0);
}

TEST_CASE("with a journal retries have no end that the config did not write") {
  const bool written = GENERATE(false, true);
  JournaledQueue world;
  if (written) world.setup.retry.max_elapsed_time = std::chrono::seconds(60);
  world.start();
  world.consume(10, "n");
  for (int i = 0; i < 1000; ++i) {
    if (world.answered < world.transport->sent.size()) world.transport->answer(world.answered++, retry("down"));
    world.tick(std::chrono::seconds(1));
  }
  CHECK(world.dropped(DropReason::kRetriesExhausted) == (written ? 10 : 0));
  CHECK(world.queue->held() == (written ? 0 : 10));
}

TEST_CASE("at shutdown journaled requests are let go, others are dropped by name") {
  JournaledQueue world;
  world.setup.queue.num_consumers = 1;
  world.start();
  const auto account = world.consume(10, "n");
  world.consume(20, "m");
  world.ledger.admit(world.destination, 7);
  world.queue->consume(walked(Signal::kTraces, trace_request(7, "k"), world.destination));
  world.transport->answer(0, retry("down"));
  world.queue->flush(world.clock.now());
  world.shards.run_until_idle();
  while (world.answered < world.transport->sent.size()) {
    const size_t at = world.answered++;
    if (world.transport->sent[at].done) world.transport->answer(at, retry("down"));
    world.shards.run_until_idle();
  }
  CHECK(world.queue->idle());
  CHECK(account->settled.empty());
  CHECK(world.dropped(DropReason::kShutdown) == 7);
  CHECK(world.queue->held() == 30);
  world.check_accounts(30);
}

TEST_CASE("at shutdown a request that fails under way is let go with all that waits, nothing of it settled") {
  JournaledQueue world;
  world.setup.queue.num_consumers = 2;
  world.start();
  std::vector<std::shared_ptr<FakeAccount>> accounts;
  for (uint32_t i = 0; i < 5; ++i) accounts.push_back(world.consume(10, "n" + std::to_string(i)));
  world.queue->flush(world.clock.now());
  CHECK_FALSE(world.queue->idle());
  world.transport->answer(0, retry("down"));
  CHECK_FALSE(world.queue->idle());  // the other one is under way
  world.transport->answer(1, accepted());
  CHECK(world.queue->idle());
  world.queue->abandon();
  CHECK(world.transport->sent.size() == 2);
  CHECK(accounts[1]->settled[world.destination].size() == 10);
  for (const size_t left : {0, 2, 3, 4}) CHECK(accounts[left]->settled.empty());
  CHECK(world.settled(Outcome::kDropped) == 0);
  CHECK(world.queue->held() == 40);
  world.check_accounts(40);
}

TEST_CASE("many bad spans cost few good ones") {
  JournaledQueue world;
  world.start();
  world.consume(512, "n");
  world.serve([&](const auto& sent) {
    const Batch read = walked(Signal::kTraces, sent.bytes, world.destination);
    for (const SpanRecord& span : read.spans) {
      if (std::stoi(std::string(read.name(span).substr(1))) % 100 == 50) return refused_data("odd span");
    }
    return accepted();
  });
  CHECK(world.transport->sent.size() <= 63);
  CHECK(world.settled(Outcome::kExported) >= 500);  // five were bad
  world.check_accounts(0);
}

TEST_CASE("what is too large leaves in the order in which it came") {
  JournaledQueue world;
  world.start();
  world.consume(100, "n");
  std::string names;
  world.serve([&](const auto& sent) {
    if (sent.items > 9) return too_large("big");
    const Batch read = walked(Signal::kTraces, sent.bytes, world.destination);
    for (const SpanRecord& span : read.spans) names += std::string(read.name(span)) + " ";
    return accepted();
  });
  std::string expected;
  for (int i = 0; i < 100; ++i) expected += "n" + std::to_string(i) + " ";
  CHECK(names == expected);
}

TEST_CASE("metrics: a bad point is found, between metrics first and then between the points of one") {
  JournaledQueue world(false);
  ComponentEnv env = world.env(Signal::kMetrics);
  world.queue = std::make_unique<SendingQueue>(env, world.setup, std::make_unique<ScriptedTransport>(world.transport));
  world.queue->consume(walked(Signal::kMetrics, metric_request(64) + metric_request(3), world.destination));
  uint64_t points = 0;
  world.serve([&](const auto& sent) {
    if (sent.bytes.find("\"17\"") != std::string::npos ||
        sent.bytes.find(std::string("\x0a\x02") + "17") != std::string::npos)
      return refused_data("odd point");
    points += sent.items;
    return accepted();
  });
  CHECK(points == 66);
  CHECK(world.transport->sizes().at(1) == 64);
  CHECK(world.transport->sizes().at(2) == 3);
}

TEST_CASE("a bad span of one sender does not refuse another sender's that was merged with it") {
  JournaledQueue world(false);
  world.setup.queue.wait_for_result = true;
  world.setup.queue.batch = QueueBatchConfig{.min_size = 20};
  world.start();
  const auto good = std::make_shared<RecordingOrigin>();
  const auto bad = std::make_shared<RecordingOrigin>();
  world.queue->consume(world.spans(10, good, "good"));
  world.queue->consume(world.spans(10, bad, "bad"));
  world.serve([](const auto& sent) { return poison_is("bad", sent); });
  CHECK(world.transport->sent.size() == 3);
  REQUIRE(good->settled.size() == 1);
  CHECK(good->settled[0].second.outcome == Outcome::kExported);
  REQUIRE(bad->settled.size() == 1);
  CHECK(bad->settled[0].second.reason == DropReason::kRefused);
  world.check_accounts(0);
}

TEST_CASE("a transport that answers every piece at once is no recursion") {
  JournaledQueue world;
  world.start();
  const std::function<void(uint32_t)> answers = [&](uint32_t items) {
    world.transport->at_once.push_back(items > 1 ? too_large("big") : accepted());
    if (items > 1) answers(items / 2), answers(items - items / 2);
  };
  answers(2048);
  world.consume(2048, "n");
  CHECK(world.queue->idle());
  CHECK(world.settled(Outcome::kExported) == 2048);
}

}  // namespace weir::test
