// SPDX-License-Identifier: Apache-2.0
#include "connectors/span_metrics/span_metrics.h"

#include "connectors/flush_loop.h"
#include "connectors/span_metrics/observer.h"
#include "connectors/span_metrics/plan.h"
#include "connectors/span_metrics/totals.h"

namespace weir {
namespace {

using span_metrics::Plan;
using span_metrics::ShardCounts;
using span_metrics::SpanDelta;
using span_metrics::Totals;

class SpanObserver final : public Observer {
 public:
  explicit SpanObserver(std::shared_ptr<ShardCounts> counts) : counts_(std::move(counts)) {}
  void observe(const Batch& batch) override { counts_->observe(batch); }
  void on_tick(Time now) override { counts_->on_tick(now); }

 private:
  std::shared_ptr<ShardCounts> counts_;
};

class SpanMetrics final : public FlushLoop<SpanDelta> {
 public:
  SpanMetrics(const SpanMetricsConfig& config, const ComponentEnv& from)
      : FlushLoop(config.metrics_flush_interval, from),
        plan_(std::make_shared<const Plan>(config, from)),
        totals_(plan_, from) {}

  Placement placement() const override {
    const int64_t small = 1000 * static_cast<int64_t>(env().shards->size());
    const SpanMetricsConfig& c = plan_->config;
    const bool small_cache = c.resource_metrics_cache_size && *c.resource_metrics_cache_size < small;
    const bool small_limit = c.aggregation_cardinality_limit > 0 && c.aggregation_cardinality_limit < small;
    return small_cache || small_limit ? Placement::kHomeShard : Placement::kEveryShard;
  }

  std::unique_ptr<Observer> make_observer(const StagePlace& place) override {
    auto counts = std::make_shared<ShardCounts>(plan_, env());
    add_source(*place.shard, counts);
    return std::make_unique<SpanObserver>(std::move(counts));
  }

 private:
  void flush(std::vector<SpanDelta> deltas, Time now, bool last) override {
    totals_.absorb(std::move(deltas));
    const uint64_t time_ns = point_time(now);
    send(totals_.leaving_zeros(time_ns - kLeastStepNs, last));
    send(totals_.encode(time_ns, last));
    totals_.expire(now.mono);
  }

  std::shared_ptr<const Plan> plan_;
  Totals totals_;
};

}  // namespace

std::unique_ptr<MetricsConnector> make_span_metrics(const SpanMetricsConfig& config, const ComponentEnv& env) {
  return std::make_unique<SpanMetrics>(config, env);
}

}  // namespace weir
