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
        plan_(std::make_shared<Plan>(config, from)),
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
    add_source(place, counts);
    return std::make_unique<SpanObserver>(std::move(counts));
  }

 private:
  void absorb(std::vector<SpanDelta> deltas) override { totals_.absorb(std::move(deltas)); }

  std::vector<std::string> flush(Time now, bool last, std::string* state) override {
    const uint64_t time_ns = point_time(now);
    std::vector<std::string> out;
    out.push_back(totals_.leaving_zeros(time_ns - kLeastStepNs, last));
    out.push_back(totals_.encode(time_ns, last));
    // What leaves or ends with this flush is still in the state, in case it is not sent; a delta is not, in case it is:
    // cumulative points may come twice, deltas rather not at all.
    const bool delta = plan_->config.delta();
    if (state != nullptr && !delta) save(*state, now, true);
    totals_.mark_sent(last);
    totals_.expire(now.mono);
    if (state != nullptr && delta) save(*state, now, true);
    return out;
  }

  void save(std::string& state, Time now) const override { save(state, now, false); }

  void save(std::string& state, Time now, bool sending) const {
    put_text(state, plan_->instance_id);
    totals_.save(state, now, sending);
  }

  // Series carry the id of the process that began them; new ones must have the same.
  bool load(ByteReader& in, Time now) override {
    const std::string_view instance_id = in.text();
    if (!totals_.load(in, now)) return false;
    plan_->instance_id = instance_id;
    return true;
  }

  uint64_t shape() const override { return plan_->shape(); }

  std::shared_ptr<Plan> plan_;  // not changed any more once the shards run
  Totals totals_;
};

}  // namespace

std::unique_ptr<MetricsConnector> make_span_metrics(const SpanMetricsConfig& config, const ComponentEnv& env) {
  return std::make_unique<SpanMetrics>(config, env);
}

}  // namespace weir
