// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/container/flat_hash_set.h"
#include "processors/tail_sampling/slab.h"
#include "weir/ids.h"

namespace weir {

// Finds slab objects by trace id; 5 to 10 bytes an entry, because the ids stay in the objects. T has `const TraceId& key()`.
template <class T>
class IdIndex {
 public:
  explicit IdIndex(const Slab<T>& slab) : set_(0, Hash{&slab}, Same{&slab}) {}

  uint32_t find(const TraceId& id) const {
    const auto at = set_.find(id);
    return at == set_.end() ? kNone : *at;
  }
  void insert(uint32_t index) { set_.insert(index); }
  void erase(uint32_t index) { set_.erase(index); }
  void reserve(size_t entries) { set_.reserve(entries); }
  size_t size() const { return set_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    const Slab<T>* slab;
    size_t operator()(const TraceId& id) const { return hash_of(id); }
    size_t operator()(uint32_t index) const { return hash_of((*slab)[index].key()); }
  };
  struct Same {
    using is_transparent = void;
    const Slab<T>* slab;
    bool operator()(uint32_t a, uint32_t b) const { return a == b; }
    bool operator()(uint32_t a, const TraceId& id) const { return (*slab)[a].key() == id; }
    bool operator()(const TraceId& id, uint32_t a) const { return (*slab)[a].key() == id; }
  };
  absl::flat_hash_set<uint32_t, Hash, Same> set_;
};

}  // namespace weir
