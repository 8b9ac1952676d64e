// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "processors/transform/config.h"
#include "weir/component.h"

namespace weir {

// Runs OTTL statements on what passes, on every shard. A batch that a statement fails for under `propagate` is dropped
// (processor_error); weir has answered its sender by then.
std::unique_ptr<Processor> make_transform(const TransformConfig& config, const ComponentEnv& env);

}  // namespace weir
