// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "weir/component.h"

namespace weir {

// The collector's metrics of one exporter and signal (collector-semantics §10). A counter appears with its first item,
// as there; gauges from the start. Touched by the exporter's home shard alone.
class QueueMetrics {
 public:
  // `destination`: server_address and the like, beside `exporter` on sent and failed.
  QueueMetrics(const ComponentEnv& env, const Labels& destination);

  void sent(uint64_t items) { add(sent_, items); }
  void failed(uint64_t items) { add(failed_, items); }
  void not_enqueued(uint64_t items) { add(not_enqueued_, items); }
  // size and capacity in units of the queue's sizer; without a queue these two gauges are left out.
  void show(uint64_t size, uint64_t capacity, uint64_t in_flight, bool with_queue);

 private:
  struct LazyCounter {
    std::string name, help;
    Labels labels;
    Counter* counter = nullptr;
  };
  void add(LazyCounter& to, uint64_t items);

  Telemetry* telemetry_;
  Labels queue_labels_;
  LazyCounter sent_, failed_, not_enqueued_;
  Gauge* size_ = nullptr;
  Gauge* capacity_ = nullptr;
  Gauge* in_flight_ = nullptr;
};

}  // namespace weir
