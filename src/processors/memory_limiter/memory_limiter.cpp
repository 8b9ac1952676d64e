// SPDX-License-Identifier: Apache-2.0
#include "processors/memory_limiter/memory_limiter.h"

#include <utility>

namespace weir {

namespace {

std::string_view items_of(Signal signal) {
  static constexpr std::string_view kItems[] = {"spans", "metric_points", "log_records"};
  return kItems[static_cast<int>(signal)];
}

Counter& counter(const ComponentEnv& env, const std::string& what, const std::string& help) {
  return env.telemetry->counter("otelcol_processor_memory_limiter_" + what + "_" + std::string(items_of(env.signal)),
                                help, {{"processor", env.id}});
}

class MemoryLimiterStage final : public Stage {
 public:
  MemoryLimiterStage(Counter& accepted, Consumer& next) : accepted_(accepted), next_(next) {}
  void consume(Batch&& batch) override {
    accepted_.add(static_cast<double>(batch.item_count()));
    next_.consume(std::move(batch));
  }

 private:
  Counter& accepted_;
  Consumer& next_;
};

// What does not fit is refused at the receiver's door, before it is read; `refused` stays 0 here and the receivers' own
// counters tell it.
class MemoryLimiter final : public Processor {
 public:
  explicit MemoryLimiter(const ComponentEnv& env)
      : accepted_(
            counter(env, "accepted", "Number of spans successfully pushed into the next component in the pipeline.")) {
    counter(env, "refused", "Number of spans that were rejected by the next component in the pipeline.");
  }
  Placement placement() const override { return Placement::kEveryShard; }
  std::unique_ptr<Stage> make_stage(const StagePlace&, Consumer& next) override {
    return std::make_unique<MemoryLimiterStage>(accepted_, next);
  }

 private:
  Counter& accepted_;
};

}  // namespace

std::unique_ptr<Processor> make_memory_limiter(const MemoryLimiterConfig&, const ComponentEnv& env) {
  return std::make_unique<MemoryLimiter>(env);
}

}  // namespace weir
