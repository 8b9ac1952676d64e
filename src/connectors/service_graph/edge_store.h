// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "weir/clock.h"
#include "weir/ids.h"

namespace weir::service_graph {

enum class Connection : uint8_t { kNone, kMessaging, kDatabase, kVirtualNode };

struct EdgeKey {
  TraceId trace_id;
  SpanId span_id;  // of the client's span
  friend bool operator==(const EdgeKey&, const EdgeKey&) = default;
};

inline constexpr uint8_t kNoPeer = 255;

// A request between two services of which one half may still be missing. Names are numbers of the shard's Names.
struct Edge {
  EdgeKey key;
  Duration expires{0};
  uint64_t client_ns = 0;
  uint64_t server_ns = 0;
  uint32_t client = 0;
  uint32_t server = 0;
  uint32_t client_dimensions = 0;
  uint32_t server_dimensions = 0;
  uint32_t peer = 0;
  uint32_t older = 0;  // neighbours in order of age; kNoEdge at the ends
  uint32_t newer = 0;
  uint8_t peer_rank = kNoPeer;  // place of the peer attribute in the configured order
  Connection connection = Connection::kNone;
  bool failed = false;

  bool complete() const { return client != 0 && server != 0; }
};

// How many half edges the process may still take. Shards take and give back several at a time.
class EdgeCapacity {
 public:
  explicit EdgeCapacity(int64_t limit) : free_(limit) {}
  int64_t take(int64_t wanted) {
    int64_t free = free_.load(std::memory_order_relaxed);
    int64_t taken = 0;
    do {
      taken = free < wanted ? free : wanted;
      if (taken <= 0) return 0;
    } while (!free_.compare_exchange_weak(free, free - taken, std::memory_order_relaxed));
    return taken;
  }
  void give_back(int64_t count) { free_.fetch_add(count, std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> free_;
};

// Half edges of one shard: found by key, expired in order of age, all in constant time. Made for a flood of halves that
// never pair: 80 bytes and one table entry each.
class EdgeStore {
 public:
  static constexpr uint32_t kNoEdge = UINT32_MAX;

  explicit EdgeStore(uint64_t seed) : by_key_(0, Hash{seed}) {}

  // Valid until the next add.
  Edge* find(const EdgeKey& key) {
    const auto at = by_key_.find(key);
    return at == by_key_.end() ? nullptr : &edges_[at->second];
  }
  Edge* oldest() { return oldest_ == kNoEdge ? nullptr : &edges_[oldest_]; }
  void add(const Edge& edge);  // its key is not there yet
  void remove(const EdgeKey& key);
  size_t size() const { return by_key_.size(); }

  template <class F>
  void for_each(F&& f) {
    for (uint32_t at = oldest_; at != kNoEdge; at = edges_[at].newer) f(edges_[at]);
  }

 private:
  struct Hash {
    uint64_t seed = 0;
    size_t operator()(const EdgeKey& key) const {
      return mix64(hash_of(key.trace_id) ^ mix64(key.span_id.word ^ seed));
    }
  };
  uint32_t place();

  std::vector<Edge> edges_;
  std::vector<uint32_t> unused_;
  absl::flat_hash_map<EdgeKey, uint32_t, Hash> by_key_;
  uint32_t oldest_ = kNoEdge;
  uint32_t newest_ = kNoEdge;
};

}  // namespace weir::service_graph
