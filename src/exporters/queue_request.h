// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "exporters/spilled_batch.h"
#include "weir/batch.h"
#include "weir/budget.h"

namespace weir {

// The place that one batch takes in a queue, given back when the last request that holds a part of it is done. Touched
// by the queue's shard alone.
class QueuePlace {
 public:
  QueuePlace(uint64_t& queued, uint64_t size, Reservation paid = {})
      : queued_(queued), size_(size), paid_(std::move(paid)) {
    queued_ += size_;
  }
  ~QueuePlace() { queued_ -= size_; }
  // The index is gone: the batch was spilled.
  void stop_paying() { paid_ = {}; }
  QueuePlace(const QueuePlace&) = delete;
  QueuePlace& operator=(const QueuePlace&) = delete;

 private:
  uint64_t& queued_;
  const uint64_t size_;
  Reservation paid_;  // for the index of the batch
};

// What is sent in one attempt: a batch as it came, or one merged and split by the batcher.
struct QueueRequest {
  std::unique_ptr<Batch> batch;
  std::unique_ptr<SpilledBatch> spilled;  // instead of the batch, which is null then
  std::vector<std::shared_ptr<QueuePlace>> places;
};

}  // namespace weir
