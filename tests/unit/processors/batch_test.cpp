// SPDX-License-Identifier: Apache-2.0
#include "processors/batch/batch.h"

#include "unit/processors/fixture.h"

namespace weir::test {

namespace {

struct BatchRig : World {
  explicit BatchRig(const std::string& yaml, Signal signal = Signal::kTraces) : sink(ledger, destination) {
    env.signal = signal;
    processor = make_batch(good_config<BatchConfig>(yaml), env);
    stage = processor->make_stage(place(), sink);
    stage->on_tick(clock.now());
  }
  void send(uint32_t spans, ContextRef context = nullptr) {
    std::vector<TestSpan> list;
    for (uint32_t i = 0; i < spans; ++i) list.push_back({.id = next_id++});
    Batch batch = request(list);
    batch.context = std::move(context);
    ledger.admit(destination, spans);
    sent += spans;
    stage->consume(std::move(batch));
  }
  void wait(Duration time) {
    clock.advance(time);
    stage->on_tick(clock.now());
  }
  // Law 4, and nothing is lost or doubled.
  void check_accounts() const {
    CHECK(account().admitted == account().settled() + stage->held());
    CHECK(sink.span_ids().size() + stage->held() + dropped(DropReason::kProcessorError) == sent);
  }
  Sink sink;
  std::unique_ptr<Processor> processor;
  std::unique_ptr<Stage> stage;
  uint64_t next_id = 1, sent = 0;
};

ContextRef context_with(std::vector<std::pair<std::string, std::string>> metadata) {
  auto context = std::make_shared<Context>();
  context->metadata = std::move(metadata);
  return context;
}

using Sizes = std::vector<uint64_t>;

}  // namespace

TEST_CASE("batch: a batch goes when it is large enough, with all that is there") {
  BatchRig rig("{send_batch_size: 20, timeout: 60s}");
  for (int i = 0; i < 10; ++i) rig.send(6);
  CHECK(rig.sink.sizes() == Sizes{24, 24});
  CHECK(rig.stage->held() == 12);
  rig.stage->flush(rig.clock.now());
  CHECK(rig.sink.sizes() == Sizes{24, 24, 12});
  CHECK(rig.telemetry.value("otelcol_processor_batch_batch_size_trigger_send{processor=component}") == 2);
  CHECK(rig.telemetry.value("otelcol_processor_batch_timeout_trigger_send{processor=component}") == 1);
  CHECK(rig.telemetry.seen("otelcol_processor_batch_batch_send_size{processor=component}") ==
        std::vector<double>{24, 24, 12});
  rig.check_accounts();
}

TEST_CASE("batch: max size splits repeatedly and keeps the rest") {
  BatchRig rig("{send_batch_size: 10, send_batch_max_size: 10, timeout: 60s}");
  rig.send(35);
  CHECK(rig.sink.sizes() == Sizes{10, 10, 10});
  CHECK(rig.stage->held() == 5);
  rig.send(5);
  CHECK(rig.sink.sizes() == Sizes{10, 10, 10, 10});
  CHECK(rig.sink.span_ids().size() == 40);
  rig.check_accounts();
}

TEST_CASE("batch: the timer runs from the last batch sent and sends what is there") {
  BatchRig rig("{timeout: 200ms}");
  rig.send(3);
  rig.wait(190ms);
  CHECK(rig.sink.batches.empty());
  rig.wait(10ms);
  CHECK(rig.sink.sizes() == Sizes{3});
  rig.wait(1s);
  CHECK(rig.sink.sizes() == Sizes{3});
  rig.check_accounts();
}

TEST_CASE("batch: size 0 and timeout 0 hand on at once, cut to the max size") {
  for (const std::string yaml :
       {"{send_batch_size: 0, send_batch_max_size: 4}", "{timeout: 0s, send_batch_size: 4, send_batch_max_size: 4}"}) {
    BatchRig rig(yaml);
    rig.send(9);
    rig.send(1);
    CHECK(rig.sink.sizes() == Sizes{4, 4, 1, 1});
    rig.check_accounts();
  }
}

TEST_CASE("batch: a request that goes out alone stays its own bytes") {
  BatchRig rig("{send_batch_size: 0}");
  rig.send(2);
  REQUIRE(rig.sink.batches.size() == 1);
  CHECK(rig.sink.batches[0].whole);
}

TEST_CASE("batch: metadata_keys part the batches, whatever the case, and are kept; other metadata is not") {
  BatchRig rig("{send_batch_size: 4, timeout: 60s, metadata_keys: [Tenant]}");
  const auto a = context_with({{"tenant", "a"}, {"other", "1"}}), b = context_with({{"tenant", "b"}, {"tenant", "c"}});
  rig.send(3, a);
  rig.send(3, b);
  rig.send(3);
  CHECK(rig.sink.batches.empty());
  rig.send(1, context_with({{"tenant", "a"}, {"other", "2"}}));
  rig.send(1, b);
  REQUIRE(rig.sink.sizes() == Sizes{4, 4});
  using Metadata = std::vector<std::pair<std::string, std::string>>;
  CHECK(rig.sink.batches[0].context->metadata == Metadata{{"tenant", "a"}});
  CHECK(rig.sink.batches[1].context->metadata == Metadata{{"tenant", "b"}, {"tenant", "c"}});
  CHECK(rig.telemetry.value("otelcol_processor_batch_metadata_cardinality{processor=component}") == 3);
  rig.check_accounts();
}

TEST_CASE("batch: beyond metadata_cardinality_limit spans are dropped and accounted for") {
  BatchRig rig("{send_batch_size: 4, timeout: 60s, metadata_keys: [tenant], metadata_cardinality_limit: 2}");
  rig.send(1, context_with({{"tenant", "a"}}));
  rig.send(1, context_with({{"tenant", "b"}}));
  rig.send(2, context_with({{"tenant", "c"}}));
  rig.send(3, context_with({{"tenant", "a"}}));
  CHECK(rig.sink.sizes() == Sizes{4});
  CHECK(rig.dropped(DropReason::kProcessorError) == 2);
  rig.check_accounts();
}

TEST_CASE("batch: metrics count data points and logs count records") {
  otlp::MessageWriter out;
  out.begin(1);
  out.begin(2);
  for (int i = 0; i < 3; ++i) out.bytes(2, "");
  out.end();
  out.end();
  Batch logs;
  REQUIRE(otlp::walk(Signal::kLogs, Part{BufferRef::copy_of(out.take())}, logs).ok);
  BatchRig rig("{send_batch_size: 2, send_batch_max_size: 2, timeout: 60s}", Signal::kLogs);
  rig.stage->consume(std::move(logs));
  CHECK(rig.sink.sizes() == Sizes{2});
  CHECK(rig.stage->held() == 0);  // only spans are in the ledger
  rig.stage->flush(rig.clock.now());
  CHECK(rig.sink.sizes() == Sizes{2, 1});
  CHECK(rig.sink.batches[1].signal == Signal::kLogs);
}

TEST_CASE("batch: through merging and splitting, each item is settled once with its own request") {
  struct Account final : Origin {
    void settle(DestinationId, std::span<const uint32_t> items, uint64_t weight, const Settled&) override {
      CHECK(weight == items.size());
      settled.insert(settled.end(), items.begin(), items.end());
    }
    uint64_t record() const override { return number; }
    bool partly_settled() const override { return number == 2; }
    bool settled_before(DestinationId, uint32_t item) const override { return number == 2 && item == 1; }
    uint64_t number = 0;
    std::vector<uint32_t> settled;
  };
  BatchRig rig("{send_batch_size: 4, send_batch_max_size: 4, timeout: 60s}");
  std::vector<std::shared_ptr<Account>> accounts;
  for (uint64_t number = 1; number <= 5; ++number) {
    accounts.push_back(std::make_shared<Account>());
    accounts.back()->number = number;
    Batch batch = request({TestResource{{}, {{.id = 1}, {.id = 2}, {.id = 3}}}}, accounts.back());
    rig.ledger.admit_replayed(rig.destination, number == 2 ? 2 : 3, number == 2 ? 1 : 0);
    rig.stage->consume(std::move(batch));
  }
  rig.stage->flush(rig.clock.now());
  CHECK(rig.sink.sizes() == Sizes{4, 4, 4, 3});
  for (const auto& account : accounts) {
    std::sort(account->settled.begin(), account->settled.end());
    CHECK(account->settled == (account->number == 2 ? std::vector<uint32_t>{0, 2} : std::vector<uint32_t>{0, 1, 2}));
  }
  for (const Batch& batch : rig.sink.batches) {
    for (const Part& part : batch.parts) CHECK(part.stored_as() != 0);
  }
  CHECK(rig.account().ghosts == 0);
  CHECK(rig.account().admitted == rig.account().settled());
}

TEST_CASE("batch: configuration") {
  const auto problems = [](const std::string& yaml) { return read_config<BatchConfig>(yaml).second; };
  CHECK(problems("{}").empty());
  CHECK(problems("{send_batch_max_size: 10}") ==
        std::vector<std::string>{"processors::p: send_batch_max_size must be greater or equal to send_batch_size"});
  CHECK(problems("{metadata_keys: [a, B, A]}") ==
        std::vector<std::string>{"processors::p: duplicate entry in metadata_keys: \"a\" (case-insensitive)"});
  CHECK(problems("{timout: 1s}").size() == 1);
  const auto config = good_config<BatchConfig>("{}");
  CHECK(config.send_batch_size == 8192);
  CHECK(config.timeout == 200ms);
}

}  // namespace weir::test
