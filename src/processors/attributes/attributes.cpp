// SPDX-License-Identifier: Apache-2.0
#include "processors/attributes/attributes.h"

#include "processors/record_stage.h"

namespace weir {

namespace {

// Metrics are chosen by their names, as in the collector: what else a block says does nothing there.
std::optional<MatchConfig> block_for(Signal signal, const std::optional<MatchConfig>& block) {
  if (!block || signal != Signal::kMetrics) return block;
  if (block->metric_names.empty()) return std::nullopt;
  MatchConfig names;
  names.type = block->type;
  names.metric_names = block->metric_names;
  return names;
}

struct AttributesWork {
  AttributesWork(const AttributesConfig& config, Signal signal)
      : actions(config.actions, unit),
        selection(block_for(signal, config.include), block_for(signal, config.exclude), unit, signal) {}

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
