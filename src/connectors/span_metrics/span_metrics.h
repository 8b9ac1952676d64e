// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "connectors/span_metrics/config.h"
#include "weir/component.h"

namespace weir {

// Counts spans, their durations and events per service, name, kind, status and dimensions (collector-semantics §7.2).
// Placed on every shard, or on the home shard where the config writes a cache size or cardinality limit below 1000 x
// shards.
std::unique_ptr<MetricsConnector> make_span_metrics(const SpanMetricsConfig& config, const ComponentEnv& env);

}  // namespace weir
