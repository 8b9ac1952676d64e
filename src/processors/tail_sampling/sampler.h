// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "processors/tail_sampling/config.h"
#include "processors/tail_sampling/decision_cache.h"
#include "processors/tail_sampling/departures.h"
#include "processors/tail_sampling/policy_group.h"
#include "processors/tail_sampling/restored_decisions.h"
#include "processors/tail_sampling/sampler_metrics.h"
#include "processors/tail_sampling/span_tests.h"
#include "processors/tail_sampling/trace_table.h"
#include "weir/component.h"

namespace weir {

// What the stages of one tail_sampling processor share. Policies are thread-safe; the count is taken per batch.
struct SamplerShared {
  TailSamplingConfig config;
  ComponentEnv env;
  PolicyList policies;
  uint32_t stages = 1;              // shards that have one
  std::atomic<int64_t> traces{0};   // in the tables of all of them
  std::atomic<int64_t> spilled{0};  // bytes of their spans that are only in the journal
};

// Tail sampling on one shard: a table of traces, a ring of seconds that says when each is decided, and the policies.
// With a journal decisions are logged before they are acted on, those of before the start are binding, and bytes that
// can be read back are let go while memory is short.
class TailSampler final : public Stage {
 public:
  TailSampler(SamplerShared& shared, const StagePlace& place, Consumer& next);

  void consume(Batch&& batch) override;
  void on_tick(Time now) override;
  void flush(Time now) override;
  uint64_t held() const override { return table_.held_spans() + waiting_spans_; }

 private:
  enum class Room { kThere, kWait };

  // arrival (sampler_arrival.cpp)
  void ingest(Batch&& batch);
  size_t take_spans_in(uint32_t run);
  void add_to_trace(uint32_t trace, uint32_t run, const SpanRecord& span);
  uint32_t new_trace(const TraceId& id);
  TraceVerdict decided_elsewhere(const TraceId& id);
  void note_late(TraceVerdict verdict, uint32_t index);
  void settle_late(uint32_t run);
  void settle_late_at_once(const Batch& batch);
  void root_arrived(uint32_t trace);
  void count_bytes(Trace& trace, uint32_t run, const SpanRecord& span);
  void give_up_too_large(uint32_t trace);
  uint64_t hits_of_resource(const Batch& batch, uint32_t resource);
  Room make_room();
  void evict_oldest();
  void decide_some_early();
  void wait_for_room(const Batch& batch, size_t from);
  void resume_waiting();
  void schedule(uint32_t trace, uint32_t tick);
  uint64_t traces_in_process() const;

  // decision (sampler.cpp)
  void advance_to(Time now);
  void collect_due(uint32_t tick);
  void relieve_memory();
  void decide_due();
  void decide(const std::vector<uint32_t>& slice);
  void ask_policy(size_t policy, const std::vector<uint32_t>& slice);
  void conclude(uint32_t trace, Decision decision);
  void remember(uint32_t trace, TraceVerdict verdict);
  void decide_all();
  void drop_all();
  void drop(const std::vector<uint32_t>& traces);
  void flush_unjournaled();
  bool all_journaled(uint32_t trace);
  void remove(uint32_t trace);
  bool worth_spilling() const;
  void let_go_of_bytes(uint64_t most);
  void finish();
  void publish();

  SamplerShared& shared_;
  const TailSamplingConfig& config_;
  const StagePlace place_;
  Consumer& next_;
  SpanTests tests_;
  TraceTable table_;
  DecisionCache sampled_cache_;
  DecisionCache other_cache_;
  const RestoredDecisions restored_;
  Departures departures_;
  SamplerMetrics metrics_;
  const uint64_t most_traces_;
  const uint32_t wait_ticks_;
  const uint32_t root_wait_ticks_;
  const bool counts_bytes_;

  Time now_;
  bool started_ = false;
  bool flushing_ = false;
  Duration next_tick_{0};
  uint32_t tick_ = 0;  // whole seconds since the first on_tick
  std::map<uint32_t, std::vector<uint32_t>> due_at_;
  std::deque<uint32_t> due_;  // to be decided now, in slices

  std::deque<Batch> waiting_;  // block_on_overflow: what there was no room for
  uint64_t waiting_spans_ = 0;
  int64_t uncounted_traces_ = 0;  // of this batch, not yet in shared_.traces
  int64_t counted_spilled_ = 0;   // of ours in shared_.spilled

  // Scratch of one batch or slice.
  std::vector<uint64_t> resource_hits_;
  std::vector<bool> resource_known_;
  std::vector<uint32_t> late_sampled_, late_not_sampled_, late_too_large_;
  uint32_t last_late_ = kNone;
  TraceId last_restored_;
  std::vector<uint32_t> slice_;
  std::vector<Decision> decisions_;
  std::vector<uint8_t> stopped_;
};

}  // namespace weir
