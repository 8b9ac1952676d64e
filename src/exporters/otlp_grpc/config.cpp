// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_grpc/config.h"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace weir {

namespace {

// The mistakes of one struct, each at its key.
struct Report {
  const config::Value& at;
  const std::string& path;
  config::Problems& problems;
  void operator()(std::string_view key, const std::string& text) const {
    const config::Value* value = at.find(key);
    problems.error(value == nullptr ? at.place : value->place, path, text);
  }
};

void check_file(const Report& fail, const std::string& what, const std::string& file) {
  if (file.empty() || std::ifstream(file).is_open()) return;
  fail("tls", "failed to load TLS config: failed to load " + what + " " + file + ": " + std::strerror(errno));
}

// The part of `tls` that the gRPC library of this build can do.
void check_tls(const Report& fail, const config::TlsClientConfig& tls) {
  static const std::string kNotYet = " is not supported for gRPC by this version of weir";
  if (!tls.min_version.empty() && tls.min_version != "1.2") fail("tls", "min_version other than \"1.2\"" + kNotYet);
  if (!tls.max_version.empty() && tls.max_version != "1.3") fail("tls", "max_version other than \"1.3\"" + kNotYet);
  if (!tls.cipher_suites.empty() || tls.include_insecure_cipher_suites) fail("tls", "cipher_suites" + kNotYet);
  if (!tls.curve_preferences.empty()) fail("tls", "curve_preferences" + kNotYet);
  if (tls.reload_interval != Duration{0}) fail("tls", "reload_interval" + kNotYet);
  check_file(fail, "CA CertPool File:", tls.ca_file);
  check_file(fail, "TLS cert", tls.cert_file);
  check_file(fail, "TLS key", tls.key_file);
}

}  // namespace

const config::Fields<GrpcKeepaliveConfig>& GrpcKeepaliveConfig::fields() {
  using T = GrpcKeepaliveConfig;
  static const config::Fields<T> kFields = {
      config::field("time", &T::time, "ping when nothing came for this long"),
      config::field("timeout", &T::timeout, "how long to wait for the answer to a ping"),
      config::field("permit_without_stream", &T::permit_without_stream, "ping without a call under way, too"),
  };
  return kFields;
}

const config::Fields<OtlpGrpcConfig>& OtlpGrpcConfig::fields() {
  using T = OtlpGrpcConfig;
  static const config::Fields<T> kFields = {
      config::field("endpoint", &T::endpoint, "host:port, dns:///host:port or unix:///path"),
      config::field("compression", &T::compression, "gzip or none"),
      config::field("tls", &T::tls, "TLS settings; on unless insecure"),
      config::field("headers", &T::headers, "metadata of each call"),
      config::field("timeout", &T::timeout, "of one attempt; 0 = none"),
      config::field("sending_queue", &T::sending_queue, "the queue before the destination"),
      config::field("retry_on_failure", &T::retry_on_failure, "when and how long to try again"),
      config::field("keepalive", &T::keepalive, "pings on a quiet connection"),
      config::field("wait_for_ready", &T::wait_for_ready, "calls wait for a connection instead of failing"),
      config::field("balancer_name", &T::balancer_name, "round_robin or pick_first"),
      config::field("authority", &T::authority, "the :authority of each call"),
      config::field("user_agent", &T::user_agent, "begins the user agent"),
      config::accepted<T>("read_buffer_size", ""),
      config::accepted<T>("write_buffer_size", ""),
      config::unsupported<T>("auth", "authentication is not supported by this version of weir yet"),
      config::unsupported<T>("middlewares"),
  };
  return kFields;
}

void OtlpGrpcConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  const Report fail{at, path, problems};
  if (const GrpcTarget target = parse_grpc_endpoint(endpoint); !target.error.empty()) fail("endpoint", target.error);
  if (compression == "snappy" || compression == "zstd") {
    fail("compression", "compression \"" + compression + "\" is not supported over gRPC by this version of weir");
  } else if (!compression.empty() && compression != "gzip" && compression != "none") {
    fail("compression", "unsupported compression type \"" + compression + "\" (expected gzip or none)");
  }
  if (balancer_name != "round_robin" && balancer_name != "pick_first") {
    fail("balancer_name", "invalid balancer_name: " + balancer_name + " (expected round_robin or pick_first)");
  }
  if (timeout < Duration{0}) fail("timeout", "`timeout` must be non-negative");
  check_tls(fail, tls);
}

}  // namespace weir
