// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/receiver.h"

#include <algorithm>
#include <optional>

#include "config/endpoint.h"
#include "net/http_server.h"
#include "net/tls.h"
#include "receivers/otlp/grpc_handler.h"
#include "receivers/otlp/http_handler.h"
#include "receivers/otlp/text.h"

namespace weir {
namespace {

constexpr uint32_t kDefaultLimit = 64 << 20;  // OTLP recommends 64 MiB, before and after inflation

void set_unless_zero(Duration& limit, Duration written) {
  if (written != Duration(0)) limit = written;
}

net::ServerLimits grpc_limits(const OtlpGrpcServerConfig& config) {
  const OtlpServerKeepalive& server = config.keepalive.server_parameters;
  net::ServerLimits limits;
  if (config.max_concurrent_streams > 0) limits.max_concurrent_streams = config.max_concurrent_streams;
  limits.max_connection_idle = server.max_connection_idle;
  limits.max_connection_age = server.max_connection_age;
  limits.max_connection_age_grace = server.max_connection_age_grace;
  set_unless_zero(limits.ping_interval, server.time);
  set_unless_zero(limits.ping_timeout, server.timeout);
  set_unless_zero(limits.min_peer_ping_interval, config.keepalive.enforcement_policy.min_time);
  limits.pings_without_stream = config.keepalive.enforcement_policy.permit_without_stream;
  return limits;
}

net::ServerLimits http_limits(const OtlpHttpServerConfig& config) {
  net::ServerLimits limits;
  limits.body_timeout = config.read_timeout;
  set_unless_zero(limits.header_timeout,
                  config.read_header_timeout != Duration(0) ? config.read_header_timeout : config.read_timeout);
  set_unless_zero(limits.write_timeout, config.write_timeout);
  limits.idle_timeout = config.idle_timeout;
  limits.keep_alive = config.keep_alives_enabled;
  return limits;
}

HttpHandler::Settings http_settings(const OtlpHttpServerConfig& config) {
  HttpHandler::Settings settings;
  settings.paths = {config.traces_url_path, config.metrics_url_path, config.logs_url_path};
  if (config.max_request_body_size > 0) {
    settings.limit = static_cast<uint32_t>(std::min<int64_t>(config.max_request_body_size, INT32_MAX));
  }
  settings.encodings = config.compression_algorithms;
  settings.include_metadata = config.include_metadata;
  for (const auto& [name, value] : config.response_headers) settings.response_headers[lower(name)] = value;
  if (config.cors) settings.cors = Cors(*config.cors);
  return settings;
}

std::optional<net::Endpoint> endpoint_of(const std::string& written, const std::string& transport, uint16_t port,
                                         std::string& error) {
  if (transport == "unix") return net::Endpoint{"", 0, written};
  if (written.empty()) return net::Endpoint{config::default_host(), port, ""};
  const std::optional<config::Endpoint> read = config::parse_endpoint(written, config::default_host(), error);
  if (!read) return {};
  net::Endpoint endpoint{read->host, read->port, read->unix_path};
  if (endpoint.host == "localhost" && transport == "tcp4") endpoint.host = "127.0.0.1";
  if (endpoint.host == "localhost" && transport == "tcp6") endpoint.host = "::1";
  return endpoint;
}

}  // namespace

struct OtlpReceiver::Impl {
  // One protocol: its listener and what stands behind it. Declared in the order of lifetimes.
  struct Protocol {
    std::string name;  // "grpc", "http"
    Intake intake;
    std::unique_ptr<net::RequestHandler> handler;
    std::unique_ptr<net::HttpServer> server;  // after bind()

    Protocol(std::string protocol, const ComponentEnv& env, const OtlpAdmissions& admissions)
        : name(std::move(protocol)), intake(env, admissions, name) {}
  };

  RequestAuth find_auth(const std::string& protocol, const OtlpAuth& auth);
  // "" or why not. Config: that of the protocol.
  template <class Config>
  std::string bind_one(Protocol& protocol, const Config& written, uint16_t default_port, net::ServerProtocol speaks,
                       const net::ServerLimits& limits);

  OtlpReceiverConfig config;
  ComponentEnv env;
  std::string unusable;  // why it cannot be bound, known before
  std::unique_ptr<Protocol> grpc;
  std::unique_ptr<Protocol> http;

  template <class F>
  void each(F&& f) const {
    if (grpc && grpc->server) f(*grpc);
    if (http && http->server) f(*http);
  }
};

// The configuration was checked, but nobody may get in because that check and this disagree.
RequestAuth OtlpReceiver::Impl::find_auth(const std::string& protocol, const OtlpAuth& auth) {
  auto server = env.authenticators == nullptr ? nullptr : env.authenticators->server(auth.authenticator);
  if (!server && unusable.empty()) {
    unusable = "receivers::" + env.id + "::protocols::" + protocol +
               "::auth::authenticator: failed to resolve authenticator \"" + auth.authenticator +
               "\": authenticator not found";
  }
  return RequestAuth(std::move(server), auth.request_params);
}

OtlpReceiver::OtlpReceiver(OtlpReceiverConfig config, const ComponentEnv& env, const OtlpAdmissions& admissions)
    : impl_(std::make_unique<Impl>()) {
  impl_->config = std::move(config);
  impl_->env = env;
  const OtlpProtocols& protocols = impl_->config.protocols;
  if (protocols.grpc) {
    const uint32_t mib = static_cast<uint32_t>(protocols.grpc->max_recv_msg_size_mib);
    GrpcHandler::Settings settings{
        mib > 0 ? std::min(mib, kMostMib) << 20 : kDefaultLimit, protocols.grpc->include_metadata, {}};
    if (protocols.grpc->auth) settings.auth = impl_->find_auth("grpc", *protocols.grpc->auth);
    impl_->grpc = std::make_unique<Impl::Protocol>("grpc", env, admissions);
    impl_->grpc->handler = std::make_unique<GrpcHandler>(impl_->grpc->intake, std::move(settings));
  }
  if (protocols.http) {
    HttpHandler::Settings settings = http_settings(*protocols.http);
    if (protocols.http->auth) settings.auth = impl_->find_auth("http", *protocols.http->auth);
    impl_->http = std::make_unique<Impl::Protocol>("http", env, admissions);
    impl_->http->handler = std::make_unique<HttpHandler>(impl_->http->intake, std::move(settings));
  }
}

OtlpReceiver::~OtlpReceiver() = default;

template <class Config>
std::string OtlpReceiver::Impl::bind_one(Protocol& protocol, const Config& written, uint16_t default_port,
                                         net::ServerProtocol speaks, const net::ServerLimits& limits) {
  const std::string key = "receivers::" + env.id + "::protocols::" + protocol.name;
  std::string error;
  const std::optional<net::Endpoint> where = endpoint_of(written.endpoint, written.transport, default_port, error);
  if (!where) return key + "::endpoint: " + error;
  net::ServerTls secure{nullptr, env.log, env.id, env.budget};
  if (written.tls) {
    std::vector<std::string> offered = {"h2"};
    if (speaks == net::ServerProtocol::kAny) offered.push_back("http/1.1");
    net::TlsServer::Made made = net::TlsServer::make(*written.tls, std::move(offered), {env.log, env.id});
    if (!made.server) return key + "::tls: " + made.error;
    secure.tls = std::move(made.server);
  }
  net::HttpServer::Started started =
      net::HttpServer::bind(*env.shards, *where, speaks, limits, *protocol.handler, *env.clock, std::move(secure));
  if (!started.server) return key + "::endpoint: " + started.error;
  protocol.server = std::move(started.server);
  return "";
}

std::string OtlpReceiver::bind() {
  const OtlpProtocols& protocols = impl_->config.protocols;
  std::string error = impl_->unusable;
  if (impl_->grpc && error.empty()) {
    error =
        impl_->bind_one(*impl_->grpc, *protocols.grpc, 4317, net::ServerProtocol::kHttp2, grpc_limits(*protocols.grpc));
  }
  if (impl_->http && error.empty()) {
    error =
        impl_->bind_one(*impl_->http, *protocols.http, 4318, net::ServerProtocol::kAny, http_limits(*protocols.http));
  }
  return error;
}

void OtlpReceiver::start() {
  impl_->each([](Impl::Protocol& protocol) { protocol.server->start(); });
}

std::vector<std::string> OtlpReceiver::addresses() const {
  std::vector<std::string> out;
  impl_->each([&](Impl::Protocol& protocol) { out.push_back(protocol.name + " " + protocol.server->address()); });
  return out;
}

uint16_t OtlpReceiver::grpc_port() const {
  return impl_->grpc && impl_->grpc->server ? impl_->grpc->server->port() : 0;
}
uint16_t OtlpReceiver::http_port() const {
  return impl_->http && impl_->http->server ? impl_->http->server->port() : 0;
}

void OtlpReceiver::on_tick(uint32_t shard, Time now) {
  impl_->each([&](Impl::Protocol& protocol) { protocol.server->on_tick(shard, now); });
}

uint64_t OtlpReceiver::connections() const {
  uint64_t sum = 0;
  impl_->each([&](Impl::Protocol& protocol) { sum += protocol.server->connections(); });
  return sum;
}

uint64_t OtlpReceiver::open_requests() const {
  uint64_t sum = 0;
  impl_->each([&](Impl::Protocol& protocol) { sum += protocol.server->open_requests(); });
  return sum;
}

Duration OtlpReceiver::last_request() const {
  Duration last{0};
  impl_->each([&](Impl::Protocol& protocol) { last = std::max(last, protocol.intake.last_request()); });
  return last;
}

void OtlpReceiver::drain() {
  impl_->each([](Impl::Protocol& protocol) {
    protocol.intake.drain();
    protocol.server->drain();
  });
}

void OtlpReceiver::close(uint32_t shard) {
  impl_->each([&](Impl::Protocol& protocol) { protocol.server->close(shard); });
}

}  // namespace weir
