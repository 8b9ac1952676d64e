// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/config.h"

#include "config/yaml.h"
#include "support/catch.h"

namespace weir {
namespace {

struct Read {
  OtlpReceiverConfig config;
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
};

Read read(const std::string& yaml) {
  Read out;
  config::Problems problems;
  const config::Value value = config::parse_yaml(yaml, "c.yaml", problems);
  config::decode(config::At{value, "receivers::otlp", problems}, out.config);
  for (const config::Problem& problem : problems.all()) {
    (problem.warning ? out.warnings : out.errors).push_back(problem.to_string());
  }
  return out;
}

TEST_CASE("otlp config: a bare protocol is on, an absent one is off") {
  const Read both = read("protocols:\n  grpc:\n  http:\n");
  CHECK(both.errors.empty());
  CHECK(both.config.protocols.grpc);
  CHECK(both.config.protocols.http);
  CHECK(both.config.protocols.http->traces_url_path == "/v1/traces");
  const Read one = read("protocols: {http: {}}\n");
  CHECK(one.errors.empty());
  CHECK(!one.config.protocols.grpc);
  CHECK(read("protocols: {}\n").errors ==
        std::vector<std::string>{
            "c.yaml:1:1: receivers::otlp: must specify at least one protocol when using the OTLP receiver"});
}

TEST_CASE("otlp config: every key of the collector is taken") {
  const Read all = read(R"(
protocols:
  grpc:
    endpoint: 0.0.0.0:4317
    transport: tcp
    max_recv_msg_size_mib: 8
    max_concurrent_streams: 16
    read_buffer_size: 1024
    write_buffer_size: 1024
    include_metadata: true
    auth: {authenticator: basicauth/in}
    middlewares: [{id: memory_limiter}, {id: memory_limiter/2}]
    tls: {cert_file: a.pem, key_file: a.key, client_ca_file: ca.pem, min_version: "1.3", reload_interval: 1h}
    keepalive:
      server_parameters: {max_connection_idle: 11s, max_connection_age: 12s, max_connection_age_grace: 13s, time: 30s, timeout: 5s}
      enforcement_policy: {min_time: 10s, permit_without_stream: true}
  http:
    endpoint: "[::1]:4318"
    traces_url_path: my/traces
    max_request_body_size: 1000
    compression_algorithms: ["", gzip, zstd, zlib, snappy, deflate, x-snappy-framed]
    include_metadata: true
    response_headers: {X-A: b}
    read_timeout: 1s
    read_header_timeout: 2s
    write_timeout: 3s
    idle_timeout: 4s
    keep_alives_enabled: false
    cors: {allowed_origins: ["*"], allowed_headers: [X-A], exposed_headers: [X-B], max_age: 60}
    auth: {authenticator: bearertokenauth, request_params: [token]}
    middlewares: [{id: memory_limiter}]
    tls: {cert_file: b.pem, key_file: b.key}
)");
  CHECK(all.errors.empty());
  CHECK(all.warnings.empty());
  CHECK(all.config.protocols.grpc->tls->client_ca_file == "ca.pem");
  CHECK(all.config.protocols.http->tls->key_file == "b.key");
  CHECK(all.config.protocols.http->cors->max_age == 60);
  CHECK(all.config.protocols.http->auth->request_params == std::vector<std::string>{"token"});
  CHECK(all.config.protocols.grpc->keepalive.server_parameters.time == Duration(std::chrono::seconds(30)));
  CHECK(all.config.protocols.grpc->keepalive.enforcement_policy.permit_without_stream);
  CHECK(all.config.protocols.http->traces_url_path == "/my/traces");
  CHECK(!all.config.protocols.http->keep_alives_enabled);
}

TEST_CASE("otlp config: what cannot be is refused where it stands") {
  const auto error_of = [](const std::string& body) { return read("protocols:\n" + body).errors; };
  CHECK(error_of("  grpc: {max_recv_msg_size_mib: -1}\n") ==
        std::vector<std::string>{
            "c.yaml:2:33: receivers::otlp::protocols::grpc::max_recv_msg_size_mib: invalid max_recv_msg_size_mib "
            "value: -1"});
  CHECK(error_of("  grpc: {read_buffer_size: -5}\n").at(0).ends_with("invalid read_buffer_size value: -5"));
  CHECK(error_of("  grpc: {transport: udp}\n").size() == 1);
  CHECK(error_of("  grpc: {endpoint: localhost}\n").size() == 1);
  CHECK(error_of("  grpc: {tls: {cert_file: a}}\n").size() == 1);
  CHECK(error_of("  http: {auth: {}}\n").size() == 1);
  CHECK(error_of("  grpc: {auth: {authenticator: b, request_params: [a]}}\n").size() == 1);
  CHECK(error_of("  http: {cors: {allowed_origin: [a]}}\n").size() == 1);
  CHECK(error_of("  http: {middlewares: [{id: memory_limiter}, {id: other/1}]}\n") ==
        std::vector<std::string>{
            "c.yaml:2:51: receivers::otlp::protocols::http::middlewares::1::id: unsupported middleware \"other/1\", "
            "expected an extension of type memory_limiter"});
  CHECK(error_of("  http: {compression_algorithms: [lz4]}\n").size() == 1);
  CHECK(error_of("  htpp: {}\n  grpc:\n").at(0).find("did you mean \"http\"") != std::string::npos);
}

TEST_CASE("otlp config: enabled: false leaves a block off") {
  const Read off = read(
      "protocols:\n  grpc: {enabled: false, max_recv_msg_size_mib: 5}\n"
      "  http: {cors: {enabled: false}, tls: {enabled: false}}\n");
  CHECK(off.errors.empty());
  CHECK(!off.config.protocols.grpc);
  REQUIRE(off.config.protocols.http);
  CHECK(!off.config.protocols.http->cors);
  CHECK(!off.config.protocols.http->tls);
  CHECK(read("protocols: {grpc: {enabled: false}}\n").errors.size() == 1);
}

TEST_CASE("otlp config: what the collector takes is not refused, what it refuses is") {
  const Read large = read("protocols: {grpc: {max_recv_msg_size_mib: 4096}, http: {max_request_body_size: -1}}\n");
  CHECK(large.errors.empty());
  REQUIRE(large.warnings.size() == 1);
  CHECK(large.warnings[0].find("weir takes messages of up to 2047 MiB") != std::string::npos);
  CHECK(read("protocols: {grpc: {max_recv_msg_size_mib: -1}}\n").errors.size() == 1);
  CHECK(read("protocols: {http: {traces_url_path: \"/a b\"}}\n").errors.size() == 1);
  CHECK(read("protocols: {http: {traces_url_path: \"http://[::1\"}}\n").errors.size() == 1);
  CHECK(read("protocols: {grpc: {transport: tcp6, endpoint: \"127.0.0.1:0\"}}\n").errors.size() == 1);
  CHECK(read("protocols: {grpc: {transport: tcp4, endpoint: \"[::1]:0\"}}\n").errors.size() == 1);
  CHECK(read("protocols: {grpc: {transport: tcp4, endpoint: \"127.0.0.1:0\"}}\n").errors.empty());
}

TEST_CASE("otlp config: null leaves a block off") {
  const Read off = read(
      "protocols:\n  http: {cors: null, auth: null, middlewares: null, tls: null}\n  grpc: {auth: null, tls: ~}\n");
  CHECK(off.errors.empty());
  CHECK(!off.config.protocols.http->cors);
  CHECK(!off.config.protocols.http->auth);
  CHECK(!off.config.protocols.http->tls);
  CHECK(!off.config.protocols.grpc->auth);
  CHECK(!off.config.protocols.grpc->tls);
}

TEST_CASE("otlp config: CORS that does nothing is warned about") {
  const auto warnings_of = [](const std::string& cors) {
    return read("protocols:\n  http: {cors: {" + cors + "}}\n").warnings;
  };
  CHECK(warnings_of("allowed_headers: [a]") ==
        std::vector<std::string>{
            "c.yaml:2:34: warning: receivers::otlp::protocols::http::cors::allowed_headers: there are no "
            "allowed_origins: CORS is off and this is ignored"});
  CHECK(warnings_of("allowed_origins: [], max_age: 1, exposed_headers: [b]").size() == 2);
  CHECK(warnings_of("allowed_origins: [\"https://*.a.*\"]").size() == 1);
  CHECK(warnings_of("allowed_origins: [\"https://*.a\"], allowed_headers: [b]").empty());
}

}  // namespace
}  // namespace weir
