// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "config/yaml.h"
#include "exporters/prometheus/config.h"
#include "exporters/prometheus_remote_write/config.h"
#include "support/catch.h"

namespace weir {
namespace {

template <class T>
struct Read {
  explicit Read(const std::string& yaml) {
    const config::Value value = config::parse_yaml(yaml, "test.yaml", problems);
    config::decode(config::At{value, "exporters::x", problems}, settings);
  }
  std::string errors() const {
    std::string out;
    for (const auto& p : problems.all()) out += p.warning ? "" : p.to_string() + "\n";
    return out;
  }
  config::Problems problems;
  T settings;
};
using Remote = Read<RemoteWriteConfig>;
using Scrape = Read<PrometheusConfig>;

TEST_CASE("remote write: defaults of the collector") {
  const Remote r("endpoint: http://p:9090/api/v1/write");
  CHECK(r.errors().empty());
  CHECK(r.settings.http.timeout == std::chrono::seconds(5));
  CHECK(r.settings.retry_on_failure.enabled);
  CHECK(r.settings.retry_on_failure.initial_interval == std::chrono::milliseconds(50));
  CHECK(r.settings.retry_on_failure.max_interval == std::chrono::seconds(30));
  CHECK(r.settings.remote_write_queue.queue_size == 10000);
  CHECK(r.settings.parallel_requests() == 5);
  CHECK(r.settings.request_bytes() == 3'000'000);
  CHECK(r.settings.strategy() == NameStrategy::kUnderscoresWithSuffixes);
}

TEST_CASE("remote write: keys of the http block and at the top mean the same") {
  const Remote top("endpoint: http://p/w\ntimeout: 7s\nheaders: {X-Scope-OrgID: t}");
  const Remote block("http: {endpoint: http://p/w, timeout: 7s, headers: {X-Scope-OrgID: t}}");
  for (const Remote* r : {&top, &block}) {
    CHECK(r->errors().empty());
    CHECK(r->settings.http.endpoint == "http://p/w");
    CHECK(r->settings.http.timeout == std::chrono::seconds(7));
    CHECK(r->settings.http.headers.at("X-Scope-OrgID") == "t");
  }
}

TEST_CASE("remote write: mistakes name their place") {
  const auto refuses = [](const std::string& yaml, const std::string& text) {
    const std::string errors = Remote("endpoint: http://p/w\n" + yaml).errors();
    INFO(yaml << " -> " << errors);
    CHECK(errors.find(text) != std::string::npos);
    CHECK(errors.starts_with("test.yaml:2:"));
  };
  refuses("protobuf_message: io.prometheus.write.v2.Request", "only supported with the feature gate");
  refuses("protobuf_message: x", "unknown protobuf_message");
  refuses("headers: {content-TYPE: x}", "belongs to the protocol");
  refuses("headers: {User-Agent: x}", "belongs to the protocol");
  refuses("include_metadata_keys: [user-agent]", "collides with a reserved");
  refuses("external_labels: {a: \"\"}", "needs a name and a value");
  refuses("compression: gzip", "compression type must be snappy");
  refuses("max_batch_size_bytes: -1", "max_batch_size_bytes must be greater than 0");
  refuses("max_batch_request_parallelism: 0", "can't be set to below 1");
  refuses("remote_write_queue: {queue_size: 0}", "a 0 size queue will drop all the data");
  refuses("remote_write_queue: {queue_size: -1}", "can't be negative");
  refuses("translation_strategy: Foo", "invalid translation_strategy: Foo");
  refuses("translation_strategy: NoTranslation", "needs remote write 2.0");
  refuses("wal: {directory: /x}", "not supported");
  refuses("sending_queue: {}", "sending_queue");
  CHECK(Remote("namespace: x").errors().find("endpoint must be specified") != std::string::npos);
  CHECK(Remote("endpoint: https://p/w").errors().empty());
  refuses("tls: {ca_pem: x}", "failed to load CA CertPool PEM");
  refuses("http: {tls: {ca_pem: x}}", "failed to load CA CertPool PEM");
  refuses("proxy_url: socks5://p:1", "`proxy_url`: ");
  refuses("headers: {a: \"x\\ny\"}", "control characters");
  refuses("auth: {}", "must name an extension");
  CHECK(Remote("endpoint: http://p/w\nhttp: {auth: {authenticator: basicauth/x}, proxy_url: p:3128}").errors().empty());
}

TEST_CASE("scrape page: keys and mistakes") {
  const Scrape ok(
      "{endpoint: ':8889', namespace: n, const_labels: {a: b}, send_timestamps: true, metric_expiration: 3m}");
  CHECK(ok.errors().empty());
  CHECK(ok.settings.metrics_namespace == "n");
  CHECK(ok.settings.metric_expiration == std::chrono::minutes(3));
  CHECK(Scrape("{}").errors().empty());  // an unused exporter may say nothing
  CHECK(Scrape("translation_strategy: Foo").errors().find("invalid translation_strategy: Foo") != std::string::npos);
  CHECK(Scrape("const_labels: {a.b: x}").errors().empty());
  CHECK(Scrape("const_labels: {'': x}").errors().find("a label needs a name") != std::string::npos);
  CHECK_FALSE(Scrape("add_metric_suffixes: x").errors().empty());
  CHECK(Scrape("metric_expiration: 0s").errors().find("must be positive") != std::string::npos);
  CHECK_FALSE(Scrape("tls: {cert_file: x}").errors().empty());
}

}  // namespace
}  // namespace weir
