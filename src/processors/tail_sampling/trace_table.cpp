// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/trace_table.h"

#include <utility>

namespace weir {

uint32_t TraceTable::add_trace(const TraceId& id) {
  const uint32_t index = traces_.take();
  traces_[index].facts.id = id;
  index_.insert(index);
  pending_.push_back(index);
  return index;
}

void TraceTable::remove_trace(uint32_t index) {
  index_.erase(index);
  const Verdict verdict = trace(index).verdict;
  (verdict == Verdict::kPending || verdict == Verdict::kDeciding ? pending_ : decided_).remove(index);
  traces_.give_back(index);
}

void TraceTable::mark_decided(uint32_t index, Verdict verdict, uint32_t tick) {
  pending_.remove(index);
  decided_.push_back(index);
  trace(index).verdict = verdict;
  trace(index).due_tick = tick;
}

uint32_t TraceTable::open_run(Batch&& batch) {
  const uint32_t index = runs_.take();
  Run& opened = runs_[index];
  opened.tables = std::move(batch);
  opened.tables.context.reset();
  opened.held = 1;  // for whoever has it open
  opened.number = next_run_number_++;
  return index;
}

void TraceTable::close_run(uint32_t index) {
  std::vector<SpanRecord>().swap(runs_[index].tables.spans);
  drop_from_run(index);
}

void TraceTable::add_span(uint32_t trace_index, uint32_t run, const SpanRecord& span) {
  const uint32_t index = spans_.take();
  spans_[index] = {run, span.part, span.scope, span.body, span.item, kNone};
  Trace& owner = traces_[trace_index];
  (owner.last_span != kNone ? spans_[owner.last_span].next : owner.first_span) = index;
  owner.last_span = index;
  ++runs_[run].held;
}

uint32_t TraceTable::take_spans(uint32_t index) {
  Trace& owner = traces_[index];
  owner.last_span = kNone;
  return std::exchange(owner.first_span, kNone);
}

uint32_t TraceTable::release_span(uint32_t index) {
  const uint32_t next = spans_[index].next;
  const uint32_t run = spans_[index].run;
  spans_.give_back(index);
  drop_from_run(run);
  return next;
}

void TraceTable::drop_from_run(uint32_t run) {
  if (--runs_[run].held == 0) runs_.give_back(run);
}

}  // namespace weir
