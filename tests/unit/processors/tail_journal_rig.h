// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "otlp/batch_ops.h"
#include "processors/tail_sampling/tail_sampling.h"
#include "unit/processors/fake_journal.h"

namespace weir::test {

using Ids = std::vector<uint64_t>;

// One life of a process: a tail sampler with a journal, on as many shards as asked for. Wall time runs on from life to
// life; the process's own clock shows `mono` when it starts.
struct JournalRig : World {
  JournalRig(const std::string& yaml, FakeJournal& fake, Duration started, uint32_t shard_count = 1, Duration mono = 1s)
      : World(shard_count), journal(fake), to_mono(mono - started), wall(started) {
    env.id = "tail_sampling";
    env.journal = &journal;
    processor = make_tail_sampling(good_config<TailSamplingConfig>(yaml), env);
    const uint32_t count = processor->placement() == Placement::kHomeShard ? 1 : shard_count;
    for (uint32_t i = 0; i < count; ++i) stages.push_back(processor->make_stage(place(i), sink));
  }

  void tick(Duration at) {
    for (auto& stage : stages) stage->on_tick({at + to_mono, at});
    check_accounts();
  }
  // Lets time pass in steps of `step`.
  void wait(Duration time, Duration step = 50ms) {
    for (Duration done{0}; done < time; done += step) tick(wall += step);
  }
  void enter(Batch batch) {
    auto parts = otlp::partition_by_trace(std::move(batch), static_cast<uint32_t>(stages.size()));
    for (size_t i = 0; i < parts.size(); ++i) {
      if (!parts[i].spans.empty()) stages[i]->consume(std::move(parts[i]));
    }
    check_accounts();
  }
  void send(Batch batch) {
    journal.take_in(batch, wall);
    ledger.admit(destination, batch.spans.size());
    enter(std::move(batch));
  }
  void send(std::vector<TestSpan> spans) { send(request(std::move(spans))); }
  // Live records in order, on the time at which they came; then the present.
  void replay() {
    for (const auto& [number, record] : journal.records()) {
      if (!record.live()) continue;
      tick(record.received);
      Batch batch;
      REQUIRE(
          otlp::walk(Signal::kTraces, Part{BufferRef::copy_of(record.bytes), journal.account(number), number}, batch)
              .ok);
      const uint64_t ghosts = record.settled.size();
      ledger.admit_replayed(destination, batch.spans.size() - ghosts, ghosts);
      enter(std::move(batch));
    }
    tick(wall);
  }
  // Everything that waits for the journal gets its answer.
  void settle_down() {
    do {
      journal.write_all();
      while (journal.reads() > 0) journal.read_one();
      shards.run_until_idle();
    } while (journal.reads() > 0);
    journal.write_all();
    check_accounts();
  }
  uint64_t held() const {
    uint64_t sum = 0;
    for (const auto& stage : stages) sum += stage->held();
    return sum;
  }
  // Law 4, with what was settled before the start.
  void check_accounts() const { REQUIRE(account().admitted + account().ghosts == account().settled() + held()); }
  Ids kept() const { return Ids(sink.ids.begin(), sink.ids.end()); }
  double spilled() const {
    return telemetry.value("weir_tail_sampling_spilled_bytes{pipeline=traces,processor=tail_sampling}");
  }

  // Ids of what is exported; what was settled before is not.
  struct IdSink final : Consumer {
    explicit IdSink(JournalRig& rig) : rig_(rig) {}
    void consume(Batch&& batch) override {
      for (const SpanRecord& span : batch.spans) {
        REQUIRE(batch.name(span) == "operation");
        if (batch.parts[span.part].origin && batch.parts[span.part].origin->settled_before(0, span.item)) continue;
        ids.insert(__builtin_bswap64(span.span_id.word));
        order.push_back(__builtin_bswap64(span.span_id.word));
      }
      sizes.push_back(batch.spans.size());
      settle(rig_.ledger, batch, {rig_.destination}, Settled::exported());
    }
    std::set<uint64_t> ids;
    Ids order, sizes;

   private:
    JournalRig& rig_;
  };

  FakeJournal& journal;
  const Duration to_mono;
  Duration wall;
  IdSink sink{*this};
  std::unique_ptr<Processor> processor;
  std::vector<std::unique_ptr<Stage>> stages;
};

}  // namespace weir::test
