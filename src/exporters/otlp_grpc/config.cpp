// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_grpc/config.h"

#include <algorithm>
#include <cctype>

#include <grpc/grpc.h>
#include <grpc/slice.h>

#include "exporters/tls_without_files.h"
#include "net/tls.h"

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

// The part of `tls` that the gRPC library of this build cannot do: it speaks TLS 1.2 and 1.3, with its own ciphers.
void check_tls_versions(const Report& fail, const config::TlsClientConfig& tls) {
  static const std::string kCannot = " is not supported for gRPC by this version of weir, which speaks TLS 1.2 and 1.3";
  if (!tls.min_version.empty() && tls.min_version != "1.2")
    fail("min_version", "min_version \"" + tls.min_version + "\"" + kCannot);
  if (!tls.max_version.empty() && tls.max_version != "1.3")
    fail("max_version", "max_version \"" + tls.max_version + "\"" + kCannot);
  if (!tls.cipher_suites.empty() || tls.include_insecure_cipher_suites)
    fail("cipher_suites", "cipher_suites" + kCannot);
  if (!tls.curve_preferences.empty()) fail("curve_preferences", "curve_preferences" + kCannot);
}

void check_tls(const Report& fail, const config::TlsClientConfig& tls) {
  const std::string tls_path = fail.path + "::tls";
  if (fail.problems.any_error_at(tls_path)) return;  // one mistake is told once
  if (const config::Value* written = fail.at.find("tls")) check_tls_versions({*written, tls_path, fail.problems}, tls);
  if (fail.problems.any_error_at(tls_path)) return;
  const std::string error = net::TlsClient::make(without_files(tls), {"h2"}).error;
  if (!error.empty()) fail("tls", error);
}

void check_headers(const Report& fail, const std::map<std::string, std::string>& headers) {
  for (const auto& [name, value] : headers) {
    if (!is_legal_grpc_metadata(grpc_metadata_name(name), value))
      fail("headers", "header \"" + name + "\" has a name or value that gRPC cannot carry: only printable ASCII");
  }
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
      config::secret_field("headers", &T::headers, "metadata of each call"),
      config::field("timeout", &T::timeout, "of one attempt; 0 = none"),
      config::field("sending_queue", &T::sending_queue, "the queue before the destination"),
      config::field("retry_on_failure", &T::retry_on_failure, "when and how long to try again"),
      config::field("keepalive", &T::keepalive, "pings on a quiet connection"),
      config::field("wait_for_ready", &T::wait_for_ready, "calls wait for a connection instead of failing"),
      config::field("balancer_name", &T::balancer_name, "round_robin or pick_first; empty: pick_first"),
      config::field("authority", &T::authority, "the :authority of each call"),
      config::field("user_agent", &T::user_agent, "begins the user agent"),
      config::accepted<T>("read_buffer_size", ""),
      config::accepted<T>("write_buffer_size", ""),
      config::field("auth", &T::auth, "the extension that authenticates each call"),
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
  if (!balancer_name.empty() && balancer_name != "round_robin" && balancer_name != "pick_first") {
    fail("balancer_name", "invalid balancer_name: " + balancer_name + " (expected round_robin or pick_first)");
  }
  if (timeout < Duration{0}) fail("timeout", "`timeout` must be non-negative");
  check_headers(fail, headers);
  if (!is_plaintext()) return check_tls(fail, tls);
  if (!auth.authenticator.empty()) {
    fail("auth", "the credentials of \"" + auth.authenticator +
                     "\" require transport level security, and tls.insecure turns it off");
  }
}

bool OtlpGrpcConfig::is_plaintext() const {
  return tls.insecure && tls.ca_file.empty() && tls.ca_pem.empty() && !parse_grpc_endpoint(endpoint).forces_tls;
}

std::string grpc_metadata_name(std::string header) {
  std::transform(header.begin(), header.end(), header.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return header;
}

bool is_legal_grpc_metadata(const std::string& name, const std::string& value) {
  const auto slice = [](const std::string& text) { return grpc_slice_from_static_buffer(text.data(), text.size()); };
  if (name.empty() || grpc_header_key_is_legal(slice(name)) == 0) return false;
  return name.ends_with("-bin") || grpc_header_nonbin_value_is_legal(slice(value)) != 0;
}

}  // namespace weir
