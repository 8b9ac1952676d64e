// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "processors/batch/config.h"
#include "weir/component.h"

namespace weir {

// Collects what comes until it is large or old enough. One accumulator for the process (home shard); answers early.
// Works for all signals.
std::unique_ptr<Processor> make_batch(const BatchConfig& config, const ComponentEnv& env);

}  // namespace weir
