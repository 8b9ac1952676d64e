// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "config/yaml.h"
#include "exporters/debug/config.h"
#include "exporters/file/config.h"
#include "exporters/otlp_http/config.h"
#include "support/catch.h"

namespace weir::test {

namespace {

template <class T>
struct Read {
  explicit Read(const std::string& yaml) {
    const config::Value value = config::parse_yaml(yaml, "c.yaml", problems);
    config::decode(config::At{value, "exporters::x", problems}, settings);
  }
  std::string errors() const {
    std::string out;
    for (const config::Problem& problem : problems.all()) out += problem.warning ? "" : problem.to_string() + "\n";
    return out;
  }
  config::Problems problems;
  T settings;
};
using Http = Read<OtlpHttpConfig>;

// The whole text of what is wrong, place and path included.
std::string wrong(const std::string& yaml) { return Http("endpoint: http://h:4318\n" + yaml).errors(); }

}  // namespace

TEST_CASE("queue and retry: defaults of the collector") {
  const Http read("endpoint: http://h:4318");
  CHECK(read.errors().empty());
  const QueueConfig& queue = read.settings.sending_queue;
  CHECK(queue.enabled);
  CHECK(queue.num_consumers == 10);
  CHECK(queue.queue_size == 1000);
  CHECK(queue.queue_sizer() == Sizer::kRequests);
  CHECK_FALSE(queue.batch);
  CHECK_FALSE(queue.answers_on_delivery());
  CHECK_FALSE(read.settings.retry_on_failure.max_elapsed_time);
  CHECK(read.settings.timeout == std::chrono::seconds(30));
  CHECK(read.settings.compression == "gzip");
}

TEST_CASE("queue: an empty batch turns batching on; the batch's sizer follows the queue's where that is written") {
  const Http on("endpoint: http://h:4318\nsending_queue: {batch: }");
  CHECK(on.errors().empty());
  REQUIRE(on.settings.sending_queue.batch);
  CHECK(on.settings.sending_queue.batch->min_size == 8192);
  CHECK(on.settings.sending_queue.batch->flush_timeout == std::chrono::milliseconds(200));
  CHECK(on.settings.sending_queue.batch_sizer() == Sizer::kItems);
  const Http bytes("endpoint: http://h:4318\nsending_queue: {sizer: bytes, queue_size: 1000000, batch: {}}");
  CHECK(bytes.settings.sending_queue.batch_sizer() == Sizer::kBytes);
}

TEST_CASE("queue and retry: the collector's words, with the place") {
  CHECK(wrong("sending_queue: {num_consumers: 0}") ==
        "c.yaml:2:32: exporters::x::sending_queue: `num_consumers` must be positive\n");
  CHECK(wrong("sending_queue: {queue_size: -1}") ==
        "c.yaml:2:29: exporters::x::sending_queue: `queue_size` must be positive\n");
  CHECK(wrong("sending_queue: {enabled: false, num_consumers: 0}").empty());
  CHECK(
      wrong("sending_queue:\n  batch: {min_size: 20, max_size: 10}") ==
      "c.yaml:3:35: exporters::x::sending_queue::batch: `max_size` (10) must be greater or equal to `min_size` (20)\n");
  CHECK(wrong("sending_queue: {sizer: items, queue_size: 10, batch: {min_size: 20}}")
            .find("`min_size` must be less than or equal to `queue_size`") != std::string::npos);
  CHECK(wrong("sending_queue: {batch: {flush_timeout: 0s}}").find("`flush_timeout` must be positive") !=
        std::string::npos);
  CHECK(wrong("sending_queue: {batch: {sizer: requests}}").find("`batch` supports only `items` or `bytes` sizer") !=
        std::string::npos);
  CHECK(wrong("sending_queue: {storage: file_storage}").empty());
  CHECK(wrong("retry_on_failure: {max_elapsed_time: 1s}")
            .find("'max_elapsed_time' must not be less than 'initial_interval'") != std::string::npos);
  CHECK(wrong("retry_on_failure: {max_elapsed_time: 6s}")
            .find("'max_elapsed_time' must not be less than 'max_interval'") != std::string::npos);
  CHECK(wrong("retry_on_failure: {max_elapsed_time: 0s}").empty());
  CHECK(wrong("retry_on_failure: {randomization_factor: 2}").find("'randomization_factor' must be within [0, 1]") !=
        std::string::npos);
}

TEST_CASE("otlp_http: what is wrong is named with its place") {
  CHECK(Http("headers: {a: b}").errors().find("at least one endpoint must be specified") != std::string::npos);
  CHECK(
      Http("endpoint: localhost:4318").errors().starts_with("c.yaml:1:11: exporters::x: endpoint must be a valid URL"));
  CHECK(Http("endpoint: https://h:4318").errors().empty());
  CHECK(Http("traces_endpoint: http://h/v1/traces").errors().empty());
  CHECK(wrong("encoding: xml") ==
        "c.yaml:2:11: exporters::x::encoding: invalid encoding type: xml (expected proto or json)\n");
  CHECK(wrong("compression: zip").find("unsupported compression type \"zip\"") != std::string::npos);
  CHECK(wrong("compression: lz4").find("not supported by this version") != std::string::npos);
  CHECK(wrong("compression_params: {level: 12}")
            .find("unsupported parameters {Level:12} for compression type \"gzip\"") != std::string::npos);
  CHECK(wrong("compression: zstd\ncompression_params: {level: 11}").empty());
  CHECK(wrong("tls: {insecure: true}").empty());
  CHECK(
      wrong("tls: {ca_pem: x}").starts_with("c.yaml:2:6: exporters::x: failed to load TLS config: failed to load CA"));
  CHECK(wrong("tls: {ca_pem: x, insecure_skip_verify: true}").find("failed to load CA CertPool PEM") !=
        std::string::npos);
  CHECK(wrong("tls: {ca_file: /x, cert_file: /y, key_file: /z}").empty());  // said at start, where the files are
  CHECK(wrong("tls: {ca_file: /x, insecure: true}").empty());               // nothing reads it
  CHECK(Http("endpoint: https://h\ntls: {min_version: \"1.3\", cipher_suites: [X]}")
            .errors()
            .find("invalid TLS cipher suite") != std::string::npos);
  const std::string version = Http("endpoint: https://h\ntls: {min_version: \"9\"}").errors();
  CHECK(version == "c.yaml:2:20: exporters::x::tls: invalid TLS min_version: unsupported TLS version: \"9\"\n");
  CHECK(wrong("auth: {authenticator: basicauth}").empty());
  CHECK(wrong("auth: {}").find("exporters::x::auth: `authenticator` must name an extension") != std::string::npos);
  CHECK(wrong("proxy_url: http://user:s3cret@proxy:3128").empty());
  const std::string proxy = wrong("proxy_url: socks5://user:s3cret@proxy:1080");
  CHECK(proxy.starts_with("c.yaml:2:12: exporters::x: `proxy_url`: "));
  CHECK(proxy.find("s3cret") == std::string::npos);
  CHECK(wrong("headers: {\"a b\": x}") == "c.yaml:2:10: exporters::x: \"a b\" cannot be the name of a header\n");
  const std::string header = wrong("headers: {authorization: \"Bearer s3cret\\n\"}");
  CHECK(header == "c.yaml:2:10: exporters::x: the value of header \"authorization\" has control characters\n");
  const std::string url = Http("endpoint: https://user:s3cret@h").errors();
  CHECK(url.starts_with("c.yaml:1:11: "));
  CHECK(url.find("s3cret") == std::string::npos);
  CHECK(wrong("endpont: x").find("endpoint") != std::string::npos);
}

TEST_CASE("otlp_http: a base URL that ends in a signal's path is warned about") {
  const Http read("endpoint: http://h:4318/v1/traces");
  CHECK(read.errors().empty());
  REQUIRE(read.problems.all().size() == 1);
  CHECK(read.problems.all()[0].to_string() ==
        "c.yaml:1:11: warning: exporters::x::endpoint: /v1/traces is appended to it, so that requests go to "
        "…/v1/traces/v1/traces: leave it out here, or write the whole URL as `traces_endpoint`");
  CHECK(Http("endpoint: http://h:4318/v1/metrics/").problems.all().size() == 1);
  CHECK(Http("endpoint: http://h:4318/v1/traces2").problems.all().empty());
  CHECK(Http("traces_endpoint: http://h:4318/v1/traces").problems.all().empty());
}

TEST_CASE("debug: verbosity, and the old word for it") {
  using Debug = Read<DebugConfig>;
  CHECK(Debug("verbosity: detailed").settings.verbosity == DebugConfig::Verbosity::kDetailed);
  const Debug old("loglevel: debug");
  CHECK(old.errors().empty());
  CHECK(old.settings.verbosity == DebugConfig::Verbosity::kDetailed);
  CHECK(old.problems.all().size() == 1);
  CHECK(Debug("verbosity: loud").errors().find("verbosity level \"loud\" is not supported") != std::string::npos);
  CHECK(Debug("output_paths: [stdout]").errors().find("use_internal_logger: false") != std::string::npos);
}

TEST_CASE("file: what is wrong is named") {
  using File = Read<FileConfig>;
  CHECK(File("format: json").errors().find("path must be non-empty") != std::string::npos);
  CHECK(File("path: a\ngroup_by: {enabled: true}").errors().find("group_by is not supported") != std::string::npos);
  CHECK(File("path: a\ngroup_by: {enabled: false}").errors().empty());
  CHECK(File("path: a\nappend: true\nrotation: {}").errors().find("append and rotation") != std::string::npos);
  CHECK(File("path: a\nappend: true\ncompression: zstd").errors().empty());
  CHECK(File("path: a\ndirectory_permissions: '0700'").errors().find("requires create_directory") != std::string::npos);
  CHECK(File("path: a\ncompression_params: {level: 3}").errors().find("not supported") != std::string::npos);
  const File rotating("path: a\nrotation:");
  CHECK(rotating.errors().empty());
  REQUIRE(rotating.settings.rotation);
  CHECK(rotating.settings.rotation->max_megabytes == 100);
}

}  // namespace weir::test
