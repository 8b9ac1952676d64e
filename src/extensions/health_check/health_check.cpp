// SPDX-License-Identifier: Apache-2.0
#include "extensions/health_check/health_check.h"

#include <time.h>

#include <algorithm>

#include "config/endpoint.h"
#include "net/page_server.h"

namespace weir {

namespace {

constexpr uint16_t kDefaultPort = 13133;

// `number` / `unit` with as many decimals as it needs.
std::string decimal(int64_t number, int64_t unit) {
  std::string text = std::to_string(number / unit);
  std::string fraction = std::to_string(unit + number % unit).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return fraction.empty() ? text : text + "." + fraction;
}

// RFC 3339 in UTC with nanoseconds.
std::string time_text(Duration wall) {
  constexpr int64_t kSecond = 1'000'000'000;
  const time_t seconds = wall.count() / kSecond;
  tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  const size_t length = ::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return std::string(text, length) + "." + std::to_string(kSecond + wall.count() % kSecond).substr(1) + "Z";
}

std::string json_page(std::string_view status, std::string_view since, std::string_view uptime) {
  std::string page = R"({"status":")";
  page.append(status).append(R"(","upSince":")").append(since).append(R"(","uptime":")").append(uptime).append("\"}");
  return page;
}

std::string page_address(const HealthCheckConfig& config) {
  if (config.endpoint.empty()) return config::Endpoint{config::default_host(), kDefaultPort, ""}.to_string();
  std::string error;
  const auto endpoint = config::parse_endpoint(config.endpoint, config::default_host(), error);
  return endpoint ? endpoint->to_string() : config.endpoint;
}

}  // namespace

std::string go_duration_text(Duration elapsed) {
  constexpr int64_t kMicro = 1000;
  constexpr int64_t kMilli = 1000 * kMicro;
  constexpr int64_t kSecond = 1000 * kMilli;
  const int64_t ns = std::max<int64_t>(elapsed.count(), 0);
  if (ns == 0) return "0s";
  if (ns < kMicro) return std::to_string(ns) + "ns";
  if (ns < kMilli) return decimal(ns, kMicro) + "µs";
  if (ns < kSecond) return decimal(ns, kMilli) + "ms";
  const int64_t minutes = ns / (60 * kSecond);
  std::string text;
  if (minutes >= 60) text += std::to_string(minutes / 60) + "h";
  if (minutes > 0) text += std::to_string(minutes % 60) + "m";
  return text + decimal(ns % (60 * kSecond), kSecond) + "s";
}

struct HealthCheck::Impl {
  HealthCheckConfig config;
  std::string id;
  Shards* shards;
  const Clock* clock;
  std::function<bool()> ready;
  Time up_since;
  std::unique_ptr<net::PageServer> server;

  net::PageReply status_page() const {
    const bool is_ready = ready();
    if (config.response_body) {
      const HealthCheckResponseBody& body = *config.response_body;
      return {is_ready ? 200 : 503, "text/plain; charset=utf-8", is_ready ? body.healthy : body.unhealthy};
    }
    if (!is_ready) return {503, "application/json", json_page("Server not available", "0001-01-01T00:00:00Z", "")};
    const Duration up = clock->now().mono - up_since.mono;
    return {200, "application/json", json_page("Server available", time_text(up_since.wall), go_duration_text(up))};
  }

  net::PageReply page(const std::string& path) const {
    if (path == config.path) return status_page();
    if (path == "/livez") return {200, "text/plain; charset=utf-8", "ok\n"};
    // As in Go's mux, a path that ends in a slash (the default) stands for all below it.
    if (path != "/readyz" && config.path.ends_with('/') && path.starts_with(config.path)) return status_page();
    if (path != "/readyz") return {404, "text/plain; charset=utf-8", "404 page not found\n"};
    if (ready()) return {200, "text/plain; charset=utf-8", "ready\n"};
    return {503, "text/plain; charset=utf-8", "not ready\n"};
  }
};

HealthCheck::HealthCheck(HealthCheckConfig config, const ComponentEnv& env, std::function<bool()> ready)
    : impl_(std::make_unique<Impl>(
          Impl{std::move(config), env.id, env.shards, env.clock, std::move(ready), {}, nullptr})) {}

HealthCheck::~HealthCheck() = default;

std::string HealthCheck::start() {
  impl_->up_since = impl_->clock->now();
  auto started = net::PageServer::start(
      *impl_->shards, page_address(impl_->config),
      [impl = impl_.get()](const net::PageRequest& request, net::PageDone done) { done(impl->page(request.path)); });
  if (!started.server) return impl_->id + ": " + started.error;
  impl_->server = std::move(started.server);
  return "";
}

uint16_t HealthCheck::port() const { return impl_->server->port(); }

}  // namespace weir
