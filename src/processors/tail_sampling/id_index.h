// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/container/flat_hash_set.h"
#include "processors/tail_sampling/slab.h"
#include "weir/ids.h"

namespace weir {

// Finds slab objects by trace id: 9 to 18 bytes an entry. The ids stay in the objects; a part of the hash is kept
// beside the index, so that growing does not have to look at them. T has `const TraceId& key()`.
template <class T>
class IdIndex {
 public:
  explicit IdIndex(const Slab<T>& slab) : set_(0, Hash{}, Same{&slab}), slab_(&slab) {}

  uint32_t find(const TraceId& id) const {
    const auto at = set_.find(id);
    return at == set_.end() ? kNone : at->index;
  }
  // Starts to fetch what find(id) will look at.
  void prefetch(const TraceId& id) const { set_.prefetch(id); }
  void insert(uint32_t index) { set_.insert(Entry{index, part_of_hash((*slab_)[index].key())}); }
  void erase(uint32_t index) { set_.erase(Entry{index, part_of_hash((*slab_)[index].key())}); }
  void reserve(size_t entries) { set_.reserve(entries); }
  size_t size() const { return set_.size(); }

 private:
  struct Entry {
    uint32_t index;
    uint32_t hash;
  };
  // The upper half: the lower one has chosen the shard.
  static uint32_t part_of_hash(const TraceId& id) { return static_cast<uint32_t>(hash_of(id) >> 32); }
  static size_t spread(uint32_t part) { return part * 0x9e3779b97f4a7c15ULL; }

  struct Hash {
    using is_transparent = void;
    size_t operator()(const TraceId& id) const { return spread(part_of_hash(id)); }
    size_t operator()(const Entry& entry) const { return spread(entry.hash); }
  };
  struct Same {
    using is_transparent = void;
    const Slab<T>* slab;
    bool operator()(const Entry& a, const Entry& b) const { return a.index == b.index; }
    bool operator()(const Entry& a, const TraceId& id) const { return (*slab)[a.index].key() == id; }
    bool operator()(const TraceId& id, const Entry& a) const { return (*slab)[a.index].key() == id; }
  };
  absl::flat_hash_set<Entry, Hash, Same> set_;
  const Slab<T>* slab_;
};

}  // namespace weir
