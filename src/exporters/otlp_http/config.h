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
#include "weir/batch.h"

namespace weir {

struct CompressionParams {
  int64_t level = 0;  // 0 = unwritten
  static const config::Fields<CompressionParams>& fields();
};

// `otlp_http` (alias `otlphttp`): OTLP over HTTP/1.1 (collector-semantics §4.2).
struct OtlpHttpConfig {
  enum class Encoding : uint8_t { kProto, kJson };

  std::string endpoint;  // base URL, "/v1/traces" is appended
  std::string traces_endpoint, metrics_endpoint, logs_endpoint, profiles_endpoint;  // full URLs, verbatim
  Encoding encoding = Encoding::kProto;
  std::string compression = "gzip";
  CompressionParams compression_params;
  Duration timeout = std::chrono::seconds(30);  // of one whole exchange; 0 = none
  std::map<std::string, std::string> headers;
  config::TlsClientConfig tls;
  std::string proxy_url;  // a secret where it has a password
  ClientAuthConfig auth;
  QueueConfig sending_queue;
  RetryConfig retry_on_failure;
  int64_t max_conns_per_host = 0;
  Duration idle_conn_timeout = std::chrono::seconds(90);
  bool disable_keep_alives = false;

  static const config::Fields<OtlpHttpConfig>& fields();
  void validate_in(Signal signal, const config::At& at) const;  // in a pipeline of that signal
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;

  // The URL for a signal, or "" where none is written.
  std::string url_for(Signal signal) const;
};

}  // namespace weir
