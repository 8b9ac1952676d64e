// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/fields.h"
#include "weir/clock.h"

namespace weir {

// What a queue or a batch is measured in: whole export requests, items (spans, data points, log records) or protobuf
// bytes.
enum class Sizer : uint8_t { kRequests, kItems, kBytes };

// `sending_queue.batch.partition`.
struct QueuePartitionConfig {
  std::vector<std::string> metadata_keys;  // case-insensitive names of kept client metadata
  static const config::Fields<QueuePartitionConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

// `sending_queue.batch`: absent = requests leave as they come.
struct QueueBatchConfig {
  static constexpr bool kCanBeOff = true;  // by `enabled: false`
  Duration flush_timeout = std::chrono::milliseconds(200);
  int64_t min_size = 8192;
  int64_t max_size = 0;        // 0 = never split
  std::optional<Sizer> sizer;  // unwritten: that of the queue if it is written there, else items
  QueuePartitionConfig partition;
  static const config::Fields<QueueBatchConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

// `sending_queue` with the collector's keys and defaults (collector-semantics §3.3). An exporter whose queue is off
// unless given holds it as std::optional.
struct QueueConfig {
  bool enabled = true;
  int64_t num_consumers = 10;
  int64_t queue_size = 1000;       // in units of the sizer, requests in flight included
  std::optional<Sizer> sizer;      // unwritten: requests
  bool block_on_overflow = false;  // accepted: weir's queue always waits (law 6)
  bool wait_for_result = false;
  std::optional<std::string> storage;  // id of an extension; the daemon makes it a journal (DESIGN §5)
  std::optional<QueueBatchConfig> batch;
  static const config::Fields<QueueConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;

  Sizer queue_sizer() const { return sizer.value_or(Sizer::kRequests); }
  Sizer batch_sizer() const;
  // The sender of a request hears the destination's outcome.
  bool answers_on_delivery() const { return !enabled || wait_for_result; }
};

}  // namespace weir
