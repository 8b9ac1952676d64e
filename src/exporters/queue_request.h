// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

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
  QueuePlace(const QueuePlace&) = delete;
  QueuePlace& operator=(const QueuePlace&) = delete;

 private:
  uint64_t& queued_;
  const uint64_t size_;
  const Reservation paid_;  // for the index of the batch
};

// What is sent in one attempt: a batch as it came, or one merged and split by the batcher.
struct QueueRequest {
  Batch batch;
  std::vector<std::shared_ptr<QueuePlace>> places;
};

}  // namespace weir
