// SPDX-License-Identifier: Apache-2.0
#include "connectors/service_graph/service_graph.h"

#include <algorithm>
#include <optional>

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
using service_graph::SavedEdge;
using service_graph::take_edge;
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

  void absorb(std::vector<EdgeDelta> deltas) override {
    waiting_.clear();
    for (EdgeDelta& delta : deltas) waiting_.push_back(std::move(delta.waiting));
    totals_.absorb(std::move(deltas));
  }

  std::vector<std::string> flush(Time now, bool last, std::string* state) override {
    // What a journal gave back may be long idle and not sent yet: it is sent before it is forgotten.
    if (state == nullptr) clean(now);
    const uint64_t time_ns = point_time(now, plan_->config.metrics_timestamp_offset);
    const bool values = last || at_once();
    std::vector<std::string> out;
    if (values) out.push_back(totals_.zeros(time_ns - kLeastStepNs));
    out.push_back(totals_.encode(time_ns, values));
    if (state != nullptr) save(*state, now, values ? Totals::Sending::kValues : Totals::Sending::kZerosFirst);
    totals_.mark_sent(time_ns, values);
    if (state != nullptr) clean(now);
    return out;
  }

  void clean(Time now) {
    if (now.mono < next_cleaning_) return;
    const Duration loop = plan_->config.cache_loop;
    next_cleaning_ = now.mono + (loop > Duration::zero() ? loop : Duration(std::chrono::minutes(1)));
    totals_.drop_idle(now.mono);
  }

  void save(std::string& state, Time now) const override { save(state, now, Totals::Sending::kNothing); }
  void save(std::string& state, Time now, Totals::Sending sending) const;
  bool load(ByteReader& in, Time now) override;
  uint64_t shape() const override { return plan_->shape(); }

  std::shared_ptr<const Plan> plan_;
  std::shared_ptr<EdgeCapacity> capacity_;
  Totals totals_;
  Duration next_cleaning_{0};
  std::vector<std::shared_ptr<Pairing>> pairings_;  // in the order of their shards
  std::vector<std::string> waiting_;                // with a journal: half edges of each, as of what is absorbed
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
  add_source(place, pairing);
  pairings_.push_back(pairing);
  return std::make_unique<GraphObserver>(std::move(pairing), *this);
}

// The half edges of each shard, then the totals.
void ServiceGraph::save(std::string& state, Time now, Totals::Sending sending) const {
  put_varint(state, waiting_.size());
  for (const std::string& waiting : waiting_) put_text(state, waiting);
  totals_.save(state, now, sending);
}

// There may be more or fewer shards now: half edges go where the rest of their trace will come to.
bool ServiceGraph::load(ByteReader& in, Time now) {
  std::vector<SavedEdge> edges;
  for (uint64_t shards = in.count(); shards > 0; --shards) {
    ByteReader waiting(in.text());
    while (in.ok() && !waiting.at_end()) {
      std::optional<SavedEdge> edge = take_edge(waiting, *plan_, now);
      if (!edge) return false;
      edges.push_back(*edge);
    }
  }
  if (!totals_.load(in, now)) return false;
  const auto older = [](const SavedEdge& a, const SavedEdge& b) { return a.edge.expires < b.edge.expires; };
  std::stable_sort(edges.begin(), edges.end(), older);
  const auto count = static_cast<uint32_t>(pairings_.size());
  for (const SavedEdge& edge : edges) pairings_[shard_of(edge.edge.key.trace_id, count)]->restore(edge);
  return true;
}

}  // namespace

std::unique_ptr<MetricsConnector> make_service_graph(const ServiceGraphConfig& config, const ComponentEnv& env) {
  return std::make_unique<ServiceGraph>(config, env);
}

}  // namespace weir
