// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "config/service_config.h"
#include "daemon/components.h"
#include "daemon/wiring/graph.h"

namespace weir {

// Makes the components that the pipelines of a checked configuration use. `env`: id, pipeline and signal are filled in
// here.
GraphParts make_parts(const config::ServiceConfig& config, const ComponentList& list, const ComponentEnv& env);

// The smallest (limit, spike) of the memory_limiters that pipelines or service::extensions name, in bytes.
std::optional<std::pair<uint64_t, uint64_t>> smallest_limiter(const config::ServiceConfig& config,
                                                              uint64_t total_memory);

}  // namespace weir
