// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/fields.h"
#include "config/tls.h"
#include "exporters/client_auth.h"
#include "exporters/metric_naming.h"
#include "exporters/retry.h"
#include "weir/clock.h"

namespace weir {

// The HTTP client keys, at the top level or (newer) in an `http` block.
struct RemoteWriteHttpConfig {
  std::string endpoint;
  Duration timeout = std::chrono::seconds(5);
  std::map<std::string, std::string> headers;
  std::string compression;  // "" or snappy
  config::TlsClientConfig tls;
  std::string proxy_url;  // a secret where it has a password
  ClientAuthConfig auth;
  int64_t max_conns_per_host = 0;
  Duration idle_conn_timeout = std::chrono::seconds(90);
  static const config::Fields<RemoteWriteHttpConfig>& fields();
};

struct RemoteWriteQueueConfig {
  bool enabled = true;
  int64_t queue_size = 10000;  // batches
  int64_t num_consumers = 5;   // parallel requests of one batch
  static const config::Fields<RemoteWriteQueueConfig>& fields();
};

struct RemoteWriteTargetInfoConfig {
  bool enabled = true;
  static const config::Fields<RemoteWriteTargetInfoConfig>& fields();
};

// `prometheus_remote_write` (alias `prometheusremotewrite`; collector-semantics §8.1). Remote write 1.0.
struct RemoteWriteConfig {
  RemoteWriteHttpConfig http;
  std::string metrics_namespace;
  std::map<std::string, std::string> external_labels;
  int64_t max_batch_size_bytes = 3'000'000;  // of a request before compression; 0 = the default
  std::optional<int64_t> max_batch_request_parallelism;
  RemoteWriteQueueConfig remote_write_queue;
  RetryConfig retry_on_failure = {.initial_interval = std::chrono::milliseconds(50), .max_elapsed_time = {}};
  bool add_metric_suffixes = true;
  std::string translation_strategy;
  ResourceConversionConfig resource_to_telemetry_conversion;
  RemoteWriteTargetInfoConfig target_info;
  bool disable_scope_info = false;
  bool send_metadata = false;
  std::string protobuf_message = "prometheus.WriteRequest";
  std::vector<std::string> include_metadata_keys;  // client metadata that becomes request headers

  static const config::Fields<RemoteWriteConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;

  NameStrategy strategy() const;
  uint64_t request_bytes() const {
    return static_cast<uint64_t>(max_batch_size_bytes > 0 ? max_batch_size_bytes : 3'000'000);
  }
  uint64_t parallel_requests() const {
    return static_cast<uint64_t>(max_batch_request_parallelism.value_or(remote_write_queue.num_consumers));
  }
};

}  // namespace weir
