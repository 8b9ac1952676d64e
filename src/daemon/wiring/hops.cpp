// SPDX-License-Identifier: Apache-2.0
#include "daemon/wiring/hops.h"

#include <utility>

#include "otlp/batch_ops.h"

namespace weir {

void Hop::consume(Batch&& batch) {
  if (direct_) return next_.consume(std::move(batch));
  transit_.leave(batch.spans.size());
  to_.post([this, carried = std::move(batch)]() mutable {
    transit_.arrive(carried.spans.size());
    next_.consume(std::move(carried));
  });
}

void Splitter::consume(Batch&& batch) {
  if (hops_.size() == 1) return hops_.front()->consume(std::move(batch));
  std::vector<Batch> pieces = otlp::partition_by_trace(std::move(batch), static_cast<uint32_t>(hops_.size()));
  for (size_t shard = 0; shard < pieces.size(); ++shard) {
    if (!pieces[shard].spans.empty()) hops_[shard]->consume(std::move(pieces[shard]));
  }
}

void Door::consume(Batch&& batch) {
  for (Part& part : batch.parts) part.destination = destination_;
  next_.consume(std::move(batch));
}

void FanOut::consume(Batch&& batch) {
  for (Observer* observer : observers_) observer->observe(batch);
  if (consumers_.empty()) return;
  for (size_t i = 0; i + 1 < consumers_.size(); ++i) consumers_[i]->consume(Batch(batch));
  consumers_.back()->consume(std::move(batch));
}

}  // namespace weir
