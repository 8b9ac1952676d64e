// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "support/sim.h"
#include "weir/component.h"

namespace weir::test {

// A batch of one part with `spans` spans; span i belongs to trace `first_trace + i / spans_per_trace`.
inline Batch make_batch(uint64_t first_trace, uint32_t spans, uint32_t spans_per_trace = 2) {
  Batch batch;
  batch.parts.push_back(Part{BufferRef::copy_of("xxxx"), nullptr, 0, kNoDestination});
  batch.resources.push_back({});
  batch.scopes.push_back({});
  for (uint32_t i = 0; i < spans; ++i) {
    SpanRecord span;
    span.trace_id.word[0] = first_trace + i / spans_per_trace;
    span.trace_id.word[1] = 7;
    span.span_id.word = first_trace * 1000 + i;
    span.body = {0, 4};
    span.item = i;
    batch.spans.push_back(span);
  }
  return batch;
}

// Passes everything on, but drops each span whose id is divisible by `drop_every`; remembers which shard saw which
// trace. With `hold` it keeps batches until flush().
class FakeProcessor final : public Processor {
 public:
  FakeProcessor(Placement placement, Ledger& ledger, uint64_t drop_every = 0, bool hold = false, bool early = false)
      : placement_(placement), ledger_(ledger), drop_every_(drop_every), hold_(hold), early_(early) {}
  Placement placement() const override { return placement_; }
  bool answers_early() const override { return early_; }
  std::unique_ptr<Stage> make_stage(const StagePlace& place, Consumer& next) override {
    return std::make_unique<FakeStage>(*this, place, next);
  }
  std::map<uint64_t, std::vector<uint32_t>> shards_of_trace;

 private:
  struct FakeStage final : Stage {
    FakeStage(FakeProcessor& fake, const StagePlace& place, Consumer& next_stage)
        : owner(fake), at(place), next(next_stage) {}
    void consume(Batch&& batch) override {
      for (const SpanRecord& span : batch.spans) {
        auto& seen = owner.shards_of_trace[span.trace_id.word[0]];
        if (seen.empty() || seen.back() != at.shard->index()) seen.push_back(at.shard->index());
      }
      if (owner.hold_) return kept.push_back(std::move(batch));
      pass(std::move(batch));
    }
    void pass(Batch&& batch) {
      if (owner.drop_every_ > 0) {
        Batch dropped = batch;
        std::erase_if(dropped.spans, [&](const SpanRecord& s) { return s.span_id.word % owner.drop_every_ != 0; });
        std::erase_if(batch.spans, [&](const SpanRecord& s) { return s.span_id.word % owner.drop_every_ == 0; });
        settle(owner.ledger_, dropped, at.downstream, Settled::sampled_out());
      }
      if (!batch.spans.empty()) next.consume(std::move(batch));
    }
    void flush(Time) override {
      for (Batch& batch : kept) pass(std::move(batch));
      kept.clear();
    }
    uint64_t held() const override {
      uint64_t spans = 0;
      for (const Batch& batch : kept) spans += batch.spans.size();
      return spans;
    }
    FakeProcessor& owner;
    StagePlace at;
    Consumer& next;
    std::deque<Batch> kept;
  };
  Placement placement_;
  Ledger& ledger_;
  uint64_t drop_every_;
  bool hold_;
  bool early_;
};

// Keeps batches until told to settle them.
class FakeExporter final : public Exporter {
 public:
  FakeExporter(Ledger& ledger, bool on_delivery = false) : ledger_(ledger), on_delivery_(on_delivery) {}
  bool answers_on_delivery() const override { return on_delivery_; }
  std::unique_ptr<Stage> make_stage(Shard& home) override {
    home_ = home.index();
    return std::make_unique<FakeStage>(*this);
  }
  void settle_all(const Settled& how) {
    for (const Batch& batch : kept_) settle_at_door(ledger_, batch, how);
    kept_.clear();
  }
  const std::deque<Batch>& kept() const { return kept_; }
  uint64_t spans() const {
    uint64_t sum = 0;
    for (const Batch& batch : kept_) sum += batch.spans.size();
    return sum;
  }

 private:
  struct FakeStage final : Stage {
    explicit FakeStage(FakeExporter& fake) : owner(fake) {}
    void consume(Batch&& batch) override { owner.kept_.push_back(std::move(batch)); }
    uint64_t held() const override { return owner.spans(); }
    void add_held(std::vector<uint64_t>& by_destination) const override {
      for (const Batch& batch : owner.kept_) {
        for (const SpanRecord& span : batch.spans) ++by_destination[batch.parts[span.part].destination];
      }
    }
    void abandon() override { owner.settle_all(Settled::dropped(DropReason::kShutdown)); }
    FakeExporter& owner;
  };
  Ledger& ledger_;
  bool on_delivery_;
  uint32_t home_ = 0;
  std::deque<Batch> kept_;
};

// Counts the spans its observers see, by shard; flushes one metrics batch at the end.
class FakeConnector final : public MetricsConnector {
 public:
  explicit FakeConnector(Placement placement) : placement_(placement) {}
  Placement placement() const override { return placement_; }
  std::unique_ptr<Observer> make_observer(const StagePlace& place) override {
    return std::make_unique<FakeObserver>(*this, place.shard->index());
  }
  void set_output(Shard&, Consumer& output) override { output_ = &output; }
  void home_tick(Time) override { ++ticks; }
  void final_flush(Time, Task done) override {
    Batch batch;
    batch.signal = Signal::kMetrics;
    batch.parts.push_back(Part{BufferRef::copy_of("m"), nullptr, 0, kNoDestination});
    batch.items.push_back({{0, 1}, 0, 0, 1});
    output_->consume(std::move(batch));
    done();
  }
  std::map<uint32_t, uint64_t> spans_seen;
  std::map<uint64_t, uint32_t> shard_of_trace;
  bool trace_on_two_shards = false;
  int ticks = 0;

 private:
  struct FakeObserver final : Observer {
    FakeObserver(FakeConnector& fake, uint32_t on) : owner(fake), shard(on) {}
    void observe(const Batch& batch) override {
      owner.spans_seen[shard] += batch.spans.size();
      for (const SpanRecord& span : batch.spans) {
        const auto [at, fresh] = owner.shard_of_trace.emplace(span.trace_id.word[0], shard);
        if (!fresh && at->second != shard) owner.trace_on_two_shards = true;
      }
    }
    FakeConnector& owner;
    uint32_t shard;
  };
  Placement placement_;
  Consumer* output_ = nullptr;
};

}  // namespace weir::test
