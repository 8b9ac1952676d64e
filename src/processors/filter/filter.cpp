// SPDX-License-Identifier: Apache-2.0
#include "processors/filter/filter.h"

#include <utility>

#include "otlp/batch_ops.h"
#include "processors/filter/rules.h"
#include "processors/sieve.h"

namespace weir {

namespace {

Counter& filtered_counter(const ComponentEnv& env) {
  static constexpr std::string_view kWhat[] = {"spans", "datapoints", "logs"};
  const std::string what(kWhat[static_cast<int>(env.signal)]);
  return env.telemetry->counter("otelcol_processor_filter_" + what + "_filtered",
                                "Number of " + what + " dropped by the filter processor", {{"filter", env.id}});
}

class FilterStage final : public Stage {
 public:
  FilterStage(std::shared_ptr<const FilterRules> rules, const ComponentEnv& env, Counter& filtered,
              const StagePlace& place, Consumer& next)
      : rules_(std::move(rules)),
        env_(env),
        filtered_(filtered),
        downstream_(place.downstream),
        next_(next),
        frame_(rules_->keys()),
        report_(env.log, env.id) {}

  void consume(Batch&& batch) override {
    const uint64_t before = batch.item_count();
    report_.next_batch();
    frame_.enter_batch(batch, now_);
    rewriter_.start(batch);
    FilterPass pass(*rules_, frame_, report_);
    if (!pass.run(batch, rewriter_)) return fail(batch);
    rewriter_.finish(env_.budget);
    Batch kept = sieve(std::move(batch), pass.kept(), downstream_, *env_.ledger, Settled::filtered());
    const uint64_t after = kept.item_count();
    if (after < before) filtered_.add(static_cast<double>(before - after));
    if (!otlp::empty(kept)) next_.consume(std::move(kept));
  }
  void on_tick(Time now) override { now_ = now.wall; }

 private:
  void fail(const Batch& batch) {
    env_.log->error(env_.id, "a condition failed and the batch is dropped", {{"error", report_.last()}});
    settle(*env_.ledger, batch, downstream_, Settled::dropped(DropReason::kProcessorError, report_.last()));
  }

  std::shared_ptr<const FilterRules> rules_;
  const ComponentEnv& env_;
  Counter& filtered_;
  std::vector<DestinationId> downstream_;
  Consumer& next_;
  ottl::Frame frame_;
  ottl::Rewriter rewriter_;
  ottl::ErrorReport report_;
  Duration now_{0};
};

class Filter final : public Processor {
 public:
  Filter(const FilterConfig& config, const ComponentEnv& env)
      : env_(env), rules_(std::make_shared<FilterRules>(config, env.signal)), filtered_(filtered_counter(env)) {}
  Placement placement() const override { return Placement::kEveryShard; }
  std::unique_ptr<Stage> make_stage(const StagePlace& place, Consumer& next) override {
    return std::make_unique<FilterStage>(rules_, env_, filtered_, place, next);
  }

 private:
  ComponentEnv env_;
  std::shared_ptr<const FilterRules> rules_;
  Counter& filtered_;
};

}  // namespace

std::unique_ptr<Processor> make_filter(const FilterConfig& config, const ComponentEnv& env) {
  return std::make_unique<Filter>(config, env);
}

}  // namespace weir
