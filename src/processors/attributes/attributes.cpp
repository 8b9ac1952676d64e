// SPDX-License-Identifier: Apache-2.0
#include "processors/attributes/attributes.h"

#include "processors/record_stage.h"

namespace weir {

namespace {

struct AttributesWork {
  AttributesWork(const AttributesConfig& config, Signal signal)
      : actions(config.actions, unit), selection(config.include, config.exclude, unit, signal) {}

  void run(const Batch& batch, ottl::Frame& frame, ottl::BatchWalk& walk) const {
    const auto of_item = [&] {
      if (selection.selects(frame)) actions.apply(frame, ottl::Level::kItem);
      return true;
    };
    const auto of_points = [&] {
      if (!selection.selects(frame)) return true;
      return ottl::PartWalk(frame).points([&] {
        actions.apply(frame, ottl::Level::kPart);
        return ottl::PartFate::kKeep;
      });
    };
    if (batch.signal == Signal::kTraces) {
      walk.spans(of_item);
    } else if (batch.signal == Signal::kLogs) {
      walk.items(of_item);
    } else {
      walk.items(of_points);
    }
  }

  ottl::Unit unit;
  AttributeActions actions;
  Selection selection;
};

}  // namespace

std::unique_ptr<Processor> make_attributes(const AttributesConfig& config, const ComponentEnv& env) {
  return std::make_unique<RecordProcessor<AttributesWork>>(std::make_shared<AttributesWork>(config, env.signal),
                                                           env.budget);
}

}  // namespace weir
