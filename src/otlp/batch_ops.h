// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "weir/batch.h"

namespace weir::otlp {

// Operations on the index of a batch. Bytes are never copied (but see split_front for metrics), nothing is allocated
// per item, all are linear. A copy of a batch is its copy constructor.

enum class TopLevel : uint8_t { kDrop, kKeep };  // unknown top-level fields stay with the first part of a split

// The items at `indices` (of spans, or of items; strictly ascending) with the parts, resources and scopes that they
// use. The context is kept, `whole` is false.
Batch select(const Batch& from, std::span<const uint32_t> indices, TopLevel top_level = TopLevel::kDrop);

// Adds all items of `from` behind those of `into`. Equal resources are not merged. The context stays only where both
// have the same client metadata. Appending to a batch without parts is a move (`whole` and context kept). Same signal.
void append(Batch& into, Batch&& from);

// Takes the first `max_items` items (spans, log records, data points; at least 1) out of `batch`; all of it, untouched,
// where it has no more. Top-level fields go with the front. A metric that has more points than fit is split between
// points: both halves are written anew; its request's account sees it settled when both halves are.
Batch split_front(Batch& batch, uint64_t max_items);

// One batch per shard by shard_of(trace id), empty where a shard gets none; where all spans go to one shard the batch
// is moved there untouched. Top-level fields go with the first non-empty one. Traces only.
std::vector<Batch> partition_by_trace(Batch&& batch, uint32_t shards);

// Number of records (spans, or items of the other signals).
inline size_t record_count(const Batch& batch) {
  return batch.signal == Signal::kTraces ? batch.spans.size() : batch.items.size();
}
inline bool empty(const Batch& batch) { return record_count(batch) == 0; }

}  // namespace weir::otlp
