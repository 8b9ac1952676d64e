// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "connectors/service_graph/config.h"
#include "weir/component.h"

namespace weir {

// Pairs client and server spans into edges between services and counts them (collector-semantics §7.1). Placed with
// whole traces, or on the home shard where the config writes a max_items below 1000 x shards.
std::unique_ptr<MetricsConnector> make_service_graph(const ServiceGraphConfig& config, const ComponentEnv& env);

}  // namespace weir
