// SPDX-License-Identifier: Apache-2.0
#include "connectors/service_graph/edge_store.h"

namespace weir::service_graph {

uint32_t EdgeStore::place() {
  if (!unused_.empty()) {
    const uint32_t at = unused_.back();
    unused_.pop_back();
    return at;
  }
  edges_.emplace_back();
  return static_cast<uint32_t>(edges_.size() - 1);
}

void EdgeStore::add(const Edge& edge) {
  const uint32_t at = place();
  // The last one, but where replay hands on what one shard had not counted yet when another was ahead.
  uint32_t older = newest_;
  while (older != kNoEdge && edges_[older].expires > edge.expires) older = edges_[older].older;
  const uint32_t newer = older == kNoEdge ? oldest_ : edges_[older].newer;
  edges_[at] = edge;
  edges_[at].older = older;
  edges_[at].newer = newer;
  (older == kNoEdge ? oldest_ : edges_[older].newer) = at;
  (newer == kNoEdge ? newest_ : edges_[newer].older) = at;
  by_key_.emplace(edge.key, at);
}

void EdgeStore::remove(const EdgeKey& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  const uint32_t at = found->second;
  by_key_.erase(found);
  const Edge& edge = edges_[at];
  (edge.older == kNoEdge ? oldest_ : edges_[edge.older].newer) = edge.newer;
  (edge.newer == kNoEdge ? newest_ : edges_[edge.newer].older) = edge.older;
  unused_.push_back(at);
}

}  // namespace weir::service_graph
