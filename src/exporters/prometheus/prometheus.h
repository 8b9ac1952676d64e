// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "exporters/prometheus/config.h"
#include "weir/component.h"

namespace weir {

// Keeps the last point of every series on its home shard and shows them at http://<endpoint>/metrics. env.shards are
// those of net::EventLoops. The page is bound when the stage is made; throws std::runtime_error with the reason where
// that fails (a start error). Metrics only.
std::unique_ptr<Exporter> make_prometheus(const PrometheusConfig& config, const ComponentEnv& env);

}  // namespace weir
