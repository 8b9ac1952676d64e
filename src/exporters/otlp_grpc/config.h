// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "config/fields.h"
#include "config/tls.h"
#include "exporters/client_auth.h"
#include "exporters/queue_config.h"
#include "exporters/retry.h"

namespace weir {

struct GrpcKeepaliveConfig {
  static constexpr bool kCanBeOff = true;       // by `enabled: false`
  Duration time = std::chrono::seconds(10);     // ping when nothing came for this long
  Duration timeout = std::chrono::seconds(10);  // the connection is dead when no answer came for this long
  bool permit_without_stream = false;
  static const config::Fields<GrpcKeepaliveConfig>& fields();
};

// Where an `endpoint` leads (collector-semantics §4.1).
struct GrpcTarget {
  std::string target;       // for the channel: "host:4317", "dns:///host:4317", "unix:///path"
  bool forces_tls = false;  // https:// was written
  std::string address;      // host, for the metrics' labels
  std::string port;
  std::string error;  // what is wrong with the endpoint, or ""
};
GrpcTarget parse_grpc_endpoint(const std::string& endpoint);

// The name of a header as gRPC says it: in lower case.
std::string grpc_metadata_name(std::string header);
// What the library can send; anything else would end the process.
bool is_legal_grpc_metadata(const std::string& name, const std::string& value);

// `otlp_grpc` (alias `otlp`).
struct OtlpGrpcConfig {
  std::string endpoint;
  std::string compression = "gzip";
  config::TlsClientConfig tls;
  ClientAuthConfig auth;
  std::map<std::string, std::string> headers;
  Duration timeout = std::chrono::seconds(5);  // of one attempt; 0 = none
  QueueConfig sending_queue;
  RetryConfig retry_on_failure;
  std::optional<GrpcKeepaliveConfig> keepalive;
  bool wait_for_ready = false;
  std::string balancer_name = "round_robin";
  std::string authority;
  std::string user_agent;

  static const config::Fields<OtlpGrpcConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;

  // `insecure` gives way to https:// and to authorities of its own, as in the collector.
  bool is_plaintext() const;
};

}  // namespace weir
