// SPDX-License-Identifier: Apache-2.0
#include "extensions/health_check/config.h"

#include "config/endpoint.h"

namespace weir {

namespace {

using config::field;
using T = HealthCheckConfig;

const config::Place& place_of(const config::Value& at, std::string_view key) {
  const config::Value* value = at.find(key);
  return value == nullptr ? at.place : value->place;
}

// The key of collectors before 0.10: 13133 as `port: 13133`.
void decode_port(const config::At& at, T& out) {
  uint32_t port = 0;
  if (!config::decode_scalar(at, port)) return;
  if (port > 65535) return at.error("expected a port from 0 to 65535");
  at.warn("deprecated, use endpoint");
  if (out.endpoint.empty())
    out.endpoint = config::Endpoint{config::default_host(), static_cast<uint16_t>(port), ""}.to_string();
}

void decode_transport(const config::At& at, T&) {
  if (!at.value.is_null() && at.value.text != "tcp") at.error("only tcp is supported");
}

// Keys of the collector's HTTP server block beside `endpoint`, and of its second version of this extension.
void add_other_keys(config::Fields<T>& fields) {
  for (const char* key : {"read_timeout", "read_header_timeout", "write_timeout", "idle_timeout", "keep_alives_enabled",
                          "max_request_body_size", "include_metadata", "compression_algorithms"}) {
    fields.push_back(config::accepted<T>(key, "the page server has limits of its own"));
  }
  for (const char* key :
       {"tls", "auth", "cors", "response_headers", "middlewares", "use_v2", "http", "grpc", "component_health"}) {
    fields.push_back(config::unsupported<T>(key));
  }
}

}  // namespace

const config::Fields<HealthCheckResponseBody>& HealthCheckResponseBody::fields() {
  static const config::Fields<HealthCheckResponseBody> kFields = {
      field("healthy", &HealthCheckResponseBody::healthy, "body of the page when ready"),
      field("unhealthy", &HealthCheckResponseBody::unhealthy, "body of the page otherwise"),
  };
  return kFields;
}

const config::Fields<T>& T::fields() {
  static const config::Fields<T> kFields = [] {
    config::Fields<T> fields = {
        field("endpoint", &T::endpoint, "host:port of the page"),
        field("path", &T::path, "path of the page"),
        field("response_body", &T::response_body, "bodies instead of the JSON of this page"),
        config::accepted<T>("check_collector_pipeline", "has no effect, as in the collector"),
        config::custom<T>("port", "int", decode_port, "deprecated, use endpoint"),
        config::custom<T>("transport", "string", decode_transport, "tcp"),
    };
    add_other_keys(fields);
    return fields;
  }();
  return kFields;
}

void T::validate(const config::Value& at, const std::string& path_here, config::Problems& problems) const {
  std::string error;
  if (!endpoint.empty() && !config::parse_endpoint(endpoint, config::default_host(), error)) {
    problems.error(place_of(at, "endpoint"), path_here + "::endpoint", error);
  }
  if (!path.starts_with('/'))
    problems.error(place_of(at, "path"), path_here + "::path", "expected a path that starts with /");
}

}  // namespace weir
