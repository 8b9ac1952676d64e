// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/service_config.h"

namespace weir::config {

// Reports the first cycle of pipelines that connectors close, at the reference that closes it.
void check_cycles(const ServiceConfig& config, const ComponentCatalog& catalog, Problems& problems);

}  // namespace weir::config
