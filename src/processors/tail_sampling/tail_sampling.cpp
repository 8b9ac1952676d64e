// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/tail_sampling.h"

#include <algorithm>

#include "processors/tail_sampling/sampler.h"

namespace weir {

namespace {

constexpr uint64_t kSmallPerShard =
    1000;  // DESIGN §2.4: a written limit below this times the shards is kept by one shard

uint64_t smallest_written_limit(const TailSamplingConfig& config) {
  uint64_t smallest = std::min(config.num_traces.value_or(UINT64_MAX), smallest_limit_of(config.policies));
  for (int64_t size : {config.decision_cache.sampled_cache_size, config.decision_cache.non_sampled_cache_size}) {
    if (size > 0) smallest = std::min(smallest, static_cast<uint64_t>(size));
  }
  return smallest;
}

class TailSampling final : public Processor {
 public:
  TailSampling(const TailSamplingConfig& config, const ComponentEnv& env) {
    shared_.config = config;
    shared_.env = env;
    SpanTests tests;  // each stage has its own; here only the bits count
    shared_.policies = build_all(shared_.config.policies, tests);
    if (placement() == Placement::kWholeTraces) shared_.stages = env.shards->size();
  }
  Placement placement() const override {
    const bool small = smallest_written_limit(shared_.config) < kSmallPerShard * shared_.env.shards->size();
    return small ? Placement::kHomeShard : Placement::kWholeTraces;
  }
  bool answers_early() const override { return true; }
  std::unique_ptr<Stage> make_stage(const StagePlace& place, Consumer& next) override {
    return std::make_unique<TailSampler>(shared_, place, next);
  }

 private:
  SamplerShared shared_;
};

}  // namespace

std::unique_ptr<Processor> make_tail_sampling(const TailSamplingConfig& config, const ComponentEnv& env) {
  return std::make_unique<TailSampling>(config, env);
}

}  // namespace weir
