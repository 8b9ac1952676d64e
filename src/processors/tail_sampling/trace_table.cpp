// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/trace_table.h"

#include <algorithm>
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
  const TraceVerdict verdict = trace(index).verdict;
  (verdict == TraceVerdict::kPending || verdict == TraceVerdict::kDeciding ? pending_ : decided_).remove(index);
  traces_.give_back(index);
}

void TraceTable::mark_decided(uint32_t index, TraceVerdict verdict, uint32_t tick) {
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
  note_journaled(opened);
  return index;
}

void TraceTable::note_journaled(Run& run) {
  const std::vector<Part>& parts = run.tables.parts;
  std::vector<bool> journaled(parts.size());
  for (size_t i = 0; i < parts.size(); ++i) journaled[i] = parts[i].is_journaled();
  run.journaled = std::find(journaled.begin(), journaled.end(), true) != journaled.end();
  if (!run.journaled) return;
  for (const SpanRecord& span : run.tables.spans) run.payload += journaled[span.part] ? span.body.length : 0;
}

void TraceTable::close_run(uint32_t index) {
  Run& run = runs_[index];
  std::vector<SpanRecord>().swap(run.tables.spans);
  run.listed = run.journaled && std::any_of(run.tables.parts.begin(), run.tables.parts.end(),
                                            [](const Part& part) { return part.is_journaled() && part.bytes; });
  if (run.listed) with_bytes_.push_back(index);
  drop_from_run(index);
}

uint64_t TraceTable::let_go_of_oldest(Journal& journal) {
  const uint32_t index = with_bytes_.front();
  with_bytes_.remove(index);
  Run& run = runs_[index];
  run.listed = false;
  for (Part& part : run.tables.parts) {
    if (!part.bytes || !part.is_journaled()) continue;
    if (part.stored_as() == 0) part.spilled = journal.spill(part.bytes);
    run.let_go += part.bytes->size();
    part.bytes = {};
  }
  spilled_bytes_ += run.payload;
  return run.let_go;
}

void TraceTable::add_span(uint32_t trace_index, uint32_t run, const SpanRecord& span) {
  const uint32_t index = hold_span(run, span);
  Trace& owner = traces_[trace_index];
  (owner.last_span != kNone ? spans_[owner.last_span].next : owner.first_span) = index;
  owner.last_span = index;
}

uint32_t TraceTable::hold_span(uint32_t run, const SpanRecord& span) {
  const uint32_t index = spans_.take();
  spans_[index] = {run, span.part, span.scope, span.body, span.item, kNone};
  ++runs_[run].held;
  return index;
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

void TraceTable::drop_from_run(uint32_t index) {
  Run& run = runs_[index];
  if (--run.held > 0) return;
  if (run.listed) with_bytes_.remove(index);
  if (run.let_go > 0) spilled_bytes_ -= run.payload;
  runs_.give_back(index);
}

}  // namespace weir
