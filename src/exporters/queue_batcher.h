// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "exporters/queue_config.h"
#include "exporters/queue_request.h"
#include "weir/clock.h"

namespace weir {

// `sending_queue.batch`: merges what comes until it is min_size big, splits it at max_size, and lets a smaller batch go
// after flush_timeout. One batch per set of values of the partition's metadata keys; an empty partition is forgotten.
// Touched by the queue's shard alone.
class QueueBatcher {
 public:
  using Emit = std::function<void(QueueRequest)>;
  QueueBatcher(const QueueBatchConfig& config, Sizer sizer, Emit emit);

  void add(QueueRequest request, Time now);
  void on_tick(Time now);  // lets go what has waited for flush_timeout
  void flush();            // lets go everything
  bool empty() const { return open_.empty(); }
  // Hands every request that is still open to `to`, instead of sending it.
  void give_up(const Emit& to);

 private:
  struct Open {
    QueueRequest request;
    uint64_t size = 0;
    Duration since{0};  // mono; when its first item came
  };
  using Key = std::vector<std::string>;

  Key key_of(const Batch& batch) const;
  void add_to(const Key& key, QueueRequest request, Time now);
  void let_go(const Key& key);

  const QueueBatchConfig config_;
  const std::vector<std::string> keys_;  // in lower case
  const Sizer sizer_;
  const Emit emit_;
  std::map<Key, Open> open_;
};

}  // namespace weir
