// SPDX-License-Identifier: Apache-2.0
#include "processors/transform/transform.h"

#include <utility>
#include <vector>

#include "ottl/run.h"

namespace weir {

namespace {

class TransformStage final : public Stage {
 public:
  TransformStage(std::shared_ptr<const ottl::Program> program, const ComponentEnv& env, const StagePlace& place,
                 Consumer& next)
      : env_(env), downstream_(place.downstream), next_(next), runner_(std::move(program), env.log, env.id) {}

  void consume(Batch&& batch) override {
    if (runner_.run(batch, now_, env_.budget)) return next_.consume(std::move(batch));
    env_.log->error(env_.id, "a statement failed and the batch is dropped", {{"error", runner_.error()}});
    settle(*env_.ledger, batch, downstream_, Settled::dropped(DropReason::kProcessorError, runner_.error()));
  }
  void on_tick(Time now) override { now_ = now.wall; }

 private:
  const ComponentEnv& env_;
  std::vector<DestinationId> downstream_;
  Consumer& next_;
  ottl::Runner runner_;
  Duration now_{0};
};

class Transform final : public Processor {
 public:
  Transform(const TransformConfig& config, const ComponentEnv& env)
      : env_(env), program_(std::make_shared<ottl::Program>()) {
    for (const ottl::GroupConfig& group : config.groups_of(env.signal)) {
      std::vector<ottl::GroupMistake> found_at_start;
      auto compiled = compile_group(program_->unit, env.signal, group.text(config.error_mode), found_at_start);
      if (compiled) program_->groups.push_back(std::move(*compiled));
    }
  }
  Placement placement() const override { return Placement::kEveryShard; }
  std::unique_ptr<Stage> make_stage(const StagePlace& place, Consumer& next) override {
    return std::make_unique<TransformStage>(program_, env_, place, next);
  }

 private:
  ComponentEnv env_;
  std::shared_ptr<ottl::Program> program_;
};

}  // namespace

std::unique_ptr<Processor> make_transform(const TransformConfig& config, const ComponentEnv& env) {
  return std::make_unique<Transform>(config, env);
}

}  // namespace weir
