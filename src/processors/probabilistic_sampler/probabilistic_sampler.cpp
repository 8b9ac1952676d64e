// SPDX-License-Identifier: Apache-2.0
#include "processors/probabilistic_sampler/probabilistic_sampler.h"

#include <array>
#include <utility>

#include "otlp/batch_ops.h"
#include "ottl/run.h"
#include "processors/probabilistic_sampler/sampler.h"
#include "processors/probabilistic_sampler/subjects.h"
#include "processors/sieve.h"

namespace weir {

namespace {

// What the stages of one processor share.
struct SamplerWork {
  SamplerWork(const ProbabilisticSamplerConfig& config, const ComponentEnv& environment)
      : env(environment), sampler(config), logs(config, unit), policies{"missing_randomness", "trace_id_hash",
                                                                        "trace_id_w3c",       "sampling_randomness",
                                                                        "sampling_priority",  config.from_attribute} {}

  ComponentEnv env;
  Sampler sampler;
  ottl::Unit unit;
  SpanSubjects spans;
  LogSubjects logs;
  std::array<std::string, kSamplingPolicies> policies;
};

using Counts = std::array<std::array<uint64_t, 2>, kSamplingPolicies>;

class SamplerStage final : public Stage {
 public:
  SamplerStage(std::shared_ptr<const SamplerWork> work, const StagePlace& place, Consumer& next)
      : work_(std::move(work)), downstream_(place.downstream), next_(next), frame_(work_->unit.keys) {}

  void consume(Batch&& batch) override {
    kept_.clear();
    Counts counts{};
    const Signal signal = batch.signal;
    frame_.enter_batch(batch, Duration::zero());
    rewriter_.start(batch);
    ottl::BatchWalk walk(batch, frame_, rewriter_);
    uint32_t number = 0;
    if (signal == Signal::kLogs) {
      walk.items([&] { return sample(work_->logs, number++, counts); });
    } else {
      walk.spans([&] { return sample(work_->spans, number++, counts); });
    }
    rewriter_.finish(work_->env.budget);
    count(signal, counts);
    Batch kept = sieve(std::move(batch), kept_, downstream_, *work_->env.ledger, Settled::sampled_out());
    if (!otlp::empty(kept)) next_.consume(std::move(kept));
  }

 private:
  template <class Subjects>
  bool sample(const Subjects& subjects, uint32_t number, Counts& counts) {
    const SamplingDecision decision = work_->sampler.decide(subjects.read(frame_));
    ++counts[static_cast<size_t>(decision.policy)][decision.sampled ? 1 : 0];
    if (!decision.sampled) return true;
    kept_.push_back(number);
    if (decision.state) subjects.write(frame_, *decision.state);
    return true;
  }
  void count(Signal signal, const Counts& counts) const {
    const std::string what(signal == Signal::kLogs ? "logs" : "traces");
    for (size_t policy = 0; policy < counts.size(); ++policy) {
      for (size_t sampled = 0; sampled < 2; ++sampled) {
        if (counts[policy][sampled] == 0) continue;
        work_->env.telemetry
            ->counter("otelcol_processor_probabilistic_sampler_count_" + what + "_sampled",
                      "Count of " + what + " that were sampled or not",
                      {{"policy", work_->policies[policy]}, {"sampled", sampled == 1 ? "true" : "false"}})
            .add(static_cast<double>(counts[policy][sampled]));
      }
    }
  }

  std::shared_ptr<const SamplerWork> work_;
  std::vector<DestinationId> downstream_;
  Consumer& next_;
  ottl::Frame frame_;
  ottl::Rewriter rewriter_;
  std::vector<uint32_t> kept_;
};

class ProbabilisticSampler final : public Processor {
 public:
  ProbabilisticSampler(const ProbabilisticSamplerConfig& config, const ComponentEnv& env)
      : work_(std::make_shared<SamplerWork>(config, env)) {}
  Placement placement() const override { return Placement::kEveryShard; }
  std::unique_ptr<Stage> make_stage(const StagePlace& place, Consumer& next) override {
    return std::make_unique<SamplerStage>(work_, place, next);
  }

 private:
  std::shared_ptr<const SamplerWork> work_;
};

}  // namespace

std::unique_ptr<Processor> make_probabilistic_sampler(const ProbabilisticSamplerConfig& config,
                                                      const ComponentEnv& env) {
  return std::make_unique<ProbabilisticSampler>(config, env);
}

}  // namespace weir
