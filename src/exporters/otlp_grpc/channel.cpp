// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_grpc/channel.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include <grpcpp/create_channel.h>

#include "net/proxy.h"
#include "net/tls.h"

namespace weir {

namespace {

// The library waits up to two minutes before it connects again; our own backoff is the one that the config sets.
constexpr int kFirstReconnectMs = 500;
constexpr int kLongestReconnectMs = 5000;

int milliseconds(Duration duration) {
  return static_cast<int>(std::clamp<int64_t>(duration / std::chrono::milliseconds(1), 1, INT32_MAX));
}

std::string host_of(const std::string& authority) {
  if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.find(':'));
}

// The name that the server's certificate must have, "" for that of the endpoint. As in grpc-go, a written authority is
// one, too.
std::string server_name(const OtlpGrpcConfig& config) {
  return config.tls.server_name_override.empty() ? host_of(config.authority) : config.tls.server_name_override;
}

void set_keepalive(const OtlpGrpcConfig& config, grpc::ChannelArguments& arguments) {
  if (!config.keepalive || config.keepalive->time <= Duration{0}) return;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, milliseconds(config.keepalive->time));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, milliseconds(config.keepalive->timeout));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, config.keepalive->permit_without_stream ? 1 : 0);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
}

// The library would read other variables than the collector, by other rules: it is told.
void set_proxy(const std::optional<net::Proxy>& proxy, grpc::ChannelArguments& arguments) {
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, proxy ? 1 : 0);
  if (!proxy) return;
  const bool brackets = proxy->url.host.find(':') != std::string::npos;
  const std::string host = brackets ? "[" + proxy->url.host + "]" : proxy->url.host;
  arguments.SetString(GRPC_ARG_HTTP_PROXY, "http://" + host + ":" + std::to_string(proxy->url.port));
  if (!proxy->authorization.empty())
    arguments.SetString("grpc.http_connect_headers", "Proxy-Authorization:" + proxy->authorization);
}

grpc::ChannelArguments arguments_for(const OtlpGrpcConfig& config, const std::optional<net::Proxy>& proxy) {
  grpc::ChannelArguments arguments;
  arguments.SetLoadBalancingPolicyName(config.balancer_name.empty() ? "pick_first" : config.balancer_name);
  arguments.SetUserAgentPrefix(config.user_agent.empty() ? "weir/" WEIR_VERSION : config.user_agent);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLongestReconnectMs);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  if (!config.authority.empty()) arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, config.authority);
  if (const std::string name = server_name(config); !config.is_plaintext() && !name.empty())
    arguments.SetSslTargetNameOverride(name);
  set_keepalive(config, arguments);
  set_proxy(proxy, arguments);
  return arguments;
}

std::optional<net::Proxy> proxy_to(const GrpcTarget& target, const std::string& id) {
  if (target.port.empty()) return std::nullopt;  // a unix socket
  // grpc-go asks for the proxy of https whether it speaks TLS or not.
  net::ProxyChoice choice =
      net::choose_proxy("", {"https", target.address, static_cast<uint16_t>(std::stoul(target.port)), ""});
  if (!choice.error.empty()) throw std::runtime_error("exporters::" + id + ": " + choice.error);
  if (choice.proxy && choice.proxy->url.scheme != "http")
    throw std::runtime_error("exporters::" + id +
                             ": HTTPS_PROXY: calls of gRPC can only go through a proxy with http://");
  return std::move(choice.proxy);
}

}  // namespace

GrpcChannel::GrpcChannel(const OtlpGrpcConfig& config, const ComponentEnv& env)
    : config_(config), env_(env), target_(parse_grpc_endpoint(config.endpoint)), proxy_(proxy_to(target_, env.id)) {
  if (!config_.is_plaintext()) {
    certificates_ = read_grpc_certificates(config_.tls);
    if (!certificates_.error.empty())
      throw std::runtime_error("exporters::" + env_.id + "::tls: " + certificates_.error);
    net::warn_of_dates(config_.tls, "", {env_.log, env_.id});
  }
  next_reading_ = env_.clock->now().mono + config_.tls.reload_interval;
  connect();
}

void GrpcChannel::connect() {
  const auto credentials =
      config_.is_plaintext() ? grpc::InsecureChannelCredentials() : make_grpc_credentials(config_.tls, certificates_);
  stub_ = std::make_unique<grpc::GenericStub>(
      grpc::CreateCustomChannel(target_.target, credentials, arguments_for(config_, proxy_)));
}

grpc::GenericStub& GrpcChannel::stub() {
  if (config_.tls.reload_interval > Duration{0} && !config_.is_plaintext()) read_again();
  return *stub_;
}

void GrpcChannel::read_again() {
  const Duration now = env_.clock->now().mono;
  if (now < next_reading_) return;
  next_reading_ = now + config_.tls.reload_interval;
  GrpcCertificates found = read_grpc_certificates(config_.tls);
  const bool told = std::exchange(unusable_, found.error) == found.error;
  if (!found.error.empty()) {
    if (told) return;
    env_.log->warn(env_.id, "certificates could not be read again; those from before stay", {{"error", found.error}});
    return;
  }
  if (found == certificates_) return;
  certificates_ = std::move(found);
  env_.log->info(env_.id, "certificates have changed; connecting anew", {});
  net::warn_of_dates(config_.tls, "", {env_.log, env_.id});
  connect();
}

}  // namespace weir
