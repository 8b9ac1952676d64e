// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/sampler.h"

#include <algorithm>
#include <utility>

namespace weir {

namespace {

constexpr size_t kTracesPerSlice = 4096;  // decided in one on_tick, at least

uint32_t whole_seconds(Duration duration) {
  return static_cast<uint32_t>(std::clamp<int64_t>(duration / std::chrono::seconds(1), 0, UINT32_MAX / 4));
}

std::vector<std::string> names_of(const std::vector<PolicyConfig>& policies) {
  std::vector<std::string> names;
  for (const PolicyConfig& policy : policies) names.push_back(policy.name);
  return names;
}

SpanTests tests_of(const SamplerShared& shared) {
  SpanTests tests(shared.env.log, shared.env.id);
  build_all(shared.config.policies, tests);
  return tests;
}

uint64_t cache_share(int64_t size, uint32_t stages) { return (static_cast<uint64_t>(size) + stages - 1) / stages; }

RestoredDecisions restored_for(const SamplerShared& shared, const StagePlace& place) {
  const ComponentEnv& env = shared.env;
  if (env.journal == nullptr) return {};
  const uint32_t shard = shared.stages > 1 ? place.shard->index() : 0;
  return {*env.journal, journal_key(env), shard, shared.stages, env.budget};
}

}  // namespace

TailSampler::TailSampler(SamplerShared& shared, const StagePlace& place, Consumer& next)
    : shared_(shared),
      config_(shared.config),
      place_(place),
      next_(next),
      tests_(tests_of(shared)),
      table_(shared.env.budget),
      sampled_cache_(cache_share(config_.decision_cache.sampled_cache_size, shared.stages), shared.env.budget),
      other_cache_(cache_share(config_.decision_cache.non_sampled_cache_size, shared.stages), shared.env.budget),
      restored_(restored_for(shared, place)),
      departures_(shared.env, place_, table_, next),
      metrics_(shared.env, names_of(config_.policies)),
      most_traces_(std::max<uint64_t>(config_.num_traces.value_or(TailSamplingConfig::kDefaultNumTraces), 1)),
      wait_ticks_(std::max<uint32_t>(whole_seconds(config_.decision_wait), 1)),
      root_wait_ticks_(whole_seconds(config_.decision_wait_after_root_received)),
      counts_bytes_(config_.maximum_trace_size_bytes > 0 || any_needs_bytes(config_.policies)) {
  const uint64_t expected = config_.expected_new_traces_per_sec * (wait_ticks_ + 1);
  table_.reserve(std::min(expected, most_traces_) / shared.stages);
}

void TailSampler::on_tick(Time now) {
  now_ = now;
  advance_to(now);
  decide_due();
  relieve_memory();
  resume_waiting();
  finish();
}

// A trace that comes between two ticks is decided decision_wait to decision_wait + 1 s later. With a journal seconds
// are those of the wall clock, so that they begin at the same moments after a restart.
void TailSampler::advance_to(Time now) {
  constexpr Duration kTick = std::chrono::seconds(1);
  if (!std::exchange(started_, true))
    next_tick_ = now.mono + kTick - (departures_.logs() ? now.wall % kTick : Duration{0});
  if (now.mono >= next_tick_) {
    const int64_t passed = (now.mono - next_tick_) / kTick + 1;
    next_tick_ += passed * kTick;
    tick_ += static_cast<uint32_t>(passed);
  }
  while (!due_at_.empty() && due_at_.begin()->first <= tick_) collect_due(due_at_.begin()->first);
}

// Takes one second out of the ring. Entries whose trace is gone, decided or due at another time are left out.
void TailSampler::collect_due(uint32_t tick) {
  auto second = due_at_.extract(tick);
  for (uint32_t index : second.mapped()) {
    Trace& trace = table_.trace(index);
    if (trace.verdict != TraceVerdict::kPending || trace.due_tick != tick) continue;
    trace.verdict = TraceVerdict::kDeciding;
    due_.push_back(index);
  }
}

// Short of memory, bytes that the journal has are let go. Where there are none, the traces that are due next are
// decided now, with what is there.
void TailSampler::relieve_memory() {
  const ByteBudget* budget = shared_.env.budget;
  if (table_.can_let_go() && worth_spilling()) return let_go_of_bytes(budget->limit() / 16);
  if (budget == nullptr || !budget->short_of_room()) return;
  if (departures_.waiting()) return;
  if (due_.empty() && !due_at_.empty()) {
    collect_due(due_at_.begin()->first);
    decide_due();
  }
}

// At half of the room: what comes until the next look must find place, or its sender is refused.
bool TailSampler::worth_spilling() const {
  const ByteBudget* budget = shared_.env.budget;
  return budget != nullptr && budget->used() * 2 > budget->limit();
}

// Oldest first, about `most` at a time: shards share the buffers, and none is freed before all have let go of it.
void TailSampler::let_go_of_bytes(uint64_t most) {
  uint64_t done = 0;
  while (table_.can_let_go() && done < most && worth_spilling()) done += table_.let_go_of_oldest(*shared_.env.journal);
}

void TailSampler::decide_due() {
  const size_t most = std::max(kTracesPerSlice, due_.size() / 64);
  slice_.clear();
  while (!due_.empty() && slice_.size() < most) {
    const uint32_t index = due_.front();
    due_.pop_front();
    Trace& trace = table_.trace(index);
    // Else it is not there any more: evicted meanwhile (the slot may serve another trace by now, even one of this
    // slice).
    if (trace.verdict == TraceVerdict::kDeciding && std::exchange(trace.due_tick, kNone) != kNone)
      slice_.push_back(index);
  }
  decide(slice_);
}

void TailSampler::decide(const std::vector<uint32_t>& slice) {
  if (slice.empty()) return;
  const Duration start = shared_.env.clock->now().mono;
  decisions_.assign(slice.size(), Decision::kNotSampled);
  stopped_.assign(slice.size(), 0);
  for (size_t i = 0; i < shared_.policies.size(); ++i) ask_policy(i, slice);
  for (size_t i = 0; i < slice.size(); ++i) conclude(slice[i], decisions_[i]);
  metrics_.slice_took(shared_.env.clock->now().mono - start);
}

// One policy over the whole slice, so that its time is measured once. A dropped trace is not asked about further, nor
// is a sampled one with sample_on_first_match; else all policies are asked, for the metrics and because some take
// tokens.
void TailSampler::ask_policy(size_t index, const std::vector<uint32_t>& slice) {
  const Duration start = shared_.env.clock->now().mono;
  uint64_t asked = 0;
  for (size_t i = 0; i < slice.size(); ++i) {
    if (stopped_[i] != 0) continue;
    ++asked;
    const Decision decision = shared_.policies[index]->decide(table_.trace(slice[i]).facts, now_);
    if (decision == Decision::kError) {
      metrics_.policy_failed();
      continue;
    }
    metrics_.policy_decided(index, decision);
    decisions_[i] = std::max(decisions_[i], decision);  // in the enum's order
    stopped_[i] = decision == Decision::kDropped || (decision == Decision::kSampled && config_.sample_on_first_match);
  }
  metrics_.policy_took(index, shared_.env.clock->now().mono - start, asked);
}

void TailSampler::conclude(uint32_t index, Decision decision) {
  metrics_.decided(decision);
  const uint32_t first_span = table_.take_spans(index);
  const TraceId& id = table_.trace(index).facts.id;
  if (decision == Decision::kSampled) {
    departures_.sampled(id, first_span);
    return remember(index, TraceVerdict::kSampled);
  }
  departures_.lost(id, first_span, Loss::kSampledOut);
  remember(index, decision == Decision::kDropped ? TraceVerdict::kDropped : TraceVerdict::kNotSampled);
}

// A decided trace stays in the table to catch its late spans, or goes to the decision cache where there is one.
void TailSampler::remember(uint32_t index, TraceVerdict verdict) {
  table_.mark_decided(index, verdict, tick_);
  DecisionCache& cache = verdict == TraceVerdict::kSampled ? sampled_cache_ : other_cache_;
  if (!cache.on()) return;
  cache.put(table_.trace(index).facts.id, verdict);
  remove(index);
}

void TailSampler::remove(uint32_t index) {
  metrics_.removal_age(tick_ - table_.trace(index).arrived_tick);
  table_.remove_trace(index);
  --uncounted_traces_;
}

uint64_t TailSampler::traces_in_process() const {
  return static_cast<uint64_t>(
      std::max<int64_t>(shared_.traces.load(std::memory_order_relaxed) + uncounted_traces_, 0));
}

void TailSampler::flush(Time now) {
  now_ = now;
  flushing_ = true;  // what waits for room is let in whatever the limit
  if (departures_.logs()) return flush_unjournaled();
  if (!config_.drop_pending_traces_on_shutdown) decide_all();
  resume_waiting();
  config_.drop_pending_traces_on_shutdown ? drop_all() : decide_all();
  finish();
}

void TailSampler::decide_all() {
  while (!due_at_.empty()) collect_due(due_at_.begin()->first);
  while (!due_.empty()) decide_due();
}

void TailSampler::drop_all() {
  due_at_.clear();
  due_.clear();
  while (table_.oldest_pending() != kNone) drop({table_.oldest_pending()});
}

// What the journal has stays as it is, for the next start; the rest would be lost.
void TailSampler::flush_unjournaled() {
  std::deque<Batch> waiting = std::exchange(waiting_, {});
  waiting_spans_ = 0;
  for (Batch& batch : waiting) {
    if (!std::all_of(batch.parts.begin(), batch.parts.end(), [](const Part& part) { return part.is_journaled(); })) {
      ingest(std::move(batch));
      continue;
    }
    waiting_spans_ += batch.spans.size();
    waiting_.push_back(std::move(batch));
  }
  finish();
  std::vector<uint32_t> unsafe;
  for (uint32_t i = table_.oldest_pending(); i != kNone; i = table_.trace(i).next) {
    if (!all_journaled(i)) unsafe.push_back(i);
  }
  config_.drop_pending_traces_on_shutdown ? drop(unsafe) : decide(unsafe);
  departures_.finish_at_shutdown();
  publish();
}

void TailSampler::drop(const std::vector<uint32_t>& traces) {
  for (uint32_t index : traces) {
    departures_.drop(table_.take_spans(index), Loss::kShutdown);
    remove(index);
  }
}

bool TailSampler::all_journaled(uint32_t index) {
  for (uint32_t i = table_.trace(index).first_span; i != kNone; i = table_.span(i).next) {
    if (!table_.part_of(table_.span(i)).is_journaled()) return false;
  }
  return true;
}

// Hands on, settles and publishes what the batch or the tick has brought.
void TailSampler::finish() {
  departures_.finish();
  publish();
}

void TailSampler::publish() {
  shared_.traces.fetch_add(std::exchange(uncounted_traces_, 0), std::memory_order_relaxed);
  metrics_.traces_in_memory(traces_in_process());
  if (departures_.logs()) {
    const auto spilled = static_cast<int64_t>(table_.spilled_bytes());
    const int64_t change = spilled - std::exchange(counted_spilled_, spilled);
    metrics_.spilled_bytes(shared_.spilled.fetch_add(change, std::memory_order_relaxed) + change);
  }
  metrics_.publish();
}

}  // namespace weir
