// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/config.h"

#include <algorithm>
#include <array>

#include "config/endpoint.h"

namespace weir {
namespace {

using config::At;
using config::field;
using config::Fields;

// False for a literal address of the other family.
bool fits(const config::Endpoint& endpoint, const std::string& transport) {
  const bool six = endpoint.host.find(':') != std::string::npos;
  const bool four = !endpoint.host.empty() && endpoint.host.find_first_not_of("0123456789.") == std::string::npos;
  return !(transport == "tcp4" && six) && !(transport == "tcp6" && four);
}

void check_endpoint(const config::Value& at, const std::string& path, config::Problems& problems,
                    const std::string& endpoint, const std::string& transport) {
  static constexpr std::array<std::string_view, 4> kTransports = {"tcp", "tcp4", "tcp6", "unix"};
  if (std::find(kTransports.begin(), kTransports.end(), transport) == kTransports.end()) {
    const config::Value* value = at.find("transport");
    problems.error(value != nullptr ? value->place : at.place, path + "::transport",
                   "invalid transport type \"" + transport + "\", expected one of: tcp, tcp4, tcp6, unix");
    return;
  }
  if (endpoint.empty() || transport == "unix") return;
  std::string error;
  const auto address = config::parse_endpoint(endpoint, config::default_host(), error);
  if (address && (fits(*address, transport))) return;
  if (address) error = "no " + transport + " address: " + endpoint;
  const config::Value* value = at.find("endpoint");
  problems.error(value != nullptr ? value->place : at.place, path + "::endpoint", error);
}

void check_not_negative(const config::Value& at, const std::string& path, config::Problems& problems,
                        const std::string& key, int64_t value) {
  if (value >= 0) return;
  const config::Value* found = at.find(key);
  problems.error(found != nullptr ? found->place : at.place, path + "::" + key,
                 "invalid " + key + " value: " + std::to_string(value));
}

void decode_url_path(const At& at, std::string& out) {
  if (at.value.is_null() || !config::decode_scalar(at, out)) return;
  if (!out.starts_with('/')) out.insert(0, "/");
  const bool legal =
      std::all_of(out.begin(), out.end(), [](unsigned char c) { return c > ' ' && c != 0x7f && c != '['; });
  if (!legal) at.error("invalid HTTP URL path set for signal: \"" + out + "\"");
}

config::Field<OtlpHttpServerConfig> url_path(std::string_view key, std::string OtlpHttpServerConfig::*member) {
  return config::custom<OtlpHttpServerConfig>(
      key, "string", [member](const At& at, OtlpHttpServerConfig& out) { decode_url_path(at, out.*member); },
      "path of the signal; a leading / is added, with a / at its end all below it, too");
}

void decode_algorithms(const At& at, OtlpHttpServerConfig& out) {
  static constexpr std::array<std::string_view, 7> kKnown = {"",       "gzip",    "zstd",           "zlib",
                                                             "snappy", "deflate", "x-snappy-framed"};
  config::decode_any(at, out.compression_algorithms);
  for (const std::string& name : out.compression_algorithms) {
    if (std::find(kKnown.begin(), kKnown.end(), name) != kKnown.end()) continue;
    at.error("unsupported compression algorithm \"" + name +
             "\", expected some of: \"\", gzip, zstd, zlib, deflate, snappy, x-snappy-framed");
  }
}

// A block that null leaves off, as a merged config says that it does not want what another one has.
template <class T, class V>
config::Field<T> block(std::string_view key, std::optional<V> T::*member, std::string_view doc) {
  return config::custom<T>(
      key, "map",
      [member](const At& at, T& out) {
        (out.*member).reset();
        if (!at.value.is_null()) config::decode_any(at, out.*member);
      },
      doc);
}

void check_authenticator(const OtlpAuth& auth, const config::Value& at, const std::string& path,
                         config::Problems& problems) {
  if (!auth.authenticator.empty()) return;
  problems.error(at.place, path, "an authenticator must be named: the id of an extension");
}

void check_origin(const At& at, const std::string& origin) {
  if (std::count(origin.begin(), origin.end(), '*') < 2) return;
  at.warn("only the first * of an origin is a wildcard: \"" + origin + "\" matches nothing");
}

}  // namespace

const Fields<OtlpGrpcAuth>& OtlpGrpcAuth::fields() {
  using T = OtlpGrpcAuth;
  static const Fields<T> all = {
      field<T, std::string>("authenticator", &T::authenticator, "id of the extension that lets calls in"),
  };
  return all;
}

void OtlpGrpcAuth::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  check_authenticator(*this, at, path, problems);
}

const Fields<OtlpHttpAuth>& OtlpHttpAuth::fields() {
  using T = OtlpHttpAuth;
  static const Fields<T> all = {
      field<T, std::string>("authenticator", &T::authenticator, "id of the extension that lets requests in"),
      field<T, std::vector<std::string>>("request_params", &T::request_params,
                                         "query parameters that it sees as headers"),
  };
  return all;
}

void OtlpHttpAuth::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  check_authenticator(*this, at, path, problems);
}

const Fields<OtlpMiddleware>& OtlpMiddleware::fields() {
  static const Fields<OtlpMiddleware> all = {
      field("id", &OtlpMiddleware::id, "id of a memory_limiter extension"),
  };
  return all;
}

void OtlpMiddleware::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  if (id.substr(0, id.find('/')) == "memory_limiter") return;
  const config::Value* value = at.find("id");
  problems.error(value != nullptr ? value->place : at.place, path + "::id",
                 "unsupported middleware \"" + id + "\", expected an extension of type memory_limiter");
}

const Fields<OtlpCorsConfig>& OtlpCorsConfig::fields() {
  using T = OtlpCorsConfig;
  static const Fields<T> all = {
      field("allowed_origins", &T::allowed_origins, "pages that may send and read; one * each; empty: CORS is off"),
      field("allowed_headers", &T::allowed_headers, "headers that they may send; *: any"),
      field("exposed_headers", &T::exposed_headers, "headers of answers that they may read"),
      field("max_age", &T::max_age, "seconds that browsers keep the answer to a preflight"),
  };
  return all;
}

void OtlpCorsConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  const config::Value* origins = at.find("allowed_origins");
  for (const std::string& origin : allowed_origins) {
    check_origin(At{origins != nullptr ? *origins : at, path + "::allowed_origins", problems}, origin);
  }
  if (!allowed_origins.empty()) return;
  for (const std::string_view key : {"allowed_headers", "exposed_headers", "max_age"}) {
    const config::Value* value = at.find(key);
    if (value == nullptr || value->is_null()) continue;
    problems.warn(value->place, path + "::" + std::string(key),
                  "there are no allowed_origins: CORS is off and this is ignored");
  }
}

const Fields<OtlpServerKeepalive>& OtlpServerKeepalive::fields() {
  using T = OtlpServerKeepalive;
  static const Fields<T> all = {
      field("max_connection_idle", &T::max_connection_idle,
            "connections without a stream for so long are ended; 0: never"),
      field("max_connection_age", &T::max_connection_age, "connections are ended at this age (±10 %); 0: never"),
      field("max_connection_age_grace", &T::max_connection_age_grace,
            "an ended connection is closed after so long; 0: never"),
      field("time", &T::time, "a silent connection is probed after so long; 0: 2h"),
      field("timeout", &T::timeout, "a probe has to be answered in so long; 0: 20s"),
  };
  return all;
}

const Fields<OtlpKeepalivePolicy>& OtlpKeepalivePolicy::fields() {
  using T = OtlpKeepalivePolicy;
  static const Fields<T> all = {
      field("min_time", &T::min_time, "clients that probe more often are sent away; 0: 5m"),
      field("permit_without_stream", &T::permit_without_stream, "probes are allowed while no request is open"),
  };
  return all;
}

const Fields<OtlpKeepalive>& OtlpKeepalive::fields() {
  using T = OtlpKeepalive;
  static const Fields<T> all = {
      field("server_parameters", &T::server_parameters, "life and probing of connections"),
      field("enforcement_policy", &T::enforcement_policy, "how often clients may probe"),
  };
  return all;
}

const Fields<OtlpGrpcServerConfig>& OtlpGrpcServerConfig::fields() {
  using T = OtlpGrpcServerConfig;
  static const Fields<T> all = {
      field("endpoint", &T::endpoint, "host:port to listen on (default: port 4317 of WEIR_DEFAULT_HOST)"),
      field("transport", &T::transport, "tcp, tcp4, tcp6 or unix"),
      field("max_recv_msg_size_mib", &T::max_recv_msg_size_mib, "largest message, before and after inflation; 0: 64"),
      field("max_concurrent_streams", &T::max_concurrent_streams, "requests at a time on one connection; 0: 256"),
      field("read_buffer_size", &T::read_buffer_size, "accepted; buffers follow the traffic"),
      field("write_buffer_size", &T::write_buffer_size, "accepted; buffers follow the traffic"),
      field("keepalive", &T::keepalive, "probes and life of connections"),
      field("include_metadata", &T::include_metadata, "keep the request's metadata with its spans"),
      block("tls", &T::tls, "TLS; without it the listener speaks plaintext"),
      block("auth", &T::auth, "who lets requests in"),
      field("middlewares", &T::middlewares, "memory_limiter extensions: the byte budget holds anyway"),
  };
  return all;
}

void OtlpGrpcServerConfig::validate(const config::Value& at, const std::string& path,
                                    config::Problems& problems) const {
  check_endpoint(at, path, problems, endpoint, transport);
  check_not_negative(at, path, problems, "read_buffer_size", read_buffer_size);
  check_not_negative(at, path, problems, "write_buffer_size", write_buffer_size);
  check_not_negative(at, path, problems, "max_recv_msg_size_mib", max_recv_msg_size_mib);
  if (max_recv_msg_size_mib <= static_cast<int32_t>(kMostMib)) return;
  problems.warn(at.find("max_recv_msg_size_mib")->place, path + "::max_recv_msg_size_mib",
                "weir takes messages of up to " + std::to_string(kMostMib) + " MiB");
}

const Fields<OtlpHttpServerConfig>& OtlpHttpServerConfig::fields() {
  using T = OtlpHttpServerConfig;
  static const Fields<T> all = {
      field("endpoint", &T::endpoint, "host:port to listen on (default: port 4318 of WEIR_DEFAULT_HOST)"),
      field("transport", &T::transport, "tcp, tcp4, tcp6 or unix"),
      url_path("traces_url_path", &T::traces_url_path),
      url_path("metrics_url_path", &T::metrics_url_path),
      url_path("logs_url_path", &T::logs_url_path),
      field("max_request_body_size", &T::max_request_body_size, "bytes, before and after inflation; 0 or less: 64 MiB"),
      config::custom<T>("compression_algorithms", "list", decode_algorithms, "encodings that are taken; empty: all"),
      field("include_metadata", &T::include_metadata, "keep the request's headers with its spans"),
      field("response_headers", &T::response_headers, "added to every answer"),
      field("read_timeout", &T::read_timeout, "for a whole request; 0: its body must keep up a low rate"),
      field("read_header_timeout", &T::read_header_timeout, "for the head of a request; 0: 10s"),
      field("write_timeout", &T::write_timeout,
            "an answer that cannot be sent for so long ends the connection; 0: 30s"),
      field("idle_timeout", &T::idle_timeout, "connections without a request for so long are ended; 0: never"),
      field("keep_alives_enabled", &T::keep_alives_enabled, "connections serve more than one request"),
      block("cors", &T::cors, "pages of other origins that browsers let in"),
      block("tls", &T::tls, "TLS; without it the listener speaks plaintext"),
      block("auth", &T::auth, "who lets requests in"),
      field("middlewares", &T::middlewares, "memory_limiter extensions: the byte budget holds anyway"),
  };
  return all;
}

void OtlpHttpServerConfig::validate(const config::Value& at, const std::string& path,
                                    config::Problems& problems) const {
  check_endpoint(at, path, problems, endpoint, transport);
}

const Fields<OtlpProtocols>& OtlpProtocols::fields() {
  using T = OtlpProtocols;
  static const Fields<T> all = {
      field("grpc", &T::grpc, "OTLP/gRPC; a bare `grpc:` turns it on"),
      field("http", &T::http, "OTLP/HTTP; a bare `http:` turns it on"),
  };
  return all;
}

const Fields<OtlpReceiverConfig>& OtlpReceiverConfig::fields() {
  static const Fields<OtlpReceiverConfig> all = {
      field("protocols", &OtlpReceiverConfig::protocols, "grpc, http, or both"),
  };
  return all;
}

void OtlpReceiverConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  if (protocols.grpc || protocols.http) return;
  problems.error(at.place, path, "must specify at least one protocol when using the OTLP receiver");
}

}  // namespace weir
