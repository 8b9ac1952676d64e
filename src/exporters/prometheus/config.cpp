// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus/config.h"

namespace weir {

namespace {

const config::Place& place_of(const config::Value& at, std::string_view key) {
  const config::Value* value = at.find(key);
  return value == nullptr ? at.place : value->place;
}

// Keys of the collector's HTTP server block beside `endpoint`.
void add_server_keys(config::Fields<PrometheusConfig>& fields) {
  using T = PrometheusConfig;
  for (const char* key : {"read_timeout", "read_header_timeout", "write_timeout", "idle_timeout", "keep_alives_enabled",
                          "max_request_body_size", "include_metadata", "compression_algorithms"}) {
    fields.push_back(config::accepted<T>(key, "the page server has limits of its own"));
  }
  for (const char* key : {"tls", "auth", "cors", "response_headers", "middlewares"}) {
    fields.push_back(config::unsupported<T>(key));
  }
  fields.push_back(config::custom<T>(
      "transport", "string",
      [](const config::At& at, T&) {
        if (at.value.text != "tcp") at.error("only tcp is supported");
      },
      "tcp"));
}

}  // namespace

const config::Fields<PrometheusConfig>& PrometheusConfig::fields() {
  using T = PrometheusConfig;
  static const config::Fields<T> kFields = [] {
    config::Fields<T> fields = {
        config::field("endpoint", &T::endpoint, "host:port of the page"),
        config::field("namespace", &T::metrics_namespace, "prefix of all names"),
        config::field("const_labels", &T::const_labels, "labels of every series"),
        config::field("send_timestamps", &T::send_timestamps, "samples carry the time of their point"),
        config::field("metric_expiration", &T::metric_expiration,
                      "series without new points disappear after this time"),
        config::field("enable_open_metrics", &T::enable_open_metrics,
                      "OpenMetrics, with exemplars, for whoever asks for it"),
        config::field("without_scope_info", &T::without_scope_info, "leaves out the otel_scope_ labels"),
        config::field("resource_to_telemetry_conversion", &T::resource_to_telemetry_conversion,
                      "resource attributes as labels"),
        config::field("translation_strategy", &T::translation_strategy, "how names are translated"),
        config::custom<T>(
            "add_metric_suffixes", "bool",
            [](const config::At& at, T&) {
              bool ignored = false;
              if (!at.value.is_null()) config::decode_scalar(at, ignored);
            },
            "has no effect, as in the collector since 0.154; use translation_strategy"),
        config::accepted<T>("sending_queue", "has no effect: the page is updated at once"),
        config::unsupported<T>("resource_constant_labels"),
    };
    add_server_keys(fields);
    return fields;
  }();
  return kFields;
}

void PrometheusConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  if (!translation_strategy.empty() && !parse_name_strategy(translation_strategy)) {
    problems.error(place_of(at, "translation_strategy"), path, bad_strategy(translation_strategy));
  }
  if (metric_expiration <= Duration{0}) {
    problems.error(place_of(at, "metric_expiration"), path, "`metric_expiration` must be positive");
  }
  for (const auto& [name, value] : const_labels) {
    if (!name.empty()) continue;
    problems.error(place_of(at, "const_labels"), path, "a label needs a name");
  }
}

}  // namespace weir
