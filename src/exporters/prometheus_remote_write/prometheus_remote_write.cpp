// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus_remote_write/prometheus_remote_write.h"

#include <memory>
#include <utility>

#include "exporters/http_client_options.h"
#include "exporters/prometheus_remote_write/transport.h"
#include "exporters/sending_queue.h"
#include "net/http_client.h"
#include "net/url.h"

namespace weir {
namespace {

constexpr Duration kNoTimeout = std::chrono::hours(24);
constexpr size_t kErrorText = 256;  // of a reply's body; enough for what receivers say

net::HttpClient::Options options_of(const RemoteWriteConfig& config, const ComponentEnv& env) {
  std::string error;
  net::HttpClient::Options options;
  options.url = net::parse_url(config.http.endpoint, error).value_or(net::Url{});
  options.max_connections =
      static_cast<uint32_t>(config.http.max_conns_per_host > 0 ? static_cast<uint64_t>(config.http.max_conns_per_host)
                                                               : config.parallel_requests());
  options.idle_timeout = config.http.idle_conn_timeout;
  options.max_reply_bytes = 64 << 10;
  set_way(options, config.http.tls, config.http.proxy_url, {env.log, env.id});
  return options;
}

class HttpWriteClient final : public WriteClient {
 public:
  HttpWriteClient(const RemoteWriteConfig& config, const ComponentEnv& env, Shard& home)
      : clock_(*env.clock),
        options_(options_of(config, env)),
        auth_(find_client_auth(config.http.auth, env)),
        client_(home, options_),
        timeout_(config.http.timeout > Duration{0} ? config.http.timeout : kNoTimeout) {
    headers_ = {{"Content-Type", "application/x-protobuf"},
                {"Content-Encoding", "snappy"},
                {"User-Agent", std::string("weir/") + WEIR_VERSION},
                {"X-Prometheus-Remote-Write-Version", "0.1.0"}};
    headers_.insert(headers_.end(), config.http.headers.begin(), config.http.headers.end());
  }

  void post(std::string body, net::HttpClient::Headers headers, absl::AnyInvocable<void(WriteReply)> done) override {
    const auto kept = std::make_shared<const std::string>(std::move(body));
    net::HttpClient::Request request;
    request.path = options_.url.path.empty() ? "/" : options_.url.path;
    request.headers = headers_;
    request.headers.insert(request.headers.end(), std::make_move_iterator(headers.begin()),
                           std::make_move_iterator(headers.end()));
    sign(request.headers, auth_.get());
    request.body = {*kept};
    client_.send(
        std::move(request), timeout_,
        [this, kept, alive = std::weak_ptr<int>(alive_), done = std::move(done)](net::HttpClient::Reply reply) mutable {
          if (!alive.expired()) done(to_reply(std::move(reply)));
        });
  }

 private:
  WriteReply to_reply(net::HttpClient::Reply reply) const {
    WriteReply out;
    out.status = reply.status;
    out.hopeless = reply.failure == net::HttpClient::Failure::kNotSupported;
    out.text = reply.status == 0 ? reply.error : reply.body.substr(0, kErrorText);
    while (out.text.ends_with('\n')) out.text.pop_back();
    const auto wait = net::parse_retry_after(reply.header("retry-after"), clock_.now().wall);
    out.retry_after = wait.value_or(Duration{0});
    return out;
  }

  const Clock& clock_;
  const net::HttpClient::Options options_;
  const std::shared_ptr<const ClientAuth> auth_;
  net::HttpClient client_;
  const Duration timeout_;
  net::HttpClient::Headers headers_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

QueueSetup setup_of(const RemoteWriteConfig& config) {
  QueueSetup setup;
  setup.queue.enabled = config.remote_write_queue.enabled;
  setup.queue.queue_size = config.remote_write_queue.queue_size;
  setup.queue.num_consumers = 1;  // samples of a series must arrive in order
  setup.retry = config.retry_on_failure;
  return setup;
}

}  // namespace

std::unique_ptr<Exporter> make_prometheus_remote_write(const RemoteWriteConfig& config, const ComponentEnv& env) {
  return make_queued_exporter(env, setup_of(config), [config, env](Shard& home) -> std::unique_ptr<Transport> {
    return std::make_unique<RemoteWriteTransport>(config, env, std::make_unique<HttpWriteClient>(config, env, home));
  });
}

}  // namespace weir
