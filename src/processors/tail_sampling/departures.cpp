// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/departures.h"

#include <algorithm>

#include "processors/tail_sampling/restored_decisions.h"

namespace weir {

namespace {

// Read back at a time, for spans that leave together.
constexpr size_t kMostReads = 64;
constexpr uint64_t kMostBytesRead = 16 << 20;

// A trace with late spans in one wave is logged once; the last decision counts.
void leave_out_repetitions(std::vector<LoggedDecision>& decisions) {
  const auto before = [](const LoggedDecision& a, const LoggedDecision& b) {
    return std::pair(a.trace.word[0], a.trace.word[1]) < std::pair(b.trace.word[0], b.trace.word[1]);
  };
  const auto same = [](const LoggedDecision& a, const LoggedDecision& b) { return a.trace == b.trace; };
  std::reverse(decisions.begin(), decisions.end());
  std::stable_sort(decisions.begin(), decisions.end(), before);
  decisions.erase(std::unique(decisions.begin(), decisions.end(), same), decisions.end());
}

}  // namespace

Departures::Departures(const ComponentEnv& env, const StagePlace& place, TraceTable& table, Consumer& next)
    : journal_(env.journal),
      sampler_(journal_key(env)),
      shard_(place.shard),
      table_(table),
      emitter_(table, read_back_, next),
      losses_(table, *env.ledger, place.downstream) {}

void Departures::sampled(const TraceId& trace, uint32_t first_span) {
  if (logs()) {
    log_decision(trace, LoggedVerdict::kSampled, first_span);
    return open_.sampled.push_back(first_span);
  }
  emitter_.add_trace(first_span);
  if (emitter_.full()) emitter_.send();
}

void Departures::lost(const TraceId& trace, uint32_t first_span, Loss loss) {
  if (!logs()) return losses_.add(first_span, loss);
  log_decision(trace, loss == Loss::kTooLarge ? LoggedVerdict::kTooLarge : LoggedVerdict::kNotSampled, first_span);
  open_.lost.emplace_back(first_span, loss);
}

// Only where the journal has something of the trace: nothing else comes back after a crash.
void Departures::log_decision(const TraceId& trace, LoggedVerdict verdict, uint32_t first_span) {
  for (uint32_t i = first_span; i != kNone; i = table_.span(i).next) {
    if (table_.run(table_.span(i).run).journaled) return open_.decisions.push_back({trace, verdict});
  }
}

void Departures::finish() {
  if (!open_.empty()) close_wave();
  go_on();
}

void Departures::finish_at_shutdown() {
  if (open_.decisions.empty()) release(std::exchange(open_, {}));
  finish();
}

void Departures::close_wave() {
  const uint64_t number = first_wave_ + waves_.size();
  Wave& wave = waves_.emplace_back(std::exchange(open_, {}));
  wave.written = wave.decisions.empty();
  if (wave.written) return;
  leave_out_repetitions(wave.decisions);
  journal_->append_decisions(sampler_, std::move(wave.decisions), *shard_,
                             [this, alive = std::weak_ptr<const bool>(alive_), number] {
                               if (!alive.expired()) written(number);
                             });
}

void Departures::written(uint64_t wave) {
  waves_[wave - first_wave_].written = true;
  go_on();
}

// Waves leave in order: late spans behind those that came in time.
void Departures::go_on() {
  while (!waves_.empty() && waves_.front().written) {
    const Wave wave = std::move(waves_.front());
    waves_.pop_front();
    ++first_wave_;
    release(wave);
  }
  send_ready();
  losses_.settle();
}

// Traces leave whole where their bytes are there; what must be read back leaves in the order of the records, so that
// each is read once.
void Departures::release(const Wave& wave) {
  for (const auto& [first_span, loss] : wave.lost) losses_.add(first_span, loss);
  if (table_.spilled_bytes() == 0) return (void)queue_.insert(queue_.end(), wave.sampled.begin(), wave.sampled.end());
  std::vector<std::pair<uint64_t, uint32_t>> to_read;  // number of the run, span
  for (uint32_t first_span : wave.sampled) {
    if (!partly_spilled(first_span)) {
      queue_.push_back(first_span);
      continue;
    }
    for (uint32_t i = first_span; i != kNone;) {
      to_read.emplace_back(table_.run(table_.span(i).run).number, i);
      i = table_.cut_after(i);
    }
  }
  std::stable_sort(to_read.begin(), to_read.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [run, span] : to_read) queue_.push_back(span);
}

bool Departures::partly_spilled(uint32_t first_span) const {
  for (uint32_t i = first_span; i != kNone; i = table_.span(i).next) {
    if (table_.run(table_.span(i).run).let_go > 0) return true;
  }
  return false;
}

void Departures::send_ready() {
  while (reading_ == 0 && !queue_.empty()) {
    take_group();
    missing_.empty() ? send_group() : read_missing();
  }
  emitter_.send();
}

// A chain is cut only where too much would have to be read back at a time.
void Departures::take_group() {
  const auto fits = [this](uint32_t span) {
    if (missing_.size() < kMostReads && missing_bytes_ < kMostBytesRead) return true;
    return table_.span(span).run == table_.span(group_.back()).run;
  };
  missing_bytes_ = 0;
  while (!queue_.empty() && group_.size() < Emitter::kSpansPerBatch && fits(queue_.front())) {
    uint32_t span = queue_.front();
    queue_.pop_front();
    for (; span != kNone && fits(span); span = table_.span(span).next) {
      group_.push_back(span);
      note_missing(table_.span(span));
    }
    if (span != kNone) queue_.push_front(span);
  }
}

void Departures::note_missing(const HeldSpan& held) {
  const Run& run = table_.run(held.run);
  if (run.let_go == 0) return;
  const Batch& from = run.tables;
  const ScopeEntry& scope = from.scopes[held.scope];
  for (uint32_t part : {held.part, scope.part, from.resources[scope.resource].part}) {
    if (from.parts[part].bytes || !missing_.insert(from.parts[part].stored_as()).second) continue;
    missing_bytes_ += run.let_go / from.parts.size();
  }
}

// Whatever else the group needs is kept meanwhile: memory is short, and its run may let go of it.
void Departures::read_missing() {
  for (uint32_t span : group_) {
    const HeldSpan& held = table_.span(span);
    const Batch& from = table_.run(held.run).tables;
    const ScopeEntry& scope = from.scopes[held.scope];
    for (uint32_t part : {held.part, scope.part, from.resources[scope.resource].part}) keep_bytes(from.parts[part]);
  }
  reading_ = missing_.size();
  const std::vector<uint64_t> numbers(missing_.begin(), missing_.end());
  missing_.clear();
  for (uint64_t number : numbers) {
    journal_->read(number, *shard_, [this, alive = std::weak_ptr<const bool>(alive_), number](BufferRef bytes) {
      if (!alive.expired()) got(number, std::move(bytes));
    });
  }
}

void Departures::keep_bytes(const Part& part) {
  if (!part.bytes || !part.is_journaled()) return;
  if (const uint64_t number = part.stored_as()) return (void)read_back_.try_emplace(number, part.bytes);
  kept_.push_back(part.bytes);  // its number comes when it lets go
}

void Departures::got(uint64_t number, BufferRef bytes) {
  read_back_.try_emplace(number, std::move(bytes));
  if (--reading_ > 0) return;
  send_group();
  go_on();
}

void Departures::send_group() {
  for (uint32_t span : group_) {
    const bool whole = read_back_.empty() || readable(table_.span(span));
    whole ? emitter_.add_span(span) : losses_.add_span(span, Loss::kCorrupt);
  }
  group_.clear();
  emitter_.send();
  read_back_.clear();
  kept_.clear();
}

bool Departures::readable(const HeldSpan& held) const {
  const Batch& from = table_.run(held.run).tables;
  const auto has = [&](const auto& entry) {
    for (uint32_t i = 0; i < entry.range_count; ++i) {
      if (!in_bytes(from.parts[entry.part], from.ranges[entry.first_range + i])) return false;
    }
    return in_bytes(from.parts[entry.part], {});
  };
  const ScopeEntry& scope = from.scopes[held.scope];
  return in_bytes(from.parts[held.part], held.body) && has(scope) && has(from.resources[scope.resource]);
}

bool Departures::in_bytes(const Part& part, Range range) const {
  const BufferRef bytes = bytes_of(part, read_back_);
  return bytes && uint64_t{range.offset} + range.length <= bytes->size();
}

}  // namespace weir
