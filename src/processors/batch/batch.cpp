// SPDX-License-Identifier: Apache-2.0
#include "processors/batch/batch.h"

#include <map>
#include <utility>

#include "otlp/batch_ops.h"
#include "processors/batch/lower_case.h"

namespace weir {

namespace {

// The values of each of metadata_keys, in their order.
using MetadataValues = std::vector<std::vector<std::string>>;

const std::vector<double>& size_bounds() {
  static const std::vector<double> bounds{10,   25,   50,   75,   100,  250,  500,   750,   1000,  2000,  3000,
                                          4000, 5000, 6000, 7000, 8000, 9000, 10000, 20000, 30000, 50000, 100000};
  return bounds;
}

// The collector's metrics of the processor (collector-semantics §3.1).
struct BatchMetrics {
  explicit BatchMetrics(const ComponentEnv& env)
      : labels{{"processor", env.id}},
        size_trigger(
            counter(env, "batch_size_trigger_send", "Number of times the batch was sent due to a size trigger")),
        timeout_trigger(
            counter(env, "timeout_trigger_send", "Number of times the batch was sent due to a timeout trigger")),
        send_size(env.telemetry->histogram("otelcol_processor_batch_batch_send_size",
                                           "Number of units in the batch [Development]", labels, size_bounds())),
        cardinality(env.telemetry->gauge("otelcol_processor_batch_metadata_cardinality",
                                         "Number of distinct metadata value combinations being processed [Development]",
                                         labels)) {}
  Counter& counter(const ComponentEnv& env, const std::string& name, const std::string& help) const {
    return env.telemetry->counter("otelcol_processor_batch_" + name, help + " [Development]", labels);
  }

  const Labels labels;
  Counter& size_trigger;
  Counter& timeout_trigger;
  Histogram& send_size;
  Gauge& cardinality;
};

// What was collected for one combination of metadata values.
struct Batcher {
  ContextRef context;  // nothing but the metadata that it stands for; null without metadata_keys
  Batch batch;
  uint64_t count = 0;
  Duration timer{0};  // when it goes, whatever its size
};

class BatchStage final : public Stage {
 public:
  BatchStage(const BatchConfig& config, const ComponentEnv& env, const StagePlace& place, Consumer& next)
      : config_(config), env_(env), place_(place), next_(next), metrics_(env) {
    for (std::string& key : config_.metadata_keys) key = lower_case(key);
    if (config_.metadata_keys.empty()) batcher_for(Batch{});
  }

  void consume(Batch&& batch) override {
    Batcher* batcher = batcher_for(batch);
    if (batcher == nullptr) {
      return settle(*env_.ledger, batch, place_.downstream,
                    Settled::dropped(DropReason::kProcessorError, "too many batcher metadata-value combinations"));
    }
    batcher->count += batch.item_count();
    if (batch.signal == Signal::kTraces) held_ += batch.spans.size();
    otlp::append(batcher->batch, std::move(batch));
    send_full(*batcher);
  }

  void on_tick(Time now) override {
    now_ = now.mono;
    if (!has_timer()) return;
    for (auto& [values, batcher] : batchers_) {
      if (now_ < batcher.timer) continue;
      if (batcher.count > 0) send(batcher, metrics_.timeout_trigger);
      batcher.timer = now_ + config_.timeout;
    }
  }

  void flush(Time) override {
    for (auto& [values, batcher] : batchers_) {
      while (batcher.count > 0) send(batcher, metrics_.timeout_trigger);
    }
  }

  uint64_t held() const override { return held_; }

 private:
  bool has_timer() const { return config_.timeout > Duration::zero() && config_.send_batch_size > 0; }

  // Null where the limit of combinations is reached.
  Batcher* batcher_for(const Batch& batch) {
    MetadataValues values = values_of(batch);
    const auto found = batchers_.find(values);
    if (found != batchers_.end()) return &found->second;
    const uint32_t limit = config_.metadata_cardinality_limit;
    if (!config_.metadata_keys.empty() && limit > 0 && batchers_.size() >= limit) return nullptr;
    Batcher batcher{.context = context_of(values), .batch = {}, .timer = now_ + config_.timeout};
    batcher.batch.signal = env_.signal;
    Batcher& added = batchers_.emplace(std::move(values), std::move(batcher)).first->second;
    metrics_.cardinality.set(static_cast<double>(batchers_.size()));
    return &added;
  }
  MetadataValues values_of(const Batch& batch) const {
    MetadataValues values(config_.metadata_keys.size());
    if (batch.context == nullptr) return values;
    for (const auto& [name, value] : batch.context->metadata) {
      for (size_t i = 0; i < values.size(); ++i) {
        if (lower_case(name) == config_.metadata_keys[i]) values[i].push_back(value);
      }
    }
    return values;
  }
  ContextRef context_of(const MetadataValues& values) const {
    if (values.empty()) return nullptr;
    auto context = std::make_shared<Context>();
    for (size_t i = 0; i < values.size(); ++i) {
      for (const std::string& value : values[i]) context->metadata.emplace_back(config_.metadata_keys[i], value);
    }
    return context;
  }

  // Without a timer everything goes at once; else what makes a batch, in pieces of the largest size.
  void send_full(Batcher& batcher) {
    const uint64_t enough = has_timer() ? config_.send_batch_size : 1;
    if (batcher.count < enough) return;
    while (batcher.count >= enough) send(batcher, metrics_.size_trigger);
    batcher.timer = now_ + config_.timeout;
  }
  void send(Batcher& batcher, Counter& trigger) {
    const uint32_t most = config_.send_batch_max_size;
    Batch batch = most > 0 && batcher.count > most ? otlp::split_front(batcher.batch, most)
                                                   : std::exchange(batcher.batch, Batch{.signal = env_.signal});
    const uint64_t count = batch.item_count();
    batcher.count -= count;
    held_ -= batch.spans.size();
    batch.context = batcher.context;
    trigger.add();
    metrics_.send_size.observe(static_cast<double>(count));
    next_.consume(std::move(batch));
  }

  BatchConfig config_;
  const ComponentEnv env_;
  const StagePlace place_;
  Consumer& next_;
  BatchMetrics metrics_;
  std::map<MetadataValues, Batcher> batchers_;
  Duration now_{0};
  uint64_t held_ = 0;
};

class BatchProcessor final : public Processor {
 public:
  BatchProcessor(const BatchConfig& config, const ComponentEnv& env) : config_(config), env_(env) {}
  Placement placement() const override { return Placement::kHomeShard; }
  bool answers_early() const override { return true; }
  std::unique_ptr<Stage> make_stage(const StagePlace& place, Consumer& next) override {
    return std::make_unique<BatchStage>(config_, env_, place, next);
  }

 private:
  const BatchConfig config_;
  const ComponentEnv env_;
};

}  // namespace

std::unique_ptr<Processor> make_batch(const BatchConfig& config, const ComponentEnv& env) {
  return std::make_unique<BatchProcessor>(config, env);
}

}  // namespace weir
