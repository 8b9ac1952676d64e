// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "processors/tail_sampling/id_index.h"
#include "processors/tail_sampling/slab.h"
#include "processors/tail_sampling/trace_table.h"

namespace weir {

// The ids of traces already decided, the least recently asked for forgotten first. Size 0: off. One thread.
class DecisionCache {
 public:
  DecisionCache(uint64_t size, ByteBudget* budget)
      : size_(size), entries_(budget), index_(entries_), order_(entries_) {}

  bool on() const { return size_ > 0; }
  // kPending where the id is not known.
  TraceVerdict find(const TraceId& id) {
    if (size_ == 0) return TraceVerdict::kPending;
    const uint32_t entry = index_.find(id);
    if (entry == kNone) return TraceVerdict::kPending;
    order_.remove(entry);
    order_.push_back(entry);
    return entries_[entry].verdict;
  }
  // The id is not in it.
  void put(const TraceId& id, TraceVerdict verdict) {
    if (index_.size() >= size_) forget(order_.front());
    const uint32_t entry = entries_.take();
    entries_[entry].id = id;
    entries_[entry].verdict = verdict;
    order_.push_back(entry);
    index_.insert(entry);
  }

 private:
  struct Entry {
    TraceId id;
    uint32_t next = kNone;
    uint32_t previous = kNone;
    TraceVerdict verdict = TraceVerdict::kPending;
    const TraceId& key() const { return id; }
  };
  void forget(uint32_t entry) {
    index_.erase(entry);
    order_.remove(entry);
    entries_.give_back(entry);
  }

  const uint64_t size_;
  Slab<Entry> entries_;
  IdIndex<Entry> index_;
  SlabList<Entry> order_;
};

}  // namespace weir
