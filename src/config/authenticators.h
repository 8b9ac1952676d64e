// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/catalog.h"
#include "config/service_config.h"

namespace weir::config {

// What `auth.authenticator` of the receivers' protocols and of the exporters in use names must be an extension that
// service::extensions starts and that can do it: let requests in, or sign those that leave; the
// memory_limiter extensions that `middlewares` names must be started too. Checked after
// ComponentConfig::used was set.
void check_authenticators(const ServiceConfig& config, const ComponentCatalog& catalog, Problems& problems);

}  // namespace weir::config
