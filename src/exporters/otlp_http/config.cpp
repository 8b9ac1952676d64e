// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_http/config.h"

#include <algorithm>
#include <array>

#include "exporters/http_client_options.h"
#include "exporters/otlp_common.h"
#include "net/url.h"

namespace weir {

namespace {

constexpr std::array<std::string_view, 7> kCompressions = {"", "none", "gzip", "zstd", "snappy", "deflate", "zlib"};
constexpr std::array<std::string_view, 2> kLater = {"lz4", "x-snappy-framed"};

template <size_t N>
bool has(const std::array<std::string_view, N>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

config::Field<OtlpHttpConfig> encoding_field() {
  using T = OtlpHttpConfig;
  return config::custom<T>(
      "encoding", "string",
      [](const config::At& at, T& out) {
        std::string word;
        if (at.value.is_null() || !config::decode_scalar(at, word)) return;
        if (word != "proto" && word != "json")
          return at.error("invalid encoding type: " + word + " (expected proto or json)");
        out.encoding = word == "json" ? T::Encoding::kJson : T::Encoding::kProto;
      },
      "proto or json");
}

config::Field<OtlpHttpConfig> cookies_field() {
  return config::custom<OtlpHttpConfig>(
      "cookies", "map",
      [](const config::At& at, OtlpHttpConfig&) {
        const config::Value* enabled = at.value.find("enabled");
        const bool off = enabled != nullptr && enabled->kind == config::Value::Kind::kBool && !enabled->boolean;
        if (!at.value.is_null() && !off) at.error("not supported by this version of weir");
      },
      "not supported");
}

// True where one of them is of https.
bool check_urls(const OtlpHttpConfig& config, const ProblemAt& fail) {
  if (config.endpoint.empty() && config.traces_endpoint.empty() && config.metrics_endpoint.empty() &&
      config.logs_endpoint.empty() && config.profiles_endpoint.empty()) {
    fail("endpoint", "at least one endpoint must be specified");
  }
  bool https = false;
  const std::pair<const char*, const std::string&> urls[] = {{"endpoint", config.endpoint},
                                                             {"traces_endpoint", config.traces_endpoint},
                                                             {"metrics_endpoint", config.metrics_endpoint},
                                                             {"logs_endpoint", config.logs_endpoint}};
  for (const auto& [key, text] : urls) {
    std::string why;
    if (text.empty()) continue;
    const std::optional<net::Url> url = net::parse_url(text, why);
    if (!url) fail(key, std::string(key) + " must be a valid URL: " + why);
    https = https || (url && url->scheme == "https");
  }
  return https;
}

// The path of a signal is appended to `endpoint`; who wrote it there meant the key of that signal.
void warn_of_path(const OtlpHttpConfig& config, const config::Value& at, const std::string& path,
                  config::Problems& problems) {
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    const std::string& base = config.endpoint;
    const std::string_view end(otlp_path(signal));
    if (!base.ends_with(end) && !base.ends_with(std::string(end) + "/")) continue;
    problems.warn(at.find("endpoint")->place, path + "::endpoint",
                  std::string(end) + " is appended to it, so that requests go to …" + std::string(end) +
                      std::string(end) + ": leave it out here, or write the whole URL as `" +
                      std::string(name_of(signal)) + "_endpoint`");
  }
}

void check_compression(const OtlpHttpConfig& config, const ProblemAt& fail) {
  const std::string& compression = config.compression;
  if (has(kLater, compression)) {
    fail("compression", "compression \"" + compression + "\" is not supported by this version of weir");
  } else if (!has(kCompressions, compression)) {
    fail("compression",
         "unsupported compression type \"" + compression + "\" (expected gzip, zstd, snappy, deflate, zlib or none)");
  }
  const bool deflates = compression == "gzip" || compression == "zlib" || compression == "deflate";
  const int64_t level = config.compression_params.level;
  const bool compresses = !compression.empty() && compression != "none";
  if (level != 0 && compresses && ((deflates && (level < -2 || level > 9)) || (!deflates && compression != "zstd"))) {
    fail("compression_params",
         "unsupported parameters {Level:" + std::to_string(level) + "} for compression type \"" + compression + "\"");
  }
}

}  // namespace

const config::Fields<CompressionParams>& CompressionParams::fields() {
  static const config::Fields<CompressionParams> kFields = {
      config::field("level", &CompressionParams::level, "of the codec; unwritten: the cheapest"),
  };
  return kFields;
}

const config::Fields<OtlpHttpConfig>& OtlpHttpConfig::fields() {
  using T = OtlpHttpConfig;
  static const config::Fields<T> kFields = {
      config::field("endpoint", &T::endpoint, "base URL; /v1/traces and the like are appended"),
      config::field("traces_endpoint", &T::traces_endpoint, "full URL for traces"),
      config::field("metrics_endpoint", &T::metrics_endpoint, "full URL for metrics"),
      config::field("logs_endpoint", &T::logs_endpoint, "full URL for logs"),
      config::field("profiles_endpoint", &T::profiles_endpoint, "taken, though weir has no profiles"),
      encoding_field(),
      config::field("compression", &T::compression, "gzip, zstd, snappy, deflate, zlib or none"),
      config::field("compression_params", &T::compression_params, "level of the compression"),
      config::field("timeout", &T::timeout, "for one whole exchange; 0 = none"),
      config::secret_field("headers", &T::headers, "added to each request"),
      config::field("tls", &T::tls, "TLS settings"),
      config::field("sending_queue", &T::sending_queue, "the queue before the destination"),
      config::field("retry_on_failure", &T::retry_on_failure, "when and how long to try again"),
      config::accepted<T>("max_idle_conns", "has no effect: as many connections are kept as are used at once"),
      config::accepted<T>("max_idle_conns_per_host", "has no effect: as many connections are kept as are used at once"),
      config::field("max_conns_per_host", &T::max_conns_per_host, "connections; 0 = as many as there are consumers"),
      config::field("idle_conn_timeout", &T::idle_conn_timeout, "an idle connection is closed after this time"),
      config::field("disable_keep_alives", &T::disable_keep_alives, "one connection for each request"),
      config::accepted<T>("read_buffer_size", ""),
      config::accepted<T>("write_buffer_size", ""),
      config::accepted<T>("force_attempt_http2", ""),
      config::accepted<T>("http2_read_idle_timeout", "HTTP/1.1 is spoken here, so this has no effect"),
      config::accepted<T>("http2_ping_timeout", "HTTP/1.1 is spoken here, so this has no effect"),
      config::secret_field("proxy_url", &T::proxy_url, "the proxy to go through; unwritten: HTTPS_PROXY and the like"),
      cookies_field(),
      config::field("auth", &T::auth, "the extension that authenticates each request"),
      config::unsupported<T>("middlewares"),
  };
  return kFields;
}

void OtlpHttpConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  const ProblemAt fail = [&](std::string_view key, const std::string& text) {
    const config::Value* value = at.find(key);
    problems.error(value == nullptr ? at.place : value->place, path, text);
  };
  const bool https = check_urls(*this, fail);
  if (!problems.any_error_at(path + "::tls")) check_tls(tls, https, fail);
  check_proxy(proxy_url, fail);
  warn_of_path(*this, at, path, problems);
  check_headers(headers, fail);
  check_compression(*this, fail);
  if (timeout < Duration{0}) fail("timeout", "`timeout` must be non-negative");
}

void OtlpHttpConfig::validate_in(Signal signal, const config::At& at) const {
  if (url_for(signal).empty())
    at.error("either endpoint or " + std::string(name_of(signal)) + "_endpoint must be specified");
}

std::string OtlpHttpConfig::url_for(Signal signal) const {
  const std::string* const own[] = {&traces_endpoint, &metrics_endpoint, &logs_endpoint};
  if (const std::string& written = *own[static_cast<int>(signal)]; !written.empty()) return written;
  if (endpoint.empty()) return "";
  const std::string base = endpoint.ends_with('/') ? endpoint.substr(0, endpoint.size() - 1) : endpoint;
  return base + std::string(otlp_path(signal));
}

}  // namespace weir
