// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "processors/tail_sampling/id_index.h"
#include "processors/tail_sampling/policy.h"
#include "processors/tail_sampling/slab.h"
#include "weir/batch.h"
#include "weir/journal.h"

namespace weir {

// What became of a trace. kTooLarge counts as not sampled everywhere but in the accounts.
enum class TraceVerdict : uint8_t { kPending, kDeciding, kSampled, kNotSampled, kDropped, kTooLarge };

// The place of one held span (28 bytes): which run it came with, where its bytes lie and to which scope it belongs.
struct HeldSpan {
  uint32_t run = 0;
  uint32_t part = 0;
  uint32_t scope = 0;
  Range body;
  uint32_t item = 0;      // its number in the request
  uint32_t next = kNone;  // of the same trace, in order of arrival
};

// One trace: what its policies need, and a list of its spans.
struct Trace {
  TraceFacts facts;
  uint32_t first_span = kNone;
  uint32_t last_span = kNone;
  uint32_t next = kNone;  // in the list of pending or of decided traces
  uint32_t previous = kNone;
  uint32_t due_tick = 0;      // pending: the tick that decides it; decided: the tick that did
  uint32_t arrived_tick = 0;  // of its first span
  TraceVerdict verdict = TraceVerdict::kPending;
  const TraceId& key() const { return facts.id; }
};

// What a batch leaves behind for its held spans: parts, ranges, resources, scopes, without the items. Kept by a plain
// count. Parts that the journal has may lose their bytes (DESIGN law 6).
struct Run {
  Batch tables;
  uint32_t held = 0;
  uint32_t next = kNone;  // in the list of those that have bytes to let go of
  uint32_t previous = kNone;
  bool journaled = false;  // a part of it is in the journal, as it came or rewritten
  bool listed = false;
  uint64_t number = 0;   // in order of arrival on this shard
  uint64_t payload = 0;  // bytes of the spans it came with, as far as they are journaled
  uint64_t let_go = 0;   // size of the parts whose bytes are only on disk
};

// The traces of one shard and the spans that wait in them. One thread; no allocation per span.
class TraceTable {
 public:
  explicit TraceTable(ByteBudget* budget)
      : traces_(budget),
        spans_(budget),
        runs_(budget),
        index_(traces_),
        pending_(traces_),
        decided_(traces_),
        with_bytes_(runs_) {}

  size_t size() const { return index_.size(); }
  uint64_t held_spans() const { return spans_.used(); }
  void reserve(size_t traces) { index_.reserve(traces); }

  uint32_t find(const TraceId& id) const { return index_.find(id); }
  void prefetch(const TraceId& id) const { index_.prefetch(id); }
  Trace& trace(uint32_t index) { return traces_[index]; }
  Run& run(uint32_t index) { return runs_[index]; }
  const HeldSpan& span(uint32_t index) const { return spans_[index]; }
  const Part& part_of(const HeldSpan& held) const { return runs_[held.run].tables.parts[held.part]; }

  uint32_t add_trace(const TraceId& id);
  // Its spans are gone already.
  void remove_trace(uint32_t index);
  // Moves a trace from the pending to the decided ones.
  void mark_decided(uint32_t index, TraceVerdict verdict, uint32_t tick);
  uint32_t oldest_pending() const { return pending_.front(); }
  uint32_t oldest_decided() const { return decided_.front(); }

  // Takes the batch in, items included; the run stays until close_run and all of its spans are released.
  uint32_t open_run(Batch&& batch);
  // The items are no longer needed.
  void close_run(uint32_t run);
  void add_span(uint32_t trace, uint32_t run, const SpanRecord& span);
  // Holds a span that belongs to no trace here; a chain of its own.
  uint32_t hold_span(uint32_t run, const SpanRecord& span);
  // Takes all spans of a trace off it: the first of them, to be followed by release_span.
  uint32_t take_spans(uint32_t trace);
  // Makes a span the last of its chain; the one that came next.
  uint32_t cut_after(uint32_t span) { return std::exchange(spans_[span].next, kNone); }
  // Forgets one held span; the next one of its trace.
  uint32_t release_span(uint32_t span);

  // True where the bytes of closed runs can be let go of.
  bool can_let_go() const { return with_bytes_.front() != kNone; }
  // Lets go of those of the oldest run, what was rewritten into the journal's spill; their size.
  uint64_t let_go_of_oldest(Journal& journal);
  // Bytes of spans that are only on disk, of the runs that are there.
  uint64_t spilled_bytes() const { return spilled_bytes_; }

 private:
  void note_journaled(Run& run);
  void drop_from_run(uint32_t run);

  Slab<Trace> traces_;
  Slab<HeldSpan> spans_;
  Slab<Run> runs_;
  IdIndex<Trace> index_;
  SlabList<Trace> pending_;
  SlabList<Trace> decided_;
  SlabList<Run> with_bytes_;  // oldest first
  uint64_t next_run_number_ = 0;
  uint64_t spilled_bytes_ = 0;
};

}  // namespace weir
