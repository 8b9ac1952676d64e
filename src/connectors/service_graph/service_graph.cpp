// SPDX-License-Identifier: Apache-2.0
#include "connectors/service_graph/service_graph.h"

#include "connectors/flush_loop.h"
#include "connectors/service_graph/edge_store.h"
#include "connectors/service_graph/pairing.h"
#include "connectors/service_graph/plan.h"
#include "connectors/service_graph/totals.h"

namespace weir {
namespace {

using service_graph::EdgeCapacity;
using service_graph::EdgeDelta;
using service_graph::Pairing;
using service_graph::Plan;
using service_graph::Totals;

class ServiceGraph final : public FlushLoop<EdgeDelta> {
 public:
  ServiceGraph(const ServiceGraphConfig& config, const ComponentEnv& from)
      : FlushLoop(config.metrics_flush_interval, from),
        plan_(std::make_shared<const Plan>(config, from)),
        capacity_(std::make_shared<EdgeCapacity>(config.max_items())),
        totals_(plan_, from) {}

  Placement placement() const override {
    const std::optional<int64_t>& written = plan_->config.store.max_items;
    const bool small = written && *written < 1000 * static_cast<int64_t>(env().shards->size());
    return small ? Placement::kHomeShard : Placement::kWholeTraces;
  }

  std::unique_ptr<Observer> make_observer(const StagePlace& place) override;

  // After each batch, where the config asks for that.
  void batch_seen() {
    if (at_once()) flush_soon();
  }

 private:
  bool at_once() const { return plan_->config.metrics_flush_interval <= Duration::zero(); }

  void flush(std::vector<EdgeDelta> deltas, Time now, bool last) override {
    totals_.absorb(std::move(deltas));
    if (now.mono >= next_cleaning_) {
      const Duration loop = plan_->config.cache_loop;
      next_cleaning_ = now.mono + (loop > Duration::zero() ? loop : Duration(std::chrono::minutes(1)));
      totals_.drop_idle(now.mono);
    }
    const uint64_t time_ns = point_time(now, plan_->config.metrics_timestamp_offset);
    const bool values = last || at_once();
    if (values) send(totals_.zeros(time_ns - kLeastStepNs));
    send(totals_.encode(time_ns, values));
  }

  std::shared_ptr<const Plan> plan_;
  std::shared_ptr<EdgeCapacity> capacity_;
  Totals totals_;
  Duration next_cleaning_{0};
};

class GraphObserver final : public Observer {
 public:
  GraphObserver(std::shared_ptr<Pairing> pairing, ServiceGraph& graph) : pairing_(std::move(pairing)), graph_(graph) {}
  void observe(const Batch& batch) override {
    pairing_->observe(batch);
    graph_.batch_seen();
  }
  void on_tick(Time now) override { pairing_->on_tick(now); }

 private:
  std::shared_ptr<Pairing> pairing_;
  ServiceGraph& graph_;
};

// Written out here: it needs GraphObserver, which needs the class.
std::unique_ptr<Observer> ServiceGraph::make_observer(const StagePlace& place) {
  auto pairing = std::make_shared<Pairing>(plan_, capacity_, env());
  add_source(*place.shard, pairing);
  return std::make_unique<GraphObserver>(std::move(pairing), *this);
}

}  // namespace

std::unique_ptr<MetricsConnector> make_service_graph(const ServiceGraphConfig& config, const ComponentEnv& env) {
  return std::make_unique<ServiceGraph>(config, env);
}

}  // namespace weir
