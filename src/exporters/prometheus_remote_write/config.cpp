// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus_remote_write/config.h"

#include <algorithm>
#include <cctype>

#include "exporters/http_client_options.h"
#include "net/url.h"

namespace weir {
namespace {

using config::field;

// `convert_explicit_histograms_to_nhcb: false` and its like: what is off may be written.
config::Field<RemoteWriteConfig> only_false(std::string_view key) {
  return config::custom<RemoteWriteConfig>(
      key, "bool",
      [](const config::At& at, RemoteWriteConfig&) {
        bool on = false;
        if (!at.value.is_null() && config::decode_scalar(at, on) && on)
          at.error("not supported by this version of weir");
      },
      "only false");
}

bool is_reserved_header(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name == "content-encoding" || name == "content-type" || name == "user-agent" || name == "content-length" ||
         name == "host" || name == "x-prometheus-remote-write-version";
}

}  // namespace

const config::Fields<RemoteWriteHttpConfig>& RemoteWriteHttpConfig::fields() {
  using T = RemoteWriteHttpConfig;
  static const config::Fields<T> kFields = {
      field("endpoint", &T::endpoint, "URL of the receiver, with its path"),
      field("timeout", &T::timeout, "of one request"),
      config::secret_field("headers", &T::headers, "added to each request"),
      field("compression", &T::compression, "snappy"),
      field("tls", &T::tls, "TLS settings"),
      field("max_conns_per_host", &T::max_conns_per_host, "connections; 0 = as many as parallel requests"),
      field("idle_conn_timeout", &T::idle_conn_timeout, "an idle connection is closed after this time"),
      config::accepted<T>("read_buffer_size", ""),
      config::accepted<T>("write_buffer_size", ""),
      config::accepted<T>("max_idle_conns", ""),
      config::accepted<T>("max_idle_conns_per_host", ""),
      config::accepted<T>("force_attempt_http2", ""),
      config::accepted<T>("http2_read_idle_timeout", "HTTP/1.1 is spoken here, so this has no effect"),
      config::accepted<T>("http2_ping_timeout", "HTTP/1.1 is spoken here, so this has no effect"),
      config::unsupported<T>("disable_keep_alives"),
      config::unsupported<T>("compression_params"),
      config::secret_field("proxy_url", &T::proxy_url, "the proxy to go through; unwritten: HTTPS_PROXY and the like"),
      config::unsupported<T>("cookies"),
      field("auth", &T::auth, "the extension that authenticates each request"),
      config::unsupported<T>("middlewares"),
  };
  return kFields;
}

const config::Fields<RemoteWriteQueueConfig>& RemoteWriteQueueConfig::fields() {
  using T = RemoteWriteQueueConfig;
  static const config::Fields<T> kFields = {
      field("enabled", &T::enabled, "batches wait for the receiver"),
      field("queue_size", &T::queue_size, "batches that may wait"),
      field("num_consumers", &T::num_consumers, "parallel requests of one batch"),
  };
  return kFields;
}

const config::Fields<RemoteWriteTargetInfoConfig>& RemoteWriteTargetInfoConfig::fields() {
  using T = RemoteWriteTargetInfoConfig;
  static const config::Fields<T> kFields = {field("enabled", &T::enabled, "a target_info series for each resource")};
  return kFields;
}

const config::Fields<RemoteWriteConfig>& RemoteWriteConfig::fields() {
  using T = RemoteWriteConfig;
  static const config::Fields<T> kFields = [] {
    config::Fields<T> fields = {
        field("http", &T::http, "the HTTP client"),
        field("namespace", &T::metrics_namespace, "prefix of all names"),
        field("external_labels", &T::external_labels, "labels of every series"),
        field("max_batch_size_bytes", &T::max_batch_size_bytes, "of a request before compression"),
        field("max_batch_request_parallelism", &T::max_batch_request_parallelism, "parallel requests of one batch"),
        field("remote_write_queue", &T::remote_write_queue, "the queue before the receiver"),
        field("retry_on_failure", &T::retry_on_failure, "when and how long to try again"),
        field("add_metric_suffixes", &T::add_metric_suffixes, "deprecated: translation_strategy says it"),
        field("translation_strategy", &T::translation_strategy, "how names are translated"),
        field("resource_to_telemetry_conversion", &T::resource_to_telemetry_conversion,
              "resource attributes as labels"),
        field("target_info", &T::target_info, "the target_info series"),
        field("disable_scope_info", &T::disable_scope_info, "leaves out the otel_scope_ labels"),
        field("send_metadata", &T::send_metadata, "sends type, help and unit too"),
        field("protobuf_message", &T::protobuf_message, "prometheus.WriteRequest"),
        field("include_metadata_keys", &T::include_metadata_keys, "client metadata that becomes request headers"),
        only_false("convert_explicit_histograms_to_nhcb"),
        only_false("keep_classic_histograms"),
        config::unsupported<T>("resource_constant_labels"),
        config::unsupported<T>("wal"),
        config::unsupported<T>("export_created_metric"),
    };
    config::squash(fields, &T::http);
    return fields;
  }();
  return kFields;
}

namespace {

struct Checker {
  const config::Value& at;
  const std::string& path;
  config::Problems& problems;
  void fail(std::string_view key, const std::string& text) const {
    const config::Value* value = at.find(key);
    if (value == nullptr && at.find("http") != nullptr) value = at.find("http")->find(key);
    problems.error(value == nullptr ? at.place : value->place, path, text);
  }
};

void check_http(const RemoteWriteHttpConfig& http, const Checker& check) {
  std::string why;
  const std::optional<net::Url> url = net::parse_url(http.endpoint, why);
  if (http.endpoint.empty()) {
    check.fail("endpoint", "endpoint must be specified");
  } else if (!url) {
    check.fail("endpoint", "endpoint must be a valid URL: " + why);
  }
  const ProblemAt problem = [&](std::string_view key, const std::string& text) { check.fail(key, text); };
  if (!check.problems.any_error_at(check.path + "::tls")) check_tls(http.tls, url && url->scheme == "https", problem);
  check_proxy(http.proxy_url, problem);
  check_headers(http.headers, problem);
  if (!http.compression.empty() && http.compression != "snappy")
    check.fail("compression", "compression type must be snappy");
  if (http.timeout < Duration{0}) check.fail("timeout", "`timeout` must be non-negative");
  for (const auto& [name, value] : http.headers) {
    if (is_reserved_header(name))
      check.fail("headers", "header \"" + name + "\" belongs to the protocol and cannot be set");
  }
}

void check_naming(const RemoteWriteConfig& config, const Checker& check) {
  const auto strategy = parse_name_strategy(config.translation_strategy);
  if (!config.translation_strategy.empty() && !strategy) {
    check.fail("translation_strategy", bad_strategy(config.translation_strategy));
  } else if (strategy && keeps_utf8(*strategy)) {
    check.fail("translation_strategy",
               "translation_strategy " + config.translation_strategy + " needs remote write 2.0");
  }
}

void check_labels(const RemoteWriteConfig& config, const Checker& check) {
  for (const auto& [name, value] : config.external_labels) {
    if (name.empty() || value.empty()) check.fail("external_labels", "a label needs a name and a value");
  }
  for (const std::string& key : config.include_metadata_keys) {
    if (is_reserved_header(key))
      check.fail("include_metadata_keys", "\"" + key + "\" collides with a reserved remote write header");
  }
}

void check_message(const std::string& message, const Checker& check) {
  if (message == "prometheus.WriteRequest") return;
  if (message == "io.prometheus.write.v2.Request") {
    check.fail("protobuf_message",
               "remote write v2 is only supported with the feature gate "
               "exporter.prometheusremotewritexporter.enableSendingRW2, which this version of weir does not have");
  } else {
    check.fail("protobuf_message", "unknown protobuf_message \"" + message + "\", expected prometheus.WriteRequest");
  }
}

}  // namespace

void RemoteWriteConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  const Checker check{at, path, problems};
  check_http(http, check);
  check_naming(*this, check);
  check_labels(*this, check);
  check_message(protobuf_message, check);
  if (max_batch_size_bytes < 0) check.fail("max_batch_size_bytes", "max_batch_size_bytes must be greater than 0");
  if (max_batch_request_parallelism.value_or(1) < 1) {
    check.fail("max_batch_request_parallelism", "max_batch_request_parallelism can't be set to below 1");
  }
  const RemoteWriteQueueConfig& queue = remote_write_queue;
  if (queue.enabled && queue.queue_size == 0) check.fail("remote_write_queue", "a 0 size queue will drop all the data");
  if (queue.queue_size < 0) check.fail("remote_write_queue", "remote write queue size can't be negative");
  if (queue.num_consumers < 1) check.fail("remote_write_queue", "remote write consumer number can't be below 1");
}

NameStrategy RemoteWriteConfig::strategy() const {
  if (const auto strategy = parse_name_strategy(translation_strategy)) return *strategy;
  return add_metric_suffixes ? NameStrategy::kUnderscoresWithSuffixes : NameStrategy::kUnderscoresWithoutSuffixes;
}

}  // namespace weir
