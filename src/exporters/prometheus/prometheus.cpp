// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus/prometheus.h"

#include <stdexcept>

#include "exporters/prometheus/page_store.h"
#include "exporters/prometheus/page_text.h"
#include "exporters/sending_queue.h"
#include "net/page_server.h"

namespace weir {
namespace {

constexpr Duration kSweepEvery = std::chrono::seconds(1);

// What the stage and requests under way share; touched on the home shard only.
struct Page {
  Page(const PrometheusConfig& settings, const ComponentEnv& env)
      : config(settings), store(config, env.id, *env.budget, *env.log) {}
  const PrometheusConfig config;
  PageStore store;
  Time now;
};

net::PageReply answer(Page& page, const net::PageRequest& request) {
  if (request.path != "/metrics") return {404, "text/plain; charset=utf-8", "404 page not found\n"};
  page.store.expire(page.now);
  const PageFormat format = choose_format(request.accept, page.config.enable_open_metrics, page.config.send_timestamps);
  return {200, std::string(format.content_type()), write_page(page.store.families(), format)};
}

// The page is written on the home shard, so that it shows whole batches only.
net::PageServer::Handler handler_of(std::shared_ptr<Page> page, Shard& home) {
  return [page, &home](const net::PageRequest& request, net::PageDone done) {
    home.post([page, request, done = std::move(done)]() mutable { done(answer(*page, request)); });
  };
}

class PrometheusStage final : public Stage {
 public:
  PrometheusStage(const PrometheusConfig& config, const ComponentEnv& env, Shard& home)
      : env_(env), page_(std::make_shared<Page>(config, env)) {
    if (config.endpoint.empty()) throw std::runtime_error("exporters::" + env.id + ": endpoint must be specified");
    net::PageServer::Started started =
        net::PageServer::start(*env.shards, config.endpoint, handler_of(page_, home), home.index());
    if (!started.server) throw std::runtime_error("exporters::" + env.id + ": " + started.error);
    server_ = std::move(started.server);
    env.log->info(env.id, "listening", {{"address", server_->address()}});
    page_->now = env.clock->now();
    const Labels labels = {{"exporter", env.id}};
    sent_ = &env.telemetry->counter("otelcol_exporter_sent_metric_points",
                                    "Number of metric points successfully sent to destination. [Alpha]", labels);
    failed_ =
        &env.telemetry->counter("otelcol_exporter_send_failed_metric_points",
                                "Number of metric points in failed attempts to send to destination. [Alpha]", labels);
  }

  void consume(Batch&& batch) override {
    const uint64_t refused = page_->store.add(batch, page_->now);
    sent_->add(static_cast<double>(batch.item_count() - refused));
    if (refused > 0) failed_->add(static_cast<double>(refused));
    settle_delivered(*env_.ledger, batch, refused, "data points that the page cannot show");
  }

  void on_tick(Time now) override {
    page_->now = now;
    if (now.mono < next_sweep_) return;
    next_sweep_ = now.mono + kSweepEvery;
    page_->store.expire(now);
  }

 private:
  const ComponentEnv env_;
  std::shared_ptr<Page> page_;
  std::unique_ptr<net::PageServer> server_;
  Duration next_sweep_{0};
  Counter* sent_;
  Counter* failed_;
};

class PrometheusExporter final : public Exporter {
 public:
  PrometheusExporter(const PrometheusConfig& config, const ComponentEnv& env) : config_(config), env_(env) {}
  std::unique_ptr<Stage> make_stage(Shard& home) override {
    return std::make_unique<PrometheusStage>(config_, env_, home);
  }

 private:
  const PrometheusConfig config_;
  const ComponentEnv env_;
};

}  // namespace

std::unique_ptr<Exporter> make_prometheus(const PrometheusConfig& config, const ComponentEnv& env) {
  return std::make_unique<PrometheusExporter>(config, env);
}

}  // namespace weir
