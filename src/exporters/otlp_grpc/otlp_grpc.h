// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "exporters/otlp_grpc/config.h"
#include "weir/component.h"

namespace weir {

// Sends env.signal over the gRPC library. The library and its threads start with the first stage that is made, not
// before.
std::unique_ptr<Exporter> make_otlp_grpc(const OtlpGrpcConfig& config, const ComponentEnv& env);

}  // namespace weir
