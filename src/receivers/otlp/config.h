// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/fields.h"
#include "config/tls.h"
#include "weir/clock.h"

namespace weir {

// Keys of the `otlp` receiver (collector-semantics §1.1). Zero means "not written" where the collector says so.

constexpr uint32_t kMostMib = 2047;  // of a message: offsets within a request are 32 bits

struct OtlpServerKeepalive {
  Duration max_connection_idle{0};       // 0: for ever
  Duration max_connection_age{0};        // 0: for ever
  Duration max_connection_age_grace{0};  // 0: for ever
  Duration time{0};                      // 0: 2 h
  Duration timeout{0};                   // 0: 20 s
  static const config::Fields<OtlpServerKeepalive>& fields();
};

struct OtlpKeepalivePolicy {
  Duration min_time{0};  // 0: 5 min
  bool permit_without_stream = false;
  static const config::Fields<OtlpKeepalivePolicy>& fields();
};

struct OtlpKeepalive {
  OtlpServerKeepalive server_parameters;
  OtlpKeepalivePolicy enforcement_policy;
  static const config::Fields<OtlpKeepalive>& fields();
};

struct OtlpAuth {
  static constexpr bool kCanBeOff = true;   // by `enabled: false`
  std::string authenticator;                // id of an extension
  std::vector<std::string> request_params;  // http only: parameters of the query that it sees as headers
};

struct OtlpGrpcAuth : OtlpAuth {
  static const config::Fields<OtlpGrpcAuth>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

struct OtlpHttpAuth : OtlpAuth {
  static const config::Fields<OtlpHttpAuth>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

// A stage before the decoding of requests. Only memory_limiter extensions are taken, and those need nothing here: a
// request finds room in the byte budget before it is read, or is refused.
struct OtlpMiddleware {
  std::string id;
  static const config::Fields<OtlpMiddleware>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

struct OtlpCorsConfig {
  static constexpr bool kCanBeOff = true;    // by `enabled: false`
  std::vector<std::string> allowed_origins;  // "https://*.example.com", "*"; empty: CORS is off
  std::vector<std::string> allowed_headers;  // beside accept, accept-language, content-type, content-language
  std::vector<std::string> exposed_headers;
  int32_t max_age = 0;  // seconds that browsers keep the answer to a preflight; 0: not said, below 0: not at all
  static const config::Fields<OtlpCorsConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

// (Not named OtlpGrpcConfig: that is the exporter of that name, in the same namespace.)
struct OtlpGrpcServerConfig {
  static constexpr bool kCanBeOff = true;  // by `enabled: false`
  std::string endpoint;                    // "" = WEIR_DEFAULT_HOST (127.0.0.1), port 4317
  std::string transport = "tcp";           // tcp, tcp4, tcp6 or unix
  int32_t max_recv_msg_size_mib = 0;       // 0: 64 MiB, before and after inflation
  uint32_t max_concurrent_streams = 0;
  int32_t read_buffer_size = 524288;
  int32_t write_buffer_size = 0;
  OtlpKeepalive keepalive;
  bool include_metadata = false;
  std::optional<config::TlsServerConfig> tls;  // empty: plaintext
  std::optional<OtlpGrpcAuth> auth;
  std::vector<OtlpMiddleware> middlewares;
  static const config::Fields<OtlpGrpcServerConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

struct OtlpHttpServerConfig {
  static constexpr bool kCanBeOff = true;  // by `enabled: false`
  std::string endpoint;                    // "" = WEIR_DEFAULT_HOST (127.0.0.1), port 4318
  std::string transport = "tcp";           // tcp, tcp4, tcp6 or unix
  std::string traces_url_path = "/v1/traces";
  std::string metrics_url_path = "/v1/metrics";
  std::string logs_url_path = "/v1/logs";
  int64_t max_request_body_size = 0;                // bytes; 0 or less: 64 MiB, before and after inflation
  std::vector<std::string> compression_algorithms;  // names of encodings, "" = identity; empty: all
  bool include_metadata = false;
  std::map<std::string, std::string> response_headers;
  Duration read_timeout{0};         // whole request; 0: the body must keep up a low rate
  Duration read_header_timeout{0};  // 0: 10 s
  Duration write_timeout{0};        // 0: 30 s without progress
  Duration idle_timeout{0};         // 0: for ever
  bool keep_alives_enabled = true;
  std::optional<config::TlsServerConfig> tls;  // empty: plaintext
  std::optional<OtlpCorsConfig> cors;
  std::optional<OtlpHttpAuth> auth;
  std::vector<OtlpMiddleware> middlewares;
  static const config::Fields<OtlpHttpServerConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

struct OtlpProtocols {
  std::optional<OtlpGrpcServerConfig> grpc;
  std::optional<OtlpHttpServerConfig> http;
  static const config::Fields<OtlpProtocols>& fields();
};

struct OtlpReceiverConfig {
  OtlpProtocols protocols;
  static const config::Fields<OtlpReceiverConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

}  // namespace weir
