// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/histogram.h"
#include "weir/ids.h"

namespace weir::span_metrics {

// Where a span stood in what was received: orders what shards merge.
struct Position {
  uint64_t sequence = 0;  // of the request
  uint32_t offset = 0;    // of the span in the request's bytes
  friend auto operator<=>(const Position&, const Position&) = default;
};

struct ExemplarRecord {
  uint32_t series = 0;
  TraceId trace_id;
  SpanId span_id;
  uint64_t duration_ns = 0;
  Position at;
};

struct SeriesRecord {
  uint64_t hash = 0;
  uint32_t key_at = 0;  // in the table's arena
  uint32_t key_size = 0;
  uint32_t attributes_size = 0;  // they follow the key
  uint32_t resource = 0;
  uint32_t exemplars = 0;
  bool overflow = false;  // made because memory was short
  Position first;
  uint64_t count = 0;
  Uint128 sum_ns = 0;
};

// Series of one family on one shard since the last flush, found by the bytes of their key. Open addressing over an
// array of records; keys and attributes lie in one arena, bucket counts in one array.
class SeriesTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // The series of that key, or kNone.
  uint32_t find(std::string_view key, uint64_t hash) const {
    if (index_.empty()) return kNone;
    for (size_t at = hash & mask();; at = (at + 1) & mask()) {
      const Slot slot = index_[at];
      if (slot.series == kNone) return kNone;
      if (slot.tag == tag_of(hash) && this->key(slot.series) == key) return slot.series;
    }
  }
  // Only where find() gave kNone.
  uint32_t add(std::string_view key, uint64_t hash, std::string_view attributes, uint32_t resource, Position first);

  std::string_view key(uint32_t series) const {
    return std::string_view(arena_).substr(records[series].key_at, records[series].key_size);
  }
  std::string_view attributes(uint32_t series) const {
    const SeriesRecord& r = records[series];
    return std::string_view(arena_).substr(r.key_at + r.key_size, r.attributes_size);
  }
  // Makes exemplars_of() work; after the last one was added.
  void sort_exemplars();
  std::span<const ExemplarRecord> exemplars_of(uint32_t series) const;

  // About what one more series takes.
  static size_t cost(size_t key_size, size_t attributes_size, size_t buckets) {
    return sizeof(SeriesRecord) + 2 * sizeof(Slot) + key_size + attributes_size + buckets * sizeof(uint64_t);
  }
  // False where the arena is full (4 GiB).
  bool has_room(size_t more) const { return arena_.size() + more < UINT32_MAX; }

  std::vector<SeriesRecord> records;
  std::vector<uint64_t> buckets;                  // explicit: stride x records
  std::vector<ExponentialHistogram> exponential;  // exponential: one per record
  std::vector<ExemplarRecord> exemplars;

 private:
  struct Slot {
    uint32_t series = kNone;
    uint32_t tag = 0;
  };
  static uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }
  size_t mask() const { return index_.size() - 1; }
  void insert(uint32_t series, uint64_t hash);
  void grow();

  std::vector<Slot> index_;  // a power of two, at most half full
  std::string arena_;
};

}  // namespace weir::span_metrics
