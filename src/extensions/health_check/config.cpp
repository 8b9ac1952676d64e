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
  if (out.page.endpoint.empty())
    out.page.endpoint = config::Endpoint{config::default_host(), static_cast<uint16_t>(port), ""}.to_string();
}

void decode_transport(const config::At& at, T&) {
  if (!at.value.is_null() && at.value.text != "tcp") at.error("only tcp is supported");
}

// The second version of this extension is another one.
void refuse_v2(const config::At& at, T&) {
  bool wanted = false;
  if (at.value.is_null() || !config::decode_scalar(at, wanted) || !wanted) return;
  at.error("not supported by this version of weir; the page of version 1 is at `endpoint` and `path`");
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
        field("path", &T::path, "path of the page"),
        field("response_body", &T::response_body, "bodies instead of the JSON of this page"),
        config::accepted<T>("check_collector_pipeline",
                            "has no effect, as in the collector; /readyz says why weir is not ready"),
        config::custom<T>("use_v2", "bool", refuse_v2, "false"),
        config::custom<T>("port", "int", decode_port, "deprecated, use endpoint"),
        config::custom<T>("transport", "string", decode_transport, "tcp"),
    };
    config::squash(fields, &T::page);
    for (const char* key : {"http", "grpc", "component_health"}) fields.push_back(config::unsupported<T>(key));
    return fields;
  }();
  return kFields;
}

void T::validate(const config::Value& at, const std::string& path_here, config::Problems& problems) const {
  page.validate(at, path_here, problems);
  if (!path.starts_with('/'))
    problems.error(place_of(at, "path"), path_here + "::path", "expected a path that starts with /");
}

}  // namespace weir
