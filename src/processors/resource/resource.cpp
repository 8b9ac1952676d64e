// SPDX-License-Identifier: Apache-2.0
#include "processors/resource/resource.h"

#include "processors/record_stage.h"

namespace weir {

namespace {

struct ResourceWork {
  explicit ResourceWork(const ResourceConfig& config) : actions(config.attributes, unit) {}

  void run(const Batch&, ottl::Frame& frame, ottl::BatchWalk& walk) const {
    walk.resources([&] {
      actions.apply(frame, ottl::Level::kResource);
      return true;
    });
  }

  ottl::Unit unit;
  AttributeActions actions;
};

}  // namespace

std::unique_ptr<Processor> make_resource(const ResourceConfig& config, const ComponentEnv& env) {
  return std::make_unique<RecordProcessor<ResourceWork>>(std::make_shared<ResourceWork>(config), env.budget);
}

}  // namespace weir
