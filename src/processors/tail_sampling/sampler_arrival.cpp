// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>
#include <utility>

#include "otlp/batch_ops.h"
#include "processors/tail_sampling/sampler.h"

namespace weir {

namespace {

constexpr size_t kDecidedEarlyAtOnce = 64;
constexpr size_t kPrefetchAhead = 8;  // spans

uint32_t with_frame(uint64_t bytes) {
  uint32_t prefix = 2;  // tag and the first byte of the length
  for (uint64_t rest = bytes >> 7; rest > 0; rest >>= 7) ++prefix;
  return static_cast<uint32_t>(bytes) + prefix;
}

template <class Entry>
uint32_t header_bytes(const Batch& batch, const Entry& entry) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < entry.range_count; ++i) bytes += batch.ranges[entry.first_range + i].length;
  return with_frame(bytes);
}

}  // namespace

void TailSampler::consume(Batch&& batch) {
  if (!waiting_.empty()) {
    waiting_spans_ += batch.spans.size();
    waiting_.push_back(std::move(batch));
    return;
  }
  ingest(std::move(batch));
  if (table_.can_let_go() && worth_spilling()) let_go_of_bytes(shared_.env.budget->limit() / 64);
  finish();
}

void TailSampler::ingest(Batch&& arrived) {
  const uint32_t run = table_.open_run(std::move(arrived));
  const Batch& batch = table_.run(run).tables;  // does not move while the run is open
  tests_.start(batch, now_.wall);
  resource_hits_.assign(batch.resources.size(), 0);
  resource_known_.assign(batch.resources.size(), false);
  const size_t taken = take_spans_in(run);
  settle_late(run);
  if (taken < batch.spans.size()) wait_for_room(batch, taken);
  table_.close_run(run);
}

// The number of spans for which there was room.
size_t TailSampler::take_spans_in(uint32_t run) {
  const Batch& batch = table_.run(run).tables;
  for (uint32_t i = 0; i < batch.spans.size(); ++i) {
    const SpanRecord& span = batch.spans[i];
    if (i + kPrefetchAhead < batch.spans.size()) table_.prefetch(batch.spans[i + kPrefetchAhead].trace_id);
    uint32_t trace = table_.find(span.trace_id);
    if (trace == kNone) {
      const TraceVerdict known = decided_elsewhere(span.trace_id);
      if (known != TraceVerdict::kPending) {
        note_late(known, i);
        continue;
      }
      if (make_room() == Room::kWait) return i;
      trace = new_trace(span.trace_id);
    }
    const TraceVerdict verdict = table_.trace(trace).verdict;
    if (verdict == TraceVerdict::kPending || verdict == TraceVerdict::kDeciding) {
      add_to_trace(trace, run, span);
      continue;
    }
    // A trace that grew too large was never decided, so its spans are not late.
    if (std::exchange(last_late_, trace) != trace && verdict != TraceVerdict::kTooLarge) {
      metrics_.late_span_age(tick_ - table_.trace(trace).due_tick);
    }
    note_late(verdict, i);
  }
  return batch.spans.size();
}

// The decision on a trace that is not in the table; kPending where there is none.
TraceVerdict TailSampler::decided_elsewhere(const TraceId& id) {
  TraceVerdict cached = sampled_cache_.find(id);
  if (cached == TraceVerdict::kPending) cached = other_cache_.find(id);
  if (cached != TraceVerdict::kPending) {
    metrics_.decided_by_cache(cached == TraceVerdict::kSampled);
    return cached;
  }
  const TraceVerdict restored = restored_.find(id);
  // When it was decided is not known: before the start.
  if (restored != TraceVerdict::kPending && std::exchange(last_restored_, id) != id) metrics_.late_span_age(tick_);
  return restored;
}

uint32_t TailSampler::new_trace(const TraceId& id) {
  const uint32_t index = table_.add_trace(id);
  table_.trace(index).arrived_tick = tick_;
  schedule(index, tick_ + 1 + wait_ticks_);
  ++uncounted_traces_;
  metrics_.new_trace();
  return index;
}

void TailSampler::schedule(uint32_t index, uint32_t tick) {
  table_.trace(index).due_tick = tick;
  due_at_[tick].push_back(index);
}

void TailSampler::add_to_trace(uint32_t index, uint32_t run, const SpanRecord& span) {
  const Batch& batch = table_.run(run).tables;
  Trace& trace = table_.trace(index);
  tests_.observe(batch, span, hits_of_resource(batch, batch.scopes[span.scope].resource), trace.facts);
  if (root_wait_ticks_ > 0 && span.parent_id.empty()) root_arrived(index);
  if (counts_bytes_) count_bytes(trace, run, span);
  table_.add_span(index, run, span);
  if (config_.maximum_trace_size_bytes > 0 && trace.facts.bytes > config_.maximum_trace_size_bytes)
    give_up_too_large(index);
}

uint64_t TailSampler::hits_of_resource(const Batch& batch, uint32_t resource) {
  if (!resource_known_[resource]) {
    resource_known_[resource] = true;
    resource_hits_[resource] = tests_.resource_hits(batch, resource);
  }
  return resource_hits_[resource];
}

void TailSampler::root_arrived(uint32_t index) {
  const Trace& trace = table_.trace(index);
  const uint32_t tick = tick_ + 1 + root_wait_ticks_;
  if (trace.verdict == TraceVerdict::kPending && tick < trace.due_tick) schedule(index, tick);
}

// The size that the trace would have as a message of its own: headers count once per batch that brought spans of it.
void TailSampler::count_bytes(Trace& trace, uint32_t run, const SpanRecord& span) {
  const Batch& batch = table_.run(run).tables;
  const ScopeEntry& scope = batch.scopes[span.scope];
  trace.facts.bytes += with_frame(span.body.length);
  const HeldSpan* before = trace.last_span != kNone ? &table_.span(trace.last_span) : nullptr;
  const bool same_run = before != nullptr && before->run == run;
  if (same_run && before->scope == span.scope) return;
  trace.facts.bytes += header_bytes(batch, scope);
  if (same_run && batch.scopes[before->scope].resource == scope.resource) return;
  trace.facts.bytes += header_bytes(batch, batch.resources[scope.resource]);
}

void TailSampler::give_up_too_large(uint32_t index) {
  metrics_.too_large();
  departures_.lost(table_.trace(index).facts.id, table_.take_spans(index), Loss::kTooLarge);
  remember(index, TraceVerdict::kTooLarge);
}

// Late spans follow the decision on their trace.
void TailSampler::note_late(TraceVerdict verdict, uint32_t index) {
  if (verdict == TraceVerdict::kSampled) return late_sampled_.push_back(index);
  (verdict == TraceVerdict::kTooLarge ? late_too_large_ : late_not_sampled_).push_back(index);
}

void TailSampler::settle_late(uint32_t run) {
  const Batch& batch = table_.run(run).tables;
  last_late_ = kNone;
  last_restored_ = {};
  if (!departures_.logs()) {
    settle_late_at_once(batch);
  } else {
    // Their decision is logged again, for as long as their own records live.
    for (uint32_t i : late_sampled_)
      departures_.sampled(batch.spans[i].trace_id, table_.hold_span(run, batch.spans[i]));
    for (uint32_t i : late_not_sampled_)
      departures_.lost(batch.spans[i].trace_id, table_.hold_span(run, batch.spans[i]), Loss::kSampledOut);
    for (uint32_t i : late_too_large_)
      departures_.lost(batch.spans[i].trace_id, table_.hold_span(run, batch.spans[i]), Loss::kTooLarge);
  }
  late_sampled_.clear();
  late_not_sampled_.clear();
  late_too_large_.clear();
}

void TailSampler::settle_late_at_once(const Batch& batch) {
  if (!late_sampled_.empty()) {
    Batch sampled = otlp::select(batch, late_sampled_);
    next_.consume(std::move(sampled));
  }
  if (!late_not_sampled_.empty()) {
    settle(*shared_.env.ledger, otlp::select(batch, late_not_sampled_), place_.downstream, Settled::sampled_out());
  }
  if (!late_too_large_.empty()) {
    settle(*shared_.env.ledger, otlp::select(batch, late_too_large_), place_.downstream,
           Settled::dropped(DropReason::kTooLarge));
  }
}

// num_traces holds for the process. Written, it is obeyed as in the collector: the oldest trace goes undecided, or,
// with block_on_overflow, what comes has to wait. As a default it makes the oldest ones be decided early.
TailSampler::Room TailSampler::make_room() {
  if (flushing_ || table_.size() == 0) return Room::kThere;
  if (traces_in_process() < most_traces_) return Room::kThere;
  if (config_.block_on_overflow) {
    // A decided trace is kept for late spans only as long as nobody needs its place: waiting for it could last for
    // ever.
    if (table_.oldest_decided() == kNone) return Room::kWait;
    remove(table_.oldest_decided());
  } else if (config_.num_traces) {
    evict_oldest();
  } else {
    decide_some_early();
  }
  return Room::kThere;
}

void TailSampler::evict_oldest() {
  const uint32_t decided = table_.oldest_decided();
  const uint32_t pending = table_.oldest_pending();
  if (pending == kNone ||
      (decided != kNone && table_.trace(decided).arrived_tick <= table_.trace(pending).arrived_tick)) {
    return remove(decided);
  }
  metrics_.evicted_undecided();
  departures_.drop(table_.take_spans(pending), Loss::kEvicted);
  remove(pending);
}

// Places are freed by the dozen: each decision of a slice costs clock readings.
void TailSampler::decide_some_early() {
  if (table_.oldest_decided() != kNone) return remove(table_.oldest_decided());
  std::vector<uint32_t> slice;
  for (uint32_t i = table_.oldest_pending(); i != kNone && slice.size() < kDecidedEarlyAtOnce;
       i = table_.trace(i).next) {
    slice.push_back(i);
  }
  decide(slice);
  while (table_.oldest_decided() != kNone) remove(table_.oldest_decided());
}

void TailSampler::wait_for_room(const Batch& batch, size_t from) {
  std::vector<uint32_t> rest(batch.spans.size() - from);
  std::iota(rest.begin(), rest.end(), static_cast<uint32_t>(from));
  waiting_spans_ += rest.size();
  waiting_.push_front(otlp::select(batch, rest));
}

void TailSampler::resume_waiting() {
  while (!waiting_.empty() && make_room() == Room::kThere) {
    Batch batch = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_spans_ -= batch.spans.size();
    ingest(std::move(batch));
  }
}

}  // namespace weir
