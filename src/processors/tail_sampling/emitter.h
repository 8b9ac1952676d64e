// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "processors/tail_sampling/trace_table.h"
#include "weir/component.h"

namespace weir {

// Bytes read back, by Part::stored_as(); null where they could not be read.
using ReadBack = absl::flat_hash_map<uint64_t, BufferRef>;
// The bytes of a part, which may have let go of them after it was looked at.
BufferRef bytes_of(const Part& part, const ReadBack& read_back);

// Gathers the spans of sampled traces and hands them on as batches: whole traces, many at a time, each span under the
// resource and scope it came with (spans of one original ResourceSpans stay together; different ones are never merged).
class Emitter {
 public:
  static constexpr size_t kSpansPerBatch = 4096;

  // `read_back`: where the bytes of parts are that have none.
  Emitter(TraceTable& table, const ReadBack& read_back, Consumer& next)
      : table_(table), read_back_(read_back), next_(next) {}

  // Takes over the spans of one trace, chained from `first_span`, or a single one.
  void add_trace(uint32_t first_span);
  void add_span(uint32_t span);
  bool full() const { return picks_.size() >= kSpansPerBatch; }
  // Hands on what was gathered, if anything.
  void send();

 private:
  struct Pick {
    uint64_t run_number;
    uint32_t scope;
    uint32_t span;
  };

  void start_run(const Run& run);
  void start_scope(const Batch& from, uint32_t scope);
  void copy_span(const Batch& from, const HeldSpan& held);
  uint32_t part_for(const Batch& from, uint32_t part);
  uint32_t copy_ranges(const Batch& from, uint32_t first, uint32_t count);

  TraceTable& table_;
  const ReadBack& read_back_;
  Consumer& next_;
  std::vector<Pick> picks_;
  Batch out_;
  // Of the run being copied:
  uint64_t run_number_ = UINT64_MAX;
  uint32_t resource_ = kNone;
  uint32_t scope_ = kNone;
  std::vector<uint32_t> parts_;  // where its parts are in out_; kNone = not yet there
};

}  // namespace weir
