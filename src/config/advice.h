// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/service_config.h"

namespace weir::config {

// Warns about what is legal and goes wrong all the same, with its place and a remedy (docs/warnings.md has the list).
// For a configuration without mistakes.
void advise(const ServiceConfig& config, const ComponentCatalog& catalog, Problems& problems);

}  // namespace weir::config
