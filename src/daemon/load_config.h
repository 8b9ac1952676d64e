// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/command_line.h"
#include "config/expander.h"
#include "config/service_config.h"
#include "daemon/components.h"

namespace weir {

// A configuration read, merged, expanded and checked against the components there are. `problems` has all mistakes and
// warnings of one run; where it has a mistake, `service` is not to be built from.
struct LoadedConfig {
  config::ServiceConfig service;
  config::Problems problems;
};
LoadedConfig load_config(const config::CommandLine& command, const config::Sources& sources, const ComponentList& list);

}  // namespace weir
