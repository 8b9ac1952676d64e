// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "ottl/run.h"
#include "weir/component.h"

namespace weir {

// A stage that changes records where they stand and hands every batch on. `Work` is shared by all shards: it has the
// `unit` of its keys and values, and run(batch, frame, walk) const.
template <class Work>
class RecordStage final : public Stage {
 public:
  RecordStage(std::shared_ptr<const Work> work, ByteBudget* budget, Consumer& next)
      : work_(std::move(work)), frame_(work_->unit.keys), budget_(budget), next_(next) {}

  void consume(Batch&& batch) override {
    frame_.enter_batch(batch, now_);
    rewriter_.start(batch);
    ottl::BatchWalk walk(batch, frame_, rewriter_);
    work_->run(batch, frame_, walk);
    rewriter_.finish(budget_);
    next_.consume(std::move(batch));
  }
  void on_tick(Time now) override { now_ = now.wall; }

 private:
  std::shared_ptr<const Work> work_;
  ottl::Frame frame_;
  ottl::Rewriter rewriter_;
  ByteBudget* budget_;
  Consumer& next_;
  Duration now_{0};
};

// A processor of such stages, on every shard.
template <class Work>
class RecordProcessor final : public Processor {
 public:
  RecordProcessor(std::shared_ptr<const Work> work, ByteBudget* budget) : work_(std::move(work)), budget_(budget) {}
  Placement placement() const override { return Placement::kEveryShard; }
  std::unique_ptr<Stage> make_stage(const StagePlace&, Consumer& next) override {
    return std::make_unique<RecordStage<Work>>(work_, budget_, next);
  }

 private:
  std::shared_ptr<const Work> work_;
  ByteBudget* budget_;
};

}  // namespace weir
