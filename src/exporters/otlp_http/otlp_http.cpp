// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_http/otlp_http.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "exporters/http_client_options.h"
#include "exporters/otlp_common.h"
#include "exporters/otlp_http/response.h"
#include "exporters/sending_queue.h"
#include "net/codecs.h"
#include "net/http_client.h"
#include "net/url.h"
#include "otlp/encoder.h"
#include "otlp/json_out.h"

namespace weir {

namespace {

// No exchange lasts longer, timeout or not.
constexpr Duration kNoTimeout = std::chrono::hours(24 * 365);

// Bytes of a request until it is answered: pieces of the batch, or what was made of them.
struct Body {
  otlp::Encoded encoded;
  std::string made;
};

net::Codec codec_for(const std::string& compression) {
  if (compression.empty() || compression == "none") return net::Codec::kIdentity;
  if (compression == "zlib") return net::Codec::kDeflate;
  return net::codec_of(compression).value_or(net::Codec::kIdentity);
}

uint32_t connections_for(const OtlpHttpConfig& config) {
  // Without a queue every waiting sender has a request under way.
  const int64_t wanted = config.sending_queue.enabled ? config.sending_queue.num_consumers : 100;
  const int64_t limit = config.max_conns_per_host > 0 ? config.max_conns_per_host : wanted;
  return static_cast<uint32_t>(std::clamp<int64_t>(std::min(wanted, limit), 1, 1000));
}

net::HttpClient::Options options_for(const OtlpHttpConfig& config, const net::Url& url, const ComponentEnv& env) {
  net::HttpClient::Options options{.url = url,
                                   .max_connections = connections_for(config),
                                   .idle_timeout = config.disable_keep_alives ? Duration{0} : config.idle_conn_timeout};
  set_way(options, config.tls, config.proxy_url, {env.log, env.id});
  return options;
}

class HttpTransport final : public Transport {
 public:
  HttpTransport(const OtlpHttpConfig& config, const ComponentEnv& env, std::string url, const net::Url& parsed,
                Shard& home)
      : config_(config),
        clock_(*env.clock),
        url_(std::move(url)),
        path_(parsed.path.empty() ? "/" : parsed.path),
        codec_(codec_for(config.compression)),
        auth_(find_client_auth(config.auth, env)),
        client_(home, options_for(config, parsed, env)) {
    make_headers();
  }

  void send(const Batch& batch, absl::AnyInvocable<void(SendResult)> done) override {
    auto body = std::make_unique<Body>();
    net::HttpClient::Request request;
    request.path = path_;
    request.headers = headers_;
    sign(request.headers, auth_.get());
    request.body = pieces_of(batch, *body);
    const Duration timeout = config_.timeout > Duration{0} ? config_.timeout : kNoTimeout;
    client_.send(std::move(request), timeout,
                 [this, body = std::move(body), done = std::move(done)](const net::HttpClient::Reply& reply) mutable {
                   done(result_of_http(reply, url_, clock_.now().wall));
                 });
  }

 private:
  void make_headers() {
    const bool is_json = config_.encoding == OtlpHttpConfig::Encoding::kJson;
    headers_.emplace_back("Content-Type", is_json ? "application/json" : "application/x-protobuf");
    if (codec_ != net::Codec::kIdentity) headers_.emplace_back("Content-Encoding", config_.compression);
    headers_.emplace_back("User-Agent", "weir/" WEIR_VERSION);
    if (config_.disable_keep_alives) headers_.emplace_back("Connection", "close");
    // What the config says replaces what we would.
    for (const auto& [name, value] : config_.headers) set_header(headers_, name, value);
  }

  int level() const {
    return config_.compression_params.level > 0 ? static_cast<int>(config_.compression_params.level) : -1;
  }

  std::vector<std::string_view> pieces_of(const Batch& batch, Body& body) const {
    if (config_.encoding == OtlpHttpConfig::Encoding::kJson) {
      otlp::append_json(batch, body.made);
      if (codec_ == net::Codec::kIdentity) return {body.made};
      const std::string_view plain = body.made;
      body.made = net::compress(codec_, {&plain, 1}, level());
      return {body.made};
    }
    body.encoded = otlp::encode(batch);
    if (codec_ == net::Codec::kIdentity) return body.encoded.pieces;
    body.made = net::compress(codec_, body.encoded.pieces, level());
    return {body.made};
  }

  const OtlpHttpConfig config_;
  const Clock& clock_;
  const std::string url_;
  const std::string path_;
  const net::Codec codec_;
  net::HttpClient::Headers headers_;
  const std::shared_ptr<const ClientAuth> auth_;
  net::HttpClient client_;  // last: its destruction answers what is under way
};

}  // namespace

std::unique_ptr<Exporter> make_otlp_http(const OtlpHttpConfig& config, const ComponentEnv& env) {
  const std::string url = config.url_for(env.signal);
  if (url.empty()) {
    throw std::runtime_error("exporters::" + env.id + ": either endpoint or " + std::string(name_of(env.signal)) +
                             "_endpoint must be specified");
  }
  std::string why;
  const std::optional<net::Url> parsed = net::parse_url(url, why);
  if (!parsed) throw std::runtime_error("exporters::" + env.id + ": " + why);
  const std::string path = parsed->path.substr(0, parsed->path.find('?'));
  QueueSetup setup{
      config.sending_queue,
      config.retry_on_failure,
      {{"server_address", parsed->host}, {"server_port", std::to_string(parsed->port)}, {"url_path", path}}};
  return make_queued_exporter(env, std::move(setup), [config, env, url, parsed = *parsed](Shard& home) {
    return std::make_unique<HttpTransport>(config, env, url, parsed, home);
  });
}

}  // namespace weir
