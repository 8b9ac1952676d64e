// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "exporters/otlp_http/config.h"
#include "weir/component.h"

namespace weir {

// Sends env.signal to config.url_for(env.signal) from the exporter's home shard, which is one of net::EventLoops.
std::unique_ptr<Exporter> make_otlp_http(const OtlpHttpConfig& config, const ComponentEnv& env);

}  // namespace weir
