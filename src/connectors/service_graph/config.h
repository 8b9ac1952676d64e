// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/fields.h"
#include "connectors/naming.h"
#include "weir/clock.h"

namespace weir {

// Half edges that wait for their other half. Unwritten values depend on `naming`: see ServiceGraphConfig.
struct EdgeStoreConfig {
  std::optional<Duration> ttl;
  std::optional<int64_t> max_items;
  static const config::Fields<EdgeStoreConfig>& fields();
};

// The `service_graph` connector (alias `servicegraph`): keys, defaults and rules of the collector's. What is not
// written takes the default of the chosen naming, through the functions below.
struct ServiceGraphConfig {
  Naming naming = Naming::kCollector;
  std::optional<std::vector<Duration>> latency_histogram_buckets;
  int32_t exponential_histogram_max_size = 0;  // 0 = explicit buckets
  std::vector<std::string> dimensions;
  EdgeStoreConfig store;
  Duration cache_loop = std::chrono::minutes(1);
  Duration store_expiration_loop = std::chrono::seconds(2);
  std::optional<std::vector<std::string>> virtual_node_peer_attributes;
  bool virtual_node_extra_label = false;
  Duration metrics_flush_interval = std::chrono::seconds(60);  // <= 0: after every batch
  std::string database_name_attribute;                         // the deprecated form of the next
  std::optional<std::vector<std::string>> database_name_attributes;
  Duration metrics_timestamp_offset{0};

  static const config::Fields<ServiceGraphConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;

  Duration ttl() const;
  int64_t max_items() const;
  std::vector<double> bounds() const;  // seconds
  std::vector<std::string> peer_attributes() const;
  std::vector<std::string> database_attributes() const;
};

}  // namespace weir
