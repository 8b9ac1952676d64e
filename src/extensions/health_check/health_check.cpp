// SPDX-License-Identifier: Apache-2.0
#include "extensions/health_check/health_check.h"

#include "extensions/time_text.h"

namespace weir {

namespace {

constexpr uint16_t kDefaultPort = 13133;

std::string json_page(std::string_view status, std::string_view since, std::string_view uptime) {
  std::string page = R"({"status":")";
  page.append(status).append(R"(","upSince":")").append(since).append(R"(","uptime":")").append(uptime).append("\"}");
  return page;
}

}  // namespace

struct HealthCheck::Impl {
  HealthCheckConfig config;
  std::string id;
  Log* log;
  Shards* shards;
  const Clock* clock;
  std::function<bool()> ready;
  std::function<net::PageReply()> readyz;
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
    return readyz();
  }
};

HealthCheck::HealthCheck(HealthCheckConfig config, const ComponentEnv& env, std::function<bool()> ready,
                         std::function<net::PageReply()> readyz)
    : impl_(std::make_unique<Impl>(Impl{std::move(config),
                                        env.id,
                                        env.log,
                                        env.shards,
                                        env.clock,
                                        std::move(ready),
                                        std::move(readyz),
                                        {},
                                        nullptr})) {}

HealthCheck::~HealthCheck() = default;

std::string HealthCheck::start() {
  impl_->up_since = impl_->clock->now();
  auto started = start_page(
      impl_->config.page, kDefaultPort, *impl_->shards,
      [impl = impl_.get()](const net::PageRequest& request, net::PageDone done) { done(impl->page(request.path)); },
      {impl_->log, impl_->id});
  if (!started.server) return impl_->id + ": " + started.error;
  impl_->server = std::move(started.server);
  return "";
}

uint16_t HealthCheck::port() const { return impl_->server->port(); }
const std::string& HealthCheck::address() const { return impl_->server->address(); }

}  // namespace weir
