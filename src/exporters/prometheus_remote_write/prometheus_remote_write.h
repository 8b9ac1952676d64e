// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "exporters/prometheus_remote_write/config.h"
#include "weir/component.h"

namespace weir {

// Metrics to a remote write 1.0 receiver, behind a sending queue on its home shard (a shard of net::EventLoops).
// Metrics only.
std::unique_ptr<Exporter> make_prometheus_remote_write(const RemoteWriteConfig& config, const ComponentEnv& env);

}  // namespace weir
