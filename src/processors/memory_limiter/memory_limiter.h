// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "processors/memory_limiter/config.h"
#include "weir/component.h"

namespace weir {

// Passes everything on and counts it: the limit itself is the process's byte budget (limits_of), which receivers
// reserve from before they read.
std::unique_ptr<Processor> make_memory_limiter(const MemoryLimiterConfig& config, const ComponentEnv& env);

}  // namespace weir
